"""Taking rollouts from the queue."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    text,
    true,
    update,
)

from rolldeck.domain.errors import Conflict
from rolldeck.domain.status import Event, Status, next_status
from rolldeck.domain.worker import WorkerState
from rolldeck.storage.database.locks import Lock, number_of
from rolldeck.storage.database.models import CLAIMED, PENDING, quotas, rollouts, workers
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.fetching import Row, fetch_all
from rolldeck.storage.database.repositories.known_tasks import KnownTasks
from rolldeck.storage.database.repositories.ledger import Ledger, counted
from rolldeck.storage.database.repositories.records import budget_of, limits_of, rollout_of
from rolldeck.storage.database.repositories.rows import batch_row
from rolldeck.storage.database.repositories.statuses import log_status, new_token
from rolldeck.storage.database.repositories.turns import Queue, Turn, next_turns
from rolldeck.storage.port import Claim


def take_rollouts(
    connection: Connection, ledger: Ledger, *, worker_id: str, limit: int, batch_id: str | None, tasks: KnownTasks
) -> list[Claim]:
    """Take up to ``limit`` pending rollouts for a worker, each from the batch that is next after the ones before.

    One transaction claims at a time: fair shares and quotas are right only if nobody else takes meanwhile. Raises
    ``Conflict`` where the worker is not alive.
    """
    queue = Queue(_room(connection, _expect_alive(connection, worker_id)))
    claims: list[Claim] = []
    while turns := next_turns(connection, queue, batch_id, limit - len(claims)):
        claim = {"claim": new_token(), "worker": worker_id, "now": ledger.now}
        taken = sorted(_take(connection, queue, turns, claim), key=lambda row: str(row["id"]))
        _note(ledger, queue, turns, taken)
        of_turns = {turn.batch["id"]: turn.batch for turn in turns}
        claims += [_claim(connection, of_turns[row["batch_id"]], row, tasks) for row in taken]
        if len(claims) == limit:
            break
        ledger.write_counts(connection)  # on which the next turns depend
    return claims


def owned_claims(connection: Connection, *, worker_id: str, tasks: KnownTasks) -> list[Claim]:
    """Return all that a worker has claimed and not ended."""
    rows = fetch_all(connection, _OWNED, {"worker": worker_id})
    return [_claim(connection, batch_row(connection, row["batch_id"]), row, tasks) for row in rows]


def _claim(connection: Connection, batch: Row, row: Row, tasks: KnownTasks) -> Claim:
    task = tasks.read(connection, row["task_id"], row["task_version"])
    left = budget_of(batch).left_after(batch["tokens"], batch["cost"])
    return Claim(rollout_of(row), task, limits_of(batch["limits"]).on(task.limits).within(left), row["token"])


def _expect_alive(connection: Connection, worker_id: str) -> dict[str, int]:
    """Return how many rollouts each quota allows at once, where it says so. Raises ``Conflict`` unless the worker is alive.

    Nobody gives it up, or claims, before this transaction ends.
    """
    if connection.dialect.name == "postgresql":  # where every statement is a round trip
        rows = _WORKER_AND_LOCK.fetch(connection, {"key": worker_id, "lock": number_of(Lock.CLAIMS)})
    else:
        rows = _WORKER.fetch(connection, {"key": worker_id})
    state = rows[0]["state"] if rows else None
    if state is None or not WorkerState(state).is_alive:
        raise Conflict(f"The worker {worker_id} is {state or 'not registered'}: it can claim nothing")
    return {row["name"]: row["max_running"] for row in rows if row["name"] is not None}


def _room(connection: Connection, limits: Mapping[str, int]) -> dict[str, int]:
    """Return how many more rollouts may run, by quota that limits them."""
    if not limits:
        return {}
    running = {row["quota"]: row["count"] for row in fetch_all(connection, _RUNNING, {"names": list(limits)})}
    return {name: most - running.get(name, 0) for name, most in limits.items()}


def _take(connection: Connection, queue: Queue, turns: Sequence[Turn], claim: Row) -> list[Row]:
    """Take the batches' oldest pending rollouts whose quotas have room; ``claim`` has what is written into each."""
    if full := queue.full:
        (turn,) = turns
        values = {**claim, "batch": turn.batch["id"], "most": turn.most, "full": full}
        return fetch_all(connection, _TAKE_BESIDES, values)
    asked = [{"batch": turn.batch["id"], "most": turn.most} for turn in turns]
    if connection.dialect.name == "postgresql":  # where every statement is a round trip
        return _TAKE_OF_SEVERAL.fetch(connection, {**claim, "turns": to_json(asked).decode()})
    return [row for each in asked for row in _TAKE.fetch(connection, {**claim, **each})]


