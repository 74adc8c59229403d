"""Pages of a list that hold a phrase.

First so many entries of the list are looked at. Where these do not fill a page, and few texts can have the phrase, as a
sample of all texts says, the index of trigrams finds them; where many can, the page holds what was found, and the next
one looks on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial

from sqlalchemy import Connection, Integer, and_, false, func, not_, or_, select

from rolldeck.storage.database.listed import listed_texts
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.entries import Reading, among, as_json, entries_alone, exactly, is_in
from rolldeck.storage.database.repositories.fetching import Row
from rolldeck.storage.database.repositories.finding import Finder
from rolldeck.storage.database.repositories.list_order import Cursor, Part, Stretch, cursor_at, parts_of, unsorted
from rolldeck.storage.database.repositories.text_sample import TextSample
from rolldeck.storage.database.repositories.text_search import Phrase, as_indexed, holds, rollouts_with
from rolldeck.storage.database.repositories.wanted import Wanted
from rolldeck.storage.port import RolloutSort

_LOOKED_AT = 1_000  # entries for one page, unless the index finds it
_GLANCE = 4  # a first look is at so much fewer: a phrase is mostly in none of them, or in enough
_FEW_TEXTS = 3_000  # that can all be looked at
_CANDIDATES = 7_000  # texts with the pieces that the index is asked for, each of which is looked at
_INDEX_ENTRIES = 150_000  # of these pieces together, which the index compares
_MOST_PIECES = 8  # more of them exclude hardly anything
_STATEMENTS = 1_000  # kept


@dataclass(frozen=True)
class Found:
    """What was found for a page. ``looked_until``: where a search goes on that has not come to an end."""

    entries: Sequence[Row]
    looked_until: Row | None = None


class Search:
    """A phrase in what is wanted, otherwise, of a list. ``tasks`` are the versions of tasks that hold it."""

    def __init__(
        self, connection: Connection, wanted: Wanted, phrase: Phrase, tasks: Sequence[int], sample: TextSample
    ) -> None:
        self._connection = connection
        self._wanted = wanted
        self._phrase = phrase
        self._tasks = tasks
        self._sample = sample
        self._leading = wanted.leading(connection)

    def page(self, sort: RolloutSort, cursor: Cursor | None, most: int) -> Found:
        """Return the first entries after the cursor that hold it, or the first of them."""
        hits: list[Row] = []
        looked_until = cursor
        for some in (_LOOKED_AT // _GLANCE, _LOOKED_AT - _LOOKED_AT // _GLANCE):
            seen = self._look_at(parts_of(sort, looked_until), some)
            hits += [row for row in seen if row["hit"]]
            if len(hits) >= most or len(seen) < some:
                return Found(hits[:most])
            looked_until = cursor_at(seen[-1], sort)
        if self._pieces is None:
            return Found(hits, seen[-1])
        return Found(self._by_index(parts_of(sort, cursor), most))

    def count(self, most: int) -> int | None:
        """Count what holds it, up to so many; None where too many texts would have to be looked at for that."""
        if self._wanted.size(self._connection, self._leading, _LOOKED_AT) < _LOOKED_AT:
            seen = self._look_at(parts_of(RolloutSort.NEWEST, None), _LOOKED_AT)
            return sum(bool(row["hit"]) for row in seen)
        if self._pieces is None:
            return None
        found = len(self._own(parts_of(RolloutSort.NEWEST, None)[0], most))
        if found < most and self._tasks:
            of_tasks = self._wanted.of_tasks(self._tasks)
            found += of_tasks.count(self._connection, of_tasks.leading(self._connection), most)
        return min(found, most)

    def _look_at(self, parts: Sequence[Part], most: int) -> list[Row]:
        """Read the first entries, and of each whether it is wanted. What has not ended has no text of its own."""
        finder = Finder(self._connection, self._wanted, self._leading, self._parameters(()))
        return finder.first(parts, most, partial(_looked_at, ended=not self._tasks))

    @cached_property
    def _pieces(self) -> Sequence[str] | None:
        """What to ask the index for: as many of the rarest pieces as it can compare; None where it had too much to do."""
        self._sample.look(self._connection)
        chosen: list[str] = []
        compared = 0
        for texts, piece in sorted((self._texts_with([piece]), piece) for piece in self._phrase.pieces):
            compared += texts
            if compared > _INDEX_ENTRIES or len(chosen) == _MOST_PIECES:
                break
            chosen.append(piece)
        if self._sample.total <= _FEW_TEXTS:
            return chosen
        return chosen if chosen and self._texts_with(chosen) <= _CANDIDATES else None

    def _texts_with(self, pieces: Sequence[str]) -> int:
        on_sqlite = self._phrase.on_sqlite
        return self._sample.with_all([as_indexed(piece, on_sqlite=on_sqlite) for piece in pieces])

    def _by_index(self, parts: Sequence[Part], most: int) -> list[Row]:
        """Find entries by the index of trigrams, and by the tasks that hold the phrase."""
        found: list[Row] = []
        for part in parts:
            own = self._own(part, most)
            of_tasks = self._of_tasks(part, most)
            found += sorted([*own, *of_tasks], key=part.stretch.comes_before)[: most - len(found)]
            if len(found) == most:
                break
        return found

    def _own(self, part: Part, most: int) -> list[Row]:
        pieces = self._pieces or ()
        statement = _by_pieces(part.stretch, most, self._phrase.on_sqlite, self._wanted.others(None), len(pieces))
        values = {**self._parameters(pieces), **part.parameters, **self._wanted.parameters(None)}
        return statement.fetch(self._connection, values)

    def _of_tasks(self, part: Part, most: int) -> list[Row]:
        wanted = self._wanted.of_tasks(self._tasks)
        if wanted.is_never_met:
            return []
        return Finder(self._connection, wanted, wanted.leading(self._connection)).first([part], most, entries_alone)

    def _parameters(self, pieces: Sequence[str]) -> Mapping[str, str]:
        return {"tasks_with_phrase": as_json(self._tasks), **self._phrase.parameters(pieces)}


@lru_cache(_STATEMENTS)
def _looked_at(reading: Reading, *, ended: bool) -> Prepared:
    """Return the statement that reads entries and whether each is wanted (``hit``)."""
    columns = [name for name in dict.fromkeys(("task", *reading.others)) if name != "number"]
    in_order = tuple(name for name in reading.others if name == (reading.stretch.column or "number"))
    some = replace(reading, others=in_order, ended=ended).entries(*columns).subquery("some")
    text = select(holds(listed_texts.c.text, on_sqlite=reading.on_sqlite)).where(listed_texts.c.number == some.c.number)
    has_phrase = or_(
        is_in(some.c.task, "tasks_with_phrase", Integer, on_sqlite=reading.on_sqlite),
        func.coalesce(text.scalar_subquery(), false()),
    )
    others = (among(some, name, on_sqlite=reading.on_sqlite) for name in reading.others)
    return Prepared(select(some.c.number, some.c.rollout_id, some.c.value, and_(*others, has_phrase).label("hit")))


@lru_cache(_STATEMENTS)
def _by_pieces(
    stretch: Stretch,
    most: int,
    on_sqlite: bool,
    others: tuple[str, ...],
    pieces: int,
) -> Prepared:
    """Return the statement that finds entries by their own texts. What its task has is found otherwise."""
    own = rollouts_with(pieces, on_sqlite=on_sqlite)
    query = select(own.c.number, own.c.rollout_id, stretch.value(own).label("value"))
    query = query.where(
        *stretch.conditions(own, unsorted),
        *(among(own, name, on_sqlite=on_sqlite) for name in others),
        not_(is_in(own.c.task, "tasks_with_phrase", Integer, on_sqlite=on_sqlite)),
    )
    return Prepared(query.order_by(*stretch.order(own, unsorted)).limit(exactly(most)))
