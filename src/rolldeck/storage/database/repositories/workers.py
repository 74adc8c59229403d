"""Workers in the database."""

from collections.abc import Sequence
from datetime import timedelta

from pydantic import JsonValue
from sqlalchemy import Connection, bindparam, insert, select, text, update

from rolldeck.domain.errors import Conflict, NotFound
from rolldeck.domain.event import EventKind
from rolldeck.domain.rollout import Phase, RolloutError, event_of_failure
from rolldeck.domain.status import Event, Status
from rolldeck.domain.worker import Worker, WorkerReport, WorkerState
from rolldeck.storage.database.models import CLAIMED, installation, rollouts, workers
from rolldeck.storage.database.repositories.fetching import Row, fetch_all, fetch_one
from rolldeck.storage.database.repositories.ledger import Ledger
from rolldeck.storage.database.repositories.records import errors_of, worker_of
from rolldeck.storage.database.repositories.repository import Repository
from rolldeck.storage.database.repositories.rows import lock_rollouts
from rolldeck.storage.database.repositories.statuses import happen
from rolldeck.storage.port import Change, Released

_REMEMBERED = timedelta(days=1)
_ALIVE = [state.value for state in WorkerState if state.is_alive]
_PHASES = {Status.PROVISIONING: Phase.PROVISION, Status.RUNNING: Phase.AGENT, Status.VERIFYING: Phase.VERIFY}


class DatabaseWorkers(Repository):
    """``storage.port.Workers`` on a database."""

    async def register(self, worker: Worker) -> None:
        """Add a worker; its id is new."""
        row = {**worker.model_dump(exclude={"report"}), "report": worker.report.model_dump_json()}
        row["state"] = worker.state.value

        def work(connection: Connection, ledger: Ledger) -> None:
            connection.execute(insert(workers), row)
            _log(ledger, row, worker.state, worker.report.blocked)

        await self._write("registering a worker", work)

    async def beat(self, worker_id: str, report: WorkerReport, *, draining: bool = False) -> bool:
        """Say that a worker lives, and what it tells of itself; False where it was given up meanwhile."""
        state = WorkerState.DRAINING if draining else WorkerState.WORKING
        content = report.model_dump_json()

        def work(connection: Connection, ledger: Ledger) -> bool:
            row = _lock(connection, worker_id)
            if row is None or not WorkerState(row["state"]).is_alive:
                return False
            connection.execute(_BEAT, {"key": worker_id, "new_state": state.value, "told": content, "now": ledger.now})
            before = worker_of(row)
            if (before.state, before.report.blocked) != (state, report.blocked):
                _log(ledger, row, state, report.blocked)
            return True

        return await self._write("noting a worker's heartbeat", work)

    async def list(self, *, alive: bool | None = None) -> Sequence[Worker]:
        """Return workers, oldest first: all of the last day, or only those that are (not) alive."""
        recent = workers.c.state.in_(_ALIVE) | (workers.c.seen_at > self._now() - _REMEMBERED)
        query = select(workers).where(recent).order_by(workers.c.started_at, workers.c.id)
        if alive is not None:
            query = query.where(workers.c.state.in_(_ALIVE) if alive else workers.c.state.not_in(_ALIVE))
        return await self._read(
            "listing workers", lambda connection: [worker_of(row) for row in fetch_all(connection, query)]
        )

    async def stop(self, worker_id: str) -> None:
        """Note the end of a worker that owns nothing any more. Idempotent. Raises ``Conflict`` while it owns rollouts."""

        def work(connection: Connection, ledger: Ledger) -> None:
            row = _lock(connection, worker_id)
            if row is None or not WorkerState(row["state"]).is_alive:
                return
            if connection.execute(_OWNED, {"key": worker_id}).first() is not None:
                raise Conflict(f"The worker {worker_id} still executes rollouts: release it, or let it end them")
            _end(connection, ledger, row, WorkerState.STOPPED)

        await self._write("noting a worker's end", work)

    async def prove(self) -> None:
        """Write something. Raises ``StorageError`` where nothing can be written now."""

        def work(connection: Connection, _: Ledger) -> None:
            connection.execute(update(installation).values(proofs=installation.c.proofs + 1))

        await self._write("being written to for a proof", work)

    async def release(self, worker_id: str, error: RolloutError, *, beats: int | None = None) -> Released:
        """Give a worker up (only if its beats are still as given), and each of its rollouts a new attempt or an end.

        ``error`` is put into their records, as an error of the phase that each was in. Those asked to cancel become
        cancelled. Idempotent. Raises ``NotFound``.
        """

        def work(connection: Connection, ledger: Ledger) -> Released:
            row = _lock(connection, worker_id)
            if row is None:
                raise NotFound(f"There is no worker {worker_id}")
            if not WorkerState(row["state"]).is_alive or beats not in {None, row["beats"]}:
                return Released({})
            _end(connection, ledger, row, WorkerState.LOST)
            owned = lock_rollouts(connection, rollouts.c.token.is_not(None), rollouts.c.worker_id == worker_id)
            ends = [_lose(connection, ledger, rollout, error) for rollout in owned]
            return Released(
                {rollout["id"]: rollout["attempt"] for rollout in owned},
                requeued=ends.count(Status.PENDING),
                failed=ends.count(Status.FAILED),
                cancelled=ends.count(Status.CANCELLED),
            )

        return await self._write("giving a worker up", work)


def _lock(connection: Connection, worker_id: str) -> Row | None:
    """Return a worker's row; until the transaction ends, it neither claims nor beats."""
    return fetch_one(connection, _LOCK, {"key": worker_id})


def _end(connection: Connection, ledger: Ledger, row: Row, state: WorkerState) -> None:
    connection.execute(_END, {"key": row["id"], "new_state": state.value})
    _log(ledger, row, state, None)


def _lose(connection: Connection, ledger: Ledger, row: Row, error: RolloutError) -> Status:
    """Give a rollout whose worker is lost a new attempt or an end; returns its status then."""
    error = error.model_copy(update={"phase": _PHASES[Status(row["status"])]})
    event = event_of_failure((*errors_of(row), error), row["retries_left"])
    if row["cancel_requested"]:
        event = Event.CANCEL
    (changed,) = happen(connection, ledger, [row], event, Change(errors=(error,)))
    return Status(changed["status"])


def _log(ledger: Ledger, row: Row, state: WorkerState, blocked: str | None) -> None:
    data: dict[str, JsonValue] = {name: row[name] for name in ("host", "pid")}
    ledger.log(EventKind.WORKER_CHANGED, {"worker_id": row["id"], **data, "state": state.value, "blocked": blocked})


_LOCK = select(workers).where(workers.c.id == bindparam("key")).with_for_update()
_BEAT = (
    update(workers)
    .where(workers.c.id == bindparam("key"))
    .values(
        beats=workers.c.beats + 1,
        state=bindparam("new_state"),
        report=bindparam("told"),
        seen_at=bindparam("now", type_=workers.c.seen_at.type),
    )
)
_END = update(workers).where(workers.c.id == bindparam("key")).values(state=bindparam("new_state"))
_OWNED = select(rollouts.c.id).where(text(CLAIMED), rollouts.c.worker_id == bindparam("key")).limit(1)