def _note(ledger: Ledger, queue: Queue, turns: Sequence[Turn], taken: Sequence[Row]) -> None:
    """Count and log what was taken, and remember of the queue what that says of it."""
    for row in taken:
        if row["quota"] in queue.room:
            queue.room[row["quota"]] -= 1
        ledger.count(row, counted({**row, "token": None, "status": Status.PENDING}), counted(row))
        log_status(ledger, Event.CLAIMED, row["status"], row)
    of_batch = Counter(row["batch_id"] for row in taken)
    queue.empty.update(turn.batch["id"] for turn in turns if of_batch[turn.batch["id"]] < turn.most)


_WORKER_AND_LIMITS = (
    select(workers.c.state, quotas.c.name, quotas.c.max_running)
    .outerjoin_from(workers, quotas, quotas.c.max_running.is_not(None))
    .where(workers.c.id == bindparam("key"))
    .with_for_update(read=True, of=workers)
)
_WORKER = Prepared(_WORKER_AND_LIMITS)
_WORKER_AND_LOCK = Prepared(
    _WORKER_AND_LIMITS.add_columns(func.pg_advisory_xact_lock(bindparam("lock", type_=BigInteger)).label("locked"))
)
_OWNED = select(rollouts).where(text(CLAIMED), rollouts.c.worker_id == bindparam("worker")).order_by(rollouts.c.id)
_RUNNING = (
    select(rollouts.c.quota, func.count().label("count"))
    .where(text(CLAIMED), rollouts.c.quota.in_(bindparam("names", expanding=True)))
    .group_by(rollouts.c.quota)
)


def _oldest(batch_id: ColumnElement[str], most: ColumnElement[int]) -> Select[Any]:
    """Return the oldest of a batch's pending rollouts, by id."""
    pending = select(rollouts.c.id).where(text(PENDING), rollouts.c.batch_id == batch_id)
    return pending.order_by(rollouts.c.id).limit(most).with_for_update(skip_locked=True, key_share=True)


_NEW_VALUES = {
    "status": next_status(Status.PENDING, Event.CLAIMED).value,
    # Several are taken at once, and each has a token of its own.
    "token": bindparam("claim", type_=rollouts.c.token.type).concat(rollouts.c.id),
    "worker_id": bindparam("worker"),
    "started_at": bindparam("now", type_=rollouts.c.started_at.type),
}
_TAKEN = update(rollouts).values(_NEW_VALUES).returning(rollouts)
_OLDEST = _oldest(bindparam("batch", type_=Text), bindparam("most", type_=Integer))
_TAKE = Prepared(_TAKEN.where(rollouts.c.id.in_(_OLDEST)))
_BESIDES = rollouts.c.quota.not_in(bindparam("full", expanding=True))
_TAKE_BESIDES = _TAKEN.where(rollouts.c.id.in_(_OLDEST.where(_BESIDES)))
_TURNS = (
    func.json_to_recordset(cast(bindparam("turns", type_=Text), JSON))
    .table_valued(column("batch", Text), column("most", Integer), name="turn")
    .render_derived(with_types=True)
)
_OF_TURNS = _oldest(_TURNS.c.batch, _TURNS.c.most).lateral("oldest")
_IDS_OF_TURNS = select(_OF_TURNS.c.id).select_from(_TURNS.join(_OF_TURNS, true())).scalar_subquery()
# An array, of which PostgreSQL thinks that it has ten elements: as a table it might be joined by reading all rollouts.
_TAKE_OF_SEVERAL = Prepared(_TAKEN.where(rollouts.c.id == func.any(func.array(_IDS_OF_TURNS))))
