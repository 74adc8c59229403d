"""Lists of rollouts and batches, page by page. A page costs the same however deep it is and however many there are.

No database is left to choose how a page is found: each would now and then choose to read everything. What leads is
chosen here; other conditions are written so that no index answers them (``+ 0``).

- Only facets are asked for: the page is the merge of the first entries of each of their ranges.
- A task or a batch with few rollouts: those are read and sorted.
- Else the order's own index is walked, and what does not match is left out.
- A phrase: first so many entries of the above are looked at. Where that does not fill a page and few texts can have
  it, the index of trigrams finds them; where many can, the page holds what was found, and the next one looks on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import to_json
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from rolldeck.domain.errors import InvalidInput
from rolldeck.domain.rollout import Rollout
from rolldeck.storage.database.ids import ULID_PATTERN
from rolldeck.storage.database.listed import listed, listed_facets, listed_tasks, listed_texts
from rolldeck.storage.database.models import batches, rollouts
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.fetching import fetch_all
from rolldeck.storage.database.repositories.list_order import Cursor, Stretch, added_to, plain, stretches, unsorted
from rolldeck.storage.database.repositories.records import batch_of, rollout_of
from rolldeck.storage.database.repositories.text_search import Phrase, phrase, tasks_with
from rolldeck.storage.port import BatchPage, RolloutFilter, RolloutPage, RolloutSort

_COUNTED = 10_001
_FEW = 20_000  # rollouts that are sorted within milliseconds
_LOOKED_AT = 1_000  # entries that are searched for a phrase for one page, unless the index of trigrams finds it
_GLANCE = 4  # a first look is at so much fewer: a phrase is mostly in none of them, or in enough
_FEW_TEXTS = 3_000  # that can be looked at within tens of milliseconds
_SAMPLE = 300  # texts that say how many the index of trigrams would find

_Entries = Sequence[Row[Any]]
"""Rollouts of a page: ``number``, ``rollout_id``, and the ``value`` that they are sorted by."""


@dataclass(frozen=True)
class _Found:
    """What was found for a page. ``looked_until``: where a search goes on that has not come to an end."""

    entries: _Entries
    looked_until: Row[Any] | None = None


@dataclass(frozen=True)
class _Wanted:
    """A filter, by numbers; what is None does not filter. A phrase is in these tasks, and in texts of rollouts."""

    facets: Sequence[int] | None = None
    task: Sequence[int] | None = None
    batch_id: str | None = None
    phrase: Phrase | None = None
    tasks_with_phrase: Sequence[int] = ()

    @property
    def is_never_met(self) -> bool:
        return self.facets == () or self.task == ()

    @property
    def columns(self) -> Sequence[str]:
        return [name for name in ("task", "batch_id", "facets") if getattr(self, name) is not None]

    def keys(self, name: str) -> Sequence[int | str]:
        """Return the values of a column that are asked for."""
        asked: Sequence[int | str] = getattr(self, name)
        return [asked] if isinstance(asked, str) else asked

    def one(self, name: str, rows: FromClause) -> ColumnElement[bool]:
        """Return the condition on a column, for an index to answer."""
        asked = getattr(self, name)
        return rows.c[name] == asked if name == "batch_id" else rows.c[name].in_(asked)

    def others(self, rows: FromClause, leading: str | None) -> list[ColumnElement[bool]]:
        """Return the conditions on all columns but one, such that no index answers them."""
        found: list[ColumnElement[bool]] = []
        for name in self.columns:
            if name == "batch_id" and name != leading:
                found.append(rows.c.batch_id + "" == self.batch_id)
            elif name != leading:
                found.append((rows.c[name] + 0).in_(getattr(self, name)))
        return found


def rollouts_page(
    connection: Connection, *, where: RolloutFilter, sort: RolloutSort, after: str | None, limit: int, count: bool
) -> RolloutPage:
    """Return a page of the rollouts that match. Raises ``InvalidInput`` for a bad cursor."""
    cursor = None if after is None else Cursor.decode(after, sort)
    wanted = _wanted(connection, where)
    if wanted.is_never_met:
        return RolloutPage([], None, 0 if count else None)
    finder = _Finder(connection, wanted)
    found = finder.page(sort, cursor, limit + 1)
    last = found.entries[limit - 1] if len(found.entries) > limit else found.looked_until
    following = None if last is None else _cursor_at(last, sort).encode()
    total = finder.count() if count else None
    return RolloutPage(_rollouts(connection, found.entries[:limit]), following, total)


def _cursor_at(entry: Row[Any], sort: RolloutSort) -> Cursor:
    return Cursor(sort=sort, value=entry.value, number=entry.number)


def batches_page(connection: Connection, *, live: bool | None, after: str | None, limit: int) -> BatchPage:
    """Return a page of batches, newest first. Raises ``InvalidInput`` for a bad cursor."""
    query = select(batches).order_by(batches.c.id.desc()).limit(limit + 1)
    if live is not None:
        query = query.where(batches.c.live > 0 if live else batches.c.live == 0)
    if after is not None:
        if ULID_PATTERN.fullmatch(after) is None:
            raise InvalidInput("The cursor 'after' is not one that a list has returned")
        query = query.where(batches.c.id < after)
    rows = fetch_all(connection, query)
    page = [batch_of(row) for row in rows[:limit]]
    return BatchPage(page, page[-1].id if len(rows) > limit else None)


def _rollouts(connection: Connection, entries: _Entries) -> Sequence[Rollout]:
    ids = [entry.rollout_id for entry in entries]
    rows = _BY_IDS[connection.dialect.name].fetch(connection, {"ids": to_json(ids).decode()})
    found = {row["id"]: rollout_of(row) for row in rows}
    return [found[rollout_id] for rollout_id in ids]


def _wanted(connection: Connection, where: RolloutFilter) -> _Wanted:
    equal = {"agent": where.agent, "model": where.model, "success": where.success, "failure": where.error}
    conditions = [listed_facets.c[name] == value for name, value in equal.items() if value is not None]
    if where.statuses:
        conditions.append(listed_facets.c.status.in_(sorted(status.value for status in where.statuses)))
    facets = tasks = None
    if conditions:
        facets = tuple(connection.execute(select(listed_facets.c.number).where(*conditions)).scalars())
    if where.task_id is not None:
        versions = select(listed_tasks.c.number).where(listed_tasks.c.task_id == where.task_id)
        tasks = tuple(connection.execute(versions).scalars())
    wanted = _Wanted(facets, tasks, where.batch_id)
    return wanted if not where.text else _with_phrase(connection, wanted, phrase(connection, where.text))


def _with_phrase(connection: Connection, wanted: _Wanted, searched: Phrase) -> _Wanted:
    found = tuple(tasks_with(connection, searched))
    if wanted.task is not None:
        found = tuple(set(wanted.task).intersection(found))
    if searched.is_short:
        return replace(wanted, task=found)
    return replace(wanted, phrase=searched, tasks_with_phrase=found)


class _Finder:
    """Finds the rollouts that are wanted, in an order, each way with one query per part of it."""

    def __init__(self, connection: Connection, wanted: _Wanted) -> None:
        self._connection = connection
        self._wanted = wanted
        self._on_sqlite = connection.dialect.name == "sqlite"
        self._led_index = plain if self._on_sqlite else added_to

    def page(self, sort: RolloutSort, cursor: Cursor | None, limit: int) -> _Found:
        """Return the first entries after the cursor."""
        parts = stretches(sort, cursor)
        leading, led = self._leading(by_number=parts[0].by_number)
        if (searched := self._wanted.phrase) is not None:
            leading = None if leading == "facets" and led > _LOOKED_AT else leading
            return self._page_with_phrase(searched, sort, cursor, limit, leading)
        return _Found(self._entries(parts, leading, limit))

    def part(self, part: Stretch, limit: int) -> _Entries:
        """Return the first entries of a range of the list, where no phrase is searched."""
        return self._entries([part], self._leading(by_number=part.by_number)[0], limit)

    def _entries(self, parts: Sequence[Stretch], leading: str | None, limit: int) -> _Entries:
        return _fill(parts, limit, lambda part, rest: self._all(self._query(part, leading, rest)))

    def count(self) -> int | None:
        """Return how many there are, up to 10,001; None where too many texts would have to be looked at for that."""
        leading, led = self._leading(by_number=True)
        if (searched := self._wanted.phrase) is None:
            return self._capped(self._led(leading), _COUNTED)
        if led <= _LOOKED_AT:
            return self._capped(self._led(leading).where(self._has_phrase(searched, listed)), _COUNTED)
        if self._many_can_have(searched):
            return None
        own = searched.rollouts()
        found = self._capped(select(own.c.number).where(*self._no_task_has_phrase(own)), _COUNTED)
        if found < _COUNTED and self._wanted.tasks_with_phrase:
            found += self._of_tasks_with_phrase().count() or 0
        return min(found, _COUNTED)

    def _led(self, leading: str | None) -> Select[Any]:
        query = select(listed.c.number).where(*self._wanted.others(listed, leading))
        return query if leading is None else query.where(self._wanted.one(leading, listed))

    def _leading(self, *, by_number: bool) -> tuple[str | None, int]:
        """Return the column that a page is found by, and how many rollouts it leaves, counted up to a few."""
        names = self._wanted.columns
        if not names:
            return None, _FEW + 1
        if len(names) == 1 and self._wanted.phrase is None:
            return names[0], _FEW + 1
        led, name = min((self._size(name), name) for name in names)
        if led <= _FEW or by_number:
            return name, led
        return ("facets" if "facets" in names else None), led

    def _size(self, name: str) -> int:
        return self._capped(select(listed.c.number).where(self._wanted.one(name, listed)), _FEW + 1)

    def _capped(self, query: Select[Any], most: int) -> int:
        return self._connection.scalar(select(func.count()).select_from(query.limit(most).subquery())) or 0

    def _all(self, query: Select[Any]) -> _Entries:
        return self._connection.execute(query).all()

    def _query(self, part: Stretch, leading: str | None, limit: int) -> Select[Any]:
        if leading is not None and (part.by_number or len(self._wanted.columns) == 1 or leading == "facets"):
            return self._merge(part, leading, limit)
        return self._range(part, leading, limit).where(*self._wanted.others(listed, leading))

    def _range(self, part: Stretch, leading: str | None, limit: int) -> Select[Any]:
        """Read one index from where the part begins: the leading column's, or else the order's."""
        led = self._led_index if part.by_number else unsorted
        spell = plain if leading is None else led
        query = select(listed, part.value(listed).label("value")).where(*part.conditions(listed, spell))
        if leading is not None:
            query = query.where(self._wanted.one(leading, listed))
        if (index := leading or part.column) is not None:
            query = query.with_hint(listed, f"INDEXED BY ix_listed_{index}", "sqlite")
        return query.order_by(*part.order(listed, spell)).limit(limit)

    def _merge(self, part: Stretch, leading: str, limit: int) -> Select[Any]:
        """Read the first entries of each key's range, the first ones of which are the page."""
        first, keys = listed.alias("first"), self._wanted.keys(leading)

        def of_key(key: ColumnElement[Any], *columns: ColumnElement[Any]) -> Select[Any]:
            in_range = part.conditions(first, self._led_index)
            conditions = (first.c[leading] == key, *in_range, *self._wanted.others(first, leading))
            index = f"INDEXED BY ix_listed_{leading}" + (f"_{part.column}" if part.column else "")
            query = select(*columns).where(*conditions).order_by(*part.order(first, self._led_index)).limit(limit)
            return query.with_hint(first, index, "sqlite")

        entry = (first.c.number, first.c.rollout_id, part.value(first).label("value"))
        if len(keys) == 1:
            return of_key(literal(keys[0]), *entry)
        if self._on_sqlite:
            each = func.json_each(to_json(keys).decode()).table_valued("value", name="each")
            found = listed.c.number.in_(of_key(each.c.value, first.c.number))
            merged = select(listed, part.value(listed).label("value")).select_from(each.join(listed, true()))
            return merged.where(found).order_by(*part.order(listed)).limit(limit)
        each = func.unnest(literal(keys, ARRAY(Integer))).table_valued("value", name="each").render_derived()
        range_of = of_key(each.c.value, *entry, *((first.c[part.column],) if part.column else ())).lateral("range")
        return select(range_of).select_from(each.join(range_of, true())).order_by(*part.order(range_of)).limit(limit)

    def _page_with_phrase(
        self, searched: Phrase, sort: RolloutSort, cursor: Cursor | None, limit: int, leading: str | None
    ) -> _Found:
        hits: list[Row[Any]] = []
        glance = _LOOKED_AT // _GLANCE
        looked_until = cursor
        for most in (glance, _LOOKED_AT - glance):
            parts = stretches(sort, looked_until)
            seen = _fill(parts, most, lambda part, rest: self._all(self._looked_at(searched, part, leading, rest)))
            hits += [entry for entry in seen if entry.hit]
            if len(hits) >= limit or len(seen) < most:
                return _Found(hits[:limit])
            looked_until = _cursor_at(seen[-1], sort)
        if self._many_can_have(searched):
            return _Found(hits, seen[-1])
        return _Found(_fill(stretches(sort, cursor), limit, lambda part, rest: self._search(searched, part, rest)))

    def _many_can_have(self, searched: Phrase) -> bool:
        """Whether the index of trigrams would have to look at more texts than it can, as a sample of them says.

        Where none of the sample can have the phrase, some thousands of a million can.
        """
        last = self._connection.scalar(select(func.max(listed_texts.c.number))) or 0
        if last <= _FEW_TEXTS:
            return False
        numbers = sorted({last * each // _SAMPLE for each in range(1, _SAMPLE + 1)})
        sample = select(listed_texts.c.text).where(listed_texts.c.number.in_(numbers))
        texts = [text.lower() for text in self._connection.scalars(sample)]
        if self._on_sqlite:
            return any(all(trigram in text for trigram in searched.trigrams) for text in texts)
        # PostgreSQL compares the lists of all trigrams entry by entry, so that the shortest says how long that takes.
        return all(any(trigram in text for text in texts) for trigram in searched.trigrams)

    def _looked_at(self, searched: Phrase, part: Stretch, leading: str | None, limit: int) -> Select[Any]:
        """Read the first entries of a part, and of each whether it is wanted."""
        in_order = self._range(part, leading, limit)
        if not self._wanted.tasks_with_phrase:  # then only what has ended can have it, which has steps
            in_order = in_order.where(func.coalesce(listed.c.steps, -1) >= 0)
        some = in_order.subquery("some")
        hit = and_(*self._wanted.others(some, leading), self._has_phrase(searched, some))
        return select(some.c.number, some.c.rollout_id, some.c.value, hit.label("hit")).order_by(*part.order(some))

    def _search(self, searched: Phrase, part: Stretch, limit: int) -> _Entries:
        """Find entries by the index of trigrams, and by the tasks that have the phrase."""
        wanted = self._wanted
        found = self._own(searched.rollouts(), part, limit)
        if wanted.tasks_with_phrase:
            found = [*found, *self._of_tasks_with_phrase().part(part, limit)]
        return sorted(found, key=part.comes_before)[:limit]

    def _own(self, own: FromClause, part: Stretch, limit: int) -> _Entries:
        query = select(own.c.number, own.c.rollout_id, part.value(own).label("value"))
        query = query.where(*part.conditions(own, unsorted), *self._no_task_has_phrase(own))
        return self._all(query.order_by(*part.order(own, unsorted)).limit(limit))

    def _no_task_has_phrase(self, own: FromClause) -> list[ColumnElement[bool]]:
        return [*self._wanted.others(own, None), own.c.task.not_in(self._wanted.tasks_with_phrase)]

    def _of_tasks_with_phrase(self) -> "_Finder":
        return _Finder(self._connection, replace(self._wanted, task=self._wanted.tasks_with_phrase, phrase=None))

    def _has_phrase(self, searched: Phrase, rows: FromClause) -> ColumnElement[bool]:
        own = exists().where(listed_texts.c.number == rows.c.number, searched.is_in(listed_texts.c.text))
        return or_(rows.c.task.in_(self._wanted.tasks_with_phrase), own)


def _fill(parts: Sequence[Stretch], limit: int, read: Callable[[Stretch, int], _Entries]) -> _Entries:
    """Read the parts, one after the other, until there are enough entries."""
    entries: list[Row[Any]] = []
    for part in parts:
        entries += read(part, limit - len(entries))
        if len(entries) == limit:
            break
    return entries


_IDS = {
    "sqlite": func.json_each(bindparam("ids", type_=Text)).table_valued("value"),
    "postgresql": func.json_array_elements_text(cast(bindparam("ids", type_=Text), JSON)).table_valued("value"),
}
_BY_IDS = {name: Prepared(select(rollouts).where(rollouts.c.id.in_(select(ids.c.value)))) for name, ids in _IDS.items()}
