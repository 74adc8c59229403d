"""Rollouts over HTTP."""

import httpx2
import pytest

from rolldeck.domain.status import Event

from .conftest import SCREENSHOT, VIDEO, Deck

TASKS = [{"id": "1", "task": "One?", "answer": '{"n": 1}'}, {"id": "2", "task": "Two?", "answer": '{"n": 2}'}]
UNKNOWN = "0" * 26


@pytest.fixture(autouse=True)
async def _two_tasks(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/tasks/upload", json=TASKS)).status_code == 200


async def start(client: httpx2.AsyncClient, **wanted: object) -> httpx2.Response:
    return await client.post("/api/rollouts", json={"task_ids": ["1"], "agent": "noop", **wanted})


async def test_rollouts_are_queued_and_the_worker_is_woken(client: httpx2.AsyncClient, deck: Deck) -> None:
    answer = await start(client, task_ids=["2", "1"], repeats=2)
    assert answer.status_code == 201
    rollouts = answer.json()["rollouts"]
    assert [(each["task_id"], each["status"]) for each in rollouts] == [("2", "pending")] * 2 + [("1", "pending")] * 2
    assert rollouts[0]["expected"] == {"n": 2}
    assert deck.woken == 1
    assert (await client.get(f"/api/rollouts/{rollouts[0]['id']}")).json() == {**rollouts[0], "origin": None}


async def test_an_agent_that_cannot_try_a_task_is_refused_by_task(client: httpx2.AsyncClient, deck: Deck) -> None:
    answer = await start(client, task_ids=["1", "2"], agent="oracle")
    assert answer.status_code == 422
    assert [(each["field"], each["index"], each["item_id"]) for each in answer.json()["errors"]] == [
        ("task_ids", 0, "1"),
        ("task_ids", 1, "2"),
    ]
    assert (await client.get("/api/rollouts")).json()["rollouts"] == []
    assert deck.woken == 0


@pytest.mark.parametrize(
    ("wanted", "status", "field"),
    [
        ({"agent": "nobody"}, 422, "agent"),
        ({"agent": ""}, 422, "agent"),
        ({"task_ids": []}, 422, "task_ids"),
        ({"task_ids": ["1", "1"]}, 422, "task_ids"),
        ({"task_ids": [1]}, 422, "task_ids.0"),
        ({"task_ids": ["1", "2"], "repeats": 1001}, 422, "repeats"),
        ({"repeats": 0}, 422, "repeats"),
        ({"colour": "red"}, 422, "colour"),
        ({"task_ids": ["1", "nine"]}, 404, None),
    ],
)
async def test_a_request_that_cannot_be_met_names_its_field(
    client: httpx2.AsyncClient, wanted: dict[str, object], status: int, field: str | None
) -> None:
    answer = await start(client, **wanted)
    assert answer.status_code == status
    assert [each["field"] for each in answer.json()["errors"]] == ([field] if field else [])


async def test_more_rollouts_than_one_request_may_queue_are_refused(client: httpx2.AsyncClient) -> None:
    many = [{"id": str(number), "task": "?", "answer": "1"} for number in range(11)]
    await client.post("/api/tasks/upload", json=many)
    answer = await start(client, task_ids=[each["id"] for each in many], repeats=1000)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "repeats"


async def test_lists_are_filtered_and_paged(client: httpx2.AsyncClient, deck: Deck) -> None:
    right = await deck.finish_a_rollout("1")
    wrong = await deck.finish_a_rollout("2", success=False)
    await start(client)

    async def ids(query: str) -> list[str]:
        return [each["id"] for each in (await client.get(f"/api/rollouts?{query}")).json()["rollouts"]]

    assert await ids("status=completed&status=failed") == [wrong.id, right.id]
    assert await ids("success=true") == [right.id]
    assert await ids("task_id=2&agent=noop") == [wrong.id]
    page = (await client.get("/api/rollouts?limit=1")).json()
    assert await ids(f"limit=5&after={page['next']}") == [wrong.id, right.id]


@pytest.mark.parametrize("query", ["after=xyz", "limit=0", "limit=201", "status=gone", "success=perhaps", "task_id="])
async def test_a_list_that_cannot_be_made_is_a_problem(client: httpx2.AsyncClient, query: str) -> None:
    answer = await client.get(f"/api/rollouts?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_pending_rollout_is_cancelled_at_once_and_deleted_when_asked_again(client: httpx2.AsyncClient) -> None:
    rollout_id = (await start(client)).json()["rollouts"][0]["id"]
    cancelled = await client.delete(f"/api/rollouts/{rollout_id}")
    assert (cancelled.status_code, cancelled.json()["outcome"]) == (200, "cancelled")
    deleted = await client.delete(f"/api/rollouts/{rollout_id}")
    assert (deleted.status_code, deleted.json()["outcome"]) == (200, "deleted")
    assert (await client.delete(f"/api/rollouts/{rollout_id}")).status_code == 404


async def test_a_live_rollout_is_asked_to_stop(client: httpx2.AsyncClient, deck: Deck) -> None:
    await start(client)
    claim = await deck.claim()
    for _ in range(2):
        answer = await client.delete(f"/api/rollouts/{claim.rollout.id}")
        assert (answer.status_code, answer.json()["outcome"]) == (202, "cancelling")
    assert deck.woken == 3
    await deck.services.rollouts.advance(claim.rollout.id, claim.token, Event.CANCEL)
    assert (await client.get(f"/api/rollouts/{claim.rollout.id}")).json()["status"] == "cancelled"


async def test_cancelling_never_deletes_a_rollout_that_has_ended(client: httpx2.AsyncClient, deck: Deck) -> None:
    pending = (await start(client)).json()["rollouts"][0]["id"]
    cancelled = await client.post(f"/api/rollouts/{pending}/cancel")
    assert (cancelled.status_code, cancelled.json()["outcome"]) == (200, "cancelled")
    ended = await deck.finish_a_rollout("1")
    refused = await client.post(f"/api/rollouts/{ended.id}/cancel")
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert (await client.get(f"/api/rollouts/{ended.id}")).status_code == 200


async def test_a_finished_rollout_is_deleted_with_its_files(client: httpx2.AsyncClient, deck: Deck) -> None:
    rollout = await deck.finish_a_rollout("1")
    deleted = (await client.delete(f"/api/rollouts/{rollout.id}")).json()
    assert deleted == {
        "id": rollout.id,
        "outcome": "deleted",
        "attempts": 1,
        "steps": 1,
        "freed_bytes": len(VIDEO) + len(SCREENSHOT),
    }
    for path in ("", "/steps", "/steps/0/screenshot", "/video"):
        assert (await client.get(f"/api/rollouts/{rollout.id}{path}")).status_code == 404


async def test_a_rollout_shows_its_verdict_beside_the_expected_answer(client: httpx2.AsyncClient, deck: Deck) -> None:
    rollout = await deck.finish_a_rollout("1", success=False)
    await client.post("/api/tasks/upload", json=[{**TASKS[0], "answer": "99"}])
    view = (await client.get(f"/api/rollouts/{rollout.id}")).json()
    assert (view["success"], view["reward"], view["expected"]) == (False, 0.0, {"n": 1})
    assert view["video_url"] == f"/api/rollouts/{rollout.id}/video?attempt=1"


async def test_steps_name_their_screenshots(client: httpx2.AsyncClient, deck: Deck) -> None:
    rollout = await deck.finish_a_rollout("1")
    steps = (await client.get(f"/api/rollouts/{rollout.id}/steps")).json()["steps"]
    assert len(steps) == 1
    shot = await client.get(steps[0]["screenshot_url"])
    assert (shot.status_code, shot.content, shot.headers["content-type"]) == (200, SCREENSHOT, "image/png")
    assert (await client.get(f"/api/rollouts/{rollout.id}/steps/1/screenshot")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "content", "content_range"),
    [
        (None, 200, VIDEO, None),
        ("bytes=0-0", 206, VIDEO[:1], "bytes 0-0/10240"),
        ("bytes=100-199", 206, VIDEO[100:200], "bytes 100-199/10240"),
        ("bytes=10000-", 206, VIDEO[10000:], "bytes 10000-10239/10240"),
        ("bytes=10000-99999", 206, VIDEO[10000:], "bytes 10000-10239/10240"),
        ("bytes=-5", 206, VIDEO[-5:], "bytes 10235-10239/10240"),
        ("bytes=-99999", 206, VIDEO, "bytes 0-10239/10240"),
        ("bytes=10240-", 416, None, "bytes */10240"),
        ("bytes=-0", 416, None, "bytes */10240"),
        ("bytes=5-2", 200, VIDEO, None),
        ("bytes=0-1,5-6", 200, VIDEO, None),
        ("bytes=-", 200, VIDEO, None),
        ("lines=1-2", 200, VIDEO, None),
        ("bytes=" + "9" * 5000 + "-", 200, VIDEO, None),
    ],
)
async def test_a_video_is_sent_whole_or_in_the_range_asked_for(
    *,
    client: httpx2.AsyncClient,
    deck: Deck,
    asked: str | None,
    status: int,
    content: bytes | None,
    content_range: str | None,
) -> None:
    rollout = await deck.finish_a_rollout("1")
    headers = {} if asked is None else {"range": asked}
    answer = await client.get(f"/api/rollouts/{rollout.id}/video", headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("content-range") == content_range
    if content is not None:
        assert answer.content == content
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["content-length"] == str(len(content))


async def test_the_head_of_a_video_is_that_of_the_video_without_it(client: httpx2.AsyncClient, deck: Deck) -> None:
    rollout = await deck.finish_a_rollout("1")
    head = await client.head(f"/api/rollouts/{rollout.id}/video")
    whole = await client.get(f"/api/rollouts/{rollout.id}/video")
    assert head.content == b""
    assert dict(head.headers) == dict(whole.headers)


async def test_a_video_that_the_client_has_is_not_sent_again(client: httpx2.AsyncClient, deck: Deck) -> None:
    rollout = await deck.finish_a_rollout("1")
    url = f"/api/rollouts/{rollout.id}/video"
    etag = (await client.get(url)).headers["etag"]
    assert (await client.get(url, headers={"if-none-match": etag})).status_code == 304
    assert (await client.get(url, headers={"range": "bytes=0-0", "if-range": etag})).status_code == 206
    assert (await client.get(url, headers={"range": "bytes=0-0", "if-range": '"old"'})).status_code == 200


async def test_a_live_rollout_has_no_video_yet(client: httpx2.AsyncClient) -> None:
    rollout_id = (await start(client)).json()["rollouts"][0]["id"]
    answer = await client.get(f"/api/rollouts/{rollout_id}/video")
    assert answer.status_code == 404
    assert "yet" in answer.json()["detail"]


async def test_unknown_rollouts_are_problems(client: httpx2.AsyncClient) -> None:
    for path in ("", "/steps", "/steps/0/screenshot", "/video"):
        answer = await client.get(f"/api/rollouts/{UNKNOWN}{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_rollouts_are_found_by_all_that_their_tasks_and_their_time_say(
    client: httpx2.AsyncClient, deck: Deck
) -> None:
    tagged = [{"id": "tagged", "task": "?", "answer": 1, "tags": ["hard"]}]
    await client.post("/api/tasks/upload", json=tagged)
    await deck.start_a_batch("tagged", repeats=2)
    await deck.start_a_batch("1")

    async def total(**where: object) -> int:
        answer = await client.get("/api/rollouts", params={"count": "true", **where})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total"])

    assert await total(tag="hard") == 2
    assert await total(environment="nowhere") == 0
    assert await total(since="2020-01-01") == 3
    assert await total(until="2020-01-01T00:00:00Z") == 0
    assert await total(max_seconds=1) == 0
    version = (await client.get("/api/tasks/tagged")).json()["version"]
    assert await total(task_id="tagged", task_version=version) == 2
    assert await total(task_id="1", task_version=version) == 0


async def test_the_facets_of_a_list_say_what_each_choice_would_show(client: httpx2.AsyncClient, deck: Deck) -> None:
    await deck.start_a_batch("1", repeats=2)
    await deck.start_a_batch("2")
    told = (await client.get("/api/rollouts/facets")).json()
    assert told["status"] == [{"value": "pending", "rollouts": 3}]
    assert told["task"] == [{"value": "1", "rollouts": 2}, {"value": "2", "rollouts": 1}]
    narrowed = (await client.get("/api/rollouts/facets", params={"task_id": "2", "q": "two"})).json()
    assert narrowed["status"] == [{"value": "pending", "rollouts": 1}]
    assert narrowed["unheeded"] == ["q"]


@pytest.mark.parametrize(
    ("field", "value"), [("since", "soon"), ("until", "0001-01-01"), ("min_cost", "-1"), ("max_seconds", "nan")]
)
async def test_a_bound_that_is_none_is_refused_by_name(client: httpx2.AsyncClient, field: str, value: str) -> None:
    answer = await client.get("/api/rollouts", params={field: value})
    assert answer.status_code == 422
    assert field in answer.json()["errors"][0]["field"]
