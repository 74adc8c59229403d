"""Questions to persons, and takeovers of pages by them, in the database: the way between a server's API and a worker.

Both belong to a claim. Nothing closes them when the claim ends: those of a stale token are simply not seen any more.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update

from rolldeck.domain.errors import Conflict, NotFound
from rolldeck.domain.event import EventKind
from rolldeck.domain.person import (
    MOST_ORDERS_WAITING,
    NumberedOrder,
    Order,
    Question,
    QuestionAsked,
    Takeover,
    TakeoverState,
)
from rolldeck.domain.rollout import ActionResult, Decision
from rolldeck.domain.status import Status
from rolldeck.storage.database.models import orders, questions, rollouts, takeovers
from rolldeck.storage.database.repositories.fetching import Row, fetch_all, fetch_one
from rolldeck.storage.database.repositories.ledger import Ledger
from rolldeck.storage.database.repositories.repository import Repository
from rolldeck.storage.database.repositories.rows import rollout_row
from rolldeck.storage.port import Desk

_RESULTS = TypeAdapter(tuple[ActionResult, ...])
_OVER = (TakeoverState.ENDED,)
_KEPT_ORDERS = 2 * MOST_ORDERS_WAITING


class DatabasePeople(Repository):
    """``storage.port.People`` on a database."""

    async def ask(self, rollout_id: str, token: str, asked: QuestionAsked) -> Question:
        """Ask a person. The same question again is no other one. Raises ``Conflict`` for a stale token."""

        def work(connection: Connection, ledger: Ledger) -> Question:
            row = _claimed(connection, rollout_id, token)
            if (known := fetch_one(connection, _question(asked.id))) is not None:
                return _question_of(known)
            question = {
                "id": asked.id,
                "rollout_id": rollout_id,
                "attempt": row["attempt"],
                "token": token,
                "content": asked.model_dump_json(),
                "asked_at": ledger.now,
                "allowed": None,
                "closed_at": None,
            }
            connection.execute(insert(questions), question)
            told = {"attempt": row["attempt"], "action": asked.action, "seconds": asked.seconds}
            _log(ledger, EventKind.QUESTION_ASKED, row, question_id=asked.id, **told)
            return _question_of(question)

        return await self._write("asking a person", work)

    async def question(self, question_id: str) -> Question:
        """Return a question. Raises ``NotFound``."""
        return await self._read(
            "reading a question",
            lambda connection: _question_of(_question_row(connection, question_id)),
            one_statement=True,
        )

    async def close(self, question_id: str) -> Question:
        """Note that nobody answered in time, unless somebody has by now; returns what it is then. Idempotent."""

        def work(connection: Connection, ledger: Ledger) -> Question:
            row = _question_row(connection, question_id, lock=True)
            if row["closed_at"] is None:
                row = _close(connection, ledger, row, None)
            return _question_of(row)

        return await self._write("closing a question", work)

    async def questions(self, rollout_id: str | None = None) -> Sequence[Question]:
        """Return the open questions, oldest first, of one rollout or of all."""
        query = _open_questions().order_by(questions.c.asked_at, questions.c.id)
        if rollout_id is not None:
            query = query.where(questions.c.rollout_id == rollout_id)
        return await self._read(
            "listing questions",
            lambda connection: [_question_of(row) for row in fetch_all(connection, query)],
            one_statement=True,
        )

    async def answer(self, question_id: str, *, allow: bool) -> Question:
        """Answer a question. Raises ``NotFound``; ``Conflict`` where it was answered, or is asked no more."""

        def work(connection: Connection, ledger: Ledger) -> Question:
            row = _question_row(connection, question_id, lock=True)
            if row["closed_at"] is not None:
                word = {True: "allowed", False: "denied"}.get(row["allowed"], "denied, because nobody answered in time")
                raise Conflict(f"The question {question_id} is closed: it was {word}")
            if fetch_one(connection, _open_questions().where(questions.c.id == question_id)) is None:
                raise Conflict(f"Nobody waits for an answer to the question {question_id} any more: its attempt ended")
            return _question_of(_close(connection, ledger, row, allow))

        return await self._write("answering a question", work)

    async def takeovers(self, rollout_id: str | None = None) -> Sequence[Takeover]:
        """Return the takeovers that have not ended, oldest first, of one rollout or of all."""
        query = _present_takeovers().order_by(takeovers.c.since, takeovers.c.rollout_id)
        if rollout_id is not None:
            query = query.where(takeovers.c.rollout_id == rollout_id)
        return await self._read(
            "listing takeovers",
            lambda connection: [_takeover_of(row) for row in fetch_all(connection, query)],
            one_statement=True,
        )

    async def take_over(self, rollout_id: str, holder: str) -> Takeover:
        """Ask for the page of a running rollout. Raises ``NotFound``, ``Conflict``. Who holds it already keeps it."""

        def work(connection: Connection, ledger: Ledger) -> Takeover:
            rollout = rollout_row(connection, rollout_id, lock=True)
            if rollout["status"] != Status.RUNNING:
                raise Conflict(f"The rollout {rollout_id} is {rollout['status']}: only a running one can be taken over")
            present = _present(connection, rollout_id)
            if present is not None and present["holder"] is not None:
                _expect_holder(present, holder)
                return _takeover_of(present)
            awaited = present is not None
            state = TakeoverState.HELD if awaited else TakeoverState.ASKED
            return _begin(connection, ledger, rollout, state, is_agent=awaited, holder=holder)

        return await self._write("taking a page over", work)

    async def give_sign(self, rollout_id: str, holder: str) -> Takeover:
        """Say that the person's page is still there. Raises ``Conflict`` where the page is not its any more."""

        def work(connection: Connection, _: Ledger) -> Takeover:
            row = _held_by(connection, rollout_id, holder)
            return _takeover_of(_change(connection, row, signs=row["signs"] + 1))

        return await self._write("noting a person's sign", work)

    async def order(self, rollout_id: str, holder: str, order: Order) -> int:
        """Place an order; returns its number. Raises ``Conflict``."""

        def work(connection: Connection, _: Ledger) -> int:
            row = _held_by(connection, rollout_id, holder)
            if order.answer is not None and not row["is_agent"]:
                raise Conflict(f"The rollout {rollout_id} has an agent that answers: hand its page back")
            if row["placed"] - row["done"] >= MOST_ORDERS_WAITING:
                raise Conflict(f"{MOST_ORDERS_WAITING} orders wait to be carried out: wait for them")
            number = int(row["placed"]) + 1
            old = (orders.c.rollout_id == rollout_id) & (orders.c.number <= number - _KEPT_ORDERS)
            connection.execute(delete(orders).where(old))
            connection.execute(
                insert(orders).values(rollout_id=rollout_id, number=number, content=order.model_dump_json())
            )
            _change(connection, row, placed=number, signs=row["signs"] + 1)
            return number

        return await self._write("placing an order", work)

    async def result(self, rollout_id: str, number: int) -> Sequence[ActionResult] | None:
        """Return what became of one of the newest orders; None as long as it is not carried out. Raises ``NotFound``."""

        def work(connection: Connection) -> Sequence[ActionResult] | None:
            row = fetch_one(connection, select(orders).where(_at(rollout_id, number)))
            if row is None:
                raise NotFound(f"There is no order {number} of the rollout {rollout_id}")
            return None if row["result"] is None else _RESULTS.validate_json(row["result"])

        return await self._read("reading what became of an order", work, one_statement=True)

    async def hand_back(self, rollout_id: str, holder: str) -> None:
        """Give the page back to the agent. Idempotent. Raises ``Conflict`` where another holds it."""

        def work(connection: Connection, ledger: Ledger) -> None:
            rollout_row(connection, rollout_id, lock=True)
            row = _present(connection, rollout_id)
            if row is not None and row["holder"] is not None:
                _expect_holder(row, holder)
                _end(connection, ledger, row, None)

        await self._write("handing a page back", work)

    async def await_person(self, rollout_id: str, token: str) -> Takeover:
        """Wait for a person who is the rollout's agent; one who came before that has the page now. Idempotent."""

        def work(connection: Connection, ledger: Ledger) -> Takeover:
            rollout = _claimed(connection, rollout_id, token)
            present = _present(connection, rollout_id)
            if present is None:
                return _begin(connection, ledger, rollout, TakeoverState.AWAITED, is_agent=True, holder=None)
            if present["state"] == TakeoverState.ASKED:
                present = _change(connection, present, state=TakeoverState.HELD.value, is_agent=True)
                _log_state(ledger, rollout, TakeoverState.HELD)
            return _takeover_of(present)

        return await self._write("waiting for a person", work)

    async def stand_aside(self, rollout_id: str, token: str) -> bool:
        """Let the person have the page who asked for it; False where nobody wants it any more."""

        def work(connection: Connection, ledger: Ledger) -> bool:
            rollout = _claimed(connection, rollout_id, token)
            present = _present(connection, rollout_id)
            if present is None:
                return False
            if present["state"] == TakeoverState.ASKED:
                _change(connection, present, state=TakeoverState.HELD.value, since=ledger.now)
                _log_state(ledger, rollout, TakeoverState.HELD)
            return True

        return await self._write("standing aside", work)

    async def desk(self, rollout_id: str, token: str) -> Desk:
        """Return how the takeover stands, and the next order. Raises ``Conflict`` for a stale token."""

        def work(connection: Connection) -> Desk:
            _claimed(connection, rollout_id, token, lock=False)
            row = _present(connection, rollout_id)
            if row is None:
                return Desk(None)
            order = fetch_one(connection, select(orders).where(_at(rollout_id, row["done"] + 1)))
            return Desk(_takeover_of(row), None if order is None else _order_of(order))

        return await self._read("reading what a person orders", work)

    async def carry_out(self, rollout_id: str, token: str, number: int, results: Sequence[ActionResult]) -> None:
        """Note what became of an order. Idempotent. Raises ``Conflict`` for a stale token."""
        result = _RESULTS.dump_json(tuple(results)).decode()

        def work(connection: Connection, _: Ledger) -> None:
            _claimed(connection, rollout_id, token)
            connection.execute(update(orders).where(_at(rollout_id, number)).values(result=result))
            connection.execute(_COUNT_DONE, {"key": rollout_id, "to": number})

        await self._write("carrying out an order", work)

    async def end(self, rollout_id: str, token: str, reason: str) -> None:
        """Take the page back: it has ended, or where the person is the agent, is awaited again. Idempotent."""

        def work(connection: Connection, ledger: Ledger) -> None:
            _claimed(connection, rollout_id, token)
            row = _present(connection, rollout_id)
            if row is not None and row["holder"] is not None:
                _end(connection, ledger, row, reason)

        await self._write("taking a page back", work)


