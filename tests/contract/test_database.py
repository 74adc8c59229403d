"""What every database must do behind the ports ``Tasks`` and ``Rollouts``: SQLite and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.errors import Conflict, InvalidInput, InvalidTransition, NotFound
from rolldeck.domain.rollout import Phase, PhaseTiming, Rollout, RolloutError, Step, StopReason
from rolldeck.domain.status import Event, Status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.storage.database import Database
from rolldeck.storage.port import (
    Change,
    Claim,
    Removed,
    RolloutFilter,
    RolloutSort,
    Standing,
    TaskCounts,
    UploadCounts,
)

WORKER = "w1"


class Clock:
    """Stands for the wall clock; goes on by a second at each look, or as told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 1, 12, 0, 0, 123_456, UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(address: str, clock: Clock) -> AsyncIterator[Database]:
    opened = await Database.open(address, now=clock)
    await opened.workers.register(worker(WORKER))
    yield opened
    await opened.close()


def worker(worker_id: str) -> Worker:
    now = datetime.now(UTC)
    report = WorkerReport(parallel=4)
    return Worker(id=worker_id, host="here", pid=7, version="1", report=report, started_at=now, seen_at=now)


def task(task_id: str, answer: int = 1) -> Task:
    return Task(id=task_id, task=f"What is {task_id}?", answer={"n": answer}, tags=("shop",))


def step(index: int) -> Step:
    return Step(index=index, offset=index, url="http://x/", screenshot=f"r/screens/{index}.png", at=datetime.now(UTC))


def verdict(*, success: bool) -> Verdict:
    return Verdict(reward=float(success), success=success, parsed={"n": 1}, evidence=(), reason="compared")


def error(message: str) -> RolloutError:
    return RolloutError(phase=Phase.PROVISION, kind="EnvironmentFailure", message=message, retryable=True)


async def queued(
    database: Database, task_ids: Sequence[str], agent: str = "noop", repeats: int = 1, *, max_attempts: int = 1
) -> Sequence[Rollout]:
    """Queue rollouts in a batch of their own, and return them in their order."""
    spec = BatchSpec(
        task_ids=tuple(task_ids), agents=(AgentChoice(agent=agent),), repeats=repeats, max_attempts=max_attempts
    )
    made = await database.batches.create(spec, {})
    page = await database.rollouts.list(RolloutFilter(batch_id=made.batch.id), sort=RolloutSort.OLDEST, limit=200)
    return page.rollouts


async def claim_one(database: Database) -> Claim | None:
    claims = await database.rollouts.claim(WORKER)
    return claims[0] if claims else None


async def claimed(database: Database, task_id: str = "1", *, max_attempts: int = 1) -> Claim:
    if not await database.tasks.list(limit=1):
        await database.tasks.upload([task(task_id)])
    await queued(database, [task_id], max_attempts=max_attempts)
    claim = await claim_one(database)
    assert claim is not None
    return claim


async def finished(database: Database, event: Event = Event.VERIFIED, *, success: bool = True) -> Rollout:
    claim = await claimed(database)
    if event is Event.VERIFIED:
        await database.rollouts.advance(claim.rollout.id, claim.token, Event.ENVIRONMENT_READY)
        await database.rollouts.advance(claim.rollout.id, claim.token, Event.AGENT_STOPPED)
    change = Change(verdict=verdict(success=success)) if event is Event.VERIFIED else Change()
    return await database.rollouts.advance(claim.rollout.id, claim.token, event, change)


