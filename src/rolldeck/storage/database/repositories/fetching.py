"""Rows as plain dictionaries by column."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql.base import Executable

Row = Mapping[str, Any]
"""A row by its columns."""


def fetch_all(connection: Connection, statement: Executable, parameters: Row | None = None) -> list[Row]:
    """Return all rows of a statement."""
    result = connection.execute(statement, parameters)
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result.all()]


def fetch_one(connection: Connection, statement: Executable, parameters: Row | None = None) -> Row | None:
    """Return the only row of a statement, None where it has none."""
    result = connection.execute(statement, parameters)
    names = tuple(result.keys())
    row = result.one_or_none()
    return None if row is None else dict(zip(names, row, strict=True))
