"""Workers, quotas, health and metrics over HTTP."""

from typing import NoReturn

import httpx2
import pytest

from rolldeck.domain.errors import StorageError
from rolldeck.domain.rollout import Phase, RolloutError
from rolldeck.domain.worker import WorkerReport
from rolldeck.storage.database import Database

from .conftest import Deck

TASKS = [{"id": "1", "task": "One?", "answer": "1"}]


@pytest.fixture(autouse=True)
async def _one_task(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/tasks/upload", json=TASKS)).status_code == 200


async def health(client: httpx2.AsyncClient) -> dict[str, object]:
    answer: dict[str, object] = (await client.get("/health")).json()
    return answer


async def test_workers_are_listed_with_what_they_told(client: httpx2.AsyncClient, deck: Deck) -> None:
    await deck.add_worker()
    lost = await deck.add_worker(blocked="less than 500 MB of disk are free")
    error = RolloutError(phase=Phase.AGENT, kind="WorkerLost", message="gone", retryable=True)
    await deck.services.workers.release(lost, error)
    first, second = (await client.get("/api/workers")).json()["workers"]
    assert (first["state"], first["alive"], first["report"]["parallel"]) == ("working", True, 4)
    assert (second["state"], second["alive"]) == ("lost", False)
    assert second["report"]["blocked"] == "less than 500 MB of disk are free"
    assert [each["id"] for each in (await client.get("/api/workers?alive=true")).json()["workers"]] == [first["id"]]


async def test_a_quota_is_made_changed_and_removed(client: httpx2.AsyncClient, deck: Deck) -> None:
    made = await client.put("/api/quotas/vendor/model-1", json={"max_running": 2})
    assert made.json() == {"name": "vendor/model-1", "max_running": 2, "requests_per_minute": None}
    await client.put("/api/quotas/vendor/model-1", json={"requests_per_minute": 30})
    assert (await client.get("/api/quotas")).json()["quotas"] == [
        {"name": "vendor/model-1", "max_running": None, "requests_per_minute": 30}
    ]
    assert deck.woken == 2
    removed = await client.delete("/api/quotas/vendor/model-1")
    assert (removed.status_code, removed.json()["requests_per_minute"]) == (200, 30)
    assert (await client.get("/api/quotas")).json()["quotas"] == []
    assert (await client.delete("/api/quotas/vendor/model-1")).status_code == 404


@pytest.mark.parametrize("limits", [{}, {"max_running": -1}, {"requests_per_minute": 0}, {"colour": 1}])
async def test_a_quota_that_limits_nothing_or_nonsense_is_refused(
    client: httpx2.AsyncClient, limits: dict[str, int]
) -> None:
    answer = await client.put("/api/quotas/m", json=limits)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in {"max_running", "requests_per_minute", "colour"}


async def test_health_says_that_no_worker_is_alive(client: httpx2.AsyncClient) -> None:
    assert await health(client) == {
        "status": "ok",
        "version": "1.2.3",
        "database": "ok",
        "live_rollouts": 0,
        "workers": 0,
        "claiming": False,
        "blocked": ["no worker is alive"],
    }


async def test_health_says_what_blocks_workers_and_whether_others_go_on(client: httpx2.AsyncClient, deck: Deck) -> None:
    for _ in range(2):
        await deck.add_worker(blocked="the disk is nearly full")
    found = await health(client)
    assert (found["workers"], found["claiming"], found["blocked"]) == (2, False, ["the disk is nearly full"])
    await deck.add_worker()
    assert (await health(client))["claiming"] is True


async def test_health_says_that_all_workers_are_draining(client: httpx2.AsyncClient, deck: Deck) -> None:
    await deck.services.workers.beat(await deck.add_worker(), WorkerReport(parallel=1), draining=True)
    found = await health(client)
    assert (found["workers"], found["claiming"]) == (1, False)
    assert "draining" in str(found["blocked"])


async def test_health_says_that_what_waits_is_paused(client: httpx2.AsyncClient, deck: Deck) -> None:
    await deck.add_worker()
    batch_id = await deck.start_a_batch("1")
    assert (await health(client))["claiming"] is True
    await client.patch(f"/api/batches/{batch_id}", json={"paused": True})
    found = await health(client)
    assert (found["claiming"], found["blocked"]) == (False, ["every batch with pending rollouts is paused"])


async def test_health_says_that_a_quota_stops_all_that_waits(client: httpx2.AsyncClient, deck: Deck) -> None:
    await deck.add_worker()
    await deck.start_a_batch("1")
    await client.put("/api/quotas/noop", json={"max_running": 0})
    found = await health(client)
    assert (found["claiming"], found["blocked"]) == (False, ["the quota of noop allows no rollouts"])


async def test_metrics_tell_the_situation(client: httpx2.AsyncClient, deck: Deck) -> None:
    batch_id = await deck.start_a_batch("1", repeats=3)
    await deck.claim(batch_id)
    answer = await client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/plain")
    lines = answer.text.splitlines()
    assert 'rolldeck_rollouts{status="pending"} 2.0' in lines
    assert 'rolldeck_rollouts{status="provisioning"} 1.0' in lines
    assert 'rolldeck_demand{environment="superset"} 2.0' in lines
    assert "rolldeck_batches_live 1.0" in lines
    assert 'rolldeck_workers{state="working"} 1.0' in lines


async def test_metrics_count_all_live_batches_however_many(client: httpx2.AsyncClient, deck: Deck) -> None:
    for _ in range(205):
        await deck.start_a_batch("1")
    assert "rolldeck_batches_live 205.0" in (await client.get("/metrics")).text


async def test_metrics_are_answered_while_the_database_is_away(
    client: httpx2.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone() -> NoReturn:
        raise StorageError("The database at postgresql://user:xyzzy@host failed")

    monkeypatch.setattr(database.rollouts, "count_live", gone)
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert "rolldeck_database_up 0.0" in answer.text
    assert "xyzzy" not in answer.text
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()["blocked"]) == (503, ["the database cannot be reached"])
    assert "xyzzy" not in answer.text
