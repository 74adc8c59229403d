"""Statements that read lists in their order, each made once.

No database is left to choose how that is done: each would now and then choose to read everything. What leads is said by
whoever asks; other conditions are written so that no index answers them (``+ 0``). A list that is led by several values
of a column is the merge of their ranges, each of which an index has in the list's order, and only its first entries are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    union_all,
)

from rolldeck.storage.database.listed import listed
from rolldeck.storage.database.models import rollouts
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.list_order import Spelling, Stretch, added_to, plain, unsorted

RANGES = ("number", "seconds", "cost")
"""The columns of which a range of values can be asked for."""

_STATEMENTS = 2_000  # kept: there are as many as limits, orders and combinations of filters that are asked for


@dataclass(frozen=True)
class Reading:
    """What a statement reads: the first ``most`` entries of a stretch.

    ``leading`` is the column of whose values it reads ``ranges`` (None: it reads all entries, in the order's own
    index); ``others`` are columns by which it leaves entries out. Their values are its parameters, see ``key_of`` and
    ``among``. ``ended``: it leaves out what goes on.
    """

    stretch: Stretch
    most: int
    on_sqlite: bool
    leading: str | None = None
    ranges: int = 1
    others: tuple[str, ...] = ()
    ended: bool = False

    def entries(self, *columns: str) -> Select[Any] | CompoundSelect[Any]:
        """Return the statement; its columns are ``number``, ``rollout_id``, ``value`` and the ones given."""
        if self.leading in RANGES:
            return self._of_few(columns)
        ranges = [(number, stretch) for number in range(self.ranges) for stretch in self.stretch.ranges()]
        if len(ranges) == 1:
            return self._first_of(*ranges[0], columns)
        # SQLite merges ranges that have an order; PostgreSQL only such that are said to have one, by a limit.
        each = self._range if self.on_sqlite else self._limited
        merged = union_all(*(each(*one, columns) for one in ranges))
        return merged.order_by(*self.stretch.order_of_merged()).limit(exactly(self.most))

    def _of_few(self, columns: Sequence[str]) -> Select[Any]:
        """Read all that a range of values leads to, and sort them."""
        name = str(self.leading)
        query = self._selected(self.stretch, columns, unsorted).where(
            *within(listed, name),
            *self.stretch.conditions(listed, unsorted),
            *(among(listed, other, on_sqlite=self.on_sqlite) for other in self.others),
            *self._only_ended(),
        )
        index = "NOT INDEXED" if name == "number" else f"INDEXED BY ix_listed_{name}"
        query = query.with_hint(listed, index, "sqlite")
        return query.order_by(*self.stretch.order(listed, unsorted)).limit(exactly(self.most))

    def _limited(self, number: int, stretch: Stretch, columns: Sequence[str]) -> Select[Any]:
        return select(self._first_of(number, stretch, columns).subquery())

    def _first_of(self, number: int, stretch: Stretch, columns: Sequence[str]) -> Select[Any]:
        order = self.stretch.order(listed, self._spell)
        return self._range(number, stretch, columns).order_by(*order).limit(exactly(self.most))

    def _range(self, number: int, stretch: Stretch, columns: Sequence[str]) -> Select[Any]:
        query = self._selected(stretch, columns, self._spell)
        query = query.where(*stretch.conditions(listed, self._spell), *self._left(number, stretch))
        index = "_".join(name for name in (self.leading, stretch.column) if name is not None)
        return query.with_hint(listed, f"INDEXED BY ix_listed_{index}", "sqlite") if index else query

    def _selected(self, stretch: Stretch, columns: Sequence[str], spell: Spelling) -> Select[Any]:
        return select(
            spell(listed, "number").label("number"),
            listed.c.rollout_id,
            stretch.value(listed, spell).label("value"),
            *(listed.c[name] for name in columns),
        )

    def _left(self, number: int, stretch: Stretch) -> list[ColumnElement[bool]]:
        in_order = stretch.column or "number"  # a range of what the index has in order is a part of it
        others = (name for name in self.others if name != in_order)
        conditions = [among(listed, name, on_sqlite=self.on_sqlite) for name in others]
        if in_order in self.others:
            conditions += within(listed, in_order, self._spell)
        if self.leading is not None:
            conditions.insert(0, listed.c[self.leading] == bindparam(key_of(number), type_=listed.c[self.leading].type))
        return conditions + self._only_ended()

    def _only_ended(self) -> list[ColumnElement[bool]]:
        return [func.coalesce(listed.c.steps, -1) >= 0] if self.ended else []  # what has ended has steps

    def _spell(self, rows: FromClause, name: str) -> ColumnElement[Any]:
        return (plain if self.leading is None or self.on_sqlite else added_to)(rows, name)


def key_of(number: int) -> str:
    """Return the name of the parameter that has the leading column's value of a range."""
    return f"key_{number}"


