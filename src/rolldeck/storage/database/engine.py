"""Transactions on a database: SQLite or PostgreSQL, told apart by the URL, and what their errors become.

What happens in a transaction is a plain function of a SQLAlchemy connection. SQLite runs it whole in a thread, so that
it costs one change of threads and not one for each statement; PostgreSQL runs it in a greenlet on the event loop.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import asyncpg
from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from rolldeck.domain.errors import StorageError
from rolldeck.storage.database.postgresql import PostgresTransactions
from rolldeck.storage.database.sqlite import SqliteTransactions

_Result = TypeVar("_Result")
_POSTGRESQL = ("postgresql", "postgres", "postgresql+asyncpg")
_SQLITE = ("sqlite", "sqlite+aiosqlite", "sqlite+pysqlite")


class Transactions(Protocol):
    """Runs functions in transactions, in which all or nothing happens, and which see one state of the database.

    ``work`` may be run again where the database had to give up its first run; it changes nothing but the database.
    With ``one_statement`` it makes only one there, which is a transaction by itself, and may be run again also where
    nobody knows whether that happened: twice must be the same as once.
    """

    async def read(self, work: Callable[[Connection], _Result], *, one_statement: bool = False) -> _Result:
        """Run what only reads."""

    async def write(self, work: Callable[[Connection], _Result], *, one_statement: bool = False) -> _Result:
        """Run what writes, also if it reads first."""

    async def close(self) -> None:
        """Close all connections. Idempotent."""


def open_transactions(address: str | Path) -> Transactions:
    """Return transactions on a database, by its URL or, for SQLite, its file. Connects to nothing yet.

    Raises ``StorageError`` for a URL that cannot be used.
    """
    if isinstance(address, Path):
        return SqliteTransactions(address)
    url = _url(address)
    if url.drivername in _POSTGRESQL:
        return PostgresTransactions(url)
    if url.drivername in _SQLITE and url.database:
        return SqliteTransactions(Path(url.database))
    raise StorageError(
        f"Databases of the kind {url.drivername!r} are not supported; use sqlite:////path or postgresql://"
    )


def _url(address: str) -> URL:
    try:
        return make_url(address)
    except (ArgumentError, ValueError):
        # Not chained: the error's text holds the URL, and with it a password.
        raise StorageError(
            "The database's URL cannot be read; write for example sqlite:////path/to/rolldeck.db "
            "or postgresql://user:password@host/database"
        ) from None


@contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Make a ``StorageError`` of what the database raises while ``doing`` something (said in words)."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise StorageError(f"The database failed while {doing}: {_cause(error)}") from error


def _cause(error: Exception) -> str:
    """Return the reason, without the statement's parameters and PostgreSQL's details: what was to be stored."""
    driver_error = getattr(error, "orig", None)
    if driver_error is None:
        return type(error).__name__ if isinstance(error, SQLAlchemyError) else _first_line(error)
    return _first_line(driver_error.__cause__ or driver_error)


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
