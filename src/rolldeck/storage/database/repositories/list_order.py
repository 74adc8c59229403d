"""The orders of lists: as stretches that are read one after the other, each a range of one index; and their cursors.

A list by a value begins with the rollouts that have it; those without come after all of them. It goes on after a cursor
with the same value, then with the values beyond. So each stretch has one direction, and no NULL inside.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import ColumnElement, FromClause, Integer, Row, literal_column, null

from rolldeck.domain.errors import InvalidInput
from rolldeck.storage.port import RolloutSort

_Value = Annotated[float, Field(ge=-(2**31), lt=2**31, allow_inf_nan=False)]
_VALUES = {
    RolloutSort.LONGEST: "seconds",
    RolloutSort.SHORTEST: "seconds",
    RolloutSort.MOST_STEPS: "steps",
    RolloutSort.FEWEST_STEPS: "steps",
}
_DESCENDING = {RolloutSort.NEWEST, RolloutSort.LONGEST, RolloutSort.MOST_STEPS}


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


Spelling = Callable[[FromClause, str], ColumnElement[Any]]
"""How a column is written in a condition and an order, which decides which index answers them."""


def plain(listed: FromClause, name: str) -> ColumnElement[Any]:
    """The column itself: for the primary key, and the indexes of what lists are sorted by."""
    return listed.c[name]


def added_to(listed: FromClause, name: str) -> ColumnElement[Any]:
    """``column + 0``: for PostgreSQL's indexes that are led by another column, which are on that. No other index is."""
    added: ColumnElement[Any] = listed.c[name] + literal_column("0", Integer)
    return added


def unsorted(listed: FromClause, name: str) -> ColumnElement[Any]:
    """The number itself, ``column + 0`` of the others: for few rows, found otherwise and sorted then."""
    return plain(listed, name) if name == "number" else added_to(listed, name)


@dataclass(frozen=True)
class Stretch:
    """A range of a list: of the rollouts whose value (in ``column``) passes ``test``, those beyond ``number``."""

    column: str | None
    descending: bool
    test: Callable[[ColumnElement[Any]], ColumnElement[bool]] | None = None
    number: int | None = None
    one_value: bool = True

    @property
    def by_number(self) -> bool:
        """Whether the order is that of the numbers alone."""
        return self.column is None

    def conditions(self, listed: FromClause, spell: Spelling = plain) -> list[ColumnElement[bool]]:
        """Return what its rollouts have in common."""
        found: list[ColumnElement[bool]] = []
        if self.test is not None:
            found.append(self.test(spell(listed, self.column or "number")))
        if self.number is not None:
            number = spell(listed, "number")
            found.append(number < self.number if self.descending else number > self.number)
        return found

    def order(self, listed: FromClause, spell: Spelling = plain) -> list[ColumnElement[Any]]:
        """Return what it is ordered by."""
        by = [] if self.one_value else [spell(listed, self.column or "number")]
        by.append(spell(listed, "number"))
        return [each.desc() if self.descending else each.asc() for each in by]

    def value(self, listed: FromClause) -> ColumnElement[Any]:
        """Return the value that the list is sorted by, null where that is the number."""
        return null() if self.column is None else listed.c[self.column]

    def comes_before(self, row: "Row[Any]") -> tuple[float, int]:
        """Return a key that sorts rows of this stretch as it does."""
        sign = -1 if self.descending else 1
        return (0.0 if self.one_value else sign * float(row.value), sign * row.number)


def stretches(sort: RolloutSort, cursor: Cursor | None) -> Sequence[Stretch]:
    """Return the ranges that make up what follows the cursor (None: the whole list), in order."""
    name, descending = _VALUES.get(sort), sort in _DESCENDING
    last = None if cursor is None else cursor.number
    if name is None:
        return [Stretch(None, descending, number=last)]

    def without(number: int | None) -> Stretch:
        return Stretch(name, descending, lambda value: value.is_(None), number)

    if cursor is None:
        return [Stretch(name, descending, lambda value: value.is_not(None), one_value=False), without(None)]
    if cursor.value is None:
        return [without(last)]
    at = int(cursor.value) if name == "steps" else cursor.value
    return [
        Stretch(name, descending, lambda value: value == at, last),
        Stretch(name, descending, lambda value: value < at if descending else value > at, one_value=False),
        without(None),
    ]
