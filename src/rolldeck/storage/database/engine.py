"""Connections to the database: how SQLite is told to behave, and what its errors become."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from rolldeck.domain.errors import StorageError

_BUSY_SECONDS = 15  # how long a connection waits for another process that writes
_READERS = 5


@dataclass(frozen=True)
class Sessions:
    """Where transactions begin. One that writes, also if it reads first, begins in ``write``: SQLite has one writer."""

    reader: AsyncEngine
    writer: AsyncEngine
    read: async_sessionmaker[AsyncSession]
    write: async_sessionmaker[AsyncSession]

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        await self.reader.dispose()
        await self.writer.dispose()


def open_sessions(address: str | Path) -> Sessions:
    """Return sessions on a database, by its URL or, for SQLite, its file. Connects to nothing yet.

    Raises ``StorageError`` for a URL that cannot be used.
    """
    url = _url(address)
    if url.get_backend_name() != "sqlite":
        raise StorageError(f"Databases of the kind {url.get_backend_name()!r} are not supported yet; use SQLite")
    reader = _sqlite_engine(url, begin="BEGIN", connections=_READERS)
    # Writers of this process queue in the pool, which is fair and wakes the next at once; the busy time-out is for
    # other processes. IMMEDIATE takes the write lock before the first read, which a deferred transaction cannot get
    # any more once somebody else has written.
    writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", connections=1)
    return Sessions(
        reader,
        writer,
        async_sessionmaker(reader, expire_on_commit=False),
        async_sessionmaker(writer, expire_on_commit=False),
    )


def _url(address: str | Path) -> URL:
    if isinstance(address, Path):
        return URL.create("sqlite+aiosqlite", database=str(address))
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise StorageError(
            "The database's URL cannot be read; write for example sqlite:////path/to/rolldeck.db"
        ) from error
    return url.set(drivername="sqlite+aiosqlite") if url.drivername == "sqlite" else url


def _sqlite_engine(url: URL, *, begin: str, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=60,
        hide_parameters=True,  # a logged traceback shows no instructions and answers
        # None: the driver begins no transactions by itself; the event below does.
        connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None},
    )

    @event.listens_for(engine.sync_engine, "connect", insert=True)  # before SQLAlchemy asks it anything
    def configure(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        try:
            cursor = connection.cursor()
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            connection.close()  # else its thread would live on: the pool does not know it yet
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Make a ``StorageError`` of what the database raises while ``doing`` something (said in words)."""
    try:
        yield
    except SQLAlchemyError as error:
        # The error's own text holds the statement's parameters: instructions and answers, which no log needs.
        cause = getattr(error, "orig", None) or type(error).__name__
        raise StorageError(f"The database failed while {doing}: {cause}") from error
