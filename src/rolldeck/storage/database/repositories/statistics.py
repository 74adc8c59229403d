"""Rollouts counted, out of the tables that lists are read from. As there, what leads is chosen here."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

from pydantic_core import to_json
from sqlalchemy import BigInteger, Connection, Integer, Select, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from rolldeck.domain.status import Status
from rolldeck.storage.database.listed import listed, listed_facets, listed_tasks
from rolldeck.storage.database.models import rollouts
from rolldeck.storage.database.pieces import in_pieces
from rolldeck.storage.database.repositories.entries import holds_tag
from rolldeck.storage.database.repositories.list_order import added_to, plain
from rolldeck.storage.database.repositories.repository import Repository
from rolldeck.storage.database.repositories.wanted import number_at
from rolldeck.storage.tallies import Contestant, Ended, Scope, Taken, Tally

_BEYOND = 2**62  # larger than the number of any rollout


class DatabaseStatistics(Repository):
    """``storage.tallies.Statistics`` on a database."""

    async def tallies(self, scope: Scope) -> Sequence[Tally]:
        """Count by task and all that a ``Tally`` tells apart; a task's versions are counted together."""
        return await self._read("counting rollouts", partial(_tallies, scope=scope))

    async def tallies_by_day(self, scope: Scope, first: date, last: date) -> Mapping[date, Sequence[Tally]]:
        """Count by the day that rollouts were queued on, from the first day to the last one."""
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        return await self._read("counting rollouts", partial(_tallies_by_day, scope=scope, days=days))

    async def taken(self, scope: Scope, most: int) -> Mapping[Contestant, Sequence[Taken]]:
        """Return what the newest completed rollouts of each agent and model took, up to ``most`` of each."""
        return await self._read("reading rollouts", partial(_taken, scope=scope, most=most))

    async def newest_ended(self, task_ids: Sequence[str], most: int) -> Mapping[str, Sequence[Ended]]:
        """Return how the newest rollouts of each task ended, newest first, up to ``most`` of each."""
        return await self._read("reading rollouts", partial(_newest_ended, task_ids=task_ids, most=most))


@dataclass(frozen=True)
class _Narrowed:
    """A scope by numbers: of the facets and tasks that it allows (None: all), and of its first rollout and the first after it."""

    facets: Mapping[int, Tally]
    task: Sequence[int] | None
    batch_id: str | None
    first: int
    end: int

    @property
    def has_bounds(self) -> bool:
        return self.first > 0 or self.end < _BEYOND

    @property
    def leading(self) -> str | None:
        """The column that leaves fewest rollouts; None where neither a batch nor a task is asked for."""
        return "batch_id" if self.batch_id is not None else "task" if self.task is not None else None

    def of(self, query: Select[Any]) -> Select[Any]:
        """Return a query of ``listed`` with these conditions, but for the facets'."""
        if self.batch_id is not None:
            query = query.where(listed.c.batch_id == self.batch_id)
        if self.task is not None:
            query = query.where(listed.c.task.in_(self.task))
        if self.has_bounds:
            query = query.where(listed.c.number >= self.first, listed.c.number < self.end)
        return query


def _narrowed(connection: Connection, scope: Scope) -> _Narrowed:
    facets = select(listed_facets)
    for name, wanted in (("agent", scope.agent), ("model", scope.model)):
        if wanted is not None:
            facets = facets.where(listed_facets.c[name] == wanted)
    return _Narrowed(
        facets={
            row.number: Tally(
                None, Contestant(row.agent, row.model), Status(row.status), row.success, row.failure, rollouts=0
            )
            for row in connection.execute(facets)
        },
        task=_versions_of(connection, scope),
        batch_id=scope.batch_id,
        first=0 if scope.since is None else number_at(connection, scope.since),
        end=_BEYOND if scope.until is None else number_at(connection, scope.until),
    )


