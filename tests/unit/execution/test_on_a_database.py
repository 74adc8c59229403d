"""Workers on a real database (SQLite), with doubles for all that rollouts are executed with."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rolldeck.domain.batch import AgentChoice, BatchSpec, BatchUpdate
from rolldeck.domain.errors import ModelError, StorageError
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.worker import Worker as WorkerRecord
from rolldeck.domain.worker import WorkerReport, WorkerState
from rolldeck.execution.loss import Losses
from rolldeck.execution.worker import Worker
from rolldeck.storage.database import Database
from rolldeck.storage.port import RolloutFilter, Workspace

if TYPE_CHECKING:
    from .conftest import Scene

A_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


class Deck:
    """A database, and workers on it whose rollouts are the scene's."""

    def __init__(self, scene: "Scene", database: Database) -> None:
        self.scene = scene
        self.database = database
        self.adapters = replace(
            scene.adapters, rollouts=database.rollouts, workers=database.workers, quotas=database.quotas
        )
        self.seen: list[Rollout] = []
        self._news = asyncio.Event()

    async def batch(self, repeats: int) -> str:
        """Queue so many rollouts of the scene's task."""
        await self.database.tasks.upload([self.scene.task])
        agents = (AgentChoice(agent="somebody"),)
        spec = BatchSpec(task_ids=(self.scene.task.id,), agents=agents, repeats=repeats)
        return (await self.database.batches.create(spec, {})).batch.id

    def worker(self, worker_id: str = "w1", *, parallel: int = 2, lease_seconds: float = 60) -> Worker:
        me = WorkerRecord(
            id=worker_id,
            host="here",
            pid=1,
            version="1",
            report=WorkerReport(parallel=parallel),
            started_at=A_MOMENT,
            seen_at=A_MOMENT,
        )
        return Worker(
            self.adapters,
            me,
            parallel=parallel,
            lease_seconds=lease_seconds,
            headroom=lambda: None,
            on_change=self._saw,
            poll_seconds=0.02,
        )

    async def rollouts(self) -> list[Rollout]:
        return list((await self.database.rollouts.list(RolloutFilter(), limit=100)).rollouts)

    async def until(self, status: Status) -> Rollout:
        """Wait until a worker has seen some rollout in this status."""
        async with asyncio.timeout(30):
            while not (found := [rollout for rollout in self.seen if rollout.status is status]):
                self._news.clear()
                await self._news.wait()
        return found[0]

    def _saw(self, rollout: Rollout) -> None:
        self.seen.append(rollout)
        self._news.set()


@pytest.fixture
async def deck(scene: "Scene", tmp_path: Path) -> AsyncIterator[Deck]:
    database = await Database.open(tmp_path / "rolldeck.db")
    yield Deck(scene, database)
    await database.close()


async def test_workers_side_by_side_complete_a_batch_each_rollout_once(deck: Deck) -> None:
    batch_id = await deck.batch(12)
    await asyncio.gather(*(deck.worker(worker_id).run(until_idle=True) for worker_id in ("w1", "w2", "w3")))
    counts = (await deck.database.batches.get(batch_id)).counts
    assert (counts.completed, counts.live, counts.failed) == (12, 0, 0)
    assert {(rollout.attempt, rollout.steps) for rollout in await deck.rollouts()} == {(1, 2)}
    assert {worker.state for worker in await deck.database.workers.list()} == {WorkerState.STOPPED}


async def test_a_failed_attempt_is_kept_with_its_steps_and_followed_by_another(deck: Deck) -> None:
    deck.scene.failures_once["perform"] = [ModelError("overloaded")]
    await deck.batch(1)
    await deck.worker().run(until_idle=True)
    (rollout,) = await deck.rollouts()
    assert (rollout.status, rollout.attempt, rollout.errors) == (Status.COMPLETED, 2, ())
    (attempt,) = await deck.database.rollouts.attempts(rollout.id)
    assert [error.kind for error in attempt.errors] == ["ModelError"]
    assert len(await deck.database.rollouts.steps(rollout.id, 1)) == 1
    assert len(await deck.database.rollouts.steps(rollout.id, 2)) == 2


