"""The data that the double shows, in whatever PostgreSQL its ``details`` name: read live, never kept."""

import datetime
import decimal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from refusals import Refused, expect

_DETAILS = {"host": str, "port": int, "dbname": str, "user": str, "password": str, "ssl": bool}
_OTHER_DETAILS = ("schema-filters-type", "let-user-control-scheduling", "advanced-options", "tunnel-enabled")
_COLUMNS = """
    SELECT table_schema, table_name, column_name, udt_name, ordinal_position
    FROM information_schema.columns JOIN information_schema.tables USING (table_catalog, table_schema, table_name)
    WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
    ORDER BY 1, 2, 5
"""


@dataclass(frozen=True)
class Result:
    """Rows as JSON values, under their columns."""

    columns: list[str]
    rows: list[list[Any]]

    def as_data(self) -> dict[str, Any]:
        """The form of ``/api/dataset``'s ``data``."""
        columns = [{"name": name, "display_name": name, "source": "native"} for name in self.columns]
        return {"rows": self.rows, "cols": columns}

    def as_records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


async def checked(details: object) -> dict[str, Any]:
    """Return the details if the database can be reached with them; Metabase refuses the others with 400."""
    found = expect(details, _DETAILS, _OTHER_DETAILS)
    async with connected(found):
        return found


@asynccontextmanager
async def connected(details: dict[str, Any]) -> AsyncIterator[asyncpg.Connection]:
    """Connect to the data."""
    try:
        connection = await asyncpg.connect(
            host=details["host"],
            port=details["port"],
            database=details["dbname"],
            user=details["user"],
            password=details["password"],
            timeout=10,
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise Refused(400, {"message": f"FATAL: {error}", "errors": {"password": "check your password"}}) from error
    try:
        yield connection
    finally:
        await connection.close()


async def columns(details: dict[str, Any]) -> list[asyncpg.Record]:
    """Every column of every table: schema, table, column, type, position."""
    async with connected(details) as connection:
        return list(await connection.fetch(_COLUMNS))


async def query(details: dict[str, Any], statement: str) -> Result:
    """Run a statement, as it is."""
    async with connected(details) as connection:
        prepared = await connection.prepare(statement)
        names = [attribute.name for attribute in prepared.get_attributes()]
        rows = await prepared.fetch()
        return Result(names, [[_as_json(value) for value in row.values()] for row in rows])


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _as_json(value: object) -> object:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case decimal.Decimal():
            return float(value)
        case datetime.datetime() | datetime.date():
            return value.isoformat()
    return str(value)
