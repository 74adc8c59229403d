"""The worker: what it claims, how its rollouts end, how it lives and ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from rolldeck.domain.errors import EnvironmentFailure, ModelError, StorageError
from rolldeck.domain.rollout import Phase, Rollout, RolloutError
from rolldeck.domain.status import Status
from rolldeck.domain.worker import Worker as WorkerRecord
from rolldeck.domain.worker import WorkerReport, WorkerState
from rolldeck.execution import heart
from rolldeck.execution import rollout as rollout_module
from rolldeck.execution.worker import Worker

if TYPE_CHECKING:
    from .conftest import Scene

NEVER = 3600.0
A_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
ME = WorkerRecord(
    id="me", host="here", pid=1, version="1", report=WorkerReport(parallel=1), started_at=A_MOMENT, seen_at=A_MOMENT
)


A_LOSS = RolloutError(phase=Phase.AGENT, kind="WorkerLost", message="silence", retryable=True)


def room_for_all() -> str | None:
    return None


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


def a_worker(
    scene: "Scene",
    changes: Changes,
    *,
    parallel: int = 2,
    poll_seconds: float = NEVER,
    lease_seconds: float = NEVER,
    headroom: Callable[[], str | None] = room_for_all,
    batch_id: str | None = None,
    reap_seconds: float = NEVER,
) -> Worker:
    return Worker(
        scene.adapters,
        ME,
        parallel=parallel,
        lease_seconds=lease_seconds,
        headroom=headroom,
        batch_id=batch_id,
        on_change=changes,
        poll_seconds=poll_seconds,
        reap_seconds=reap_seconds,
        new_id=lambda: "me again",
    )


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[asyncio.Task[None]]:
    running = asyncio.create_task(worker.run())
    try:
        yield running
    finally:
        worker.stop(drain=False)
        await asyncio.wait({running})


@pytest.fixture
def changes() -> Changes:
    return Changes()


def all_are(status: Status, count: int) -> Callable[[list[Status]], bool]:
    return lambda statuses: statuses.count(status) == count


async def passes(condition: Callable[[], bool]) -> None:
    """Let the event loop go on until the condition holds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_it_executes_all_that_is_queued_never_more_at_once_than_it_has_places(
    scene: "Scene", changes: Changes
) -> None:
    most = 0
    scene.database.queue(5)
    worker = a_worker(scene, changes, parallel=2)

    def count(rollout: Rollout) -> None:
        nonlocal most
        most = max(most, scene.open.count("environment"))
        changes(rollout)

    worker._on_change = count
    async with working(worker):
        await changes.until(all_are(Status.COMPLETED, 5))
    assert most == 2


async def test_it_claims_for_all_free_places_at_once(scene: "Scene", changes: Changes) -> None:
    scene.hangs.add("provision")
    scene.database.queue(5)
    async with working(a_worker(scene, changes, parallel=4)):
        await changes.until(all_are(Status.PROVISIONING, 1))
        assert scene.database.history[:4] == [Status.PROVISIONING] * 4


async def test_woken_it_starts_what_was_queued_since(scene: "Scene", changes: Changes) -> None:
    worker = a_worker(scene, changes)
    async with working(worker):
        await scene.reached["demand"].wait()
        scene.database.queue(1)
        worker.wake()
        await changes.until(all_are(Status.COMPLETED, 1))


async def test_it_polls_where_nobody_wakes_it(scene: "Scene", changes: Changes) -> None:
    async with working(a_worker(scene, changes, poll_seconds=0.01)):
        await scene.reached["demand"].wait()
        scene.database.queue(1)
        await changes.until(all_are(Status.COMPLETED, 1))


async def test_bound_to_a_batch_it_claims_nothing_else(scene: "Scene", changes: Changes) -> None:
    (foreign,) = scene.database.queue(1, batch_id="another")
    scene.database.queue(2, batch_id="mine")
    await a_worker(scene, changes, batch_id="mine").run(until_idle=True)
    assert scene.database.rollouts[foreign.id].status is Status.PENDING
    assert scene.database.statuses.count(Status.COMPLETED) == 2


