"""Batches over HTTP."""

import asyncio

import httpx2
import pytest

from rolldeck.domain.status import Event

from .conftest import SCREENSHOT, VIDEO, Deck

TASKS = [{"id": "1", "task": "One?", "answer": "1"}, {"id": "2", "task": "Two?", "answer": "2"}]
NOOP = {"agent": "noop"}
UNKNOWN = "0" * 26


@pytest.fixture(autouse=True)
async def _two_tasks(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/tasks/upload", json=TASKS)).status_code == 200


async def start(client: httpx2.AsyncClient, key: str | None = None, **wanted: object) -> httpx2.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post("/api/batches", json={"task_ids": ["1", "2"], "agents": [NOOP], **wanted}, headers=headers)


async def test_a_batch_is_tasks_by_agents_by_repeats(client: httpx2.AsyncClient, deck: Deck) -> None:
    wanted = {"repeats": 3, "seed": 7, "name": "nightly", "tags": ["a"], "priority": 5, "limits": {"steps": 9}}
    answer = await start(client, **wanted)
    assert answer.status_code == 201
    batch = answer.json()
    assert {key: batch[key] for key in ("name", "tags", "priority", "tasks", "repeats")} == {
        "name": "nightly",
        "tags": ["a"],
        "priority": 5,
        "tasks": 2,
        "repeats": 3,
    }
    assert (batch["counts"]["total"], batch["counts"]["live"], batch["progress"]) == (6, 6, 0)
    assert (batch["limits"]["steps"], batch["eta_seconds"], batch["paused"]) == (9, None, False)
    assert deck.woken == 1
    rollouts = (await client.get(f"/api/rollouts?batch_id={batch['id']}&sort=oldest&count=true")).json()
    assert [(each["task_id"], each["seed"]) for each in rollouts["rollouts"]] == [
        ("1", 7),
        ("1", 8),
        ("1", 9),
        ("2", 7),
        ("2", 8),
        ("2", 9),
    ]
    assert rollouts["total"] == 6
    assert (await client.get(f"/api/batches/{batch['id']}")).json() == batch


async def test_ten_thousand_rollouts_are_one_quick_request(client: httpx2.AsyncClient) -> None:
    tasks = [{"id": f"t{number}", "task": "?", "answer": "1"} for number in range(100)]
    await client.post("/api/tasks/upload", json=tasks)
    answer = await start(client, task_ids=[each["id"] for each in tasks], repeats=100)
    assert answer.status_code == 201
    assert answer.json()["counts"]["total"] == 10_000
    assert len(answer.content) < 2_000
    more = await start(client, task_ids=[each["id"] for each in tasks], repeats=101)
    assert more.status_code == 422
    assert "10000" in more.json()["detail"]


async def test_fifty_requests_at_once_with_one_key_make_one_batch(client: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(start(client, key="nightly-7", repeats=5) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len((await client.get("/api/batches")).json()["batches"]) == 1


async def test_the_key_may_be_in_the_header_or_in_the_body_but_only_one(client: httpx2.AsyncClient) -> None:
    first = await start(client, idempotency_key="k")
    assert (await start(client, key="k")).json()["id"] == first.json()["id"]
    assert (await start(client, key="k", idempotency_key="k")).status_code == 200
    contradiction = await start(client, key="k", idempotency_key="other")
    assert contradiction.status_code == 422
    assert [each["field"] for each in contradiction.json()["errors"]] == ["idempotency_key"]


async def test_a_key_that_was_used_for_something_else_is_a_conflict(client: httpx2.AsyncClient) -> None:
    await start(client, key="k")
    assert (await start(client, key="k", repeats=2)).status_code == 409


async def test_unfit_agents_are_refused_with_every_task_and_agent(client: httpx2.AsyncClient, deck: Deck) -> None:
    agents = [NOOP, {"agent": "oracle"}, {"agent": "nobody"}, {"agent": "noop", "model": "m"}]
    answer = await start(client, agents=agents)
    assert answer.status_code == 422
    assert [(each["field"], each["index"], each["item_id"]) for each in answer.json()["errors"]] == [
        ("task_ids", 0, "1"),
        ("task_ids", 1, "2"),
        ("agents.2", None, None),
        ("agents.3.model", None, None),
    ]
    assert all(name in answer.json()["detail"] for name in ("oracle", "nobody", "noop"))
    assert (await client.get("/api/batches")).json()["batches"] == []
    assert deck.woken == 0


@pytest.mark.parametrize(
    ("wanted", "status", "fields"),
    [
        ({"task_ids": []}, 422, ["task_ids"]),
        ({"task_ids": ["1", "1"]}, 422, ["task_ids"]),
        ({"task_ids": ["1\x00"]}, 422, ["task_ids.0"]),
        ({"task_ids": ["1", "nine"]}, 404, []),
        ({"agents": []}, 422, ["agents"]),
        ({"agents": [{"agent": "noop", "parameters": {"a": "\x00"}}]}, 422, ["agents.0.parameters"]),
        ({"repeats": 0}, 422, ["repeats"]),
        ({"priority": 101}, 422, ["priority"]),
        ({"limits": {"agent_seconds": 10, "total_seconds": 5}}, 422, ["limits"]),
        ({"limits": {"steps": 0}}, 422, ["limits.steps"]),
        ({"max_attempts": 0}, 422, ["max_attempts"]),
        ({"colour": "red"}, 422, ["colour"]),
    ],
)
async def test_a_batch_that_cannot_be_names_its_field(
    client: httpx2.AsyncClient, wanted: dict[str, object], status: int, fields: list[str]
) -> None:
    answer = await start(client, **wanted)
    assert answer.status_code == status
    assert [each["field"] for each in answer.json()["errors"]] == fields
    assert "Value error" not in answer.text


async def test_unknown_tasks_are_named(client: httpx2.AsyncClient) -> None:
    answer = await start(client, task_ids=["1", "nine", "ten"])
    assert all(name in answer.json()["detail"] for name in ("nine", "ten"))


async def test_progress_and_rate_say_what_they_leave_out(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = await deck.start_a_batch("1", repeats=4)
    await deck.finish(await deck.claim(batch_id))
    await deck.finish(await deck.claim(batch_id), success=False)
    await deck.fail(await deck.claim(batch_id))
    await deck.claim(batch_id)
    batch = (await client.get(f"/api/batches/{batch_id}")).json()
    counts = batch["counts"]
    assert (counts["completed"], counts["succeeded"], counts["failed"], counts["left_out"]) == (2, 1, 1, 1)
    assert (counts["success_rate"], batch["progress"], counts["claimed"]) == (0.5, 0.75, 1)
    assert batch["eta_seconds"] == pytest.approx(batch["mean_seconds"])


async def test_lists_are_paged_and_know_what_is_live(client: httpx2.AsyncClient) -> None:
    ids = [(await start(client)).json()["id"] for _ in range(3)]
    first = (await client.get("/api/batches?limit=2")).json()
    assert [each["id"] for each in first["batches"]] == [ids[2], ids[1]]
    second = (await client.get("/api/batches", params={"limit": 2, "after": first["next"]})).json()
    assert ([each["id"] for each in second["batches"]], second["next"]) == ([ids[0]], None)
    await client.post(f"/api/batches/{ids[0]}/cancel")
    assert len((await client.get("/api/batches?live=true")).json()["batches"]) == 2
    assert [each["id"] for each in (await client.get("/api/batches?live=false")).json()["batches"]] == [ids[0]]
    assert (await client.get("/api/batches?after=xyz")).status_code == 422


async def test_a_paused_batch_is_not_claimed_until_it_goes_on(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = (await start(client)).json()["id"]
    paused = await client.patch(f"/api/batches/{batch_id}", json={"paused": True, "priority": 3, "tags": ["later"]})
    assert (paused.json()["paused"], paused.json()["priority"], paused.json()["tags"]) == (True, 3, ["later"])
    worker_id = await deck.add_worker()
    assert await deck.services.rollouts.claim(worker_id) == []
    woken = deck.woken
    await client.patch(f"/api/batches/{batch_id}", json={"paused": False})
    assert deck.woken == woken + 1
    assert len(await deck.services.rollouts.claim(worker_id)) == 1
    assert (await client.patch(f"/api/batches/{batch_id}", json={"priority": 1000})).status_code == 422


async def test_cancelling_a_batch_ends_what_waits_and_asks_what_runs(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = await deck.start_a_batch("1", repeats=3)
    claim = await deck.claim(batch_id)
    answer = (await client.post(f"/api/batches/{batch_id}/cancel")).json()
    assert answer["rollouts"] == 3
    assert (answer["batch"]["counts"]["cancelled"], answer["batch"]["counts"]["live"]) == (2, 1)
    assert (await client.delete(f"/api/batches/{batch_id}")).status_code == 409
    await deck.services.rollouts.advance(claim.rollout.id, claim.token, Event.CANCEL)
    assert (await client.get(f"/api/batches/{batch_id}")).json()["progress"] == 1


async def test_retrying_a_batch_queues_only_infrastructure_failures(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = await deck.start_a_batch("1", repeats=3)
    await deck.finish(await deck.claim(batch_id), success=False)
    lost = await deck.fail(await deck.claim(batch_id))
    await deck.fail(await deck.claim(batch_id), retryable=False)
    woken = deck.woken
    answer = (await client.post(f"/api/batches/{batch_id}/retry")).json()
    assert (answer["rollouts"], answer["batch"]["counts"]["live"]) == (1, 1)
    assert deck.woken == woken + 1
    again = (await client.get(f"/api/rollouts/{lost.id}")).json()
    assert (again["status"], again["attempt"]) == ("pending", 2)


async def test_deleting_a_batch_says_what_it_removed(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = await deck.start_a_batch("1", repeats=2)
    first = await deck.finish(await deck.claim(batch_id))
    await deck.fail(await deck.claim(batch_id), Event.REQUEUED)
    await deck.finish(await deck.claim(batch_id))
    deleted = await client.delete(f"/api/batches/{batch_id}")
    assert deleted.json() == {
        "id": batch_id,
        "rollouts": 2,
        "attempts": 3,
        "steps": 3,
        "freed_bytes": 2 * (len(VIDEO) + len(SCREENSHOT)),  # the two that completed have the same files
    }
    for path in (f"batches/{batch_id}", f"rollouts/{first.id}", f"rollouts/{first.id}/video"):
        assert (await client.get(f"/api/{path}")).status_code == 404


async def test_unknown_batches_are_problems(client: httpx2.AsyncClient) -> None:
    path = f"/api/batches/{UNKNOWN}"
    for method, address in (("GET", path), ("DELETE", path), ("POST", f"{path}/cancel"), ("POST", f"{path}/retry")):
        answer = await client.request(method, address)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert (await client.patch(path, json={"paused": True})).status_code == 404
