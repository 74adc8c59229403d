"""What stands before and after a rollout in a list: the list read from there, in both directions."""

from dataclasses import replace

from sqlalchemy import Connection, select

from rolldeck.domain.errors import NotFound
from rolldeck.storage.database.listed import listed
from rolldeck.storage.database.repositories.fetching import Row, fetch_one
from rolldeck.storage.database.repositories.list_order import Cursor, reversed_sort, value_column
from rolldeck.storage.database.repositories.listing import Asked, rollouts_page
from rolldeck.storage.database.repositories.text_sample import TextSample
from rolldeck.storage.port import Neighbours, RolloutFilter, RolloutSort

_MOST_PAGES = 10  # of a text search, which may be empty and go on


def neighbours_of(
    connection: Connection, *, rollout_id: str, where: RolloutFilter, sort: RolloutSort, sample: TextSample
) -> Neighbours:
    """Return the rollouts beside one in a list, which it may itself have left. Raises ``NotFound``."""
    row = fetch_one(connection, select(listed).where(listed.c.rollout_id == rollout_id))
    if row is None:
        raise NotFound(f"There is no rollout {rollout_id}")
    onwards = Asked(where, sort, _cursor(row, sort), limit=1, count=False)
    return Neighbours(
        previous=_previous(connection, row, onwards, sample), following=_first(connection, onwards, sample)
    )


def _previous(connection: Connection, row: Row, onwards: Asked, sample: TextSample) -> str | None:
    """Return the first one of the list read backwards; those without the value that it is sorted by come last both ways."""
    sort = reversed_sort(onwards.sort)
    column = value_column(sort)
    backwards = replace(onwards, sort=sort, after=_cursor(row, sort))
    found = _first(connection, backwards, sample)
    if column is None:
        return found
    if row[column] is None:
        return found or _with_value(connection, _first(connection, replace(backwards, after=None), sample), column)
    return _with_value(connection, found, column)


def _with_value(connection: Connection, rollout_id: str | None, column: str) -> str | None:
    query = select(listed.c[column]).where(listed.c.rollout_id == rollout_id)
    return None if rollout_id is None or connection.execute(query).scalar() is None else rollout_id


def _first(connection: Connection, asked: Asked, sample: TextSample) -> str | None:
    for _ in range(_MOST_PAGES):
        page = rollouts_page(connection, asked=asked, sample=sample)
        if page.rollouts:
            return page.rollouts[0].id
        if page.next is None:
            return None
        asked = replace(asked, after=page.next)
    return None


def _cursor(row: Row, sort: RolloutSort) -> str:
    column = value_column(sort)
    return Cursor(sort=sort, value=None if column is None else row[column], number=row["number"]).encode()
