"""Lists of rollouts and batches, page by page. A page costs the same however deep it is and however many there are.

A page of rollouts is read from the ranges of the index that leads to the fewest, in the list's order, and what does not
match otherwise is left out. What has a text is searched as ``searching`` says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from rolldeck.domain.errors import InvalidInput
from rolldeck.domain.rollout import Rollout
from rolldeck.storage.database.ids import ULID_PATTERN
from rolldeck.storage.database.models import batches
from rolldeck.storage.database.repositories.entries import BY_IDS, as_json, with_rollouts
from rolldeck.storage.database.repositories.fetching import Row, fetch_all
from rolldeck.storage.database.repositories.finding import Finder
from rolldeck.storage.database.repositories.list_order import Cursor, cursor_at, parts_of
from rolldeck.storage.database.repositories.records import batch_of, rollout_of
from rolldeck.storage.database.repositories.searching import Search
from rolldeck.storage.database.repositories.text_sample import TextSample
from rolldeck.storage.database.repositories.text_search import phrase, tasks_with
from rolldeck.storage.database.repositories.wanted import Wanted, wanted_of
from rolldeck.storage.port import BatchPage, RolloutFilter, RolloutPage, RolloutSort

_COUNTED = 10_001


@dataclass(frozen=True)
class Asked:
    """What is asked of the list of rollouts; see ``storage.port.Rollouts.list``."""

    where: RolloutFilter
    sort: RolloutSort
    after: str | None
    limit: int
    count: bool

    def cursor(self) -> Cursor | None:
        """Return where the page begins. Raises ``InvalidInput`` for a bad one."""
        return None if self.after is None else Cursor.decode(self.after, self.sort)


def rollouts_page(connection: Connection, *, asked: Asked, sample: TextSample) -> RolloutPage:
    """Return a page of the rollouts that match. Raises ``InvalidInput`` for a bad cursor."""
    cursor = asked.cursor()
    wanted = wanted_of(connection, asked.where)
    if not asked.where.text:
        return _page(connection, wanted, asked, cursor)
    searched = phrase(connection, asked.where.text)
    tasks = tasks_with(connection, searched)
    if searched.is_short or wanted.is_never_met:
        return _page(connection, wanted.of_tasks(tasks), asked, cursor)
    return _searched_page(connection, Search(connection, wanted, searched, tasks, sample), asked, cursor)


def _page(connection: Connection, wanted: Wanted, asked: Asked, cursor: Cursor | None) -> RolloutPage:
    if wanted.is_never_met:
        return RolloutPage([], None, 0 if asked.count else None)
    leading = wanted.leading(connection)
    finder = Finder(connection, wanted, leading)
    rows = finder.first(parts_of(asked.sort, cursor), asked.limit + 1, with_rollouts)
    last = rows[asked.limit - 1] if len(rows) > asked.limit else None
    total = wanted.count(connection, leading, _COUNTED) if asked.count else None
    return RolloutPage([rollout_of(row) for row in rows[: asked.limit]], _next(last, asked), total)


def _searched_page(connection: Connection, search: Search, asked: Asked, cursor: Cursor | None) -> RolloutPage:
    found = search.page(asked.sort, cursor, asked.limit + 1)
    last = found.entries[asked.limit - 1] if len(found.entries) > asked.limit else found.looked_until
    total = search.count(_COUNTED) if asked.count else None
    return RolloutPage(_rollouts(connection, found.entries[: asked.limit]), _next(last, asked), total)


def _next(last: Row | None, asked: Asked) -> str | None:
    return None if last is None else cursor_at(last, asked.sort).encode()


def _rollouts(connection: Connection, entries: Sequence[Row]) -> Sequence[Rollout]:
    ids = [entry["rollout_id"] for entry in entries]
    rows = BY_IDS[connection.dialect.name].fetch(connection, {"ids": as_json(ids)})
    found = {row["id"]: rollout_of(row) for row in rows}
    return [found[rollout_id] for rollout_id in ids]


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
