"""Transactions on SQLite."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import stamina
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from rolldeck.domain.errors import StorageError

_Result = TypeVar("_Result")
_BUSY_SECONDS = 30  # how long a connection waits for another process that writes
_READERS = 4


class SqliteTransactions:
    """``Transactions`` on an SQLite file: several that read, and one that writes, at a time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._reader = _Lane(file, begin="BEGIN", connections=_READERS)
        # Writers of this process queue before their thread, which is fair and wakes the next at once; the busy
        # time-out is for other processes. IMMEDIATE takes the write lock before the first read, which a deferred
        # transaction cannot get any more once somebody else has written.
        self._writer = _Lane(file, begin="BEGIN IMMEDIATE", connections=1)

    async def read(self, work: Callable[[Connection], _Result]) -> _Result:
        """Run what only reads."""
        return await self._reader.run(work)

    async def write(self, work: Callable[[Connection], _Result]) -> _Result:
        """Run what writes. A caller that is cancelled does not stop it: it is done or not done, as without."""
        return await self._writer.run(work)

    @contextmanager
    def exclusively(self) -> Iterator[Connection]:
        """Give this thread a transaction, while which nobody else writes."""
        with self._writer.engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Close all connections, once what runs has ended. Idempotent."""
        await asyncio.gather(self._reader.close(), self._writer.close())


class _Lane:
    """Connections that begin their transactions alike, each used by one thread at a time."""

    def __init__(self, file: Path, *, begin: str, connections: int) -> None:
        self._file = file
        self.engine = _engine(file, begin=begin, connections=connections)
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="sqlite")
        self._closed = False

    async def run(self, work: Callable[[Connection], _Result]) -> _Result:
        if self._closed:
            raise StorageError(f"The database {self._file} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(_run, self.engine, work))

    async def close(self) -> None:
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        self.engine.dispose()


def _run(engine: Engine, work: Callable[[Connection], _Result]) -> _Result:
    with engine.begin() as connection:
        return work(connection)


def _engine(file: Path, *, begin: str, connections: int) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,  # a logged traceback shows no instructions and answers
        # None: the driver begins no transactions by itself; the event below does.
        connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect", insert=True)  # before SQLAlchemy asks it anything
    def configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        try:
            cursor = connection.cursor()
            _write_ahead(cursor)
            for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        driver = connection.connection.dbapi_connection
        if not isinstance(driver, sqlite3.Connection):
            raise TypeError("the pool gave a connection that is no SQLite one")
        driver.execute(begin)  # not by SQLAlchemy, which takes longer over it than SQLite over a transaction

    return engine


def _write_ahead(cursor: DBAPICursor) -> None:
    """Have the file written by write-ahead logging. SQLite itself does not wait here for others who do so, too."""
    for attempt in stamina.retry_context(
        on=_is_busy, attempts=None, timeout=_BUSY_SECONDS, wait_initial=0.01, wait_max=0.2
    ):
        with attempt:
            cursor.execute("PRAGMA journal_mode = WAL")


def _is_busy(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