class TestTasks:
    async def test_an_upload_counts_what_it_added_changed_and_left(self, database: Database) -> None:
        assert await database.tasks.upload([task("1"), task("2")]) == UploadCounts(2, 0, 0)
        assert await database.tasks.upload([task("1"), task("2", 5), task("3")]) == UploadCounts(1, 1, 1)

    async def test_a_changed_task_is_a_new_version_and_the_old_one_can_still_be_read(self, database: Database) -> None:
        old, new = task("1"), task("1", 2)
        await database.tasks.upload([old])
        before = await database.tasks.get("1")
        await database.tasks.upload([new])
        assert (await database.tasks.get("1")).task == new
        assert (await database.tasks.get("1", old.version)).task == old
        after = await database.tasks.get("1")
        assert after.created_at == before.created_at
        assert after.updated_at > before.updated_at

    async def test_a_task_that_is_changed_back_has_its_old_version_again(self, database: Database) -> None:
        for version in (task("1"), task("1", 2)):
            await database.tasks.upload([version])
        assert await database.tasks.upload([task("1")]) == UploadCounts(0, 1, 0)
        assert (await database.tasks.get("1")).task.version == task("1").version

    async def test_what_is_stored_is_what_was_uploaded(self, database: Database) -> None:
        whole = Task.model_validate(
            {
                "id": "ä/🙂",
                "task": "read\nit",
                "answer": {"a": {"b": "X"}, "list": [1, 2.5, None, {"ключ": "значение"}]},
                "verifier": {"tolerance": 0.5, "fields": {"a.b": {"normalize": ["case"], "alternatives": [3]}}},
                "solution": [{"do": "read_text", "target": {"text": "x"}, "into": "n", "as": "number"}],
            }
        )
        await database.tasks.upload([whole])
        assert (await database.tasks.get(whole.id)).task == whole

    async def test_tasks_are_listed_in_natural_order_page_by_page(self, database: Database) -> None:
        ids = ["1", "2", "10", "011", "a2", "a10", "b"]
        await database.tasks.upload([task(task_id) for task_id in reversed(ids)])
        pages: list[str] = []
        after = None
        while page := await database.tasks.list(after=after, limit=2):
            pages += [each.task.id for each in page]
            after = pages[-1]
        assert pages == ids

    async def test_an_unknown_task_is_not_found_and_named(self, database: Database) -> None:
        await database.tasks.upload([task("1")])
        for missing in (
            database.tasks.get("2"),
            database.tasks.get("1", "0" * 16),
            database.tasks.get_many(["1", "2"]),
        ):
            with pytest.raises(NotFound, match=r"no task '[12]'"):
                await missing

    async def test_many_tasks_come_in_the_order_asked_for(self, database: Database) -> None:
        await database.tasks.upload([task("1"), task("2"), task("3")])
        assert [each.task.id for each in await database.tasks.get_many(["3", "1"])] == ["3", "1"]

    async def test_answers_are_those_of_the_versions_asked_for(self, database: Database) -> None:
        await database.tasks.upload([task("1", 1)])
        await database.tasks.upload([task("1", 2)])
        keys = [("1", task("1", 1).version), ("1", task("1", 2).version)]
        assert await database.tasks.answers(set(keys)) == {keys[0]: {"n": 1}, keys[1]: {"n": 2}}
        with pytest.raises(NotFound):
            await database.tasks.answers({("1", "nothing")})