def among(rows: FromClause, name: str, *, on_sqlite: bool) -> ColumnElement[bool]:
    """Return the condition that a column is among the values in the parameter of its name, for no index to answer.

    That parameter is a batch's id, or a list of numbers as JSON; of a range, there are the two of ``bounds_of``.
    """
    if name in RANGES:
        return and_(*within(rows, name, added_to))
    if name == "batch_id":
        return rows.c.batch_id + "" == bindparam(name, type_=listed.c.batch_id.type)
    return is_in(rows.c[name] + 0, name, Integer, on_sqlite=on_sqlite)


def within(rows: FromClause, name: str, spell: Spelling = plain) -> list[ColumnElement[bool]]:
    """Return the conditions that a column is in the range that the parameters of ``bounds_of`` give."""
    first, last = (bindparam(bound, type_=listed.c[name].type) for bound in bounds_of(name))
    return [spell(rows, name) >= first, spell(rows, name) <= last]


def bounds_of(name: str) -> tuple[str, str]:
    """Return the names of the parameters that have the first and the last value of a range."""
    return f"{name}_from", f"{name}_to"


def holds_tag(tags: ColumnElement[str], *, on_sqlite: bool) -> ColumnElement[bool]:
    """Return the condition that tags, a list as JSON, hold the one in the parameter ``tag``."""
    tag = bindparam("tag", type_=Text)
    if on_sqlite:
        return tag.in_(select(func.json_each(tags).table_valued("value").c.value))
    each = func.json_array_elements_text(cast(tags, JSON)).table_valued("value")
    return tag == func.any(func.array(select(each.c.value).scalar_subquery()))


def is_in(
    value: ColumnElement[Any], parameter: str, kind: type[Integer | Text], *, on_sqlite: bool
) -> ColumnElement[bool]:
    """Return the condition that a value is in a parameter, which is a list as JSON."""
    if on_sqlite:
        return value.in_(select(func.json_each(bindparam(parameter, type_=Text)).table_valued("value").c.value))
    each = func.json_array_elements_text(cast(bindparam(parameter, type_=Text), JSON)).table_valued("value")
    # An array, of which PostgreSQL thinks that it is short: with a table it might join by reading everything.
    return value == func.any(func.array(select(cast(each.c.value, kind)).scalar_subquery()))


def exactly(most: int) -> ColumnElement[int]:
    """Return a limit that is no parameter, so that a plan that is made once knows how little is read."""
    return literal_column(str(most), Integer)


def as_json(values: Sequence[int | str]) -> str:
    """Return a list as such a parameter has it."""
    return to_json(values).decode()


@lru_cache(_STATEMENTS)
def entries_alone(reading: Reading) -> Prepared:
    """Return the statement that reads entries: ``number``, ``rollout_id``, ``value``."""
    return Prepared(reading.entries())


@lru_cache(_STATEMENTS)
def with_rollouts(reading: Reading) -> Prepared:
    """Return the statement that reads rollouts, whole, with their ``number`` and ``value``, in no order."""
    entries = reading.entries().subquery("entries")
    found = entries.join(rollouts, rollouts.c.id == entries.c.rollout_id)
    return Prepared(select(rollouts, entries.c.number, entries.c.value).select_from(found))


BY_IDS = {
    name: Prepared(select(rollouts).where(is_in(rollouts.c.id, "ids", Text, on_sqlite=name == "sqlite")))
    for name in ("sqlite", "postgresql")
}
"""Reads rollouts by their ids, a list as JSON; by the database's name."""
