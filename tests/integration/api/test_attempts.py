"""Attempts, retries and reused rollouts over HTTP."""

import json

import httpx2
import pytest

from rolldeck.domain.status import Event
from rolldeck.storage.port import logs_key

from .conftest import SCREENSHOT, VIDEO, Deck

TASKS = [{"id": "1", "task": "One?", "answer": "1"}]


@pytest.fixture(autouse=True)
async def _one_task(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/tasks/upload", json=TASKS)).status_code == 200


async def test_an_earlier_attempt_keeps_its_error_steps_and_video(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = await deck.start_a_batch("1")
    requeued = await deck.fail(await deck.claim(batch_id), Event.REQUEUED)
    rollout = await deck.finish(await deck.claim(batch_id))
    path = f"/api/rollouts/{rollout.id}"
    first, second = (await client.get(f"{path}/attempts")).json()["attempts"]
    assert (first["number"], first["present"], second["number"], second["present"]) == (1, False, 2, True)
    assert [error["kind"] for error in first["errors"]] == ["EnvironmentFailure"]
    assert second["errors"] == []
    assert (first["steps"], second["steps"]) == (1, 1)
    assert (first["worker_id"], second["worker_id"]) == ("worker-1", "worker-2")
    assert first["ended_at"] is not None
    assert (await client.get(first["video_url"])).content == VIDEO[::-1]
    assert (await client.get(second["video_url"])).content == VIDEO
    assert (await client.get(f"{path}/video")).content == VIDEO
    view = (await client.get(path)).json()
    assert (view["attempt"], view["retries_left"]) == (2, requeued.retries_left)


async def test_steps_are_those_of_the_attempt_that_is_asked_for(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = await deck.start_a_batch("1")
    await deck.fail(await deck.claim(batch_id), Event.REQUEUED)
    rollout = await deck.finish(await deck.claim(batch_id))
    path = f"/api/rollouts/{rollout.id}/steps"
    for attempt, screenshot in ((1, SCREENSHOT[::-1]), (2, SCREENSHOT)):
        found = (await client.get(path, params={"attempt": attempt})).json()
        assert found["attempt"] == attempt
        assert (await client.get(found["steps"][0]["screenshot_url"])).content == screenshot
    assert (await client.get(path)).json()["attempt"] == 2
    for suffix in ("", "/0/screenshot"):
        assert (await client.get(f"{path}{suffix}?attempt=3")).status_code == 404
        assert (await client.get(f"{path}{suffix}?attempt=0")).status_code == 422
    assert (await client.get(f"/api/rollouts/{rollout.id}/video?attempt=3")).status_code == 404


async def test_an_attempt_without_a_video_says_so(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = await deck.start_a_batch("1")
    claim = await deck.claim(batch_id)
    await deck.services.rollouts.advance(claim.rollout.id, claim.token, Event.RELEASED)
    path = f"/api/rollouts/{claim.rollout.id}/video"
    earlier, present = await client.get(f"{path}?attempt=1"), await client.get(path)
    assert (earlier.status_code, present.status_code) == (404, 404)
    assert (earlier.json()["detail"].endswith("no video"), present.json()["detail"].endswith("yet")) == (True, True)
    attempts = (await client.get(f"/api/rollouts/{claim.rollout.id}/attempts")).json()["attempts"]
    assert [(each["errors"], each["video_url"]) for each in attempts] == [([], None), ([], None)]


async def test_a_failed_rollout_is_retried_and_nothing_else(client: httpx2.AsyncClient, deck: Deck) -> None:
    failed = await deck.fail(await deck.claim(await deck.start_a_batch("1")))
    woken = deck.woken
    answer = await client.post(f"/api/rollouts/{failed.id}/retry")
    assert (answer.status_code, answer.json()["status"], answer.json()["attempt"]) == (200, "pending", 2)
    assert deck.woken == woken + 1
    assert (await client.post(f"/api/rollouts/{failed.id}/retry")).status_code == 409
    completed = await deck.finish(await deck.claim(failed.batch_id))
    assert (await client.post(f"/api/rollouts/{completed.id}/retry")).status_code == 409
    assert (await client.post(f"/api/rollouts/{'0' * 26}/retry")).status_code == 404


async def test_a_reused_rollout_shows_the_one_that_answered_for_it(client: httpx2.AsyncClient, deck: Deck) -> None:
    origin = await deck.finish_a_rollout("1")
    answer = await client.post("/api/rollouts", json={"task_ids": ["1"], "agent": "noop", "reuse": True})
    assert (answer.status_code, answer.json()["batch"]["counts"]["reused"]) == (201, 1)
    (reused,) = answer.json()["rollouts"]
    assert (reused["status"], reused["reused_from"], reused["success"]) == ("completed", origin.id, True)
    path = f"/api/rollouts/{reused['id']}"
    shown = (await client.get(path)).json()["origin"]
    assert (shown["id"], shown["steps"]) == (origin.id, 1)
    assert (await client.get(shown["video_url"])).content == VIDEO
    assert (await client.get(f"{path}/steps")).json()["steps"] == []
    no_video = await client.get(f"{path}/video")
    assert (no_video.status_code, origin.id in no_video.json()["detail"]) == (404, True)


async def test_a_reused_rollout_outlives_its_origin(client: httpx2.AsyncClient, deck: Deck) -> None:
    origin = await deck.finish_a_rollout("1")
    answer = await client.post("/api/rollouts", json={"task_ids": ["1"], "agent": "noop", "reuse": True})
    reused = answer.json()["rollouts"][0]["id"]
    assert (await client.delete(f"/api/rollouts/{origin.id}")).json()["outcome"] == "deleted"
    view = (await client.get(f"/api/rollouts/{reused}")).json()
    assert (view["reused_from"], view["origin"], view["success"]) == (origin.id, None, True)


async def test_another_seed_or_no_wish_to_reuse_is_executed(client: httpx2.AsyncClient, deck: Deck) -> None:
    await deck.finish_a_rollout("1")
    for wanted in ({"reuse": True, "seed": 1}, {"reuse": False}):
        answer = await client.post("/api/rollouts", json={"task_ids": ["1"], "agent": "noop", **wanted})
        assert answer.json()["rollouts"][0]["status"] == "pending"


async def test_logs_are_those_of_the_attempt_that_is_asked_for(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = await deck.start_a_batch("1")
    await deck.fail(await deck.claim(batch_id), Event.REQUEUED)
    rollout = await deck.finish(await deck.claim(batch_id))
    logs = [
        {"source": "worker", "name": "worker", "text": "phase ended"},
        {"source": "service", "name": "web", "text": "<script>"},
    ]
    written = json.dumps(logs).encode()
    await deck.services.artifacts.put(logs_key(rollout.id, 1), written)
    path = f"/api/rollouts/{rollout.id}/logs"
    first, last = (await client.get(f"{path}?attempt=1")).json(), (await client.get(path)).json()
    assert first["logs"] == logs
    assert (last["attempt"], last["logs"]) == (2, [])
    assert (await client.get(f"{path}?attempt=3")).status_code == 404


async def test_a_rollout_stands_between_two_others_of_the_list_that_is_asked_for(
    client: httpx2.AsyncClient, deck: Deck
) -> None:
    await client.post("/api/rollouts", json={"task_ids": ["1"], "agent": "noop", "repeats": 3})
    ids = [each["id"] for each in (await client.get("/api/rollouts?sort=oldest")).json()["rollouts"]]
    beside = f"/api/rollouts/{ids[1]}/neighbours"
    assert (await client.get(f"{beside}?sort=oldest")).json() == {"previous": ids[0], "following": ids[2]}
    assert (await client.get(beside)).json() == {"previous": ids[2], "following": ids[0]}
    assert (await client.get(f"{beside}?status=failed")).json() == {"previous": None, "following": None}
    assert (await client.get(f"/api/rollouts/{ids[0][:-4]}0000/neighbours")).status_code == 404
