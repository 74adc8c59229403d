"""Statements that are run for every claim, status and step: their SQL is made once, and the driver runs it by itself.

SQLAlchemy takes some ten times as long over a small statement as SQLite does, and longer than a round trip to PostgreSQL.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import CompoundSelect, Connection, Insert, Select, Update, make_url
from sqlalchemy.engine import Dialect
from sqlalchemy.util import await_only

from rolldeck.storage.database.repositories.fetching import Row

_Process = Callable[[Any], Any] | None
_Statement = Insert | Update | Select[Any] | CompoundSelect[Any]
_SQLITE: Dialect = make_url("sqlite+pysqlite://").get_dialect()()
_POSTGRESQL: Dialect = make_url("postgresql+asyncpg://").get_dialect()()
_FLOAT8 = 701  # the only number of PostgreSQL that its driver is asked for that could be read in more than one way


class Prepared:
    """A statement whose SQL is made once for each database. It has no list among its parameters."""

    def __init__(self, statement: _Statement, columns: Sequence[str] = ()) -> None:
        """``columns`` are those of an insert that are given as parameters."""
        self._for_sqlite = _Compiled(statement, columns, _SQLITE)
        self._for_postgresql = _Compiled(statement, columns, _POSTGRESQL)

    def run(self, connection: Connection, parameters: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each of the parameters."""
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            compiled = self._for_sqlite
            driver.executemany(compiled.sql, map(compiled.bound, parameters))
            return
        compiled = self._for_postgresql
        if len(parameters) == 1:
            await_only(_postgresql(driver).fetch(compiled.sql, *compiled.bound(parameters[0])))
        else:
            await_only(_postgresql(driver).executemany(compiled.sql, [compiled.bound(each) for each in parameters]))

    def fetch(self, connection: Connection, parameters: Mapping[str, Any]) -> list[Row]:
        """Run it once, and return the rows that it returns."""
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            compiled = self._for_sqlite
            return compiled.rows(driver.execute(compiled.sql, compiled.bound(parameters)).fetchall())
        compiled = self._for_postgresql
        return compiled.rows(await_only(_postgresql(driver).fetch(compiled.sql, *compiled.bound(parameters))))

    def fetch_one(self, connection: Connection, parameters: Mapping[str, Any]) -> Row | None:
        """Run it once, and return the first row that it returns, None where it returns none."""
        rows = self.fetch(connection, parameters)
        return rows[0] if rows else None


class _Compiled:
    """A statement as one database's driver runs it."""

    def __init__(self, statement: _Statement, columns: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        self.sql = str(compiled)
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        kinds = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
        self._order: list[tuple[str, _Process]] = [
            (name, kinds[name].bind_processor(dialect)) for name in compiled.positiontup or ()
        ]
        returned = statement.exported_columns
        self._names = tuple(str(column.key) for column in returned)
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, _FLOAT8) for column in returned]
        self._readers = [(name, reader) for name, reader in zip(self._names, readers, strict=True) if reader]

    def bound(self, parameters: Mapping[str, Any]) -> list[Any]:
        values = {**self._constants, **parameters}
        return [values[name] if process is None else process(values[name]) for name, process in self._order]

    def rows(self, found: Sequence[Sequence[Any]]) -> list[Row]:
        rows: list[Row] = []
        for each in found:
            row: dict[str, Any] = dict(zip(self._names, each, strict=True))
            for name, read in self._readers:
                row[name] = read(row[name])
            rows.append(row)
        return rows


def _postgresql(driver: object) -> asyncpg.Connection:
    if not isinstance(driver, asyncpg.Connection):
        raise TypeError("the pool gave a connection of neither database")
    return driver