def _question(question_id: str) -> Select[Any]:
    return select(questions).where(questions.c.id == question_id)


def _question_row(connection: Connection, question_id: str, *, lock: bool = False) -> Row:
    query = _question(question_id)
    row = fetch_one(connection, query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"There is no question {question_id}")
    return row


def _open_questions() -> Select[Any]:
    waits = (rollouts.c.id == questions.c.rollout_id) & (rollouts.c.token == questions.c.token)
    return select(questions).join(rollouts, waits).where(questions.c.closed_at.is_(None))


def _close(connection: Connection, ledger: Ledger, row: Row, allowed: bool | None) -> Row:
    values = {"allowed": allowed, "closed_at": ledger.now}
    connection.execute(update(questions).where(questions.c.id == row["id"]).values(values))
    decision = {True: Decision.ALLOWED_BY_PERSON, False: Decision.DENIED_BY_PERSON, None: Decision.UNANSWERED}[allowed]
    rollout = rollout_row(connection, row["rollout_id"])
    told = {"attempt": row["attempt"], "decision": decision.value}
    _log(ledger, EventKind.QUESTION_ANSWERED, rollout, question_id=row["id"], **told)
    return {**row, **values}


def _claimed(connection: Connection, rollout_id: str, token: str, *, lock: bool = True) -> Row:
    """Return a rollout's row. Raises ``Conflict`` where its claim is not the token's any more."""
    row = rollout_row(connection, rollout_id, lock=lock)
    if row["token"] is None or not secrets.compare_digest(row["token"], token):
        raise Conflict(f"The rollout {rollout_id} is not this worker's any more")
    return row