def _versions_of(connection: Connection, scope: Scope) -> Sequence[int] | None:
    """Return the numbers of the versions of tasks that are asked for; None where all are."""
    if scope.task_id is None and scope.tag is None:
        return None
    query = select(listed_tasks.c.number)
    if scope.task_id is not None:
        query = query.where(listed_tasks.c.task_id == scope.task_id)
    if scope.tag is not None:
        query = query.where(holds_tag(listed_tasks.c.tags, on_sqlite=connection.dialect.name == "sqlite"))
    return list(connection.scalars(query, {} if scope.tag is None else {"tag": scope.tag}))


def _tallies(connection: Connection, *, scope: Scope) -> Sequence[Tally]:
    narrowed = _narrowed(connection, scope)
    query = narrowed.of(select(listed.c.task, listed.c.facets, func.count().label("rollouts")))
    query = query.with_hint(listed, _index_for_counting(narrowed), "sqlite").group_by(listed.c.task, listed.c.facets)
    task_ids: dict[int, str] = {row.number: row.task_id for row in connection.execute(_task_ids())}
    counts: Counter[tuple[str, int]] = Counter()
    for task, facets, number in connection.execute(query).all():
        if facets in narrowed.facets:
            counts[task_ids[task], facets] += number
    return [
        replace(narrowed.facets[facets], task_id=task_id, rollouts=number)
        for (task_id, facets), number in counts.items()
    ]


def _task_ids() -> Select[Any]:
    return select(listed_tasks.c.number, listed_tasks.c.task_id)


def _index_for_counting(narrowed: _Narrowed) -> str:
    if narrowed.leading is not None:
        return f"INDEXED BY ix_listed_{narrowed.leading}"
    return "NOT INDEXED" if narrowed.has_bounds else "INDEXED BY ix_listed_counts"


def _tallies_by_day(connection: Connection, *, scope: Scope, days: Sequence[date]) -> Mapping[date, Sequence[Tally]]:
    limits = [number_at(connection, datetime.combine(day, time(), UTC)) for day in days]
    limits.append(number_at(connection, datetime.combine(days[-1] + timedelta(days=1), time(), UTC)))
    narrowed = _narrowed(connection, scope)
    narrowed = replace(narrowed, first=max(narrowed.first, limits[0]), end=min(narrowed.end, limits[-1]))
    if connection.dialect.name == "postgresql":
        counts = _hashed_by_day(connection, narrowed, limits)
    elif narrowed.leading is not None:
        counts = _few_by_day(connection, narrowed, limits)
    else:
        counts = _all_by_day(connection, narrowed, limits)
    found: dict[date, list[Tally]] = {day: [] for day in days}
    for (position, facets), number in counts.items():
        if facets in narrowed.facets:
            found[days[position]].append(replace(narrowed.facets[facets], rollouts=number))
    return found


_ByDay = Mapping[tuple[int, int], int]
"""Rollouts by the position of their day, and their facets."""


def _hashed_by_day(connection: Connection, narrowed: _Narrowed, limits: Sequence[int]) -> _ByDay:
    place = func.width_bucket(listed.c.number, literal(list(limits), ARRAY(BigInteger))).label("place")
    query = narrowed.of(select(place, listed.c.facets, func.count()).group_by(place, listed.c.facets))
    return {(place - 1, facets): number for place, facets, number in connection.execute(query)}


def _few_by_day(connection: Connection, narrowed: _Narrowed, limits: Sequence[int]) -> _ByDay:
    query = narrowed.of(select(listed.c.number, listed.c.facets))
    query = query.with_hint(listed, f"INDEXED BY ix_listed_{narrowed.leading}", "sqlite")
    return Counter((bisect_right(limits, number) - 1, facets) for number, facets in connection.execute(query))


def _all_by_day(connection: Connection, narrowed: _Narrowed, limits: Sequence[int]) -> _ByDay:
    """Count ranges of the index of facets: nothing is sorted."""
    firsts = [max(limit, narrowed.first) for limit in limits[:-1]]
    ends = [min(limit, narrowed.end) for limit in limits[1:]]
    day = func.json_each(to_json(list(zip(firsts, ends, strict=True))).decode()).table_valued(
        "key", "value", name="day"
    )
    first, end = (func.json_extract(day.c.value, f"$[{place}]") for place in (0, 1))
    in_range = select(func.count()).where(
        listed.c.facets == listed_facets.c.number, listed.c.number >= first, listed.c.number < end
    )
    number = in_range.with_hint(listed, "INDEXED BY ix_listed_facets", "sqlite").scalar_subquery()
    query = select(day.c.key, listed_facets.c.number, number).select_from(day.join(listed_facets, true()))
    return {(place, facets): number for place, facets, number in connection.execute(query) if number}