async def test_the_environments_are_told_what_waits_at_each_look(scene: "Scene", changes: Changes) -> None:
    scene.database.queue(3)
    await a_worker(scene, changes).run(until_idle=True)
    assert scene.environments.expected[0] == {"superset": 3}


async def test_a_request_to_cancel_ends_that_rollout_and_no_other(scene: "Scene", changes: Changes) -> None:
    scene.hangs.add("act")
    scene.database.queue(2)
    worker = a_worker(scene, changes)
    async with working(worker):
        await scene.reached["act"].wait()
        await changes.until(all_are(Status.COMPLETED, 1))
        (hanging,) = [r for r in changes.latest.values() if r.status is Status.RUNNING]
        await scene.database.request_cancel(hanging.id)
        worker.wake()
        await changes.until(all_are(Status.CANCELLED, 1))
    assert all_are(Status.COMPLETED, 1)(scene.database.statuses)


async def test_a_lost_claim_is_abandoned_and_no_other(scene: "Scene", changes: Changes) -> None:
    scene.hangs.add("act")
    first, second = scene.database.queue(2)
    worker = a_worker(scene, changes)
    async with working(worker):
        await scene.reached["act"].wait()
        await changes.until(all_are(Status.COMPLETED, 1))
        hanging = next(r for r in (first, second) if scene.database.rollouts[r.id].status is Status.RUNNING)
        scene.database.lose(hanging.id)
        worker.wake()
        await changes.until(all_are(Status.COMPLETED, 2))
    assert scene.database.rollouts[hanging.id].attempt == 2
    assert scene.workers.stopped == ["me"]


async def test_a_failed_attempt_is_followed_by_another(scene: "Scene", changes: Changes) -> None:
    scene.failures_once["act"] = [ModelError("overloaded")]
    scene.database.queue(1)
    await a_worker(scene, changes).run(until_idle=True)
    (rollout,) = scene.database.rollouts.values()
    assert (rollout.status, rollout.attempt) == (Status.COMPLETED, 2)


async def test_stopped_with_drain_it_finishes_what_runs_and_claims_nothing_more(
    scene: "Scene", changes: Changes
) -> None:
    scene.hangs.add("act")
    scene.database.queue(2)
    worker = a_worker(scene, changes, parallel=1)
    async with working(worker) as running:
        await scene.reached["act"].wait()
        worker.stop(drain=True)
        scene.released.set()
        await running
    assert scene.database.statuses == [Status.COMPLETED, Status.PENDING]
    assert scene.workers.stopped == ["me"]


async def test_while_it_drains_it_beats_so_and_obeys_requests_to_cancel(scene: "Scene", changes: Changes) -> None:
    scene.hangs.add("act")
    (rollout,) = scene.database.queue(1)
    worker = a_worker(scene, changes, lease_seconds=0.05)
    async with working(worker) as running:
        await scene.reached["act"].wait()
        worker.stop(drain=True)
        await passes(lambda: scene.workers.alive["me"].state is WorkerState.DRAINING)
        await scene.database.request_cancel(rollout.id)
        worker.wake()
        await running
    assert scene.database.statuses == [Status.CANCELLED]


@pytest.mark.parametrize("after_drain", [False, True])
async def test_stopped_without_drain_it_releases_what_runs(scene: "Scene", changes: Changes, after_drain: bool) -> None:
    scene.hangs.add("act")
    scene.database.queue(2)
    worker = a_worker(scene, changes, parallel=1)
    async with working(worker) as running:
        await scene.reached["act"].wait()
        if after_drain:
            worker.stop(drain=True)
        worker.stop(drain=False)
        await running
    assert scene.database.statuses == [Status.PENDING, Status.PENDING]
    assert scene.database.rollouts["r0"].retries_left == 2
    assert scene.open == []
    assert scene.workers.stopped == ["me"]


async def test_being_cancelled_it_releases_what_runs_and_cleans_up(scene: "Scene", changes: Changes) -> None:
    scene.hangs.add("act")
    scene.database.queue(1)
    async with working(a_worker(scene, changes)) as running:
        await scene.reached["act"].wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert scene.open == []
    assert scene.database.statuses == [Status.PENDING]
    assert scene.workers.stopped == ["me"]


