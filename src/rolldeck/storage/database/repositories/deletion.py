"""Removing rollouts with all that belongs to them."""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, delete

from rolldeck.domain.errors import Conflict
from rolldeck.domain.event import EventKind
from rolldeck.domain.status import Status
from rolldeck.storage.database.models import attempts, batches, rollouts, steps
from rolldeck.storage.database.pieces import in_pieces
from rolldeck.storage.database.repositories.fetching import Row
from rolldeck.storage.database.repositories.ledger import Ledger, counted
from rolldeck.storage.database.repositories.rows import batch_row, lock_rollouts, rollout_row
from rolldeck.storage.port import Removed


def delete_rollout(connection: Connection, ledger: Ledger, *, rollout_id: str) -> Removed:
    """Remove a final rollout, and its batch if it was the last one there. Raises ``NotFound``, and ``Conflict`` on a live one."""
    row = rollout_row(connection, rollout_id, lock=True)
    if not Status(row["status"]).is_final:
        raise Conflict(f"The rollout {rollout_id} is {row['status']}: cancel it first")
    removed = _remove(connection, ledger, [row])
    ledger.log(EventKind.ROLLOUT_DELETED, {}, batch_id=row["batch_id"], task_id=row["task_id"], rollout_id=rollout_id)
    ledger.write_counts(connection)
    emptied = delete(batches).where(batches.c.id == row["batch_id"], batches.c.total == 0)
    if connection.execute(emptied).rowcount:
        ledger.log(EventKind.BATCH_DELETED, {"rollouts": 0}, batch_id=row["batch_id"])
    return removed


def delete_batch(connection: Connection, ledger: Ledger, *, batch_id: str) -> Removed:
    """Remove a batch and its rollouts. Raises ``NotFound``, and ``Conflict`` while some of them go on."""
    batch_row(connection, batch_id)
    rows = lock_rollouts(connection, rollouts.c.batch_id == batch_id)
    live = sum(not Status(row["status"]).is_final for row in rows)
    if live:
        raise Conflict(f"{live} of the batch's rollouts go on: cancel it first")
    removed = _remove(connection, ledger, rows)
    ledger.write_counts(connection)
    connection.execute(delete(batches).where(batches.c.id == batch_id))
    ledger.log(EventKind.BATCH_DELETED, {"rollouts": len(rows)}, batch_id=batch_id)
    return removed


def _remove(connection: Connection, ledger: Ledger, rows: Sequence[Row]) -> Removed:
    """Remove rollouts whose rows are locked; their attempts and steps go with them."""
    ids = [row["id"] for row in rows]
    counts = dict.fromkeys((attempts, steps), 0)
    for some in in_pieces(ids):
        for table in counts:
            counts[table] += connection.execute(delete(table).where(table.c.rollout_id.in_(some))).rowcount
        connection.execute(delete(rollouts).where(rollouts.c.id.in_(some)))
    for row in rows:
        ledger.count(row, counted(row), Counter())
    deciding = sum(row["started_at"] is not None for row in rows)
    return Removed(ids, attempts=counts[attempts] + deciding, steps=counts[steps])
