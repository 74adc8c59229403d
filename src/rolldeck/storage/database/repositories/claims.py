"""Taking rollouts from the queue."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, bindparam, func, not_, or_, select, text, update

from rolldeck.domain.errors import Conflict
from rolldeck.domain.status import Event, Status, next_status
from rolldeck.domain.worker import WorkerState
from rolldeck.storage.database.locks import Lock, take
from rolldeck.storage.database.models import CLAIMED, PENDING, WAITING, batches, quotas, rollouts, workers
from rolldeck.storage.database.repositories.fetching import Row, fetch_all, fetch_one
from rolldeck.storage.database.repositories.known_tasks import KnownTasks
from rolldeck.storage.database.repositories.ledger import Ledger, counted
from rolldeck.storage.database.repositories.records import AGENTS, limits_of, rollout_of
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
    take(connection, Lock.CLAIMS)
    _expect_alive(connection, worker_id)
    queue = _Queue(_room(connection))
    claims: list[Claim] = []
    while len(claims) < limit:
        taken = _take_one(connection, ledger, queue, worker_id, batch_id)
        if taken is None:
            break
        batch, row = taken
        task = tasks.read(connection, row["task_id"], row["task_version"])
        claims.append(Claim(rollout_of(row), task, limits_of(batch["limits"]).on(task.limits), row["token"]))
    return claims


def _expect_alive(connection: Connection, worker_id: str) -> None:
    """Raise ``Conflict`` unless the worker is alive, and let nobody give it up before this transaction ends."""
    state = connection.scalar(_STATE, {"key": worker_id})
    if state is None or not WorkerState(state).is_alive:
        raise Conflict(f"The worker {worker_id} is {state or 'not registered'}: it can claim nothing")


def _room(connection: Connection) -> dict[str, int]:
    """Return how many more rollouts may run, by quota that limits them."""
    limits = {row.name: row.max_running for row in connection.execute(_LIMITED)}
    if not limits:
        return {}
    running = {row.quota: row.count for row in connection.execute(_RUNNING, {"names": list(limits)})}
    return {name: most - running.get(name, 0) for name, most in limits.items()}


def _take_one(
    connection: Connection, ledger: Ledger, queue: _Queue, worker_id: str, batch_id: str | None
) -> tuple[Row, Row] | None:
    for batch in _waiting(connection, batch_id):
        if batch["id"] in queue.empty or not _has_room(batch, queue):
            continue
        row = _take_from(connection, ledger, queue, worker_id, batch["id"])
        if row is not None:
            return batch, row
        queue.empty.add(batch["id"])
    return None


def _waiting(connection: Connection, batch_id: str | None) -> Iterator[Row]:
    """Yield batches that have pending rollouts and are not paused, in the order in which they have their turn."""
    if batch_id is not None:
        yield from fetch_all(connection, _WAITING.where(batches.c.id == batch_id))
        return
    query = _WAITING.limit(_BATCHES_AT_ONCE)
    while rows := fetch_all(connection, query):
        yield from rows
        if len(rows) < _BATCHES_AT_ONCE:
            return
        last = rows[-1]
        query = _WAITING.limit(_BATCHES_AT_ONCE).where(
            or_(
                batches.c.priority < last["priority"],
                and_(batches.c.priority == last["priority"], batches.c.claimed > last["claimed"]),
                and_(
                    batches.c.priority == last["priority"],
                    batches.c.claimed == last["claimed"],
                    batches.c.id > last["id"],
                ),
            )
        )


def _has_room(batch: Row, queue: _Queue) -> bool:
    full = queue.full
    return not full or any(choice.quota not in full for choice in AGENTS.validate_json(batch["agents"]))


def _take_from(connection: Connection, ledger: Ledger, queue: _Queue, worker_id: str, batch_id: str) -> Row | None:
    """Take the batch's oldest pending rollout whose quota has room, and count it at once: the next choice depends on it."""
    values = {"batch": batch_id, "claim": new_token(), "worker": worker_id, "now": ledger.now}
    full = queue.full
    statement = _TAKE if not full else _TAKE_BESIDES
    row = fetch_one(connection, statement, values | ({"full": full} if full else {}))
    if row is None:
        return None
    if row["quota"] in queue.room:
        queue.room[row["quota"]] -= 1
    ledger.count(row, counted({**row, "token": None, "status": Status.PENDING}), counted(row))
    ledger.write_counts(connection)
    log_status(ledger, Event.CLAIMED, row["status"], row)
    return row


_STATE = select(workers.c.state).where(workers.c.id == bindparam("key")).with_for_update(read=True)
_LIMITED = select(quotas.c.name, quotas.c.max_running).where(quotas.c.max_running.is_not(None))
_RUNNING = (
    select(rollouts.c.quota, func.count().label("count"))
    .where(text(CLAIMED), rollouts.c.quota.in_(bindparam("names", expanding=True)))
    .group_by(rollouts.c.quota)
)
_WAITING = (
    select(batches.c.id, batches.c.priority, batches.c.claimed, batches.c.agents, batches.c.limits)
    .where(text(WAITING), not_(batches.c.paused))
    .order_by(batches.c.priority.desc(), batches.c.claimed, batches.c.id)
)
_OLDEST = (
    select(rollouts.c.id)
    .where(text(PENDING), rollouts.c.batch_id == bindparam("batch"))
    .order_by(rollouts.c.id)
    .limit(1)
    .with_for_update(skip_locked=True, key_share=True)
)
_BESIDES = _OLDEST.where(rollouts.c.quota.not_in(bindparam("full", expanding=True)))
_NEW_VALUES = {
    "status": next_status(Status.PENDING, Event.CLAIMED).value,
    "token": bindparam("claim"),
    "worker_id": bindparam("worker"),
    "started_at": bindparam("now", type_=rollouts.c.started_at.type),
}
_TAKE, _TAKE_BESIDES = (
    update(rollouts).where(rollouts.c.id == oldest.scalar_subquery()).values(_NEW_VALUES).returning(rollouts)
    for oldest in (_OLDEST, _BESIDES)
)
