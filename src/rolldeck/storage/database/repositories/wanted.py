"""What is asked of a list, by the numbers that its tables have for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Integer, Text, bindparam, func, select

from rolldeck.storage.database.ids import least_ulid_at
from rolldeck.storage.database.listed import listed, listed_facets, listed_tasks
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.entries import (
    RANGES,
    among,
    as_json,
    bounds_of,
    exactly,
    holds_tag,
    is_in,
    key_of,
    within,
)
from rolldeck.storage.port import RolloutFilter

_MANY = 10_000  # rollouts: which of two columns leads to fewer is not asked beyond
_MOST_RANGES = 1_000  # of an index, of which the beginning of each is read
_BEYOND = 2**62  # larger than the number of any rollout
_LARGEST = 1e300  # larger than any value


class Bounds(NamedTuple):
    """The values of a column that are asked for, both included."""

    first: float
    last: float


@dataclass(frozen=True)
class Wanted:
    """A filter; what is None does not filter."""

    facets: Sequence[int] | None = None
    task: Sequence[int] | None = None
    batch_id: str | None = None
    number: Bounds | None = None
    seconds: Bounds | None = None
    cost: Bounds | None = None

    @property
    def is_never_met(self) -> bool:
        """Whether no rollout can match."""
        bounds = (getattr(self, name) for name in RANGES)
        return self.facets == () or self.task == () or any(each and each.first > each.last for each in bounds)

    @property
    def columns(self) -> Sequence[str]:
        """The columns that are filtered."""
        return [name for name in ("task", "batch_id", "facets", *RANGES) if getattr(self, name) is not None]

    def keys(self, name: str) -> Sequence[int | str]:
        """Return the values of a column that are asked for."""
        asked: Sequence[int] | str = getattr(self, name)
        return [asked] if isinstance(asked, str) else asked

    def others(self, leading: str | None) -> tuple[str, ...]:
        """Return the columns that are filtered besides."""
        return tuple(name for name in self.columns if name != leading)

    def parameters(self, leading: str | None, keys: Sequence[int | str] = ()) -> dict[str, float | str]:
        """Return the values for a statement that ranges of these keys lead."""
        values: dict[str, float | str] = {key_of(number): key for number, key in enumerate(keys)}
        names = self.others(leading) if leading not in RANGES else (leading, *self.others(leading))
        return values | self._of_parameters(names)

    def of_tasks(self, numbers_of_tasks: Sequence[int]) -> "Wanted":
        """Return the same of these versions of tasks only."""
        if self.task is not None:
            numbers_of_tasks = tuple(set(self.task).intersection(numbers_of_tasks))
        return replace(self, task=tuple(numbers_of_tasks))

    def leading(self, connection: Connection) -> str | None:
        """Return the column that leads to the fewest rollouts, by which they are found; None where all are looked through.

        Those that a range of values leads to are all read and then sorted: only few are found so.
        """
        names = [name for name in self.columns if name in RANGES or len(self.keys(name)) <= _MOST_RANGES]
        if len(names) < 2 and not set(names) & set(RANGES):
            return names[0] if names else None
        sizes = {name: self.size(connection, name, _MANY) for name in names}
        sizes = {name: size for name, size in sizes.items() if name not in RANGES or size < _MANY}
        return min(sizes, key=sizes.__getitem__) if sizes else None

    def size(self, connection: Connection, leading: str | None, most: int) -> int:
        """Count the rollouts to which a column leads, up to so many."""
        if leading == "number" and self.number is not None:  # no fewer than there are
            return min(most, int(self.number.last - self.number.first) + 1)
        return self._count(connection, leading, (), most)

    def count(self, connection: Connection, leading: str | None, most: int) -> int:
        """Count the rollouts that match, up to so many, of those to which a column leads."""
        return self._count(connection, leading, self.others(leading), most)

    def _count(self, connection: Connection, leading: str | None, others: tuple[str, ...], most: int) -> int:
        names = others if leading is None else (leading, *others)
        statement = _counted(connection.dialect.name == "sqlite", leading, others, most)
        row = statement.fetch_one(connection, self._of_parameters(names))
        return 0 if row is None else int(row["counted"])

    def _of_parameters(self, names: Sequence[str]) -> dict[str, float | str]:
        values: dict[str, float | str] = {}
        for name in names:
            if name in RANGES:
                values |= dict(zip(bounds_of(name), getattr(self, name), strict=True))
            else:
                values[name] = self.batch_id or "" if name == "batch_id" else as_json(self.keys(name))
        return values


def wanted_of(connection: Connection, where: RolloutFilter) -> Wanted:
    """Return a filter by numbers, its text left out."""
    equal = {"agent": where.agent, "model": where.model, "success": where.success, "failure": where.error}
    asked: dict[str, str | bool] = {name: value for name, value in equal.items() if value is not None}
    if where.statuses:
        asked["status"] = as_json(sorted(status.value for status in where.statuses))
    facets = tasks = None
    if asked:
        statement = _facets(connection.dialect.name == "sqlite", tuple(asked))
        facets = tuple(row["number"] for row in statement.fetch(connection, asked))
    described = {
        "task_id": where.task_id,
        "version": where.task_version,
        "environment": where.environment,
        "tag": where.tag,
    }
    of_tasks = {name: value for name, value in described.items() if value is not None}
    if of_tasks:
        statement = _versions(connection.dialect.name == "sqlite", tuple(of_tasks))
        tasks = tuple(row["number"] for row in statement.fetch(connection, of_tasks))
    return Wanted(
        facets,
        tasks,
        where.batch_id,
        number=_numbers(connection, where.since, where.until),
        seconds=_bounds(where.min_seconds, where.max_seconds),
        cost=_bounds(where.min_cost, where.max_cost),
    )


def _bounds(first: float | None, last: float | None) -> Bounds | None:
    if first is None and last is None:
        return None
    return Bounds(-_LARGEST if first is None else first, _LARGEST if last is None else last)


def _numbers(connection: Connection, since: datetime | None, until: datetime | None) -> Bounds | None:
    if since is None and until is None:
        return None
    first = 0 if since is None else number_at(connection, since)
    last = _newest(connection) if until is None else number_at(connection, until) - 1
    return Bounds(first, last)


def number_at(connection: Connection, moment: datetime) -> int:
    """Return the number of the first rollout that was queued at a moment or after it: ids and numbers follow time."""
    row = _FIRST_FROM.fetch_one(connection, {"least": least_ulid_at(moment)})
    return _newest(connection) + 1 if row is None else int(row["number"])


def _newest(connection: Connection) -> int:
    row = _NEWEST.fetch_one(connection, {})
    return 0 if row is None else int(row["number"])


@cache
def _facets(on_sqlite: bool, names: tuple[str, ...]) -> Prepared:
    """Return the statement that finds the combinations that have the values asked for."""

    def condition(name: str) -> ColumnElement[bool]:
        column = listed_facets.c[name]
        if name == "status":
            return is_in(column, name, Text, on_sqlite=on_sqlite)
        return column == bindparam(name, type_=column.type)

    return Prepared(select(listed_facets.c.number).where(*map(condition, names)))


@cache
def _counted(on_sqlite: bool, leading: str | None, others: tuple[str, ...], most: int) -> Prepared:
    """Return the statement that counts entries, up to so many."""
    query = select(listed.c.number).where(*(among(listed, name, on_sqlite=on_sqlite) for name in others))
    if leading in RANGES:
        query = query.where(*within(listed, str(leading)))
    elif leading == "batch_id":
        query = query.where(listed.c.batch_id == bindparam(leading, type_=listed.c.batch_id.type))
    elif leading is not None:
        query = query.where(is_in(listed.c[leading], leading, Integer, on_sqlite=on_sqlite))
    return Prepared(select(func.count().label("counted")).select_from(query.limit(exactly(most)).subquery()))


@cache
def _versions(on_sqlite: bool, names: tuple[str, ...]) -> Prepared:
    """Return the statement that finds the versions of tasks that are as asked for."""

    def condition(name: str) -> ColumnElement[bool]:
        if name == "tag":
            return holds_tag(listed_tasks.c.tags, on_sqlite=on_sqlite)
        return listed_tasks.c[name] == bindparam(name, type_=listed_tasks.c[name].type)

    return Prepared(select(listed_tasks.c.number).where(*map(condition, names)))


_FIRST_FROM = Prepared(
    select(listed.c.number)
    .where(listed.c.rollout_id >= bindparam("least", type_=listed.c.rollout_id.type))
    .order_by(listed.c.rollout_id)
    .limit(exactly(1))
)
_NEWEST = Prepared(select(listed.c.number).order_by(listed.c.number.desc()).limit(exactly(1)))