def _present_takeovers() -> Select[Any]:
    goes_on = (rollouts.c.id == takeovers.c.rollout_id) & (rollouts.c.token == takeovers.c.token)
    acts = (rollouts.c.status == Status.RUNNING.value) & takeovers.c.state.not_in(_OVER)
    return select(takeovers).join(rollouts, goes_on).where(acts)


def _present(connection: Connection, rollout_id: str) -> Row | None:
    return fetch_one(connection, _present_takeovers().where(takeovers.c.rollout_id == rollout_id))


def _held_by(connection: Connection, rollout_id: str, holder: str) -> Row:
    """Return the takeover that is this page's. Raises ``NotFound``, ``Conflict``; whoever else writes waits meanwhile."""
    rollout_row(connection, rollout_id, lock=True)
    row = _present(connection, rollout_id)
    if row is None or row["holder"] is None:
        raise Conflict(
            f"The page of the rollout {rollout_id} is not taken over: it was handed back, or the agent has stopped"
        )
    _expect_holder(row, holder)
    return row


def _expect_holder(row: Row, holder: str) -> None:
    if not secrets.compare_digest(row["holder"], holder):
        raise Conflict(f"Somebody else has taken over the page of the rollout {row['rollout_id']}")


def _begin(
    connection: Connection, ledger: Ledger, rollout: Row, state: TakeoverState, *, is_agent: bool, holder: str | None
) -> Takeover:
    """Begin a takeover in the place of an earlier one, whose orders are over; their numbers go on."""
    same = takeovers.c.rollout_id == rollout["id"]
    before = fetch_one(connection, select(takeovers).where(same))
    placed = 0 if before is None else before["placed"]
    row = {
        "rollout_id": rollout["id"],
        "attempt": rollout["attempt"],
        "token": rollout["token"],
        "state": state.value,
        "is_agent": is_agent,
        "holder": holder,
        "signs": 0,
        "placed": placed,
        "done": placed,
        "since": ledger.now,
    }
    connection.execute(insert(takeovers).values(row) if before is None else update(takeovers).where(same).values(row))
    _log_state(ledger, rollout, state)
    return _takeover_of(row)


