"""Statistics over HTTP."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from .conftest import Deck

TASKS = [{"id": "1", "task": "One?", "answer": "1"}, {"id": "2", "task": "Two?", "answer": "2"}]


@pytest.fixture(autouse=True)
async def _rollouts(client: httpx2.AsyncClient, deck: Deck) -> None:
    assert (await client.post("/api/tasks/upload", json=TASKS)).status_code == 200
    for task_id, success in (("1", True), ("1", False), ("2", True)):
        await deck.finish_a_rollout(task_id, success=success)
    await deck.fail(await deck.claim(await deck.start_a_batch("2")), retryable=False)
    await deck.start_a_batch("2")


async def test_success_is_of_the_completed_ones_and_says_what_it_leaves_out(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/api/analytics/success")).json()
    assert (found["total"]["completed"], found["total"]["succeeded"], found["total"]["tasks"]) == (3, 2, 2)
    assert found["total"]["left_out"] == {"live": 1, "failed": 1, "cancelled": 0}
    assert found["total"]["interval"]["low"] < 2 / 3 < found["total"]["interval"]["high"]
    assert [(each["agent"], each["model"], each["rate"]) for each in found["contestants"]] == [("noop", None, 2 / 3)]


async def test_every_statistic_is_narrowed_alike(client: httpx2.AsyncClient) -> None:
    async def asked(path: str, **query: str) -> dict[str, object]:
        answer = await client.get(f"/api/analytics/{path}", params={"task_id": "1", **query})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    (cell,) = (await asked("matrix"))["cells"]  # type: ignore[misc]
    assert (cell["task_id"], cell["completed"], cell["rate"]) == ("1", 2, 0.5)
    (curve,) = (await asked("pass-at-k"))["curves"]  # type: ignore[misc]
    assert [(point["k"], point["estimate"]) for point in curve["points"]] == [(1, 0.5), (2, 1.0)]
    (flaky,) = (await asked("flakiness"))["tasks"]  # type: ignore[misc]
    assert (flaky["task_id"], flaky["disagreement"]) == ("1", 1.0)
    (effort,) = (await asked("effort"))["contestants"]  # type: ignore[misc]
    assert (effort["completed"], effort["sampled"], effort["steps"]["median"], effort["tokens"]) == (2, 2, 1, None)
    assert await asked("failures") == {"failures": [], "failed": 0, "ended": 2}
    today, tomorrow = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (0, 1))
    days = (await asked("days", days="3", until=today))["days"]
    assert [(day["day"], day["completed"]) for day in days][-1] == (today, 2)  # type: ignore[attr-defined]
    assert (await asked("success", since=tomorrow))["total"]["completed"] == 0  # type: ignore[index]
    assert (await asked("success", until=today))["total"]["completed"] == 2  # type: ignore[index]


async def test_failures_are_told_by_their_kind(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/api/analytics/failures")).json()
    assert [(each["error"], each["rollouts"]) for each in found["failures"]] == [("EnvironmentFailure", 1)]
    assert (found["failed"], found["ended"]) == (1, 4)


async def test_failures_are_grouped_by_cause_with_a_text_that_finds_them(
    client: httpx2.AsyncClient, deck: Deck
) -> None:
    await deck.fail(await deck.claim(await deck.start_a_batch("1")), retryable=False)
    found = (await client.get("/api/analytics/causes")).json()
    (cause,) = found["causes"]
    assert (cause["error"], cause["phase"], cause["pattern"]) == ("EnvironmentFailure", "agent", "it died")
    assert (cause["rollouts"], cause["tasks"], cause["agents"], found["more"]) == (2, 2, 1, False)
    assert [example["task_id"] for example in cause["examples"]] == ["1", "2"]
    narrowed = (await client.get("/api/analytics/causes", params={"task_id": "1"})).json()
    assert narrowed["causes"][0]["rollouts"] == 1


async def test_a_tag_of_tasks_narrows_every_statistic(client: httpx2.AsyncClient, deck: Deck) -> None:
    tagged = {**TASKS[0], "task": "One, please?", "tags": ["nightly", "it's"]}
    assert (await client.post("/api/tasks/upload", json=[tagged])).status_code == 200
    await deck.finish_a_rollout("1")
    for tag, completed in (("nightly", 1), ("it's", 1), ("night", 0), ('["nightly"]', 0)):
        found = (await client.get("/api/analytics/success", params={"tag": tag})).json()
        assert found["total"]["completed"] == completed


async def test_the_overview_says_what_runs_waits_and_is_held_and_how_fast_it_goes(
    client: httpx2.AsyncClient, deck: Deck
) -> None:
    before = (await client.get("/api/overview")).json()
    assert (before["running"], before["queued"], before["held"]) == (0, 1, 0)
    batch_id = await deck.start_a_batch("1", "2")
    claim = await deck.claim(batch_id)
    await client.patch(f"/api/batches/{batch_id}", json={"paused": True})
    found = (await client.get("/api/overview")).json()
    assert (found["running"], found["queued"], found["held"]) == (1, 2, 1)
    assert found["slots"]["total"] - found["slots"]["free"] == 1
    assert found["claiming"]
    await deck.finish(claim)


async def test_tasks_are_listed_with_the_interval_of_their_rate_and_with_how_their_newest_rollouts_ended(
    client: httpx2.AsyncClient,
) -> None:
    first, second = (await client.get("/api/tasks", params={"recent": 2})).json()["tasks"]
    assert [each["success"] for each in first["recent"]] == [False, True]
    assert [(each["status"], each["success"]) for each in second["recent"]] == [("failed", None), ("completed", True)]
    assert 0 < first["interval"]["low"] < 0.5 < first["interval"]["high"] < 1
    assert (await client.get("/api/tasks/1")).json()["interval"] == first["interval"]
    plain = (await client.get("/api/tasks")).json()["tasks"]
    assert [task["recent"] for task in plain] == [[], []]


@pytest.mark.parametrize("query", [{"days": "0"}, {"since": "yesterday"}, {"batch_id": "x"}, {"until": "9999-12-31"}])
async def test_what_cannot_be_asked_is_refused(client: httpx2.AsyncClient, query: dict[str, str]) -> None:
    answer = await client.get("/api/analytics/days", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == next(iter(query))
