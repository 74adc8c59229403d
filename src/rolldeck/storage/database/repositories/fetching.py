"""Rows as plain dictionaries by column."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql.base import Executable

Row = Mapping[str, Any]
"""A row by its columns."""


def fetch_all(connection: Connection, statement: Executable, parameters: Row | None = None) -> list[Row]:
    """Return all rows of a statement."""
    return [row._asdict() for row in connection.execute(statement, parameters)]


def fetch_one(connection: Connection, statement: Executable, parameters: Row | None = None) -> Row | None:
    """Return the only row of a statement, None where it has none."""
    row = connection.execute(statement, parameters).one_or_none()
    return None if row is None else row._asdict()