class TestQueue:
    async def test_rollouts_are_queued_for_the_newest_version_with_ids_that_follow_time(
        self, database: Database, clock: Clock
    ) -> None:
        await database.tasks.upload([task("1"), task("2")])
        await database.tasks.upload([task("1", 7)])
        created = await queued(database, ["2", "1"], "noop", 2)
        assert [each.task_id for each in created] == ["2", "2", "1", "1"]
        assert {each.task_version for each in created} == {task("1", 7).version, task("2").version}
        assert [each.id for each in created] == sorted(each.id for each in created)
        assert all(each.status is Status.PENDING and each.created_at <= clock.time for each in created)
        assert await database.rollouts.get(created[0].id) == created[0]

    async def test_rollouts_of_unknown_tasks_queue_nothing(self, database: Database) -> None:
        await database.tasks.upload([task("1")])
        with pytest.raises(NotFound, match="'nine'"):
            await queued(database, ["1", "nine"], "noop", 1)
        assert await claim_one(database) is None

    async def test_the_oldest_pending_rollout_is_claimed_first_and_once(self, database: Database) -> None:
        await database.tasks.upload([task("1", 3)])
        created = await queued(database, ["1"], "noop", 2)
        claims = [await claim_one(database) for _ in range(3)]
        assert [claim.rollout.id if claim else None for claim in claims] == [created[0].id, created[1].id, None]
        assert claims[0] is not None
        assert claims[0].rollout.status is Status.PROVISIONING
        assert claims[0].rollout.started_at is not None
        assert claims[0].task == task("1", 3)
        assert claims[0].token not in repr(claims[0])

    async def test_each_of_several_rollouts_that_are_claimed_at_once_has_a_token_of_its_own(
        self, database: Database
    ) -> None:
        await database.tasks.upload([task("1")])
        created = await queued(database, ["1"], "noop", 3)
        claims = await database.rollouts.claim(WORKER, limit=5)
        assert [claim.rollout.id for claim in claims] == [rollout.id for rollout in created]
        assert len({claim.token for claim in claims}) == 3
        await database.rollouts.advance(claims[1].rollout.id, claims[1].token, Event.CANCEL)
        assert [claim.token for claim in await database.rollouts.claimed(WORKER)] == [claims[0].token, claims[2].token]

    async def test_simultaneous_claims_never_share_a_rollout(self, database: Database) -> None:
        await database.tasks.upload([task("1")])
        await queued(database, ["1"], "noop", 20)
        claims = await asyncio.gather(*(claim_one(database) for _ in range(30)))
        ids = [claim.rollout.id for claim in claims if claim is not None]
        assert len(ids) == len(set(ids)) == 20


