"""Taking rollouts from the queue."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Connection, and_, bindparam, func, not_, or_, select, text, update

from rolldeck.domain.errors import Conflict
from rolldeck.domain.status import Event, Status, next_status
from rolldeck.domain.worker import WorkerState
from rolldeck.storage.database.locks import Lock, number_of
from rolldeck.storage.database.models import CLAIMED, PENDING, WAITING, batches, quotas, rollouts, workers
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.fetching import Row, fetch_all
from rolldeck.storage.database.repositories.known_tasks import KnownTasks
from rolldeck.storage.database.repositories.ledger import Ledger, counted
from rolldeck.storage.database.repositories.records import AGENTS, limits_of, rollout_of
from rolldeck.storage.database.repositories.rows import batch_row
from rolldeck.storage.database.repositories.statuses import log_status, new_token
from rolldeck.storage.port import Claim

_BATCHES_AT_ONCE = 20


@dataclass
class _Queue:
    """What is known of the queue while several rollouts are taken from it: which quotas are full, what has nothing left."""

    room: dict[str, int]
    empty: set[str] = field(default_factory=set)

    @property
    def full(self) -> list[str]:
        return sorted(name for name, room in self.room.items() if room <= 0)


def take_rollouts(
    connection: Connection, ledger: Ledger, *, worker_id: str, limit: int, batch_id: str | None, tasks: KnownTasks
) -> list[Claim]:
    """Take up to ``limit`` pending rollouts for a worker, each from the batch that is next after the ones before.

    One transaction claims at a time: fair shares and quotas are right only if nobody else takes meanwhile. Raises
    ``Conflict`` where the worker is not alive.
    """
    queue = _Queue(_room(connection, _expect_alive(connection, worker_id)))
    claims: list[Claim] = []
    while len(claims) < limit:
        turn = _next_turn(connection, queue, batch_id, limit - len(claims))
        if turn is None:
            break
        rows = _take(connection, ledger, queue, worker_id, turn)
        claims += [_claim(connection, turn.batch, row, tasks) for row in rows]
    return claims


def owned_claims(connection: Connection, *, worker_id: str, tasks: KnownTasks) -> list[Claim]:
    """Return all that a worker has claimed and not ended."""
    rows = fetch_all(connection, _OWNED, {"worker": worker_id})
    return [_claim(connection, batch_row(connection, row["batch_id"]), row, tasks) for row in rows]


def _claim(connection: Connection, batch: Row, row: Row, tasks: KnownTasks) -> Claim:
    task = tasks.read(connection, row["task_id"], row["task_version"])
    return Claim(rollout_of(row), task, limits_of(batch["limits"]).on(task.limits), row["token"])


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


@dataclass(frozen=True)
class _Turn:
    """A batch from which up to ``most`` rollouts are taken before it is another's turn."""

    batch: Row
    most: int


def _next_turn(connection: Connection, queue: _Queue, batch_id: str | None, limit: int) -> _Turn | None:
    """Return the batch whose turn it is, of those that may have something to take."""
    candidates = (
        batch for batch in _waiting(connection, batch_id) if batch["id"] not in queue.empty and _has_room(batch, queue)
    )
    first, second = next(candidates, None), next(candidates, None)
    if first is None:
        return None
    if queue.room:  # how many quotas leave room for is only known after each
        return _Turn(first, 1)
    if second is None or second["priority"] < first["priority"]:
        return _Turn(first, limit)
    # Until it has as many as the second one, and then one more if it is older.
    lead = second["claimed"] - first["claimed"] + (1 if first["id"] < second["id"] else 0)
    return _Turn(first, min(lead, limit))


def _waiting(connection: Connection, batch_id: str | None) -> Iterator[Row]:
    """Yield batches that have pending rollouts and are not paused, in the order in which they have their turn."""
    if batch_id is not None:
        yield from _WAITING_ONE.fetch(connection, {"batch": batch_id})
        return
    rows = _WAITING.fetch(connection, {})
    yield from rows
    while len(rows) == _BATCHES_AT_ONCE:
        last = {f"last_{name}": rows[-1][name] for name in ("priority", "claimed", "id")}
        rows = _WAITING_AFTER.fetch(connection, last)
        yield from rows


def _has_room(batch: Row, queue: _Queue) -> bool:
    full = queue.full
    return not full or any(choice.quota not in full for choice in AGENTS.validate_json(batch["agents"]))


def _take(connection: Connection, ledger: Ledger, queue: _Queue, worker_id: str, turn: _Turn) -> list[Row]:
    """Take the batch's oldest pending rollouts whose quotas have room, and count them: the next turn depends on it."""
    most = turn.most
    values = {"batch": turn.batch["id"], "most": most, "claim": new_token(), "worker": worker_id, "now": ledger.now}
    full = queue.full
    taken = fetch_all(connection, _TAKE_BESIDES, {**values, "full": full}) if full else _TAKE.fetch(connection, values)
    if len(taken) < most:
        queue.empty.add(turn.batch["id"])
    taken.sort(key=lambda row: str(row["id"]))
    for row in taken:
        if row["quota"] in queue.room:
            queue.room[row["quota"]] -= 1
        ledger.count(row, counted({**row, "token": None, "status": Status.PENDING}), counted(row))
        log_status(ledger, Event.CLAIMED, row["status"], row)
    ledger.write_counts(connection)
    return taken


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
_NEXT_BATCHES = (
    select(batches.c.id, batches.c.priority, batches.c.claimed, batches.c.agents, batches.c.limits)
    .where(text(WAITING), not_(batches.c.paused))
    .order_by(batches.c.priority.desc(), batches.c.claimed, batches.c.id)
)
_SOME_WAITING = _NEXT_BATCHES.limit(_BATCHES_AT_ONCE)
_WAITING = Prepared(_SOME_WAITING)
_WAITING_ONE = Prepared(_NEXT_BATCHES.where(batches.c.id == bindparam("batch")))
_LAST: dict[str, BindParameter[Any]] = {name: bindparam(f"last_{name}") for name in ("priority", "claimed", "id")}
_WAITING_AFTER = Prepared(
    _SOME_WAITING.where(
        or_(
            batches.c.priority < _LAST["priority"],
            and_(batches.c.priority == _LAST["priority"], batches.c.claimed > _LAST["claimed"]),
            and_(
                batches.c.priority == _LAST["priority"],
                batches.c.claimed == _LAST["claimed"],
                batches.c.id > _LAST["id"],
            ),
        )
    )
)
_OLDEST = (
    select(rollouts.c.id)
    .where(text(PENDING), rollouts.c.batch_id == bindparam("batch"))
    .order_by(rollouts.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, key_share=True)
)
_OLDEST_BESIDES = _OLDEST.where(rollouts.c.quota.not_in(bindparam("full", expanding=True)))
_NEW_VALUES = {
    "status": next_status(Status.PENDING, Event.CLAIMED).value,
    # Several are taken at once, and each has a token of its own.
    "token": bindparam("claim", type_=rollouts.c.token.type).concat(rollouts.c.id),
    "worker_id": bindparam("worker"),
    "started_at": bindparam("now", type_=rollouts.c.started_at.type),
}
_TAKEN = update(rollouts).values(_NEW_VALUES).returning(rollouts)
_TAKE = Prepared(_TAKEN.where(rollouts.c.id.in_(_OLDEST)))
_TAKE_BESIDES = _TAKEN.where(rollouts.c.id.in_(_OLDEST_BESIDES))