async def test_cancelled_while_it_claims_it_loses_no_rollout(scene: "Scene", changes: Changes) -> None:
    scene.hangs.add("answer of claim")
    scene.database.queue(1)
    async with working(a_worker(scene, changes)) as running:
        await scene.reached["answer of claim"].wait()
        running.cancel()
        await asyncio.sleep(0)
        scene.released.set()
        await asyncio.wait({running})
    assert scene.database.tokens == {}


async def test_a_claim_whose_answer_was_lost_is_taken_up(scene: "Scene", changes: Changes) -> None:
    scene.failures_once["answer of claim"] = [StorageError("the connection broke")]
    scene.database.queue(2)
    worker = a_worker(scene, changes, poll_seconds=0.01)
    async with working(worker):
        await changes.until(all_are(Status.COMPLETED, 2))
    assert [rollout.attempt for rollout in scene.database.rollouts.values()] == [1, 1]


async def test_an_end_that_cannot_be_recorded_before_its_own_is_given_back(
    scene: "Scene", changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_module, "_RECORD_SECONDS_LEAVING", 0.01)
    scene.hangs |= {"write verified"}
    scene.database.queue(1)
    worker = a_worker(scene, changes)
    async with working(worker) as running:
        await scene.reached["write verified"].wait()
        worker.stop(drain=False)
        await running
    assert scene.database.statuses == [Status.PENDING]
    assert "me" in scene.workers.given_up


@pytest.mark.parametrize("point", ["claim", "demand", "standing", "register", "beat"])
async def test_a_database_that_is_away_is_waited_for(scene: "Scene", changes: Changes, point: str) -> None:
    scene.failures_once[point] = [StorageError("locked")] * 3
    scene.database.queue(3)
    async with working(a_worker(scene, changes, parallel=1, poll_seconds=0.01, lease_seconds=0.05)) as running:
        await changes.until(all_are(Status.COMPLETED, 3))
        assert not running.done()


async def test_registering_is_not_made_twice_where_its_answer_was_lost(scene: "Scene", changes: Changes) -> None:
    scene.failures_once["answer of register"] = [StorageError("the connection broke")]
    scene.database.queue(1)
    await a_worker(scene, changes).run(until_idle=True)
    assert scene.database.statuses == [Status.COMPLETED]


async def test_a_worker_that_cannot_register_can_be_stopped(scene: "Scene", changes: Changes) -> None:
    scene.hangs.add("register")
    worker = a_worker(scene, changes)
    async with working(worker) as running:
        await scene.reached["register"].wait()
        worker.stop(drain=True)
        await running


async def test_given_up_meanwhile_it_abandons_all_and_begins_anew_under_another_id(
    scene: "Scene", changes: Changes
) -> None:
    scene.hangs.add("act")
    scene.database.queue(1)
    worker = a_worker(scene, changes, lease_seconds=0.05)
    async with working(worker):
        await scene.reached["act"].wait()
        await scene.workers.release("me", A_LOSS)
        await changes.until(all_are(Status.COMPLETED, 1))
        assert worker.id == "me again"
    rollout = scene.database.rollouts["r0"]
    assert (rollout.worker_id, rollout.attempt) == ("me again", 2)
    assert [attempt.worker_id for attempt in scene.database.earlier["r0"]] == ["me"]
    assert scene.open == []


async def test_a_fault_in_the_record_of_an_end_leaves_no_rollout_behind(scene: "Scene", changes: Changes) -> None:
    scene.failures_once["write verified"] = [ZeroDivisionError("a fault")]
    scene.database.queue(1)
    async with working(a_worker(scene, changes)):
        await changes.until(all_are(Status.COMPLETED, 1))
    assert scene.database.rollouts["r0"].attempt == 2


