"""Statements that are run for every step and event of every rollout."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Update
from sqlalchemy.dialects.sqlite import pysqlite


class Prepared:
    """A statement whose SQL is made once. SQLite's driver runs it then by itself.

    SQLAlchemy takes some ten times as long over a small statement as SQLite does. For PostgreSQL, where a statement is
    a round trip, it makes no difference.
    """

    def __init__(self, statement: Insert | Update, columns: Sequence[str] = ()) -> None:
        """``columns`` are those of an insert that are given as parameters."""
        self._statement = statement
        dialect = pysqlite.dialect()
        compiled = statement.compile(dialect=dialect, column_keys=list(columns))
        self._sql = compiled.string
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        implementations = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
        processors = {name: each.bind_processor(dialect) for name, each in implementations.items()}
        self._order = [(name, processors[name]) for name in compiled.positiontup or ()]

    def run(self, connection: Connection, parameters: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each of the parameters."""
        driver = connection.connection.dbapi_connection
        if isinstance(driver, sqlite3.Connection):
            driver.executemany(self._sql, map(self._bound, parameters))
        else:
            connection.execute(self._statement, parameters)

    def returning(self, connection: Connection, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Run it once, and return the only row that it returns, None where it returns none. Of plain texts and numbers."""
        driver = connection.connection.dbapi_connection
        if isinstance(driver, sqlite3.Connection):
            rows: list[tuple[Any, ...]] = driver.execute(self._sql, self._bound(parameters)).fetchall()
            return rows[0] if rows else None
        row = connection.execute(self._statement, parameters).one_or_none()
        return None if row is None else tuple(row)

    def _bound(self, parameters: Mapping[str, Any]) -> list[Any]:
        values = {**self._constants, **parameters}
        return [values[name] if process is None else process(values[name]) for name, process in self._order]
