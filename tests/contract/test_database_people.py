"""What every database must do behind the port ``People``: questions, takeovers, orders."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from rolldeck.domain.action import Click
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.errors import Conflict, NotFound
from rolldeck.domain.event import EventKind
from rolldeck.domain.person import MOST_ORDERS_WAITING, Order, QuestionAsked, TakeoverState
from rolldeck.domain.rollout import ActionResult, Phase, RolloutError
from rolldeck.domain.status import Event
from rolldeck.domain.task import Task
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.storage.database import Database
from rolldeck.storage.port import Claim

ME, OTHER = "holder-of-this-page", "holder-of-another"
CLICK = Click(x=1, y=2)
ORDER = Order(actions=(CLICK,))
RESULTS = (ActionResult(action=CLICK, notice="a dialog was accepted"),)
LOST = RolloutError(phase=Phase.TEARDOWN, kind="WorkerLost", message="gone", retryable=True)


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    opened = await Database.open(address)
    now = datetime.now(UTC)
    report = WorkerReport(parallel=4)
    await opened.workers.register(
        Worker(id="w1", host="here", pid=7, version="1", report=report, started_at=now, seen_at=now)
    )
    await opened.tasks.upload([Task(id="1", task="?", answer=1)])
    yield opened
    await opened.close()


async def running(database: Database) -> Claim:
    spec = BatchSpec(task_ids=("1",), agents=(AgentChoice(agent="noop"),), max_attempts=3)
    made = await database.batches.create(spec, {})
    (claim,) = await database.rollouts.claim("w1", batch_id=made.batch.id)
    await database.rollouts.advance(claim.rollout.id, claim.token, Event.ENVIRONMENT_READY)
    return claim


async def ask(database: Database, claim: Claim, number: int = 1) -> QuestionAsked:
    asked = QuestionAsked(id=f"{number:032x}", action="click", concern="It pays.", actions=(CLICK,), seconds=60)
    await database.people.ask(claim.rollout.id, claim.token, asked)
    return asked


async def told(database: Database, kind: EventKind) -> list[object]:
    key = "state" if kind is EventKind.TAKEOVER_CHANGED else "decision"
    return [event.data.get(key) for event in await database.events.after(0) if event.kind is kind]


class TestQuestions:
    async def test_a_question_is_listed_until_it_is_answered_once(self, database: Database) -> None:
        claim, other = await running(database), await running(database)
        asked = await ask(database, claim)
        await ask(database, other, 2)
        (question,) = await database.people.questions(claim.rollout.id)
        assert question.model_dump(include=set(QuestionAsked.model_fields)) == asked.model_dump()
        assert (question.rollout_id, question.attempt, question.allowed) == (claim.rollout.id, 1, None)
        assert len(await database.people.questions()) == 2
        answered = await database.people.answer(asked.id, allow=True)
        assert answered.allowed is True
        assert await database.people.question(asked.id) == answered
        assert await database.people.questions(claim.rollout.id) == []
        with pytest.raises(Conflict, match="it was allowed"):
            await database.people.answer(asked.id, allow=False)
        assert (await database.people.close(asked.id)).allowed is True
        assert await told(database, EventKind.QUESTION_ANSWERED) == ["allowed_by_person"]

    async def test_of_many_answers_at_once_one_holds(self, database: Database) -> None:
        asked = await ask(database, await running(database))
        answers = (database.people.answer(asked.id, allow=bool(n % 2)) for n in range(8))
        results = await asyncio.gather(*answers, return_exceptions=True)
        assert sum(not isinstance(each, Conflict) for each in results) == 1

    async def test_the_same_question_again_is_no_other_one(self, database: Database) -> None:
        claim = await running(database)
        await ask(database, claim)
        await ask(database, claim)
        assert len(await database.people.questions()) == 1

    async def test_one_that_nobody_answered_in_time_takes_no_answer_any_more(self, database: Database) -> None:
        asked = await ask(database, await running(database))
        closed = await database.people.close(asked.id)
        assert (closed.allowed, closed.closed_at is None) == (None, False)
        with pytest.raises(Conflict, match="nobody answered in time"):
            await database.people.answer(asked.id, allow=True)
        assert await told(database, EventKind.QUESTION_ANSWERED) == ["unanswered"]

    async def test_with_its_claim_a_question_is_over(self, database: Database) -> None:
        claim = await running(database)
        asked = await ask(database, claim)
        await database.workers.release("w1", LOST)
        assert await database.people.questions() == []
        with pytest.raises(Conflict, match="its attempt ended"):
            await database.people.answer(asked.id, allow=True)
        with pytest.raises(Conflict, match="not this worker's"):
            await ask(database, claim, 2)

    async def test_an_unknown_question_is_not_found(self, database: Database) -> None:
        for asking in (database.people.question("0" * 32), database.people.answer("0" * 32, allow=True)):
            with pytest.raises(NotFound):
                await asking


class TestTakeovers:
    async def test_a_page_is_asked_for_held_ordered_in_and_handed_back(self, database: Database) -> None:
        claim, people = await running(database), database.people
        rollout_id, token = claim.rollout.id, claim.token
        assert (await people.take_over(rollout_id, ME)).state is TakeoverState.ASKED
        assert (await database.rollouts.standing({rollout_id: token})).wanted == {rollout_id}
        assert await people.stand_aside(rollout_id, token)
        assert (await database.rollouts.standing({rollout_id: token})).wanted == frozenset()
        assert (await people.take_over(rollout_id, ME)).state is TakeoverState.HELD
        number = await people.order(rollout_id, ME, ORDER)
        desk = await people.desk(rollout_id, token)
        assert desk.order is not None
        assert (desk.order.number, desk.order.order) == (number, ORDER)
        assert await people.result(rollout_id, number) is None
        await people.carry_out(rollout_id, token, number, RESULTS)
        assert await people.result(rollout_id, number) == RESULTS
        assert (await people.desk(rollout_id, token)).order is None
        await people.hand_back(rollout_id, ME)
        await people.hand_back(rollout_id, ME)
        assert (await people.desk(rollout_id, token)).takeover is None
        assert await people.takeovers() == []
        assert await told(database, EventKind.TAKEOVER_CHANGED) == ["asked", "held", "ended"]

    async def test_a_page_is_one_persons(self, database: Database) -> None:
        claim, people = await running(database), database.people
        taking = (people.take_over(claim.rollout.id, f"holder-number-{n:03}") for n in range(8))
        results = await asyncio.gather(*taking, return_exceptions=True)
        assert sum(not isinstance(each, Conflict) for each in results) == 1
        for trying in (
            people.give_sign(claim.rollout.id, OTHER),
            people.order(claim.rollout.id, OTHER, ORDER),
            people.hand_back(claim.rollout.id, OTHER),
        ):
            with pytest.raises(Conflict, match="Somebody else"):
                await trying

    async def test_signs_and_orders_are_counted(self, database: Database) -> None:
        claim, people = await running(database), database.people
        await people.take_over(claim.rollout.id, ME)
        await people.give_sign(claim.rollout.id, ME)
        await people.order(claim.rollout.id, ME, ORDER)
        takeover = (await people.desk(claim.rollout.id, claim.token)).takeover
        assert takeover is not None
        assert (takeover.signs, takeover.placed, takeover.done) == (2, 1, 0)

    async def test_only_so_many_orders_wait(self, database: Database) -> None:
        claim, people = await running(database), database.people
        await people.take_over(claim.rollout.id, ME)
        for _ in range(MOST_ORDERS_WAITING):
            await people.order(claim.rollout.id, ME, ORDER)
        with pytest.raises(Conflict, match="orders wait"):
            await people.order(claim.rollout.id, ME, ORDER)

    async def test_what_was_ordered_before_the_page_was_handed_back_is_not_done_in_the_next_takeover(
        self, database: Database
    ) -> None:
        claim, people = await running(database), database.people
        await people.take_over(claim.rollout.id, ME)
        begun = await people.order(claim.rollout.id, ME, ORDER)
        await people.order(claim.rollout.id, ME, ORDER)
        await people.hand_back(claim.rollout.id, ME)
        await people.take_over(claim.rollout.id, OTHER)
        await people.carry_out(claim.rollout.id, claim.token, begun, RESULTS)
        assert (await people.desk(claim.rollout.id, claim.token)).order is None
        number = await people.order(claim.rollout.id, OTHER, ORDER)
        desk = await people.desk(claim.rollout.id, claim.token)
        assert desk.order is not None
        assert desk.order.number == number

    async def test_only_a_running_rollout_is_taken_over(self, database: Database) -> None:
        claim, people = await running(database), database.people
        await people.take_over(claim.rollout.id, ME)
        await database.rollouts.advance(claim.rollout.id, claim.token, Event.AGENT_STOPPED)
        assert await people.takeovers() == []
        with pytest.raises(Conflict, match="is verifying"):
            await people.take_over(claim.rollout.id, OTHER)
        with pytest.raises(Conflict, match="not taken over"):
            await people.order(claim.rollout.id, ME, ORDER)
        with pytest.raises(NotFound):
            await people.take_over("unknown", ME)

    async def test_an_answer_is_for_the_agent_to_give(self, database: Database) -> None:
        claim, people = await running(database), database.people
        await people.take_over(claim.rollout.id, ME)
        with pytest.raises(Conflict, match="has an agent that answers"):
            await people.order(claim.rollout.id, ME, Order(answer="42"))

    async def test_a_person_who_is_the_agent_is_awaited_again_after_leaving(self, database: Database) -> None:
        claim, people = await running(database), database.people
        rollout_id, token = claim.rollout.id, claim.token
        assert (await people.await_person(rollout_id, token)).state is TakeoverState.AWAITED
        assert (await people.take_over(rollout_id, ME)).state is TakeoverState.HELD
        await people.end(rollout_id, token, "the person's page is gone")
        (awaited,) = await people.takeovers()
        assert (awaited.state, awaited.is_agent) == (TakeoverState.AWAITED, True)
        await people.take_over(rollout_id, OTHER)
        await people.order(rollout_id, OTHER, Order(answer="42"))
        desk = await people.desk(rollout_id, token)
        assert desk.order is not None
        assert desk.order.order.answer == "42"
        assert await told(database, EventKind.TAKEOVER_CHANGED) == ["awaited", "held", "awaited", "held"]

    async def test_a_person_who_came_before_the_agent_waited_has_the_page(self, database: Database) -> None:
        claim, people = await running(database), database.people
        await people.take_over(claim.rollout.id, ME)
        taken = await people.await_person(claim.rollout.id, claim.token)
        assert (taken.state, taken.is_agent) == (TakeoverState.HELD, True)

    async def test_they_are_deleted_with_their_rollout(self, database: Database) -> None:
        claim, people = await running(database), database.people
        asked = await ask(database, claim)
        await people.take_over(claim.rollout.id, ME)
        number = await people.order(claim.rollout.id, ME, ORDER)
        await database.rollouts.advance(claim.rollout.id, claim.token, Event.ERROR)
        await database.rollouts.delete(claim.rollout.id)
        with pytest.raises(NotFound):
            await people.question(asked.id)
        with pytest.raises(NotFound):
            await people.result(claim.rollout.id, number)
