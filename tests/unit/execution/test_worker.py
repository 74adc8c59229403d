"""The worker: what it claims, and how its rollouts end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from rolldeck.domain.errors import StorageError
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.execution.worker import Worker

if TYPE_CHECKING:
    from .conftest import Scene

NEVER_POLLS = 3600.0


class Changes:
    """Listens to a worker, and lets a test wait until what it heard says enough."""

    def __init__(self) -> None:
        self.latest: dict[str, Rollout] = {}
        self._news = asyncio.Event()

    def __call__(self, rollout: Rollout) -> None:
        self.latest[rollout.id] = rollout
        self._news.set()

    async def until(self, enough: Callable[[list[Status]], bool]) -> None:
        """Wait for the statuses to satisfy ``enough``."""
        async with asyncio.timeout(5):
            while not enough([rollout.status for rollout in self.latest.values()]):
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def working(
    scene: "Scene", changes: Changes, parallel: int = 2, poll_seconds: float = NEVER_POLLS
) -> AsyncIterator[tuple[Worker, asyncio.Task[None]]]:
    worker = Worker(scene.adapters, parallel=parallel, on_change=changes, poll_seconds=poll_seconds)
    running = asyncio.create_task(worker.run())
    try:
        yield worker, running
    finally:
        worker.stop(drain=False)
        await asyncio.wait({running})


def all_are(status: Status, count: int) -> Callable[[list[Status]], bool]:
    return lambda statuses: statuses.count(status) == count


async def test_it_executes_all_that_is_queued_never_more_at_once_than_it_has_places(scene: "Scene") -> None:
    most = 0

    def count(rollout: Rollout) -> None:
        nonlocal most
        most = max(most, scene.open.count("environment"))
        changes(rollout)

    changes = Changes()
    await scene.queue.create(["q1"], "somebody", 5)
    worker = Worker(scene.adapters, parallel=2, on_change=count, poll_seconds=NEVER_POLLS)
    running = asyncio.create_task(worker.run())
    await changes.until(all_are(Status.COMPLETED, 5))
    worker.stop(drain=True)
    await running
    assert most == 2


async def test_woken_it_starts_what_was_queued_since(scene: "Scene") -> None:
    changes = Changes()
    async with working(scene, changes) as (worker, _):
        await scene.reached["claim"].wait()
        await scene.queue.create(["q1"], "somebody", 1)
        worker.wake()
        await changes.until(all_are(Status.COMPLETED, 1))


async def test_it_polls_where_nobody_wakes_it(scene: "Scene") -> None:
    changes = Changes()
    async with working(scene, changes, poll_seconds=0.01):
        await scene.reached["claim"].wait()
        await scene.queue.create(["q1"], "somebody", 1)
        await changes.until(all_are(Status.COMPLETED, 1))


async def test_a_request_to_cancel_ends_that_rollout_and_no_other(scene: "Scene") -> None:
    changes = Changes()
    scene.hangs.add("act")
    await scene.queue.create(["q1"], "somebody", 2)
    async with working(scene, changes) as (worker, _):
        await scene.reached["act"].wait()
        await changes.until(all_are(Status.COMPLETED, 1))
        (hanging,) = [r for r in changes.latest.values() if r.status is Status.RUNNING]
        await scene.queue.request_cancel(hanging.id)
        worker.wake()
        await changes.until(all_are(Status.CANCELLED, 1))
    assert all_are(Status.COMPLETED, 1)([r.status for r in changes.latest.values()])


async def test_stopped_with_drain_it_finishes_what_runs_and_claims_nothing_more(scene: "Scene") -> None:
    changes = Changes()
    scene.hangs.add("act")
    await scene.queue.create(["q1"], "somebody", 2)
    async with working(scene, changes, parallel=1) as (worker, running):
        await scene.reached["act"].wait()
        worker.stop(drain=True)
        scene.released.set()
        await running
    assert [r.status for r in scene.queue.rollouts.values()] == [Status.COMPLETED, Status.PENDING]


async def test_stopped_without_drain_it_cancels_what_runs(scene: "Scene") -> None:
    changes = Changes()
    scene.hangs.add("act")
    await scene.queue.create(["q1"], "somebody", 2)
    async with working(scene, changes, parallel=1) as (worker, running):
        await scene.reached["act"].wait()
        worker.stop(drain=False)
        await running
    assert [r.status for r in scene.queue.rollouts.values()] == [Status.CANCELLED, Status.PENDING]
    assert scene.open == []


async def test_a_second_stop_ends_a_drain_that_takes_too_long(scene: "Scene") -> None:
    changes = Changes()
    scene.hangs.add("act")
    await scene.queue.create(["q1"], "somebody", 1)
    async with working(scene, changes) as (worker, running):
        await scene.reached["act"].wait()
        worker.stop(drain=True)
        worker.stop(drain=False)
        await running
    assert all_are(Status.CANCELLED, 1)([r.status for r in changes.latest.values()])


async def test_being_cancelled_it_cancels_what_runs_and_cleans_up(scene: "Scene") -> None:
    changes = Changes()
    scene.hangs.add("act")
    await scene.queue.create(["q1"], "somebody", 1)
    async with working(scene, changes) as (_, running):
        await scene.reached["act"].wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert scene.open == []


async def test_an_end_that_cannot_be_recorded_does_not_end_the_worker(scene: "Scene") -> None:
    changes = Changes()
    scene.failures["write verified"] = StorageError("disk full")
    await scene.queue.create(["q1"], "somebody", 1)
    async with working(scene, changes) as (worker, running):
        await scene.reached["write verified"].wait()
        scene.failures.clear()
        await scene.queue.create(["q2"], "somebody", 1)
        worker.wake()
        await changes.until(all_are(Status.COMPLETED, 1))
        assert not running.done()


async def test_a_queue_that_cannot_be_read_is_read_again(scene: "Scene") -> None:
    changes = Changes()
    scene.failures["claim"] = StorageError("locked")
    await scene.queue.create(["q1"], "somebody", 1)
    async with working(scene, changes) as (worker, _):
        await scene.reached["claim"].wait()
        scene.failures.clear()
        worker.wake()
        await changes.until(all_are(Status.COMPLETED, 1))


async def test_asked_for_what_is_queued_only_it_ends_when_all_of_it_has_ended(scene: "Scene") -> None:
    await scene.queue.create(["q1"], "somebody", 3)
    await Worker(scene.adapters, parallel=2, poll_seconds=NEVER_POLLS).run(until_idle=True)
    assert [r.status for r in scene.queue.rollouts.values()] == [Status.COMPLETED] * 3
