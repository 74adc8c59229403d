"""What every database must do behind the port ``Batches``, and in which order it gives rollouts to workers."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime

import pytest

from rolldeck.domain.batch import AgentChoice, BatchCounts, BatchSpec, BatchUpdate, ModelChoice, Quota
from rolldeck.domain.errors import Conflict, NotFound
from rolldeck.domain.event import EventKind
from rolldeck.domain.limits import RolloutLimits
from rolldeck.domain.rollout import Phase, PhaseTiming, Rollout, RolloutError, StopReason
from rolldeck.domain.status import Event, Status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.storage.database import Database
from rolldeck.storage.port import BatchCreated, Change, Claim, RolloutFilter, RolloutSort

WORKER = "w1"
NOOP = AgentChoice(agent="noop")
LOST = RolloutError(phase=Phase.AGENT, kind="WorkerLost", message="gone", retryable=True)
WRONG = RolloutError(phase=Phase.AGENT, kind="AgentError", message="broken", retryable=False)


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    opened = await Database.open(address)
    now = datetime.now(UTC)
    report = WorkerReport(parallel=4)
    await opened.workers.register(
        Worker(id=WORKER, host="here", pid=7, version="1", report=report, started_at=now, seen_at=now)
    )
    await opened.tasks.upload([task(str(number)) for number in range(1, 6)])
    yield opened
    await opened.close()


def task(task_id: str, environment: str = "superset") -> Task:
    return Task(id=task_id, task=f"What is {task_id}?", answer={"n": 1}, environment=environment)


async def batch(
    database: Database,
    *task_ids: str,
    agents: Sequence[AgentChoice] = (NOOP,),
    templates: Mapping[str, str] | None = None,
    **others: object,
) -> BatchCreated:
    spec = BatchSpec.model_validate({"task_ids": task_ids or ("1",), "agents": agents, **others})
    return await database.batches.create(spec, templates or {})


async def rollouts_of(database: Database, made: BatchCreated) -> Sequence[Rollout]:
    where = RolloutFilter(batch_id=made.batch.id)
    return (await database.rollouts.list(where, sort=RolloutSort.OLDEST, limit=200)).rollouts


async def claim_one(database: Database, batch_id: str | None = None) -> Claim:
    (claim,) = await database.rollouts.claim(WORKER, batch_id=batch_id)
    return claim


async def complete(database: Database, claim: Claim, *, success: bool = True, template: str = "t1") -> Rollout:
    async def advance(event: Event, change: Change) -> Rollout:
        return await database.rollouts.advance(claim.rollout.id, claim.token, event, change)

    await advance(Event.ENVIRONMENT_READY, Change(template=template))
    await advance(Event.AGENT_STOPPED, Change(stop_reason=StopReason.ANSWERED, answer_text="42"))
    verdict = Verdict(reward=float(success), success=success, parsed=42, evidence=(), reason="compared")
    return await advance(Event.VERIFIED, Change(verdict=verdict))


async def fail(database: Database, claim: Claim, error: RolloutError = LOST) -> Rollout:
    return await database.rollouts.advance(claim.rollout.id, claim.token, Event.ERROR, Change(errors=(error,)))


async def counts(database: Database, made: BatchCreated) -> BatchCounts:
    return (await database.batches.get(made.batch.id)).counts


class TestCreating:
    async def test_a_batch_is_tasks_by_agents_by_repeats_in_that_order(self, database: Database) -> None:
        model = AgentChoice(agent="openai", model="gpt", parameters={"temperature": 0.5})
        made = await batch(
            database, "2", "1", agents=(NOOP, model), repeats=2, seed=7, name="night", tags=("a", "b"), max_attempts=4
        )
        assert made.created
        assert (made.batch.name, made.batch.tags, made.batch.tasks, made.batch.repeats) == ("night", ("a", "b"), 2, 2)
        assert made.batch.counts == BatchCounts(total=8, live=8)
        assert made.batch.finished_at is None
        queued = await rollouts_of(database, made)
        assert [(each.task_id, each.agent, each.seed) for each in queued] == [
            (task_id, agent, seed) for task_id in ("2", "1") for agent in ("noop", "openai") for seed in (7, 8)
        ]
        assert queued[2].choice == model
        assert all(each.retries_left == 3 and each.attempt == 1 for each in queued)

    async def test_a_batch_of_unknown_tasks_makes_nothing(self, database: Database) -> None:
        with pytest.raises(NotFound, match="'nine'"):
            await batch(database, "1", "nine", idempotency_key="k")
        assert (await database.batches.list()).batches == []

    async def test_fifty_identical_requests_at_once_make_one_batch(self, database: Database) -> None:
        made = await asyncio.gather(*(batch(database, "1", "2", idempotency_key="once") for _ in range(50)))
        assert len({each.batch.id for each in made}) == 1
        assert [each.created for each in made].count(True) == 1
        assert len(await rollouts_of(database, made[0])) == 2

    async def test_a_key_that_was_used_for_something_else_is_a_conflict(self, database: Database) -> None:
        await batch(database, "1", idempotency_key="once")
        with pytest.raises(Conflict, match="once"):
            await batch(database, "2", idempotency_key="once")

    async def test_ten_thousand_rollouts_are_queued_in_one_go(self, database: Database) -> None:
        await database.tasks.upload([task(f"many-{number}") for number in range(500)])
        time.perf_counter()
        made = await batch(database, *(f"many-{number}" for number in range(500)), repeats=20)
        assert made.batch.counts == BatchCounts(total=10_000, live=10_000)
        assert await database.rollouts.count_live() == 10_000
        assert (await database.tasks.get("many-7")).counts.live == 20

    async def test_limits_of_the_batch_hold_for_its_rollouts(self, database: Database) -> None:
        await batch(database, limits=RolloutLimits(steps=3, tokens=1000))
        claim = await claim_one(database)
        assert (claim.limits.steps, claim.limits.tokens, claim.limits.agent_seconds) == (3, 1000, 600)


class TestOrder:
    async def test_higher_priorities_go_first_and_can_be_changed(self, database: Database) -> None:
        low, high = await batch(database), await batch(database, priority=5)
        assert (await claim_one(database)).rollout.batch_id == high.batch.id
        await batch(database, priority=5)
        await database.batches.update(low.batch.id, BatchUpdate(priority=9))
        assert (await claim_one(database)).rollout.batch_id == low.batch.id

    async def test_batches_of_one_priority_get_the_same_share(self, database: Database) -> None:
        made = [await batch(database, repeats=10) for _ in range(3)]
        one_by_one = [await claim_one(database) for _ in range(6)]
        at_once = await database.rollouts.claim(WORKER, limit=9)
        assert Counter(each.rollout.batch_id for each in one_by_one) == {each.batch.id: 2 for each in made}
        assert Counter(each.rollout.batch_id for each in at_once) == {each.batch.id: 3 for each in made}

    async def test_a_newcomer_catches_up_with_those_that_have_more(self, database: Database) -> None:
        first = await batch(database, repeats=10)
        await database.rollouts.claim(WORKER, limit=4)
        second = await batch(database, repeats=10)
        claims = await database.rollouts.claim(WORKER, limit=6)
        assert Counter(each.rollout.batch_id for each in claims) == {second.batch.id: 5, first.batch.id: 1}

    async def test_all_that_is_pending_can_be_claimed_at_once_oldest_first(self, database: Database) -> None:
        made = await batch(database, "1", "2", "3")
        claims = await database.rollouts.claim(WORKER, limit=50)
        assert [each.rollout.id for each in claims] == [each.id for each in await rollouts_of(database, made)]
        assert await database.rollouts.claim(WORKER, limit=50) == []

    async def test_a_paused_batch_waits_until_it_goes_on(self, database: Database) -> None:
        made = await batch(database)
        assert (await database.batches.update(made.batch.id, BatchUpdate(paused=True))).paused
        assert await database.rollouts.claim(WORKER) == []
        assert await database.rollouts.demand() == {}
        await database.batches.update(made.batch.id, BatchUpdate(paused=False))
        assert await database.rollouts.demand() == {"superset": 1}
        assert len(await database.rollouts.claim(WORKER)) == 1

    async def test_a_run_of_its_own_claims_from_its_batch_only(self, database: Database) -> None:
        await batch(database, priority=10)
        mine = await batch(database, "1", "2")
        claims = await database.rollouts.claim(WORKER, limit=9, batch_id=mine.batch.id)
        assert [each.rollout.batch_id for each in claims] == [mine.batch.id] * 2
        assert await database.rollouts.claim(WORKER, batch_id="unknown") == []

    async def test_more_batches_than_are_looked_at_together_do_not_hide_one_that_has_room(
        self, database: Database
    ) -> None:
        await database.quotas.set(Quota(name="noop", max_running=0))
        for _ in range(45):
            await batch(database)
        free = await batch(database, agents=(AgentChoice(agent="oracle"),))
        assert (await claim_one(database)).rollout.batch_id == free.batch.id
        assert await database.rollouts.claim(WORKER) == []

    async def test_demand_counts_what_is_pending_by_environment(self, database: Database) -> None:
        await database.tasks.upload([task("m", "metabase")])
        await batch(database, "1", "2", repeats=2)
        await batch(database, "m")
        assert await database.rollouts.demand() == {"superset": 4, "metabase": 1}
        await database.rollouts.claim(WORKER, limit=2)
        assert sum((await database.rollouts.demand()).values()) == 3

    async def test_simultaneous_claims_of_many_never_share_a_rollout(self, database: Database) -> None:
        for _ in range(3):
            await batch(database, repeats=20)
        claims = await asyncio.gather(*(database.rollouts.claim(WORKER, limit=4) for _ in range(20)))
        ids = [each.rollout.id for some in claims for each in some]
        assert len(ids) == len(set(ids)) == 60


class TestQuotas:
    async def test_no_more_rollouts_run_than_the_model_allows(self, database: Database) -> None:
        await database.quotas.set(Quota(name="gpt", max_running=2))
        gpt = AgentChoice(agent="openai", model="gpt")
        await batch(database, agents=(gpt, NOOP), repeats=4)
        claims = await database.rollouts.claim(WORKER, limit=20)
        assert Counter(each.rollout.quota for each in claims) == {"gpt": 2, "noop": 4}
        await complete(database, next(each for each in claims if each.rollout.quota == "gpt"))
        assert [each.rollout.quota for each in await database.rollouts.claim(WORKER, limit=20)] == ["gpt"]

    async def test_a_quota_can_be_changed_while_rollouts_run(self, database: Database) -> None:
        await database.quotas.set(Quota(name="noop", max_running=1))
        await batch(database, repeats=9)
        assert len(await database.rollouts.claim(WORKER, limit=9)) == 1
        await database.quotas.set(Quota(name="noop", max_running=3))
        assert len(await database.rollouts.claim(WORKER, limit=9)) == 2
        await database.quotas.set(Quota(name="noop"))
        assert len(await database.rollouts.claim(WORKER, limit=9)) == 6

    async def test_simultaneous_claims_never_exceed_a_quota(self, database: Database) -> None:
        await database.quotas.set(Quota(name="noop", max_running=5))
        await batch(database, repeats=30)
        claims = await asyncio.gather(*(database.rollouts.claim(WORKER, limit=2) for _ in range(12)))
        assert sum(map(len, claims)) == 5

    async def test_quotas_are_listed_by_name_and_one_without_limits_is_none(self, database: Database) -> None:
        first, second = Quota(name="a", max_running=1), Quota(name="b", requests_per_minute=2.5)
        for each in (second, first):
            await database.quotas.set(each)
        assert await database.quotas.list() == [first, second]
        await database.quotas.set(Quota(name="a"))
        assert await database.quotas.list() == [second]

    async def test_requests_take_turns_at_the_rate_allowed(self, database: Database) -> None:
        await database.quotas.set(Quota(name="gpt", requests_per_minute=60))
        waits = await asyncio.gather(*(database.quotas.reserve("gpt") for _ in range(5)))
        turns = sorted(waits)
        assert turns[0] == 0
        assert all(0.5 < later - earlier <= 1.01 for earlier, later in itertools.pairwise(turns))
        assert await database.quotas.reserve("another") == 0

    async def test_a_rate_may_be_removed_while_requests_wait(self, database: Database) -> None:
        await database.quotas.set(Quota(name="gpt", requests_per_minute=1))
        for _ in range(2):
            await database.quotas.reserve("gpt")
        await database.quotas.set(Quota(name="gpt", max_running=1))
        assert await database.quotas.reserve("gpt") == 0


class TestChanging:
    async def test_counts_follow_the_rollouts_and_the_batch_ends_with_the_last(self, database: Database) -> None:
        made = await batch(database, repeats=5)
        claims = await database.rollouts.claim(WORKER, limit=4)
        assert await counts(database, made) == BatchCounts(total=5, live=5, claimed=4)
        await complete(database, claims[0])
        await complete(database, claims[1], success=False)
        await fail(database, claims[2])
        await fail(database, claims[3], WRONG)
        assert await counts(database, made) == BatchCounts(
            total=5, live=1, completed=2, succeeded=1, failed=2, retryable=1
        )
        assert (await database.batches.get(made.batch.id)).finished_at is None
        assert await database.batches.cancel(made.batch.id) == 1
        ended = await database.batches.get(made.batch.id)
        assert ended.counts == BatchCounts(
            total=5, live=0, completed=2, succeeded=1, failed=2, retryable=1, cancelled=1
        )
        assert ended.finished_at is not None
        assert ended.mean_seconds is not None
        assert ended.mean_seconds >= 0

    async def test_cancelling_ends_what_is_pending_and_asks_for_what_runs(self, database: Database) -> None:
        made = await batch(database, repeats=3)
        claim = await claim_one(database)
        assert await database.batches.cancel(made.batch.id) == 3
        statuses = [(each.status, each.cancel_requested) for each in await rollouts_of(database, made)]
        assert statuses == [(Status.PROVISIONING, True), (Status.CANCELLED, True), (Status.CANCELLED, True)]
        assert (await database.rollouts.standing({claim.rollout.id: claim.token})).cancel == {claim.rollout.id}
        assert await database.rollouts.claim(WORKER) == []

    async def test_retrying_a_batch_queues_only_what_failed_for_its_infrastructure(self, database: Database) -> None:
        made = await batch(database, repeats=3, max_attempts=2)
        claims = await database.rollouts.claim(WORKER, limit=3)
        await fail(database, claims[0])
        await fail(database, claims[1], WRONG)
        await complete(database, claims[2])
        assert await database.batches.retry(made.batch.id) == 1
        again = await database.rollouts.get(claims[0].rollout.id)
        assert (again.status, again.attempt, again.retries_left, again.errors) == (Status.PENDING, 2, 1, ())
        (kept,) = await database.rollouts.attempts(again.id)
        assert (kept.number, kept.errors, kept.worker_id) == (1, (LOST,), WORKER)
        assert (await counts(database, made)).live == 1
        assert (await database.batches.get(made.batch.id)).finished_at is None
        assert (await claim_one(database)).rollout.id == again.id
        assert await database.batches.retry(made.batch.id) == 0

    async def test_a_deleted_batch_is_gone_with_all_that_it_had(self, database: Database) -> None:
        made = await batch(database, repeats=2)
        with pytest.raises(Conflict, match="2 of"):
            await database.batches.delete(made.batch.id)
        ids = [each.id for each in await rollouts_of(database, made)]
        await database.batches.cancel(made.batch.id)
        removed = await database.batches.delete(made.batch.id)
        assert list(removed.rollout_ids) == ids
        with pytest.raises(NotFound):
            await database.batches.get(made.batch.id)
        assert (await database.tasks.get("1")).counts.total == 0

    async def test_a_batch_goes_with_its_last_rollout(self, database: Database) -> None:
        made = await batch(database, repeats=2)
        await database.batches.cancel(made.batch.id)
        first, last = await rollouts_of(database, made)
        ended = (await database.batches.get(made.batch.id)).finished_at
        await database.rollouts.delete(first.id)
        assert await counts(database, made) == BatchCounts(total=1, cancelled=1)
        assert (await database.batches.get(made.batch.id)).finished_at == ended
        await database.rollouts.delete(last.id)
        with pytest.raises(NotFound):
            await database.batches.get(made.batch.id)

    async def test_what_can_be_changed_is_changed_and_logged(self, database: Database) -> None:
        made = await batch(database, name="before", tags=("x",))
        update = BatchUpdate(name="after", tags=("y", "z"))
        changed = await database.batches.update(made.batch.id, update)
        assert (changed.name, changed.tags, changed.priority) == ("after", ("y", "z"), 0)
        (event,) = [each for each in await database.events.after(0) if each.kind is EventKind.BATCH_CHANGED]
        assert event.data == {"name": "after", "tags": ["y", "z"]}

    async def test_batches_are_listed_newest_first_also_only_those_that_go_on(self, database: Database) -> None:
        made = [await batch(database) for _ in range(3)]
        await database.batches.cancel(made[1].batch.id)
        page = await database.batches.list(limit=2)
        assert [each.id for each in page.batches] == [made[2].batch.id, made[1].batch.id]
        rest = await database.batches.list(after=page.next)
        assert ([each.id for each in rest.batches], rest.next) == ([made[0].batch.id], None)
        live = await database.batches.list(live=True)
        assert [each.id for each in live.batches] == [made[2].batch.id, made[0].batch.id]

    async def test_unknown_batches_are_not_found(self, database: Database) -> None:
        for missing in (
            database.batches.get("no"),
            database.batches.update("no", BatchUpdate(paused=True)),
            database.batches.cancel("no"),
            database.batches.retry("no"),
            database.batches.delete("no"),
        ):
            with pytest.raises(NotFound):
                await missing


class TestReuse:
    async def test_an_identical_rollout_that_completed_answers_at_once(self, database: Database) -> None:
        await batch(database, repeats=2)
        done = await complete(database, await claim_one(database), template="t1")
        made = await batch(database, "1", "2", reuse=True, templates={"superset": "t1"})
        answered, pending = await rollouts_of(database, made)
        assert (answered.status, answered.reused_from, answered.verdict) == (Status.COMPLETED, done.id, done.verdict)
        assert answered.answer_text == "42"
        assert pending.status is Status.PENDING
        assert made.batch.counts == BatchCounts(total=2, live=1, completed=1, succeeded=1, reused=1)
        again = await batch(database, reuse=True, templates={"superset": "t1"})
        assert (await rollouts_of(database, again))[0].reused_from == done.id
        assert again.batch.finished_at is not None

    @pytest.mark.parametrize(
        "difference",
        [
            {"templates": {"superset": "t2"}},
            {"templates": {}},
            {"agents": (AgentChoice(agent="oracle"),)},
            {"agents": (AgentChoice(agent="noop", parameters={"x": 1}),)},
            {"seed": 1},
            {"reuse": False},
            {"extraction": ModelChoice(provider="gemini", model="m")},
        ],
    )
    async def test_nothing_else_is_reused(self, database: Database, difference: dict[str, object]) -> None:
        await batch(database)
        await complete(database, await claim_one(database), template="t1")
        asked: dict[str, object] = {"reuse": True, "templates": {"superset": "t1"}, **difference}
        made = await batch(database, **asked)
        assert made.batch.counts == BatchCounts(total=1, live=1)

    async def test_a_failure_and_an_older_version_answer_for_nothing(self, database: Database) -> None:
        await batch(database, "1", "2")
        await fail(database, await claim_one(database))
        await complete(database, await claim_one(database), template="t1")
        await database.tasks.upload([Task(id="2", task="Something else", answer=1)])
        made = await batch(database, "1", "2", reuse=True, templates={"superset": "t1"})
        assert made.batch.counts.reused == 0

    async def test_a_result_that_a_limit_cut_short_answers_for_nothing(self, database: Database) -> None:
        await batch(database)
        claim = await claim_one(database)
        rollout_id, token = claim.rollout.id, claim.token
        timings = (PhaseTiming(phase=Phase.PROVISION, seconds=1),)
        await database.rollouts.advance(
            rollout_id, token, Event.ENVIRONMENT_READY, Change(template="t1", timings=timings)
        )
        cut = Change(stop_reason=StopReason.STEP_LIMIT)
        await database.rollouts.advance(rollout_id, token, Event.AGENT_STOPPED, cut)
        verdict = Verdict(reward=0, success=False, parsed=None, evidence=(), reason="no answer")
        await database.rollouts.advance(rollout_id, token, Event.VERIFIED, Change(verdict=verdict))
        assert (await batch(database, reuse=True, templates={"superset": "t1"})).batch.counts.reused == 0
