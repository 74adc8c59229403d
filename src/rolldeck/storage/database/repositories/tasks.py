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
from rolldeck.storage.database.repositories.fetching import Row, fetch_all
from rolldeck.storage.database.repositories.known_tasks import KnownTasks
from rolldeck.storage.database.repositories.ledger import Ledger
from rolldeck.storage.database.repositories.repository import Repository
from rolldeck.storage.database.repositories.rows import refuse_unknown
from rolldeck.storage.port import StoredTask, TaskCounts, TaskVersion, UploadCounts

_MOST_KEPT = 10_000  # tasks as they were read, of which few have changed when a list is read again


class DatabaseTasks(Repository):
    """``storage.port.Tasks`` on a database."""

    def __init__(self, transactions: Transactions, now: Callable[[], datetime], known: KnownTasks) -> None:
        super().__init__(transactions, now)
        self._known = known
        self._read_before: dict[str, tuple[Row, StoredTask]] = {}

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
        rows = await self._read("listing tasks", lambda connection: _LIST.fetch(connection, place), one_statement=True)
        return await self._stored(rows)

    async def get(self, task_id: str, version: str | None = None) -> StoredTask:
        """Return one task, its newest version unless one is named. Raises ``NotFound``."""
        row = await self._read(
            "reading a task", lambda connection: _GET.fetch_one(connection, {"key": task_id}), one_statement=True
        )
        if row is None:
            raise NotFound(f"There is no task {task_id!r}" + ("" if version is None else f" of version {version}"))
        (stored,) = await self._stored([row if version is None else {**row, "version": version}])
        return stored

    async def get_many(self, task_ids: Sequence[str]) -> Sequence[StoredTask]:
        """Return tasks, their newest versions, in the order of ``task_ids``. Raises ``NotFound`` that names unknown ones."""

        found = await self.newest(task_ids)
        refuse_unknown(task_ids, found)
        return [found[task_id] for task_id in task_ids]

    async def newest(self, task_ids: Sequence[str]) -> Mapping[str, StoredTask]:
        """Return those of the tasks that there are, by id, in their newest versions."""

        def work(connection: Connection) -> list[Row]:
            queries = (select(tasks).where(tasks.c.id.in_(some)) for some in in_pieces(task_ids))
            return [row for query in queries for row in fetch_all(connection, query)]

        stored = await self._stored(await self._read("reading tasks", work))
        return {each.task.id: each for each in stored}

    async def versions(self, task_id: str) -> Sequence[TaskVersion]:
        """Return all versions of a task, the newest first; none where there is no such task."""
        rows = await self._read(
            "reading a task", lambda connection: _VERSIONS.fetch(connection, {"key": task_id}), one_statement=True
        )
        return [TaskVersion(row["version"], row["created_at"]) for row in rows]

    async def answers(self, versions: AbstractSet[tuple[str, str]]) -> Mapping[tuple[str, str], JsonValue]:
        """Return the expected answers of versions of tasks, by (task id, version). Raises ``NotFound``."""
        return {version: task.answer for version, task in (await self._of_versions(versions)).items()}

    async def _stored(self, rows: Sequence[Row]) -> Sequence[StoredTask]:
        """Return the tasks whose rows these are, each in the row's version. Raises ``NotFound``."""
        found = await self._of_versions({(row["id"], row["version"]) for row in rows})
        return [self._unchanged(row) or self._keep(row, found[row["id"], row["version"]]) for row in rows]

    def _unchanged(self, row: Row) -> StoredTask | None:
        """Return the task as it was read before, if its row is the same."""
        before = self._read_before.get(row["id"])
        return before[1] if before is not None and before[0] == row else None

    def _keep(self, row: Row, task: Task) -> StoredTask:
        counts = TaskCounts(row["live"], row["completed"], row["succeeded"], row["failed"], row["cancelled"])
        stored = StoredTask(task, row["version"], row["created_at"], row["updated_at"], counts)
        if len(self._read_before) >= _MOST_KEPT:
            self._read_before.clear()
        self._read_before[row["id"]] = (row, stored)
        return stored

    async def _of_versions(self, versions: AbstractSet[tuple[str, str]]) -> Mapping[tuple[str, str], Task]:
        """Return versions of tasks, which never change: only those are read that are not known yet. Raises ``NotFound``."""
        known = self._known.among(versions)
        unknown = versions - known.keys()
        if unknown:
            known |= await self._read("reading tasks", lambda connection: self._known.read_all(connection, unknown))
            missing = unknown - known.keys()
            if missing:
                task_id, version = min(missing)
                raise NotFound(f"There is no task {task_id!r} of version {version}")
        return known


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


_GET = Prepared(select(tasks).where(tasks.c.id == bindparam("key")))
_VERSIONS = Prepared(
    select(task_versions.c.version, task_versions.c.created_at)
    .where(task_versions.c.task_id == bindparam("key"))
    .order_by(task_versions.c.created_at.desc())
)
_LIST = Prepared(
    select(tasks)
    .where(tasks.c.order_key > bindparam("after"))
    .order_by(tasks.c.order_key)
    .limit(bindparam("most", type_=Integer))
)
_CHANGE = update(tasks).where(tasks.c.id == bindparam("key"))