async def test_without_headroom_it_claims_nothing_and_says_why(scene: "Scene", changes: Changes) -> None:
    reasons: list[str | None] = ["the disk is nearly full"]
    scene.database.queue(1)
    worker = a_worker(scene, changes, headroom=lambda: reasons[0], lease_seconds=0.05, poll_seconds=0.01)
    async with working(worker):
        await passes(lambda: "me" in scene.workers.alive and scene.workers.alive["me"].report.blocked is not None)
        assert scene.workers.alive["me"].report.blocked == "the disk is nearly full"
        assert scene.database.statuses == [Status.PENDING]
        reasons[0] = None
        await changes.until(all_are(Status.COMPLETED, 1))


async def test_while_no_environment_can_be_provisioned_it_claims_nothing_and_says_why(
    scene: "Scene", changes: Changes
) -> None:
    scene.environments.blocked = "the Docker engine does not answer"
    scene.database.queue(1)
    async with working(a_worker(scene, changes, lease_seconds=0.05, poll_seconds=0.01)):
        await passes(lambda: "me" in scene.workers.alive and scene.workers.alive["me"].report.blocked is not None)
        assert scene.workers.alive["me"].report.blocked == "the Docker engine does not answer"
        assert scene.database.statuses == [Status.PENDING]
        scene.environments.blocked = None
        await changes.until(all_are(Status.COMPLETED, 1))


async def test_after_three_failures_of_its_machine_in_a_row_it_pauses_and_says_why(
    scene: "Scene", changes: Changes
) -> None:
    scene.failures["provision"] = EnvironmentFailure("no space left on device")
    scene.database.queue(10)
    worker = a_worker(scene, changes, parallel=1, lease_seconds=0.05, poll_seconds=0.01)
    async with working(worker):
        await passes(lambda: "me" in scene.workers.alive and scene.workers.alive["me"].report.blocked is not None)
        blocked = scene.workers.alive["me"].report.blocked
        assert blocked is not None
        assert "no space left on device" in blocked
        assert scene.database.history.count(Status.PROVISIONING) == 3


async def test_its_beats_tell_what_it_does(scene: "Scene", changes: Changes) -> None:
    scene.hangs.add("act")
    scene.environments.leftovers = 4
    scene.database.queue(1)
    worker = a_worker(scene, changes, parallel=3, lease_seconds=0.05, reap_seconds=0.01)
    async with working(worker):
        await scene.reached["act"].wait()
        await passes(lambda: scene.workers.alive["me"].report.running == 1)
        await passes(lambda: scene.workers.alive["me"].report.reaped == 4)
        assert scene.workers.alive["me"].report.parallel == 3


async def test_a_reaper_that_fails_is_tried_again(scene: "Scene", changes: Changes) -> None:
    scene.failures_once["reap"] = [EnvironmentFailure("busy")]
    scene.environments.leftovers = 1
    worker = a_worker(scene, changes, lease_seconds=0.05, reap_seconds=0.01)
    async with working(worker):
        await scene.reached["reap"].wait()
        await passes(lambda: scene.workers.alive["me"].report.reaped == 1)


async def test_it_gives_a_silent_worker_up_whose_rollouts_then_go_on_here(scene: "Scene", changes: Changes) -> None:
    await scene.workers.register(ME.model_copy(update={"id": "silent"}))
    scene.database.queue(1)
    await scene.database.claim("silent")
    async with working(a_worker(scene, changes, lease_seconds=0.05, poll_seconds=0.01)):
        await changes.until(all_are(Status.COMPLETED, 1))
    (attempt,) = scene.database.earlier["r0"]
    assert attempt.worker_id == "silent"
    assert scene.workers.given_up["silent"].kind == "WorkerLost"


async def test_asked_for_what_is_queued_only_it_ends_when_all_of_it_has_ended(scene: "Scene", changes: Changes) -> None:
    scene.database.queue(3)
    await a_worker(scene, changes).run(until_idle=True)
    assert scene.database.statuses == [Status.COMPLETED] * 3
    assert scene.workers.stopped == ["me"]


async def test_its_own_end_that_cannot_be_recorded_is_left_to_its_lease(
    scene: "Scene", changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heart, "_GOODBYE_SECONDS", 0.01)
    scene.failures["stop"] = StorageError("away")
    await a_worker(scene, changes).run(until_idle=True)
    assert scene.workers.stopped == []
