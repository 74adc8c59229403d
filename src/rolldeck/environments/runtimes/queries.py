"""Read-only queries for state checks, with rows as JSON values.

The query comes from an uploaded file and the database from an environment that a hostile agent has used: neither may
do more here than be read, for a bounded time.
"""

import datetime
import json
import math
import sqlite3
import stat
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import asyncpg
from pydantic import JsonValue

from rolldeck.domain.errors import EnvironmentFailure, VerificationError
from rolldeck.environments.port import Row
from rolldeck.environments.runtimes.database_address import DatabaseAddress

_QUERY_SECONDS = 15
_MOST_ROWS = 10_000
_PROGRESS_STEPS = 10_000
# What no query is to blame for: the connection, the server's end and its lack of memory or disk.
_SERVER_TROUBLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InsufficientResourcesError,
)


async def query_postgres(address: DatabaseAddress, name: str, query: str) -> list[Row]:
    """Run one statement in a read-only transaction, as the environment's own role; ``name`` is what state checks call it.

    Raises ``VerificationError`` for a query that fails, ``EnvironmentFailure`` where the database cannot be reached.
    """
    connection = await address.connect()
    try:
        for kind in ("json", "jsonb"):
            await connection.set_type_codec(kind, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
        async with connection.transaction(readonly=True):
            cursor = await connection.cursor(query, timeout=_QUERY_SECONDS)
            records = await cursor.fetch(_MOST_ROWS + 1, timeout=_QUERY_SECONDS)
    except (*_SERVER_TROUBLE, OSError) as error:
        raise EnvironmentFailure(f"the environment's PostgreSQL ended the connection: {error}") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise VerificationError(f"the state check's query on {name} failed: {error or 'it took too long'}") from error
    finally:
        connection.terminate()
    return _as_rows([dict(record) for record in records])


def query_sqlite(file: Path, owner: int | None, query: str) -> list[Row]:
    """Run one statement on a SQLite file that is opened for reading only; errors as ``query_postgres``.

    With ``owner`` the file must be a plain one of that user's: whoever owns its directory could have put a link there.
    """
    _expect_plain_file(file, owner)
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            return _read(connection, query)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise VerificationError(f"the state check's query on {file.stem} failed: {error}") from error


def query_files(files: Iterable[tuple[str, bytes]], query: str) -> list[Row]:
    """Run one SQLite statement on a table ``files(path, text)`` of these files, in memory; errors as ``query_postgres``."""
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE TABLE files (path TEXT, text TEXT)")
            rows = ((path, content.decode(errors="replace")) for path, content in files)
            connection.executemany("INSERT INTO files VALUES (?, ?)", rows)
            return _read(connection, query)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise VerificationError(f"the state check's query on files failed: {error}") from error


def _read(connection: sqlite3.Connection, query: str) -> list[Row]:
    deadline = time.monotonic() + _QUERY_SECONDS
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA query_only=1")
    connection.set_authorizer(_allow_reading)
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _PROGRESS_STEPS)
    return _as_rows([dict(record) for record in connection.execute(query).fetchmany(_MOST_ROWS + 1)])


def _expect_plain_file(file: Path, owner: int | None) -> None:
    try:
        found = file.lstat()
    except OSError as error:
        raise EnvironmentFailure(f"the environment's database {file.name} is gone: {error}") from error
    if not stat.S_ISREG(found.st_mode) or (owner is not None and found.st_uid != owner) or found.st_nlink > 1:
        raise VerificationError(f"the environment's database {file.name} has been replaced by something else")


def _allow_reading(action: int, *_: str | None) -> int:
    allowed = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def _as_rows(records: list[dict[str, object]]) -> list[Row]:
    if len(records) > _MOST_ROWS:
        raise VerificationError(f"the state check's query returned more than {_MOST_ROWS} rows")
    return [{name: as_json(value) for name, value in record.items()} for record in records]


def as_json(value: object) -> JsonValue:
    """Return a database's value as JSON: times in ISO 8601, decimals as numbers, durations in seconds."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() | Decimal():
            return _number(value)
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case datetime.timedelta():
            return value.total_seconds()
        case bytes():
            return value.hex()
        case list() | tuple():
            return [as_json(item) for item in value]
        case Mapping():
            return {str(key): as_json(item) for key, item in value.items()}
    return str(value)


def _number(value: float | Decimal) -> JsonValue:
    if not math.isfinite(value):
        return str(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return float(value)