def _taken(connection: Connection, *, scope: Scope, most: int) -> Mapping[Contestant, Sequence[Taken]]:
    narrowed = _narrowed(connection, scope)
    newest: dict[Contestant, list[tuple[int, Taken]]] = {}
    for facets, alike in narrowed.facets.items():
        if alike.status is Status.COMPLETED:
            some = _newest_of(connection, narrowed, facets, most)
            newest.setdefault(alike.contestant, []).extend(some)
    return {who: [taken for _, taken in _newest_first(theirs)[:most]] for who, theirs in newest.items()}


def _newest_of(connection: Connection, narrowed: _Narrowed, facets: int, most: int) -> Iterable[tuple[int, Taken]]:
    on_sqlite = connection.dialect.name == "sqlite"
    number = (plain if on_sqlite else added_to)(listed, "number")
    index = narrowed.leading or "facets"
    query = narrowed.of(select(listed.c.number, listed.c.rollout_id, listed.c.seconds, listed.c.steps))
    query = query.where(listed.c.facets == facets if index == "facets" else listed.c.facets + 0 == facets)
    query = query.with_hint(listed, f"INDEXED BY ix_listed_{index}", "sqlite").order_by(number.desc()).limit(most)
    some = query.subquery("some")
    with_spent = select(some, rollouts.c.tokens, rollouts.c.cost).join_from(
        some, rollouts, rollouts.c.id == some.c.rollout_id
    )
    for row in connection.execute(with_spent):
        yield row.number, Taken(row.seconds, row.steps or 0, row.tokens, row.cost)


def _newest_first(numbered: Iterable[tuple[int, Any]]) -> list[tuple[int, Any]]:
    return sorted(numbered, key=lambda each: -each[0])


def _newest_ended(connection: Connection, *, task_ids: Sequence[str], most: int) -> Mapping[str, Sequence[Ended]]:
    versions: dict[int, str] = {}
    for some in in_pieces(task_ids):
        versions |= {
            row.number: row.task_id for row in connection.execute(_task_ids().where(listed_tasks.c.task_id.in_(some)))
        }
    facets = _narrowed(connection, Scope()).facets
    found: dict[str, list[tuple[int, Ended]]] = {task_id: [] for task_id in task_ids}
    for row in connection.execute(_newest_of_each(connection, list(versions), most)):
        alike = facets[row.facets]
        found[versions[row.task]].append((row.number, Ended(row.rollout_id, alike.status, alike.success)))
    return {task_id: [ended for _, ended in _newest_first(its)[:most]] for task_id, its in found.items()}


def _newest_of_each(connection: Connection, versions: Sequence[int], most: int) -> Select[Any]:
    """Read the newest ended rollouts of each version of a task; those that have ended have steps."""
    newest = listed.alias("newest")
    columns = (newest.c.number, newest.c.rollout_id, newest.c.task, newest.c.facets)

    def of(version: Any, *wanted: Any, number: Any) -> Select[Any]:
        has_ended = func.coalesce(newest.c.steps, -1) >= 0
        query = select(*wanted).where(newest.c.task == version, has_ended).order_by(number.desc()).limit(most)
        return query.with_hint(newest, "INDEXED BY ix_listed_task", "sqlite")

    if connection.dialect.name == "sqlite":
        each = func.json_each(to_json(versions).decode()).table_valued("value", name="each")
        numbers = of(each.c.value, newest.c.number, number=newest.c.number)
        return select(listed).select_from(each.join(listed, true())).where(listed.c.number.in_(numbers))
    each = func.unnest(literal(list(versions), ARRAY(Integer))).table_valued("value", name="each").render_derived()
    entries = of(each.c.value, *columns, number=added_to(newest, "number")).lateral("entries")
    return select(entries).select_from(each.join(entries, true()))
