"""What is asked of a list, by the numbers that its tables have for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from sqlalchemy import ColumnElement, Connection, Integer, Text, bindparam, func, select

from rolldeck.storage.database.listed import listed, listed_facets, listed_tasks
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.entries import among, as_json, exactly, is_in, key_of
from rolldeck.storage.port import RolloutFilter

_MANY = 10_000  # rollouts: which of two columns leads to fewer is not asked beyond


@dataclass(frozen=True)
class Wanted:
    """A filter; what is None does not filter."""

    facets: Sequence[int] | None = None
    task: Sequence[int] | None = None
    batch_id: str | None = None

    @property
    def is_never_met(self) -> bool:
        """Whether no rollout can match."""
        return self.facets == () or self.task == ()

    @property
    def columns(self) -> Sequence[str]:
        """The columns that are filtered."""
        return [name for name in ("task", "batch_id", "facets") if getattr(self, name) is not None]

    def keys(self, name: str) -> Sequence[int | str]:
        """Return the values of a column that are asked for."""
        asked: Sequence[int] | str = getattr(self, name)
        return [asked] if isinstance(asked, str) else asked

    def others(self, leading: str | None) -> tuple[str, ...]:
        """Return the columns that are filtered besides."""
        return tuple(name for name in self.columns if name != leading)

    def parameters(self, leading: str | None, keys: Sequence[int | str] = ()) -> dict[str, int | str]:
        """Return the values for a statement that ranges of these keys lead."""
        values: dict[str, int | str] = {key_of(number): key for number, key in enumerate(keys)}
        return values | {name: self._of_parameter(name) for name in self.others(leading)}

    def of_tasks(self, numbers_of_tasks: Sequence[int]) -> "Wanted":
        """Return the same of these versions of tasks only."""
        if self.task is not None:
            numbers_of_tasks = tuple(set(self.task).intersection(numbers_of_tasks))
        return replace(self, task=tuple(numbers_of_tasks))

    def leading(self, connection: Connection) -> str | None:
        """Return the column that leads to the fewest rollouts, by which they are found; None where nothing is filtered."""
        names = self.columns
        if len(names) < 2:
            return names[0] if names else None
        return min(names, key=lambda name: self.size(connection, name, _MANY))

    def size(self, connection: Connection, leading: str | None, most: int) -> int:
        """Count the rollouts to which a column leads, up to so many."""
        return self._count(connection, leading, (), most)

    def count(self, connection: Connection, leading: str | None, most: int) -> int:
        """Count the rollouts that match, up to so many, of those to which a column leads."""
        return self._count(connection, leading, self.others(leading), most)

    def _count(self, connection: Connection, leading: str | None, others: tuple[str, ...], most: int) -> int:
        names = others if leading is None else (leading, *others)
        statement = _counted(connection.dialect.name == "sqlite", leading, others, most)
        row = statement.fetch_one(connection, {name: self._of_parameter(name) for name in names})
        return 0 if row is None else int(row["counted"])

    def _of_parameter(self, name: str) -> str:
        return self.batch_id or "" if name == "batch_id" else as_json(self.keys(name))


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
    if where.task_id is not None:
        tasks = tuple(row["number"] for row in _VERSIONS.fetch(connection, {"task": where.task_id}))
    return Wanted(facets, tasks, where.batch_id)


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
    if leading == "batch_id":
        query = query.where(listed.c.batch_id == bindparam(leading, type_=listed.c.batch_id.type))
    elif leading is not None:
        query = query.where(is_in(listed.c[leading], leading, Integer, on_sqlite=on_sqlite))
    return Prepared(select(func.count().label("counted")).select_from(query.limit(exactly(most)).subquery()))


_VERSIONS = Prepared(select(listed_tasks.c.number).where(listed_tasks.c.task_id == bindparam("task")))
