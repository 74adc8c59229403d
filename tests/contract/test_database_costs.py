"""What every database must keep of what models take: by rollout, by attempt, by batch; and what a budget does."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from rolldeck.domain.batch import AgentChoice, Batch, BatchSpec, BatchUpdate, ModelChoice
from rolldeck.domain.errors import Conflict
from rolldeck.domain.limits import Budget, RolloutLimits
from rolldeck.domain.rollout import Phase, RolloutError, Step, Usage
from rolldeck.domain.status import Event
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Extraction, Verdict
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.storage.database import Database
from rolldeck.storage.port import Change, Claim

WORKER = "w1"
READER = ModelChoice(provider="gemini", model="a-reader")
LOST = RolloutError(phase=Phase.AGENT, kind="ModelError", message="away", retryable=True)
PRICED = Usage(input_tokens=900, output_tokens=100, cost=0.5)
UNPRICED = Usage(input_tokens=900, output_tokens=100)


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    opened = await Database.open(address)
    now = datetime.now(UTC)
    await opened.workers.register(
        Worker(id=WORKER, host="h", pid=7, version="1", report=WorkerReport(parallel=4), started_at=now, seen_at=now)
    )
    await opened.tasks.upload([Task(id=name, task=f"What is {name}?", answer=1) for name in "abc"])
    yield opened
    await opened.close()


async def queue(database: Database, **spec: object) -> str:
    wanted = {"task_ids": ("a", "b", "c"), "agents": (AgentChoice(agent="gemini", model="m"),), **spec}
    return (await database.batches.create(BatchSpec.model_validate(wanted), {})).batch.id


async def claim(database: Database, batch_id: str) -> Claim:
    (claimed,) = await database.rollouts.claim(WORKER, batch_id=batch_id)
    return claimed


async def take_step(database: Database, claimed: Claim, index: int, usage: Usage | None) -> None:
    step = Step(index=index, offset=0, url="http://app/", screenshot="k", usage=usage, at=datetime.now(UTC))
    await database.rollouts.add_step(claimed.rollout.id, claimed.token, step)


async def fail(database: Database, claimed: Claim, *steps: Usage | None, event: Event = Event.ERROR) -> Batch:
    for index, usage in enumerate(steps):
        await take_step(database, claimed, index, usage)
    await database.rollouts.advance(claimed.rollout.id, claimed.token, event, Change(errors=(LOST,)))
    return await database.batches.get(claimed.rollout.batch_id)


async def test_tokens_and_cost_of_steps_add_up(database: Database) -> None:
    claimed = await claim(database, await queue(database))
    assert claimed.rollout.cost is None
    for index, usage in enumerate((PRICED, None, PRICED)):
        await take_step(database, claimed, index, usage)
    rollout = await database.rollouts.get(claimed.rollout.id)
    assert (rollout.tokens, rollout.cost) == (2000, pytest.approx(1.0))


async def test_a_cost_that_is_not_known_is_no_cost_of_nothing(database: Database) -> None:
    batch_id = await queue(database)
    batch = await fail(database, await claim(database, batch_id), PRICED)
    assert (batch.tokens, batch.cost) == (1000, pytest.approx(0.5))
    claimed = await claim(database, batch_id)
    batch = await fail(database, claimed, UNPRICED)
    assert (await database.rollouts.get(claimed.rollout.id)).cost is None
    assert (batch.tokens, batch.cost) == (2000, None)


async def test_an_attempt_keeps_what_it_took_and_the_next_one_begins_with_nothing(database: Database) -> None:
    batch_id = await queue(database)
    claimed = await claim(database, batch_id)
    batch = await fail(database, claimed, PRICED, PRICED, event=Event.REQUEUED)
    rollout = await database.rollouts.get(claimed.rollout.id)
    assert (rollout.tokens, rollout.cost) == (0, None)
    (attempt,) = await database.rollouts.attempts(claimed.rollout.id)
    assert (attempt.tokens, attempt.cost) == (2000, pytest.approx(1.0))
    assert batch.tokens == 2000


async def test_what_was_spent_stays_spent_and_is_counted_once(database: Database) -> None:
    batch_id = await queue(database)
    claimed = await claim(database, batch_id)
    await fail(database, claimed, PRICED)
    await database.rollouts.retry(claimed.rollout.id)
    assert (await database.batches.get(batch_id)).tokens == 1000
    await database.rollouts.request_cancel(claimed.rollout.id)
    await database.rollouts.delete(claimed.rollout.id)
    assert (await database.batches.get(batch_id)).tokens == 1000


@pytest.mark.parametrize("budget", [Budget(tokens=1500), Budget(cost=0.75)])
async def test_a_batch_that_has_spent_its_budget_is_paused_until_it_is_raised(
    database: Database, budget: Budget
) -> None:
    batch_id = await queue(database, budget=budget)
    batch = await fail(database, await claim(database, batch_id), PRICED)
    assert not batch.paused
    batch = await fail(database, await claim(database, batch_id), PRICED)
    assert (batch.paused, batch.budget_spent) == (True, True)
    assert await database.rollouts.claim(WORKER) == []
    (told,) = [each.data for each in await database.events.after(0) if each.kind == "batch.changed"]
    assert told == {"paused": True, "budget_spent": True}
    with pytest.raises(Conflict, match="spent its budget"):
        await database.batches.update(batch_id, BatchUpdate(paused=False))
    assert (await database.batches.get(batch_id)).paused
    raised = BatchUpdate(paused=False, budget=Budget(tokens=10_000, cost=10))
    assert not (await database.batches.update(batch_id, raised)).budget_spent
    assert await claim(database, batch_id)


async def test_a_rollout_may_spend_what_is_left_when_it_begins(database: Database) -> None:
    limits = RolloutLimits(tokens=1200)
    batch_id = await queue(database, budget=Budget(tokens=2000, cost=2), limits=limits)
    first = await claim(database, batch_id)
    assert (first.limits.tokens, first.limits.cost) == (1200, 2)
    await fail(database, first, PRICED)
    second = await claim(database, batch_id)
    assert (second.limits.tokens, second.limits.cost) == (1000, pytest.approx(1.5))


async def test_a_batch_with_nothing_left_to_begin_is_not_paused(database: Database) -> None:
    batch_id = await queue(database, task_ids=("a",), budget=Budget(tokens=1))
    assert not (await fail(database, await claim(database, batch_id), PRICED)).paused


@pytest.mark.parametrize(("usage", "cost"), [(PRICED, 1.0), (UNPRICED, None)])
async def test_what_having_an_answer_read_took_is_the_batchs_and_not_the_agents(
    database: Database, usage: Usage, cost: float | None
) -> None:
    batch_id = await queue(database, extraction=READER, budget=Budget(tokens=2000))
    claimed = await claim(database, batch_id)
    assert claimed.rollout.extraction == READER
    await take_step(database, claimed, 0, PRICED)
    extraction = Extraction(
        provider=READER.provider,
        model=READER.model,
        found=True,
        parsed=1,
        textual=None,
        textual_problem="none",
        usage=usage,
    )
    verdict = Verdict(reward=1, success=True, parsed=1, extraction=extraction, evidence=(), reason="right")
    await database.rollouts.advance(claimed.rollout.id, claimed.token, Event.ENVIRONMENT_READY)
    await database.rollouts.advance(claimed.rollout.id, claimed.token, Event.AGENT_STOPPED)
    rollout = await database.rollouts.advance(
        claimed.rollout.id, claimed.token, Event.VERIFIED, Change(verdict=verdict)
    )
    batch = await database.batches.get(batch_id)
    assert (rollout.tokens, rollout.cost) == (1000, 0.5)
    assert rollout.verdict == verdict
    assert (batch.tokens, batch.cost, batch.extraction) == (2000, cost, READER)
    assert batch.paused
