"""Appending a step to a rollout: what is written most often, and so with as few statements as there can be."""

from sqlalchemy import Connection, Integer, Text, bindparam, cast, func, insert, literal, select, update

from rolldeck.domain.event import EventKind
from rolldeck.storage.database.models import events, rollouts, steps
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.fetching import Row
from rolldeck.storage.database.repositories.ledger import Ledger


def add_step(connection: Connection, place: Row) -> bool:
    """Store a step and log it, if it is the next one of a claim; return whether it is.

    ``place`` has the rollout's ``key``, the ``claim``'s token, the step's ``index``, its ``more_tokens`` and ``more_cost``, the
    ``step`` itself as JSON, and what time it is ``now``.
    """
    if connection.dialect.name == "postgresql":  # where every statement is a round trip
        return _ADD_STEP_AT_ONCE.fetch_one(connection, place) is not None
    row = _NEXT_STEP.fetch_one(connection, place)
    if row is None:
        return False
    _ADD_STEP.run(connection, [{**place, "of_attempt": row["attempt"]}])
    ledger = Ledger(place["now"])
    told = {"attempt": row["attempt"], "index": place["index"]}
    same = {name: row[name] for name in ("batch_id", "task_id")}
    ledger.log(EventKind.ROLLOUT_STEP, told, rollout_id=place["key"], **same)
    ledger.write(connection)
    return True


_MORE_COST = bindparam("more_cost", type_=rollouts.c.cost.type)
_MOVE_ON = (
    update(rollouts)
    .where(
        rollouts.c.id == bindparam("key"),
        rollouts.c.token == bindparam("claim"),
        rollouts.c.steps == bindparam("index"),
    )
    .values(
        steps=rollouts.c.steps + 1,
        tokens=rollouts.c.tokens + bindparam("more_tokens", type_=rollouts.c.tokens.type),
        # Of one rollout's steps the cost is known of all or of none.
        cost=func.coalesce(rollouts.c.cost + _MORE_COST, _MORE_COST, rollouts.c.cost),
    )
    .returning(rollouts.c.id, rollouts.c.attempt, rollouts.c.batch_id, rollouts.c.task_id)
)
_NEXT_STEP = Prepared(_MOVE_ON)
_INDEX = bindparam("index", type_=Integer)
_STEP = bindparam("step", type_=steps.c.content.type)
_ADD_STEP = Prepared(
    insert(steps).values(rollout_id=bindparam("key"), attempt=bindparam("of_attempt"), number=_INDEX, content=_STEP)
)
_MOVED = _MOVE_ON.cte("moved")
_ADDED = insert(steps).from_select(
    ["rollout_id", "attempt", "number", "content"], select(_MOVED.c.id, _MOVED.c.attempt, _INDEX, _STEP)
)
_LOGGED = insert(events).from_select(
    ["at", "kind", "batch_id", "task_id", "rollout_id", "data"],
    select(
        bindparam("now", type_=events.c.at.type),
        literal(EventKind.ROLLOUT_STEP.value),
        _MOVED.c.batch_id,
        _MOVED.c.task_id,
        _MOVED.c.id,
        cast(func.json_build_object("attempt", _MOVED.c.attempt, "index", _INDEX), Text),
    ),
)
_ADD_STEP_AT_ONCE = Prepared(select(_MOVED.c.attempt).add_cte(_ADDED.cte("added"), _LOGGED.cte("logged")))
