"""Reading single rows, and locking what is to be changed."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from rolldeck.domain.errors import NotFound
from rolldeck.storage.database.models import batches, rollouts
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.fetching import Row, fetch_all


def rollout_row(connection: Connection, rollout_id: str, *, lock: bool = False) -> Row:
    """Return a rollout's row, which with ``lock`` nobody else changes until the transaction ends. Raises ``NotFound``."""
    row = (_LOCK_ROLLOUT if lock else _ROLLOUT).fetch_one(connection, {"key": rollout_id})
    if row is None:
        raise NotFound(f"There is no rollout {rollout_id}")
    return row


def lock_rollouts(connection: Connection, *conditions: ColumnElement[bool]) -> Sequence[Row]:
    """Return the rows of rollouts, by id, which nobody else changes until the transaction ends."""
    query = select(rollouts).where(*conditions).order_by(rollouts.c.id).with_for_update(key_share=True)
    return fetch_all(connection, query)


def ask_to_cancel(connection: Connection, rollout_ids: Sequence[str]) -> None:
    """Mark rollouts as to be cancelled."""
    if rollout_ids:
        _ASK_TO_CANCEL.run(connection, [{"key": rollout_id} for rollout_id in rollout_ids])


def batch_row(connection: Connection, batch_id: str) -> Row:
    """Return a batch's row. Raises ``NotFound``."""
    row = _BATCH.fetch_one(connection, {"key": batch_id})
    if row is None:
        raise NotFound(f"There is no batch {batch_id}")
    return row


def refuse_unknown(wanted: Iterable[str], found: Iterable[str]) -> None:
    """Raise ``NotFound`` that names the ids of tasks that were not found, the first few of them."""
    known = set(found)
    unknown = [task_id for task_id in dict.fromkeys(wanted) if task_id not in known]
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise NotFound("There is no task " + ", ".join(repr(task_id) for task_id in unknown[:5]) + more)


_ONE_ROLLOUT = select(rollouts).where(rollouts.c.id == bindparam("key"))
_ROLLOUT = Prepared(_ONE_ROLLOUT)
_LOCK_ROLLOUT = Prepared(_ONE_ROLLOUT.with_for_update(key_share=True))
_BATCH = Prepared(select(batches).where(batches.c.id == bindparam("key")))
_ASK_TO_CANCEL = Prepared(update(rollouts).where(rollouts.c.id == bindparam("key")).values(cancel_requested=True))
