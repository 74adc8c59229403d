"""Tasks in the database."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from pydantic import JsonValue, ValidationError
from sqlalchemy import Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from rolldeck.domain.errors import NotFound, StorageError
from rolldeck.domain.task import Task
from rolldeck.storage.database.engine import Sessions, storage_errors
from rolldeck.storage.database.models import TaskRow, TaskVersionRow
from rolldeck.storage.database.natural_order import natural_key
from rolldeck.storage.database.pieces import in_pieces
from rolldeck.storage.port import StoredTask, TaskCounts, UploadCounts


class DatabaseTasks:
    """``storage.port.Tasks`` on a database."""

    def __init__(self, sessions: Sessions, now: Callable[[], datetime]) -> None:
        self._sessions = sessions
        self._now = now

    async def upload(self, tasks: Sequence[Task]) -> UploadCounts:
        """Store all of them or none; a task whose content differs from the stored one becomes a new version."""
        # Thousands of content hashes take a while: not on the event loop.
        contents = await asyncio.to_thread(
            lambda: {task.id: (task.version, task.model_dump_json(by_alias=True)) for task in tasks}
        )
        with storage_errors("storing tasks"):
            async with self._sessions.write.begin() as session:
                return await _store(session, contents, self._now())

    async def list(self, *, after: str | None = None, limit: int = 1000) -> Sequence[StoredTask]:
        """Tasks in the natural order of their ids, beginning after the id ``after``."""
        query = _newest_versions().order_by(TaskRow.order_key).limit(limit)
        if after is not None:
            query = query.where(TaskRow.order_key > natural_key(after))
        with storage_errors("listing tasks"):
            async with self._sessions.read() as session:
                return [_stored(row, version) for row, version in await session.execute(query)]

    async def get(self, task_id: str, version: str | None = None) -> StoredTask:
        """Return one task, its newest version unless one is named. Raises ``NotFound``."""
        query = select(TaskRow, TaskVersionRow).join(TaskVersionRow, TaskVersionRow.task_id == TaskRow.id)
        query = query.where(TaskRow.id == task_id, TaskVersionRow.version == (version or TaskRow.version))
        with storage_errors("reading a task"):
            async with self._sessions.read() as session:
                found = (await session.execute(query)).one_or_none()
        if found is None:
            raise NotFound(f"There is no task {task_id!r}" + ("" if version is None else f" of version {version}"))
        return _stored(*found)

    async def get_many(self, task_ids: Sequence[str]) -> Sequence[StoredTask]:
        """Return tasks, their newest versions, in the order of ``task_ids``. Raises ``NotFound`` that names unknown ones."""
        found: dict[str, StoredTask] = {}
        with storage_errors("reading tasks"):
            async with self._sessions.read() as session:
                for some in in_pieces(task_ids):
                    rows = await session.execute(_newest_versions().where(TaskRow.id.in_(some)))
                    found |= {row.id: _stored(row, version) for row, version in rows}
        refuse_unknown(task_ids, found)
        return [found[task_id] for task_id in task_ids]

    async def answers(self, versions: AbstractSet[tuple[str, str]]) -> Mapping[tuple[str, str], JsonValue]:
        """Return the expected answers of versions of tasks, by (task id, version). Raises ``NotFound``."""
        found: dict[tuple[str, str], JsonValue] = {}
        with storage_errors("reading tasks"):
            async with self._sessions.read() as session:
                # By task alone: SQLite searches no index for pairs. A task has few versions.
                for some in in_pieces(list({task_id for task_id, _ in versions})):
                    rows = await session.scalars(select(TaskVersionRow).where(TaskVersionRow.task_id.in_(some)))
                    wanted = (row for row in rows if (row.task_id, row.version) in versions)
                    found |= {(row.task_id, row.version): task_of(row).answer for row in wanted}
        refuse_unknown([task_id for task_id, _ in versions], {task_id for task_id, _ in found})
        return found


def refuse_unknown(wanted: Iterable[str], found: Collection[str]) -> None:
    """Raise ``NotFound`` that names the ids of tasks that were not found, the first few of them."""
    unknown = [task_id for task_id in dict.fromkeys(wanted) if task_id not in found]
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise NotFound("There is no task " + ", ".join(repr(task_id) for task_id in unknown[:5]) + more)


def task_of(row: TaskVersionRow) -> Task:
    """Return the task that was stored. Raises ``StorageError`` where this code cannot read it any more."""
    try:
        return Task.model_validate_json(row.content)
    except ValidationError as error:
        raise StorageError(f"The stored task {row.task_id!r} cannot be read: upload its file again") from error


def _newest_versions() -> Select[TaskRow, TaskVersionRow]:
    newest = (TaskVersionRow.task_id == TaskRow.id) & (TaskVersionRow.version == TaskRow.version)
    return select(TaskRow, TaskVersionRow).join(TaskVersionRow, newest)


def _stored(row: TaskRow, version: TaskVersionRow) -> StoredTask:
    counts = TaskCounts(row.live, row.completed, row.succeeded, row.failed, row.cancelled)
    return StoredTask(task_of(version), row.created_at, row.updated_at, counts)


async def _store(session: AsyncSession, contents: Mapping[str, tuple[str, str]], now: datetime) -> UploadCounts:
    """Write what is new or different. ``contents`` has (version, JSON) by task id."""
    present: dict[str, str] = {}
    for some in in_pieces(list(contents)):
        rows = await session.execute(select(TaskRow.id, TaskRow.version).where(TaskRow.id.in_(some)))
        present |= {row.id: row.version for row in rows}
    added = [task_id for task_id in contents if task_id not in present]
    changed = [task_id for task_id in contents if present.get(task_id, contents[task_id][0]) != contents[task_id][0]]
    await _add_tasks(session, {task_id: contents[task_id][0] for task_id in added}, now)
    await _add_versions(session, {task_id: contents[task_id] for task_id in (*added, *changed)}, now)
    for task_id in changed:
        change = update(TaskRow).where(TaskRow.id == task_id).values(version=contents[task_id][0], updated_at=now)
        await session.execute(change)
    return UploadCounts(len(added), len(changed), len(contents) - len(added) - len(changed))


async def _add_tasks(session: AsyncSession, versions: Mapping[str, str], now: datetime) -> None:
    rows = [
        {"id": task_id, "order_key": natural_key(task_id), "version": version, "created_at": now, "updated_at": now}
        for task_id, version in versions.items()
    ]
    if rows:
        await session.execute(insert(TaskRow), rows)


async def _add_versions(session: AsyncSession, contents: Mapping[str, tuple[str, str]], now: datetime) -> None:
    """Add versions that are not there yet: a task that is changed back has its old version again."""
    present: set[tuple[str, str]] = set()
    for some in in_pieces(list(contents)):
        query = select(TaskVersionRow.task_id, TaskVersionRow.version).where(TaskVersionRow.task_id.in_(some))
        present |= {(task_id, version) for task_id, version in await session.execute(query)}
    rows = [
        {"task_id": task_id, "version": version, "content": content, "created_at": now}
        for task_id, (version, content) in contents.items()
        if (task_id, version) not in present
    ]
    if rows:
        await session.execute(insert(TaskVersionRow), rows)
