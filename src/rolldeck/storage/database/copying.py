"""Moving an installation to another database, with nothing lost."""

from collections.abc import Mapping

from sqlalchemy import Connection, Table, delete, func, insert, select, text

from rolldeck.domain.errors import Conflict, StorageError
from rolldeck.storage.database.engine import Transactions
from rolldeck.storage.database.models import (
    CLAIMED,
    attempts,
    batches,
    deliveries,
    events,
    installation,
    orders,
    questions,
    quotas,
    rollouts,
    steps,
    takeovers,
    task_versions,
    tasks,
    workers,
)
from rolldeck.storage.database.sqlite import SqliteTransactions

# What refers to others comes after them. What is derived from these is made by the target itself.
_TABLES = (
    tasks,
    task_versions,
    batches,
    rollouts,
    attempts,
    steps,
    questions,
    takeovers,
    orders,
    workers,
    quotas,
    deliveries,
    events,
    installation,
)
_ROWS_AT_ONCE = 2000


async def copy_everything(source: Transactions, target: Transactions) -> Mapping[str, int]:
    """Copy all rows of an SQLite database into an empty database, all or nothing; returns how many, by table.

    Nobody writes to the source meanwhile, and the event loop is held up for moments: this is for a program that does
    nothing else. Raises ``Conflict`` where the source is no SQLite database, the target is not empty, or rollouts of
    the source are being executed.
    """
    if not isinstance(source, SqliteTransactions):
        raise Conflict("Only an SQLite database can be copied; for PostgreSQL there is pg_dump")

    def work(connection: Connection) -> Mapping[str, int]:
        with source.exclusively() as origin:
            _refuse_if_executing(origin)
            _refuse_if_not_empty(connection)
            connection.execute(delete(installation))
            return {table.name: _copy(origin, connection, table) for table in _TABLES}

    return await target.write(work)


def _refuse_if_executing(origin: Connection) -> None:
    running = origin.scalar(select(func.count()).select_from(rollouts).where(text(CLAIMED)))
    if running:
        raise Conflict(f"{running} rollouts are being executed: stop the server and its workers first")


def _refuse_if_not_empty(connection: Connection) -> None:
    for table in _TABLES:
        if table is not installation and connection.execute(select(table).limit(1)).first() is not None:
            raise Conflict(f"The database to copy to is not empty (its table {table.name} has rows): use a new one")


def _copy(origin: Connection, connection: Connection, table: Table) -> int:
    rows = origin.execution_options(yield_per=_ROWS_AT_ONCE).execute(select(table)).mappings()
    for some in rows.partitions():
        connection.execute(insert(table), [dict(row) for row in some])
    copied, there = (each.scalar(select(func.count()).select_from(table)) for each in (connection, origin))
    if copied is None or copied != there:
        raise StorageError(f"{there} rows of the table {table.name} became {copied}: nothing was copied")
    return copied