async def test_a_request_to_cancel_is_obeyed(deck: Deck) -> None:
    deck.scene.hangs.add("act")
    await deck.batch(1)
    running = asyncio.create_task(deck.worker().run(until_idle=True))
    rollout = await deck.until(Status.RUNNING)
    await deck.scene.reached["act"].wait()  # else the next attempt would hang there
    await deck.database.rollouts.request_cancel(rollout.id)
    await running
    assert [rollout.status for rollout in await deck.rollouts()] == [Status.CANCELLED]
    assert deck.scene.open == []


async def test_what_a_stopped_worker_released_another_one_completes(deck: Deck) -> None:
    deck.scene.hangs.add("act")
    await deck.batch(1)
    worker = deck.worker()
    running = asyncio.create_task(worker.run())
    await deck.until(Status.RUNNING)
    await deck.scene.reached["act"].wait()  # else the next attempt would hang there
    worker.stop(drain=False)
    await running
    (released,) = await deck.rollouts()
    assert (released.status, released.attempt) == (Status.PENDING, 2)
    await deck.worker("w2").run(until_idle=True)
    (rollout,) = await deck.rollouts()
    assert (rollout.status, rollout.worker_id, rollout.retries_left) == (Status.COMPLETED, "w2", released.retries_left)


async def test_a_worker_that_was_given_up_writes_nothing_and_begins_anew(deck: Deck) -> None:
    deck.scene.hangs.add("act")
    await deck.batch(1)
    worker = deck.worker()
    running = asyncio.create_task(worker.run(until_idle=True))
    await deck.until(Status.RUNNING)
    await deck.scene.reached["act"].wait()  # else the next attempt would hang there
    losses = Losses(deck.database.workers, deck.database.rollouts, deck.scene.artifacts)
    await losses.give_up("w1", "the test says so")
    await running
    (rollout,) = await deck.rollouts()
    assert (rollout.status, rollout.attempt, rollout.worker_id) == (Status.COMPLETED, 2, worker.id)
    (attempt,) = await deck.database.rollouts.attempts(rollout.id)
    assert [error.kind for error in attempt.errors] == ["WorkerLost"]
    assert {each.id: each.state for each in await deck.database.workers.list()} == {
        "w1": WorkerState.LOST,
        worker.id: WorkerState.STOPPED,
    }


async def test_what_is_left_of_an_attempt_that_is_over_is_reaped_and_of_one_that_goes_on_is_not(deck: Deck) -> None:
    artifacts = deck.scene.artifacts
    losses = Losses(deck.database.workers, deck.database.rollouts, artifacts)
    deck.scene.hangs.add("act")
    await deck.batch(1)
    running = asyncio.create_task(deck.worker().run(until_idle=True))
    await deck.until(Status.RUNNING)
    await deck.scene.reached["act"].wait()  # else the next attempt would hang there
    (rollout,) = await deck.rollouts()
    artifacts.workspace(rollout.id, 1)
    assert await losses.reap() == 0
    deck.scene.released.set()
    await running
    artifacts.workspace(rollout.id, 1)
    artifacts.workspace("deleted", 1)
    assert await losses.reap() == 2
    assert await artifacts.workspaces() == [Workspace("deleted", 1)]  # the double only notes what is deleted
    assert artifacts.deleted == ["deleted"]


async def test_a_paused_batch_is_waited_for(deck: Deck) -> None:
    batch_id = await deck.batch(1)
    await deck.database.batches.update(batch_id, BatchUpdate(paused=True))
    running = asyncio.create_task(deck.worker().run(until_idle=True))
    await asyncio.wait({running}, timeout=0.1)
    assert not running.done()
    await deck.database.batches.update(batch_id, BatchUpdate(paused=False))
    await running
    assert [rollout.status for rollout in await deck.rollouts()] == [Status.COMPLETED]


async def test_claims_whose_answer_was_lost_are_executed(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    await deck.batch(3)
    claim = deck.database.rollouts.claim
    broken = [StorageError("the connection broke")]

    async def claim_in_vain(worker_id: str, *, limit: int = 1, batch_id: str | None = None) -> object:
        claims = await claim(worker_id, limit=limit, batch_id=batch_id)
        if broken:
            raise broken.pop()
        return claims

    monkeypatch.setattr(deck.database.rollouts, "claim", claim_in_vain)
    await deck.worker().run(until_idle=True)
    assert {(rollout.status, rollout.attempt) for rollout in await deck.rollouts()} == {(Status.COMPLETED, 1)}
