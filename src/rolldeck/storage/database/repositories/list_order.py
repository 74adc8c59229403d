"""The orders of lists: as stretches that are read one after the other, each a range of one index; and their cursors.

A list by a value begins with the rollouts that have it; those without come after all of them. It goes on after a cursor
with the same value, then with the values beyond. So each stretch has one direction, and no NULL inside.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import ColumnElement, FromClause, Integer, and_, bindparam, literal_column, null, or_

from rolldeck.domain.errors import InvalidInput
from rolldeck.storage.database.listed import listed
from rolldeck.storage.database.repositories.fetching import Row
from rolldeck.storage.port import RolloutSort

_Value = Annotated[float, Field(ge=-(2**31), lt=2**31, allow_inf_nan=False)]
_VALUES = {
    RolloutSort.LONGEST: "seconds",
    RolloutSort.SHORTEST: "seconds",
    RolloutSort.MOST_STEPS: "steps",
    RolloutSort.FEWEST_STEPS: "steps",
}
_DESCENDING = {RolloutSort.NEWEST, RolloutSort.LONGEST, RolloutSort.MOST_STEPS}


_REVERSED = {
    RolloutSort.NEWEST: RolloutSort.OLDEST,
    RolloutSort.LONGEST: RolloutSort.SHORTEST,
    RolloutSort.MOST_STEPS: RolloutSort.FEWEST_STEPS,
}


def reversed_sort(sort: RolloutSort) -> RolloutSort:
    """Return the order the other way round."""
    return (_REVERSED | {other: one for one, other in _REVERSED.items()})[sort]


def value_column(sort: RolloutSort) -> str | None:
    """Return the column of ``listed`` that lists in this order are sorted by; None where that is the number."""
    return _VALUES.get(sort)


class Cursor(BaseModel):
    """The last rollout of a page: what it was sorted by, and its number."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    sort: RolloutSort
    value: _Value | None
    number: int = Field(ge=0, lt=2**62)

    def encode(self) -> str:
        """Return the cursor as its readers are given it: letters, digits, ``-`` and ``_``."""
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, sort: RolloutSort) -> "Cursor":
        """Read a cursor. Raises ``InvalidInput`` for one that no list in this order has returned."""
        try:
            cursor = cls.model_validate_json(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        except (binascii.Error, ValueError, ValidationError) as error:
            raise InvalidInput("The cursor 'after' is not one that a list has returned") from error
        if cursor.sort is not sort:
            raise InvalidInput(
                f"The cursor 'after' is of a list in the order {cursor.sort.value!r}, not {sort.value!r}"
            )
        return cursor


def cursor_at(row: Row, sort: RolloutSort) -> Cursor:
    """Return the cursor at an entry of a list."""
    return Cursor(sort=sort, value=row["value"], number=row["number"])


Spelling = Callable[[FromClause, str], ColumnElement[Any]]
"""How a column is written in a condition and an order, which decides which index answers them."""


def plain(rows: FromClause, name: str) -> ColumnElement[Any]:
    """The column itself: for the primary key, and the indexes of what lists are sorted by."""
    return rows.c[name]


def added_to(rows: FromClause, name: str) -> ColumnElement[Any]:
    """``column + 0``: for PostgreSQL's indexes that are led by another column, which are on that. No other index is."""
    added: ColumnElement[Any] = rows.c[name] + literal_column("0", Integer)
    return added


def unsorted(rows: FromClause, name: str) -> ColumnElement[Any]:
    """The number itself, ``column + 0`` of the others: for few rows, found otherwise and sorted then."""
    return plain(rows, name) if name == "number" else added_to(rows, name)


class Bound(Enum):
    """What the values of a stretch have in common."""

    ANY = auto()  # nothing: the order is that of the numbers alone
    GIVEN = auto()  # there is one
    SAME = auto()  # they are that of the cursor
    BEYOND = auto()  # they follow that of the cursor
    REST = auto()  # they are that of the cursor or follow it
    LACKING = auto()  # there is none


@dataclass(frozen=True)
class Stretch:
    """A range of a list, by what its statement is made of: which values (in ``column``), and in which direction.

    Where it ``goes_on``, it begins beyond the cursor's number. The cursor's value and number are the statement's
    parameters ``at`` and ``beyond``.
    """

    column: str | None
    descending: bool
    bound: Bound
    goes_on: bool = False

    def ranges(self) -> Sequence["Stretch"]:
        """Return what it is made of: each is one range of an index."""
        if self.bound is not Bound.REST:
            return [self]
        return [replace(self, bound=Bound.SAME), replace(self, bound=Bound.BEYOND, goes_on=False)]

    def conditions(self, rows: FromClause, spell: Spelling = plain) -> list[ColumnElement[bool]]:
        """Return what its rollouts have in common."""
        if self.bound is Bound.REST:
            return [or_(*(and_(*each.conditions(rows, spell)) for each in self.ranges()))]
        found: list[ColumnElement[bool]] = []
        if self.column is not None:
            at = bindparam("at", type_=listed.c[self.column].type)
            value = spell(rows, self.column)
            by_bound = {
                Bound.GIVEN: value.is_not(None),
                Bound.SAME: value == at,
                Bound.BEYOND: value < at if self.descending else value > at,
                Bound.LACKING: value.is_(None),
            }
            found.append(by_bound[self.bound])
        if self.goes_on:
            beyond_number = bindparam("beyond", type_=listed.c.number.type)
            number = spell(rows, "number")
            found.append(number < beyond_number if self.descending else number > beyond_number)
        return found

    def order(self, rows: FromClause, spell: Spelling = plain) -> list[ColumnElement[Any]]:
        """Return what it is ordered by."""
        by = [spell(rows, "number")]
        if self.column is not None and self._has_several_values:
            by.insert(0, spell(rows, self.column))
        return self.directed(by)

    def order_of_merged(self) -> list[ColumnElement[Any]]:
        """Return the same for rows with the columns ``number`` and ``value``."""
        names = ("value", "number") if self._has_several_values else ("number",)
        return self.directed([literal_column(name) for name in names])

    def directed(self, by: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
        """Return an order by these, in its direction."""
        return [each.desc() if self.descending else each.asc() for each in by]

    def value(self, rows: FromClause, spell: Spelling = plain) -> ColumnElement[Any]:
        """Return the value that the list is sorted by, null where that is the number."""
        return null() if self.column is None else spell(rows, self.column)

    def comes_before(self, row: Row) -> tuple[float, int]:
        """Return a key that sorts rows with ``number`` and ``value`` as it does."""
        sign = -1 if self.descending else 1
        return (sign * float(row["value"]) if self._has_several_values else 0.0, sign * row["number"])

    @property
    def _has_several_values(self) -> bool:
        return self.bound in {Bound.GIVEN, Bound.BEYOND, Bound.REST}


@dataclass(frozen=True)
class Part:
    """A stretch with the value and the number that it begins with."""

    stretch: Stretch
    parameters: Mapping[str, float | int | None]


def parts_of(sort: RolloutSort, cursor: Cursor | None) -> Sequence[Part]:
    """Return the ranges that make up what follows the cursor (None: the whole list), in order."""
    column, descending = _VALUES.get(sort), sort in _DESCENDING
    if cursor is None:
        bounds = [Bound.ANY] if column is None else [Bound.GIVEN, Bound.LACKING]
        return [Part(Stretch(column, descending, bound), {}) for bound in bounds]
    at = None if cursor.value is None else int(cursor.value) if column == "steps" else cursor.value
    place = {"at": at, "beyond": cursor.number}
    if column is None or at is None:
        bound = Bound.ANY if column is None else Bound.LACKING
        return [Part(Stretch(column, descending, bound, goes_on=True), place)]
    return [
        Part(Stretch(column, descending, Bound.REST, goes_on=True), place),
        Part(Stretch(column, descending, Bound.LACKING), place),
    ]
