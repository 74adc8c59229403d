"""Lists of rollouts and batches, page by page."""

from sqlalchemy import ColumnElement, Connection, func, select

from rolldeck.domain.errors import InvalidInput
from rolldeck.storage.database.ids import ULID_PATTERN
from rolldeck.storage.database.models import batches, rollouts
from rolldeck.storage.database.repositories.fetching import fetch_all
from rolldeck.storage.database.repositories.records import batch_of, rollout_of
from rolldeck.storage.port import BatchPage, RolloutFilter, RolloutPage, RolloutSort

_COUNTED = 10_001


def rollouts_page(
    connection: Connection, *, where: RolloutFilter, sort: RolloutSort, after: str | None, limit: int, count: bool
) -> RolloutPage:
    """Return a page of the rollouts that match. Raises ``InvalidInput`` for a bad cursor, and an order that is not by time."""
    if sort not in {RolloutSort.NEWEST, RolloutSort.OLDEST}:
        raise InvalidInput("Rollouts are listed by their time only")
    newest_first = sort is RolloutSort.NEWEST
    matching = select(rollouts).where(*_conditions(where))
    query = matching.order_by(rollouts.c.id.desc() if newest_first else rollouts.c.id).limit(limit + 1)
    if after is not None:
        _expect_cursor(after)
        query = query.where(rollouts.c.id < after if newest_first else rollouts.c.id > after)
    rows = fetch_all(connection, query)
    page = [rollout_of(row) for row in rows[:limit]]
    some = select(rollouts.c.id).where(*_conditions(where)).limit(_COUNTED).subquery()
    total = connection.scalar(select(func.count()).select_from(some)) if count else None
    return RolloutPage(page, page[-1].id if len(rows) > limit else None, total)


def batches_page(connection: Connection, *, live: bool | None, after: str | None, limit: int) -> BatchPage:
    """Return a page of batches, newest first. Raises ``InvalidInput`` for a bad cursor."""
    query = select(batches).order_by(batches.c.id.desc()).limit(limit + 1)
    if live is not None:
        query = query.where(batches.c.live > 0 if live else batches.c.live == 0)
    if after is not None:
        _expect_cursor(after)
        query = query.where(batches.c.id < after)
    rows = fetch_all(connection, query)
    page = [batch_of(row) for row in rows[:limit]]
    return BatchPage(page, page[-1].id if len(rows) > limit else None)


def _expect_cursor(after: str) -> None:
    if ULID_PATTERN.fullmatch(after) is None:
        raise InvalidInput("The cursor 'after' is not one that a list has returned")


def _conditions(where: RolloutFilter) -> list[ColumnElement[bool]]:
    equal = {
        "task_id": where.task_id,
        "batch_id": where.batch_id,
        "agent": where.agent,
        "model": where.model,
        "success": where.success,
        "failure": where.error,
    }
    conditions: list[ColumnElement[bool]] = [
        rollouts.c[name] == value for name, value in equal.items() if value is not None
    ]
    if where.statuses:
        conditions.append(rollouts.c.status.in_(sorted(status.value for status in where.statuses)))
    if where.text is not None:
        texts = (rollouts.c.task_id, rollouts.c.answer_text, rollouts.c.errors)
        found = [column.icontains(where.text, autoescape=True) for column in texts]
        conditions.append(found[0] | found[1] | found[2])
    return conditions