def _change(connection: Connection, row: Row, **values: Any) -> Row:
    connection.execute(update(takeovers).where(takeovers.c.rollout_id == row["rollout_id"]).values(values))
    return {**row, **values}


def _end(connection: Connection, ledger: Ledger, row: Row, reason: str | None) -> None:
    """End a takeover; what was ordered and not begun is dropped, where the person is the agent it is carried out."""
    state = TakeoverState.AWAITED if row["is_agent"] else TakeoverState.ENDED
    _change(connection, row, state=state.value, holder=None, since=ledger.now)
    _log_state(ledger, rollout_row(connection, row["rollout_id"]), state, reason)


def _log_state(ledger: Ledger, rollout: Row, state: TakeoverState, reason: str | None = None) -> None:
    why = {} if reason is None else {"reason": reason}
    _log(ledger, EventKind.TAKEOVER_CHANGED, rollout, attempt=rollout["attempt"], state=state.value, **why)


def _log(ledger: Ledger, kind: EventKind, rollout: Row, **data: Any) -> None:
    about = {"batch_id": rollout["batch_id"], "task_id": rollout["task_id"], "rollout_id": rollout["id"]}
    ledger.log(kind, data, **about)


def _at(rollout_id: str, number: int) -> Any:
    return (orders.c.rollout_id == rollout_id) & (orders.c.number == number)


def _question_of(row: Row) -> Question:
    asked = QuestionAsked.model_validate_json(row["content"])
    same = {name: row[name] for name in ("rollout_id", "attempt", "asked_at", "allowed", "closed_at")}
    return Question(**dict(asked), **same)


def _takeover_of(row: Row) -> Takeover:
    return Takeover(**{name: row[name] for name in Takeover.model_fields})


def _order_of(row: Row) -> NumberedOrder:
    return NumberedOrder(number=row["number"], order=Order.model_validate_json(row["content"]))


_COUNT_DONE = (
    update(takeovers)
    # A takeover that began meanwhile has another count, beyond what was ordered before.
    .where(takeovers.c.rollout_id == bindparam("key"), takeovers.c.done < bindparam("to"))
    .values(done=bindparam("to"))
)
