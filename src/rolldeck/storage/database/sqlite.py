"""Transactions on SQLite."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
    """``Transactions`` on an SQLite file: several that read, and one that writes, at a time.

    A transaction costs next to nothing here, so that one statement gets one, too.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._reader = _Lane(file, begin="BEGIN", connections=_READERS)
        # Writers of this process queue before their thread, which is fair and wakes the next at once; the busy
        # time-out is for other processes. IMMEDIATE takes the write lock before the first read, which a deferred
        # transaction cannot get any more once somebody else has written.
        self._writer = _Lane(file, begin="BEGIN IMMEDIATE", connections=1)

    async def read(self, work: Callable[[Connection], _Result], *, one_statement: bool = False) -> _Result:  # noqa: ARG002 - see above
        """Run what only reads."""
        return await self._reader.run(work)

    async def write(self, work: Callable[[Connection], _Result], *, one_statement: bool = False) -> _Result:  # noqa: ARG002 - see above
        """Run what writes. A caller that is cancelled does not stop it: it is done or not done, as without."""
        return await self._writer.run(work)

    @contextmanager
    def exclusively(self) -> Iterator[Connection]:
        """Give this thread a transaction, while which nobody else writes."""
        with self._writer.transaction() as connection:
            yield connection

    async def close(self) -> None:
        """Close all connections, once what runs has ended. Idempotent."""
        await asyncio.gather(self._reader.close(), self._writer.close())


class _Lane:
    """Connections that begin their transactions alike, each used by one thread at a time."""

    def __init__(self, file: Path, *, begin: str, connections: int) -> None:
        self._file = file
        self.engine = _engine(file, connections=connections)
        self._begin = begin
        self._own = threading.local()
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="sqlite")
        self._connections: list[Connection] = []
        self._closed = False

    async def run(self, work: Callable[[Connection], _Result]) -> _Result:
        if self._closed:
            raise StorageError(f"The database {self._file} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, work)

    async def close(self) -> None:
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        for connection in self._connections:
            connection.close()
        self.engine.dispose()

    def _run(self, work: Callable[[Connection], _Result]) -> _Result:
        with self.transaction() as connection:
            return work(connection)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give this thread a transaction, on the connection that it keeps.

        Begun and ended by the driver: SQLAlchemy takes longer over that than SQLite over what happens inside.
        """
        connection, driver = self._connected()
        driver.execute(self._begin)
        try:
            yield connection
            driver.execute("COMMIT")
        except BaseException:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
            raise

    def _connected(self) -> tuple[Connection, sqlite3.Connection]:
        known: tuple[Connection, sqlite3.Connection] | None = getattr(self._own, "connected", None)
        if known is None:
            connection = self.engine.connect()
            connection.begin()  # for SQLAlchemy's books, and Alembic's, which else would commit by itself
            driver = connection.connection.driver_connection
            if not isinstance(driver, sqlite3.Connection):
                raise TypeError("the pool gave a connection that is no SQLite one")
            known = self._own.connected = (connection, driver)
            self._connections.append(connection)
        return known


def _engine(file: Path, *, connections: int) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=1,  # for whoever works exclusively
        hide_parameters=True,  # a logged traceback shows no instructions and answers
        # None: the driver begins no transactions by itself; the lane does.
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