class TestProgress:
    async def test_a_rollout_goes_through_its_life_and_keeps_what_is_written(self, database: Database) -> None:
        claim = await claimed(database)
        rollouts, rollout_id, token = database.rollouts, claim.rollout.id, claim.token
        timings = [PhaseTiming(phase=phase, seconds=1.5) for phase in (Phase.PROVISION, Phase.AGENT)]
        await rollouts.advance(rollout_id, token, Event.ENVIRONMENT_READY, Change(timings=(timings[0],)))
        await rollouts.add_step(rollout_id, token, step(0))
        stopped = Change(stop_reason=StopReason.ANSWERED, answer_text="42", timings=(timings[1],))
        await rollouts.advance(rollout_id, token, Event.AGENT_STOPPED, stopped)
        ended = Change(verdict=verdict(success=True), video=f"{rollout_id}/video.mp4", errors=(error("late"),))
        done = await rollouts.advance(rollout_id, token, Event.VERIFIED, ended)
        assert done == await rollouts.get(rollout_id)
        assert done.status is Status.COMPLETED
        assert (done.stop_reason, done.answer_text) == (StopReason.ANSWERED, "42")
        assert done.timings == tuple(timings)
        assert done.verdict == verdict(success=True)
        assert done.errors == (error("late"),)
        assert done.video == f"{rollout_id}/video.mp4"
        assert done.steps == 1
        assert done.finished_at is not None

    async def test_errors_are_appended_in_their_order(self, database: Database) -> None:
        claim = await claimed(database)
        await database.rollouts.advance(
            claim.rollout.id, claim.token, Event.ENVIRONMENT_READY, Change(errors=(error("first"),))
        )
        failed = await database.rollouts.advance(
            claim.rollout.id, claim.token, Event.ERROR, Change(errors=(error("second"), error("third")))
        )
        assert [each.message for each in failed.errors] == ["first", "second", "third"]
        assert failed.status is Status.FAILED

    async def test_an_impossible_event_changes_nothing(self, database: Database) -> None:
        claim = await claimed(database)
        with pytest.raises(InvalidTransition):
            await database.rollouts.advance(
                claim.rollout.id, claim.token, Event.VERIFIED, Change(verdict=verdict(success=True))
            )
        assert await database.rollouts.get(claim.rollout.id) == claim.rollout

    @pytest.mark.parametrize("event", [Event.ENVIRONMENT_READY, Event.ERROR, Event.CANCEL])
    async def test_a_stale_token_changes_nothing(self, database: Database, event: Event) -> None:
        claim = await claimed(database)
        with pytest.raises(Conflict):
            await database.rollouts.advance(claim.rollout.id, "stale", event, Change(answer_text="x"))
        with pytest.raises(Conflict):
            await database.rollouts.add_step(claim.rollout.id, "stale", step(0))
        assert await database.rollouts.get(claim.rollout.id) == claim.rollout
        assert await database.rollouts.steps(claim.rollout.id) == []

    async def test_the_token_is_stale_once_the_rollout_is_final(self, database: Database) -> None:
        claim = await claimed(database)
        await database.rollouts.advance(claim.rollout.id, claim.token, Event.ERROR)
        with pytest.raises(Conflict):
            await database.rollouts.advance(claim.rollout.id, claim.token, Event.ERROR)
        with pytest.raises(Conflict):
            await database.rollouts.add_step(claim.rollout.id, claim.token, step(0))

    async def test_steps_come_in_order_whole_and_one_by_one(self, database: Database) -> None:
        claim = await claimed(database)
        steps = [step(index) for index in range(12)]
        for each in steps:
            await database.rollouts.add_step(claim.rollout.id, claim.token, each)
        assert await database.rollouts.steps(claim.rollout.id) == steps
        assert await database.rollouts.step(claim.rollout.id, 11) == steps[11]
        assert (await database.rollouts.get(claim.rollout.id)).steps == 12
        with pytest.raises(NotFound):
            await database.rollouts.step(claim.rollout.id, 12)

    async def test_a_step_twice_or_out_of_order_is_a_conflict(self, database: Database) -> None:
        claim = await claimed(database)
        await database.rollouts.add_step(claim.rollout.id, claim.token, step(0))
        for index in (0, 2):
            with pytest.raises(Conflict):
                await database.rollouts.add_step(claim.rollout.id, claim.token, step(index))
        assert len(await database.rollouts.steps(claim.rollout.id)) == 1

    async def test_unknown_rollouts_are_not_found(self, database: Database) -> None:
        unknown = "0" * 26
        for missing in (
            database.rollouts.get(unknown),
            database.rollouts.steps(unknown),
            database.rollouts.advance(unknown, "t", Event.ERROR),
            database.rollouts.request_cancel(unknown),
            database.rollouts.delete(unknown),
        ):
            with pytest.raises(NotFound):
                await missing


class TestEnding:
    async def test_a_pending_rollout_is_cancelled_at_once(self, database: Database) -> None:
        await database.tasks.upload([task("1")])
        rollout = (await queued(database, ["1"], "noop", 1))[0]
        assert (await database.rollouts.request_cancel(rollout.id)).status is Status.CANCELLED
        assert await claim_one(database) is None

    async def test_the_worker_of_a_live_rollout_is_asked_to_cancel_it(self, database: Database) -> None:
        claim = await claimed(database)
        other = await claimed(database)
        tokens = {claim.rollout.id: claim.token, other.rollout.id: other.token}
        assert await database.rollouts.standing(tokens) == Standing(frozenset(), frozenset())
        asked = await database.rollouts.request_cancel(claim.rollout.id)
        assert (asked.status, asked.cancel_requested) == (Status.PROVISIONING, True)
        assert await database.rollouts.request_cancel(claim.rollout.id) == asked
        await database.rollouts.advance(other.rollout.id, other.token, Event.ERROR)
        standing = await database.rollouts.standing({**tokens, "gone": "x"})
        assert standing == Standing(cancel=frozenset({claim.rollout.id}), lost=frozenset({other.rollout.id, "gone"}))

    async def test_a_final_rollout_cannot_be_cancelled(self, database: Database) -> None:
        done = await finished(database)
        with pytest.raises(Conflict, match="completed"):
            await database.rollouts.request_cancel(done.id)

    async def test_a_live_rollout_cannot_be_deleted(self, database: Database) -> None:
        claim = await claimed(database)
        with pytest.raises(Conflict):
            await database.rollouts.delete(claim.rollout.id)

    async def test_a_deleted_rollout_is_gone_with_its_steps(self, database: Database) -> None:
        claim = await claimed(database)
        for index in range(2):
            await database.rollouts.add_step(claim.rollout.id, claim.token, step(index))
        await database.rollouts.advance(claim.rollout.id, claim.token, Event.ERROR, Change(video="r/video.mp4"))
        removed = await database.rollouts.delete(claim.rollout.id)
        assert removed == Removed([claim.rollout.id], attempts=1, steps=2)
        with pytest.raises(NotFound):
            await database.rollouts.get(claim.rollout.id)
        with pytest.raises(NotFound):
            await database.rollouts.step(claim.rollout.id, 0)


