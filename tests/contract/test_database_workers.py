"""What every database must do behind the ports ``Workers`` and ``Events``, and with the attempts of a rollout."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from rolldeck.domain.batch import AgentChoice, BatchCounts, BatchSpec, Quota
from rolldeck.domain.errors import Conflict, InvalidTransition, NotFound
from rolldeck.domain.event import EventKind, RolloutChange
from rolldeck.domain.rollout import Phase, PhaseTiming, Rollout, RolloutError, Step, StopReason, Usage
from rolldeck.domain.status import Event, Status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import PoolReport, Worker, WorkerReport, WorkerState
from rolldeck.storage.database import Database
from rolldeck.storage.port import Change, Claim, Released, RolloutFilter

LOST = RolloutError(phase=Phase.TEARDOWN, kind="WorkerLost", message="gone", retryable=True)
BROKEN = RolloutError(phase=Phase.PROVISION, kind="EnvironmentFailure", message="broken", retryable=True)


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    opened = await Database.open(address)
    for name in ("w1", "w2"):
        await opened.workers.register(worker(name))
    await opened.tasks.upload([Task(id="1", task="?", answer=1)])
    yield opened
    await opened.close()


def worker(worker_id: str) -> Worker:
    now = datetime.now(UTC)
    report = WorkerReport(parallel=4)
    return Worker(id=worker_id, host="here", pid=7, version="1", report=report, started_at=now, seen_at=now)


def step(index: int, tokens: int = 0) -> Step:
    usage = Usage(input_tokens=tokens) if tokens else None
    return Step(index=index, offset=index, url="http://x/", screenshot="s", at=datetime.now(UTC), usage=usage)


async def claims_of(database: Database, number: int, *, by: str = "w1", max_attempts: int = 3) -> list[Claim]:
    spec = BatchSpec(task_ids=("1",), agents=(AgentChoice(agent="noop"),), repeats=number, max_attempts=max_attempts)
    made = await database.batches.create(spec, {})
    return list(await database.rollouts.claim(by, limit=number, batch_id=made.batch.id))


async def advance(database: Database, claim: Claim, event: Event, change: Change | None = None) -> Rollout:
    return await database.rollouts.advance(claim.rollout.id, claim.token, event, change or Change())


class TestWhatIsInNoTable:
    async def test_is_told_as_an_event_of_its_own(self, database: Database) -> None:
        before = await database.events.last()
        await database.events.tell(EventKind.TEMPLATE_BUILD, {"name": "shop", "state": "built"})
        [event] = await database.events.after(before)
        assert (event.kind, event.data) == (EventKind.TEMPLATE_BUILD, {"name": "shop", "state": "built"})


class TestEnvironmentsInUse:
    async def test_are_those_of_claimed_rollouts_the_oldest_first(self, database: Database) -> None:
        first, second = await claims_of(database, 2)
        found = await database.rollouts.occupied(limit=10)
        assert [each.rollout_id for each in found] == sorted([first.rollout.id, second.rollout.id])
        assert {(each.environment, each.worker_id, each.status) for each in found} == {
            (first.task.environment, "w1", Status.PROVISIONING)
        }
        assert [each.rollout_id for each in await database.rollouts.occupied(limit=1)] == [found[0].rollout_id]
        await advance(database, first, Event.RELEASED)
        assert [each.rollout_id for each in await database.rollouts.occupied(limit=10)] == [second.rollout.id]


class TestWorkers:
    async def test_a_heartbeat_raises_the_beats_and_keeps_what_it_tells(self, database: Database) -> None:
        report = WorkerReport(parallel=4, running=2, blocked="the disk is nearly full", pool=PoolReport(ready=3))
        assert await database.workers.beat("w1", report)
        assert await database.workers.beat("w1", report, draining=True)
        first, second = await database.workers.list()
        assert (first.id, first.beats, first.report, first.state) == ("w1", 2, report, WorkerState.DRAINING)
        assert first.seen_at > first.started_at
        assert (second.beats, second.state) == (0, WorkerState.WORKING)

    async def test_a_change_is_logged_and_a_beat_that_tells_nothing_new_is_not(self, database: Database) -> None:
        blocked = WorkerReport(parallel=4, blocked="no memory")
        for report in (WorkerReport(parallel=4, running=1), blocked, blocked, WorkerReport(parallel=4)):
            await database.workers.beat("w1", report)
        events = [each for each in await database.events.after(0) if each.data.get("worker_id") == "w1"]
        assert [each.data["blocked"] for each in events] == [None, "no memory", None]

    async def test_a_worker_that_owns_nothing_stops_and_claims_no_more(self, database: Database) -> None:
        (claim,) = await claims_of(database, 1)
        with pytest.raises(Conflict):
            await database.workers.stop("w1")
        await advance(database, claim, Event.RELEASED)
        await database.workers.stop("w1")
        await database.workers.stop("w1")
        assert not await database.workers.beat("w1", WorkerReport(parallel=4))
        assert [each.id for each in await database.workers.list(alive=True)] == ["w2"]
        assert [(each.id, each.state) for each in await database.workers.list(alive=False)] == [
            ("w1", WorkerState.STOPPED)
        ]
        for dead in ("w1", "never registered"):
            with pytest.raises(Conflict, match=dead):
                await database.rollouts.claim(dead)

    async def test_whoever_watches_can_prove_that_it_can_write(self, database: Database) -> None:
        await database.workers.prove()
        await database.workers.prove()


class TestRelease:
    async def test_a_lost_workers_rollouts_get_a_new_attempt_or_an_end(self, database: Database) -> None:
        again, asked = await claims_of(database, 2)
        (last_try,) = await claims_of(database, 1, max_attempts=1)
        (others,) = await claims_of(database, 1, by="w2")
        await advance(database, again, Event.ENVIRONMENT_READY)
        await database.rollouts.add_step(again.rollout.id, again.token, step(0))
        await database.rollouts.request_cancel(asked.rollout.id)
        released = await database.workers.release("w1", LOST)
        assert released == Released(
            {claim.rollout.id: 1 for claim in (again, asked, last_try)}, requeued=1, failed=1, cancelled=1
        )
        requeued = await database.rollouts.get(again.rollout.id)
        assert (requeued.status, requeued.attempt, requeued.retries_left, requeued.steps) == (Status.PENDING, 2, 1, 0)
        (kept,) = await database.rollouts.attempts(requeued.id)
        assert kept.errors == (LOST.model_copy(update={"phase": Phase.AGENT}),)
        assert (kept.worker_id, kept.steps) == ("w1", 1)
        failed = await database.rollouts.get(last_try.rollout.id)
        assert (failed.status, failed.errors[0].phase) == (Status.FAILED, Phase.PROVISION)
        assert (await database.rollouts.get(asked.rollout.id)).status is Status.CANCELLED
        assert (await database.rollouts.get(others.rollout.id)).worker_id == "w2"
        for claim in (again, asked, last_try):
            with pytest.raises(Conflict):
                await advance(database, claim, Event.ERROR)
        assert await database.workers.release("w1", LOST) == Released({})
        assert not await database.workers.beat("w1", WorkerReport(parallel=1))

    async def test_a_worker_that_has_beaten_since_is_not_given_up(self, database: Database) -> None:
        await claims_of(database, 1)
        await database.workers.beat("w1", WorkerReport(parallel=1))
        assert await database.workers.release("w1", LOST, beats=0) == Released({})
        assert (await database.workers.release("w1", LOST, beats=1)).requeued == 1

    async def test_a_worker_that_is_given_up_by_several_watchers_is_given_up_once(self, database: Database) -> None:
        await claims_of(database, 6)
        released = await asyncio.gather(*(database.workers.release("w1", LOST) for _ in range(5)))
        assert sum(each.requeued for each in released) == 6

    async def test_claims_and_a_release_at_once_leave_nothing_with_a_lost_worker(self, database: Database) -> None:
        await claims_of(database, 1)
        spec = BatchSpec(task_ids=("1",), agents=(AgentChoice(agent="noop"),), repeats=20)
        await database.batches.create(spec, {})
        claiming = (database.rollouts.claim("w1", limit=2) for _ in range(10))
        await asyncio.gather(*claiming, database.workers.release("w1", LOST), return_exceptions=True)
        claimed = [each for each in (await database.rollouts.list(RolloutFilter())).rollouts if each.started_at]
        assert claimed == []

    async def test_an_unknown_worker_is_not_found(self, database: Database) -> None:
        with pytest.raises(NotFound):
            await database.workers.release("nobody", LOST)


class TestAttempts:
    async def test_a_failed_attempt_is_kept_and_the_next_begins_with_nothing(self, database: Database) -> None:
        (claim,) = await claims_of(database, 1, max_attempts=2)
        timing = PhaseTiming(phase=Phase.PROVISION, seconds=2)
        await advance(database, claim, Event.ENVIRONMENT_READY, Change(timings=(timing,), template="t"))
        for index in range(3):
            await database.rollouts.add_step(claim.rollout.id, claim.token, step(index, tokens=10))
        assert (await database.rollouts.get(claim.rollout.id)).tokens == 30
        new = await advance(database, claim, Event.REQUEUED, Change(errors=(BROKEN,), video="r/video-1.mp4"))
        assert (new.status, new.attempt, new.retries_left) == (Status.PENDING, 2, 0)
        assert (new.errors, new.timings, new.steps, new.tokens, new.video, new.template) == ((), (), 0, 0, None, None)
        (kept,) = await database.rollouts.attempts(new.id)
        assert (kept.errors, kept.timings, kept.steps, kept.video) == ((BROKEN,), (timing,), 3, "r/video-1.mp4")
        assert kept.ended_at >= kept.started_at
        assert len(await database.rollouts.steps(new.id, 1)) == 3
        assert await database.rollouts.steps(new.id) == []

        (again,) = await database.rollouts.claim("w2")
        assert (again.rollout.id, again.rollout.attempt) == (new.id, 2)
        await database.rollouts.add_step(new.id, again.token, step(0))
        assert (await database.rollouts.step(new.id, 2, attempt=1)).index == 2
        with pytest.raises(InvalidTransition):
            await advance(database, again, Event.REQUEUED, Change(errors=(BROKEN,)))
        for unknown in (0, 3):
            with pytest.raises(NotFound):
                await database.rollouts.steps(new.id, unknown)

    async def test_a_released_rollout_has_as_many_attempts_left_as_before(self, database: Database) -> None:
        (claim,) = await claims_of(database, 1, max_attempts=2)
        released = await advance(database, claim, Event.RELEASED)
        assert (released.status, released.attempt, released.retries_left) == (Status.PENDING, 2, 1)
        assert [each.errors for each in await database.rollouts.attempts(released.id)] == [()]

    @pytest.mark.parametrize("event", [Event.REQUEUED, Event.RELEASED])
    async def test_one_that_was_asked_to_cancel_gets_no_new_attempt(self, database: Database, event: Event) -> None:
        (claim,) = await claims_of(database, 1)
        await database.rollouts.request_cancel(claim.rollout.id)
        ended = await advance(database, claim, event, Change(errors=(BROKEN,)))
        assert (ended.status, ended.attempt) == (Status.CANCELLED, 1)

    async def test_a_failed_rollout_can_be_tried_again_by_hand(self, database: Database) -> None:
        (claim,) = await claims_of(database, 1, max_attempts=2)
        with pytest.raises(Conflict):
            await database.rollouts.retry(claim.rollout.id)
        failed = await advance(database, claim, Event.ERROR, Change(errors=(BROKEN,)))
        again = await database.rollouts.retry(claim.rollout.id)
        assert (again.status, again.attempt, again.retries_left, again.finished_at) == (Status.PENDING, 2, 1, None)
        (kept,) = await database.rollouts.attempts(again.id)
        assert (kept.errors, kept.ended_at) == ((BROKEN,), failed.finished_at)
        assert (await database.batches.get(again.batch_id)).counts == BatchCounts(total=1, live=1)

    async def test_a_video_that_is_found_later_is_noted_where_there_is_none(self, database: Database) -> None:
        (claim,) = await claims_of(database, 1)
        rollout_id = claim.rollout.id
        await database.workers.release("w1", LOST)
        await database.rollouts.keep_video(rollout_id, 1, "first")
        await database.rollouts.keep_video(rollout_id, 1, "second")
        assert (await database.rollouts.attempts(rollout_id))[0].video == "first"
        await database.rollouts.keep_video(rollout_id, 2, "present")
        assert (await database.rollouts.get(rollout_id)).video == "present"

    async def test_the_same_step_again_is_no_error(self, database: Database) -> None:
        (claim,) = await claims_of(database, 1)
        once = step(0, tokens=5)
        for _ in range(2):
            await database.rollouts.add_step(claim.rollout.id, claim.token, once)
        stored = await database.rollouts.get(claim.rollout.id)
        assert (stored.steps, stored.tokens) == (1, 5)

    async def test_a_deleted_rollout_says_how_many_attempts_it_had(self, database: Database) -> None:
        (claim,) = await claims_of(database, 1)
        await database.rollouts.add_step(claim.rollout.id, claim.token, step(0))
        await advance(database, claim, Event.REQUEUED, Change(errors=(BROKEN,)))
        await database.rollouts.request_cancel(claim.rollout.id)
        removed = await database.rollouts.delete(claim.rollout.id)
        assert (removed.attempts, removed.steps) == (1, 1)

    async def test_text_that_no_database_can_hold_is_kept_as_well_as_can_be(self, database: Database) -> None:
        (claim,) = await claims_of(database, 1)
        await advance(database, claim, Event.ENVIRONMENT_READY)
        answer = "nul \x00, half \ud800, whole \U0001f600"
        await advance(database, claim, Event.AGENT_STOPPED, Change(answer_text=answer))
        assert (
            await database.rollouts.get(claim.rollout.id)
        ).answer_text == "nul \ufffd, half \ufffd, whole \U0001f600"
        with pytest.raises(NotFound):
            await database.rollouts.get("\x00")


class TestEvents:
    async def test_a_rollouts_life_is_told_in_order(self, database: Database) -> None:
        before = await database.events.last()
        (claim,) = await claims_of(database, 1)
        timing = PhaseTiming(phase=Phase.PROVISION, seconds=2)
        await advance(database, claim, Event.ENVIRONMENT_READY, Change(timings=(timing, timing)))
        await database.rollouts.add_step(claim.rollout.id, claim.token, step(0, tokens=9))
        await advance(database, claim, Event.AGENT_STOPPED, Change(stop_reason=StopReason.ANSWERED))
        verdict = Verdict(reward=0.5, success=False, parsed=None, evidence=(), reason="half")
        done = await advance(database, claim, Event.VERIFIED, Change(verdict=verdict))
        events = await database.events.after(before)
        assert [each.seq for each in events] == list(range(before + 1, before + 8))
        assert [each.kind for each in events] == [
            EventKind.BATCH_CREATED,
            EventKind.ROLLOUT_STATUS,
            EventKind.ROLLOUT_STATUS,
            EventKind.ROLLOUT_STEP,
            EventKind.ROLLOUT_STATUS,
            EventKind.ROLLOUT_STATUS,
            EventKind.BATCH_ENDED,
        ]
        assert all(each.batch_id == done.batch_id for each in events)
        assert all((each.rollout_id, each.task_id) == (done.id, "1") for each in events[1:-1])
        end = RolloutChange.model_validate(events[-2].data)
        assert (end.status, end.event, end.attempt, end.worker_id) == (Status.COMPLETED, Event.VERIFIED, 1, "w1")
        assert end.outcome is not None
        assert (end.outcome.success, end.outcome.reward, end.outcome.error) == (False, 0.5, None)
        assert (end.timings, end.steps, end.tokens) == ({Phase.PROVISION: 4.0}, 1, 9)
        assert RolloutChange.model_validate(events[1].data).outcome is None

    async def test_an_attempt_that_ended_is_told_with_its_own_number(self, database: Database) -> None:
        (claim,) = await claims_of(database, 1)
        before = await database.events.last()
        await advance(database, claim, Event.REQUEUED, Change(errors=(BROKEN,)))
        (event,) = await database.events.after(before)
        change = RolloutChange.model_validate(event.data)
        assert (change.status, change.event, change.attempt) == (Status.PENDING, Event.REQUEUED, 1)
        assert change.outcome is not None
        assert (change.outcome.error, change.worker_id) == ("EnvironmentFailure", "w1")

    async def test_many_writers_at_once_leave_no_gap(self, database: Database) -> None:
        claims = await claims_of(database, 10)

        async def work(claim: Claim) -> None:
            await advance(database, claim, Event.ENVIRONMENT_READY)
            for index in range(3):
                await database.rollouts.add_step(claim.rollout.id, claim.token, step(index))
            with pytest.raises(Conflict):
                await database.rollouts.add_step(claim.rollout.id, "stale", step(3))
            await advance(database, claim, Event.ERROR)

        seen: list[int] = []

        async def follow() -> None:
            while len(seen) < 10 * 5 + 1:
                seen.extend(event.seq for event in await database.events.after(seen[-1] if seen else 0))
                await asyncio.sleep(0)

        seen.append(await database.events.last())
        async with asyncio.timeout(60):
            await asyncio.gather(follow(), *(work(claim) for claim in claims))
        assert seen[1:] == list(range(seen[1], seen[1] + len(seen) - 1))
        assert seen[1] == seen[0] + 1

    async def test_what_failed_leaves_no_event(self, database: Database) -> None:
        before = await database.events.last()
        for refused in (
            database.rollouts.delete("no"),
            database.batches.cancel("no"),
            database.workers.release("no", LOST),
        ):
            with pytest.raises(NotFound):
                await refused
        assert await database.events.last() == before

    async def test_pages_of_events_follow_each_other(self, database: Database) -> None:
        for number in range(5):
            await database.quotas.set(Quota(name=f"q{number}", max_running=1))
        last = await database.events.last()
        first = await database.events.after(last - 5, limit=3)
        second = await database.events.after(first[-1].seq, limit=3)
        assert [each.data["name"] for each in (*first, *second)] == [f"q{number}" for number in range(5)]
        assert await database.events.after(last) == []
