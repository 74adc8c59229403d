"""Tasks in the database."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import Connection, Integer, bindparam, insert, select, update

from rolldeck.domain.errors import NotFound
from rolldeck.domain.event import EventKind
from rolldeck.domain.task import Task
from rolldeck.storage.database.engine import Transactions
from rolldeck.storage.database.locks import Lock, take
from rolldeck.storage.database.models import task_versions, tasks
from rolldeck.storage.database.natural_order import natural_key
from rolldeck.storage.database.pieces import in_pieces
from rolldeck.storage.database.prepared import Prepared
from rolldeck.storage.database.repositories.fetching import Row, fetch_all, fetch_one
from rolldeck.storage.database.repositories.known_tasks import KnownTasks
from rolldeck.storage.database.repositories.ledger import Ledger
from rolldeck.storage.database.repositories.repository import Repository
from rolldeck.storage.database.repositories.rows import refuse_unknown
from rolldeck.storage.port import StoredTask, TaskCounts, UploadCounts


class DatabaseTasks(Repository):
    """``storage.port.Tasks`` on a database."""

    def __init__(self, transactions: Transactions, now: Callable[[], datetime], known: KnownTasks) -> None:
        super().__init__(transactions, now)
        self._known = known

    async def upload(self, tasks: Sequence[Task]) -> UploadCounts:
        """Store all of them or none; a task whose content differs from the stored one becomes a new version."""
        # Thousands of content hashes take a while: not on the event loop.
        contents = await asyncio.to_thread(
            lambda: {task.id: (task.version, task.model_dump_json(by_alias=True)) for task in tasks}
        )

        def work(connection: Connection, ledger: Ledger) -> UploadCounts:
            counts = _store(connection, contents, ledger.now)
            told: dict[str, JsonValue] = {
                "added": counts.added,
                "changed": counts.changed,
                "unchanged": counts.unchanged,
            }
            ledger.log(EventKind.TASKS_UPLOADED, told)
            return counts

        return await self._write("storing tasks", work)

    async def list(self, *, after: str | None = None, limit: int = 1000) -> Sequence[StoredTask]:
        """Tasks in the natural order of their ids, beginning after the id ``after``."""
        place = {"after": "" if after is None else natural_key(after), "most": limit}
        return await self._read(
            "listing tasks", lambda connection: [self._stored(row) for row in _LIST.fetch(connection, place)]
        )

    async def get(self, task_id: str, version: str | None = None) -> StoredTask:
        """Return one task, its newest version unless one is named. Raises ``NotFound``."""
        wanted = _NEWEST if version is None else _ANY_VERSION.where(task_versions.c.version == version)
        query = wanted.where(tasks.c.id == task_id)

        def work(connection: Connection) -> StoredTask:
            row = fetch_one(connection, query)
            if row is None:
                raise NotFound(f"There is no task {task_id!r}" + ("" if version is None else f" of version {version}"))
            return self._stored(row)

        return await self._read("reading a task", work)

    async def get_many(self, task_ids: Sequence[str]) -> Sequence[StoredTask]:
        """Return tasks, their newest versions, in the order of ``task_ids``. Raises ``NotFound`` that names unknown ones."""

        def work(connection: Connection) -> dict[str, StoredTask]:
            found: dict[str, StoredTask] = {}
            for some in in_pieces(task_ids):
                rows = fetch_all(connection, _NEWEST.where(tasks.c.id.in_(some)))
                found |= {row["id"]: self._stored(row) for row in rows}
            return found

        found = await self._read("reading tasks", work)
        refuse_unknown(task_ids, found)
        return [found[task_id] for task_id in task_ids]

    async def answers(self, versions: AbstractSet[tuple[str, str]]) -> Mapping[tuple[str, str], JsonValue]:
        """Return the expected answers of versions of tasks, by (task id, version). Raises ``NotFound``."""
        columns = (task_versions.c.task_id, task_versions.c.version, task_versions.c.content)

        def work(connection: Connection) -> dict[tuple[str, str], JsonValue]:
            found: dict[tuple[str, str], JsonValue] = {}
            # By task alone: SQLite searches no index for pairs. A task has few versions.
            for some in in_pieces(list({task_id for task_id, _ in versions})):
                for row in connection.execute(select(*columns).where(task_versions.c.task_id.in_(some))):
                    if (row.task_id, row.version) in versions:
                        found[row.task_id, row.version] = self._known.parse(*row).answer
            return found

        known = self._known.answers(versions)
        if len(known) == len(versions):
            return known
        found = await self._read("reading tasks", work)
        refuse_unknown([task_id for task_id, _ in versions], [task_id for task_id, _ in found])
        return found

    def _stored(self, row: Row) -> StoredTask:
        counts = TaskCounts(row["live"], row["completed"], row["succeeded"], row["failed"], row["cancelled"])
        task = self._known.parse(row["id"], row["version_read"], row["content"])
        return StoredTask(task, row["version_read"], row["created_at"], row["updated_at"], counts)


def _store(connection: Connection, contents: Mapping[str, tuple[str, str]], now: datetime) -> UploadCounts:
    """Write what is new or different. ``contents`` has (version, JSON) by task id."""
    take(connection, Lock.TASKS)
    present: dict[str, str] = {}
    for some in in_pieces(list(contents)):
        rows = connection.execute(select(tasks.c.id, tasks.c.version).where(tasks.c.id.in_(some)))
        present |= {row.id: row.version for row in rows}
    added = [task_id for task_id in contents if task_id not in present]
    changed = [task_id for task_id in contents if present.get(task_id, contents[task_id][0]) != contents[task_id][0]]
    _add_tasks(connection, {task_id: contents[task_id][0] for task_id in added}, now)
    _add_versions(connection, {task_id: contents[task_id] for task_id in (*added, *changed)}, now)
    if changed:
        changes = [{"key": key, "version": contents[key][0], "updated_at": now} for key in sorted(changed)]
        connection.execute(_CHANGE, changes)
    return UploadCounts(len(added), len(changed), len(contents) - len(added) - len(changed))


def _add_tasks(connection: Connection, versions: Mapping[str, str], now: datetime) -> None:
    rows = [
        {"id": task_id, "order_key": natural_key(task_id), "version": version, "created_at": now, "updated_at": now}
        for task_id, version in versions.items()
    ]
    if rows:
        connection.execute(insert(tasks), rows)


def _add_versions(connection: Connection, contents: Mapping[str, tuple[str, str]], now: datetime) -> None:
    """Add versions that are not there yet: a task that is changed back has its old version again."""
    present: set[tuple[str, str]] = set()
    for some in in_pieces(list(contents)):
        query = select(task_versions.c.task_id, task_versions.c.version).where(task_versions.c.task_id.in_(some))
        present |= {(row.task_id, row.version) for row in connection.execute(query)}
    rows = [
        {"task_id": task_id, "version": version, "content": content, "created_at": now}
        for task_id, (version, content) in contents.items()
        if (task_id, version) not in present
    ]
    if rows:
        connection.execute(insert(task_versions), rows)


_ANY_VERSION = select(tasks, task_versions.c.version.label("version_read"), task_versions.c.content).join_from(
    tasks, task_versions, task_versions.c.task_id == tasks.c.id
)
_NEWEST = _ANY_VERSION.where(task_versions.c.version == tasks.c.version)
_LIST = Prepared(
    _NEWEST.where(tasks.c.order_key > bindparam("after"))
    .order_by(tasks.c.order_key)
    .limit(bindparam("most", type_=Integer))
)
_CHANGE = update(tasks).where(tasks.c.id == bindparam("key"))