class TestLists:
    async def test_the_newest_come_first_and_pages_neither_repeat_nor_skip(self, database: Database) -> None:
        await database.tasks.upload([task("1")])
        created = await queued(database, ["1"], "noop", 7)
        seen: list[str] = []
        after = None
        while True:
            page = await database.rollouts.list(RolloutFilter(), after=after, limit=3)
            seen += [each.id for each in page.rollouts]
            if page.next is None:
                break
            after = page.next
            await queued(database, ["1"], "noop", 1)
        assert seen == [each.id for each in reversed(created)]

    async def test_filters_narrow_each_other(self, database: Database) -> None:
        await database.tasks.upload([task("1"), task("2")])
        right = await finished(database, success=True)
        wrong = await finished(database, success=False)
        failed = await finished(database, Event.ERROR)
        other = (await queued(database, ["2"], "oracle", 1))[0]

        async def found(where: RolloutFilter) -> Sequence[str]:
            return [each.id for each in (await database.rollouts.list(where)).rollouts]

        assert await found(RolloutFilter(task_id="1")) == [failed.id, wrong.id, right.id]
        assert await found(RolloutFilter(agent="oracle")) == [other.id]
        assert await found(RolloutFilter(success=True)) == [right.id]
        assert await found(RolloutFilter(task_id="1", success=False)) == [wrong.id]
        assert await found(RolloutFilter(statuses=frozenset({Status.FAILED, Status.PENDING}))) == [other.id, failed.id]
        assert await found(RolloutFilter(task_id="2", statuses=frozenset({Status.FAILED}))) == []

    @pytest.mark.parametrize("cursor", ["", "nonsense", "0" * 27, "../../etc", "\x00"])
    async def test_a_cursor_that_no_list_gave_is_refused(self, database: Database, cursor: str) -> None:
        with pytest.raises(InvalidInput):
            await database.rollouts.list(RolloutFilter(), after=cursor)


class TestCounts:
    async def test_a_tasks_counts_follow_its_rollouts(self, database: Database) -> None:
        await finished(database, success=True)
        await finished(database, success=False)
        failed = await finished(database, Event.ERROR)
        await finished(database, Event.CANCEL)
        await claimed(database)
        await queued(database, ["1"], "noop", 2)
        counts = (await database.tasks.get("1")).counts
        assert counts == TaskCounts(live=3, completed=2, succeeded=1, failed=1, cancelled=1)
        assert counts.success_rate == 0.5
        assert await database.rollouts.count_live() == 3
        await database.rollouts.delete(failed.id)
        assert (await database.tasks.get("1")).counts.failed == 0

    async def test_counts_go_over_all_versions_of_a_task(self, database: Database) -> None:
        await finished(database)
        await database.tasks.upload([task("1", 99)])
        await finished(database)
        assert (await database.tasks.get("1")).counts.succeeded == 2
