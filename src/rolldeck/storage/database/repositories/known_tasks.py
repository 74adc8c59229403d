"""Versions of tasks, each parsed once: they never change."""

from collections.abc import Set as AbstractSet

from sqlalchemy import Connection, bindparam, select

from rolldeck.domain.task import Task
from rolldeck.storage.database.models import task_versions
from rolldeck.storage.database.pieces import in_pieces
from rolldeck.storage.database.repositories.records import task_of

_MOST = 5000


class KnownTasks:
    """Keeps the versions that were read, up to some thousands."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[str, str], Task] = {}

    def among(self, versions: AbstractSet[tuple[str, str]]) -> dict[tuple[str, str], Task]:
        """Return those of the versions that are known, by (task id, version)."""
        return {version: self._tasks[version] for version in versions if version in self._tasks}

    def read(self, connection: Connection, task_id: str, version: str) -> Task:
        """Return a version of a task, which exists, reading it where it is not known yet."""
        task = self._tasks.get((task_id, version))
        if task is None:
            content = connection.execute(_CONTENT, {"task": task_id, "task_version": version}).scalar_one()
            task = self._keep(task_id, version, content)
        return task

    def read_all(self, connection: Connection, versions: AbstractSet[tuple[str, str]]) -> dict[tuple[str, str], Task]:
        """Read those of the versions that exist. Raises ``StorageError`` where this code cannot read one any more."""
        found: dict[tuple[str, str], Task] = {}
        # By task alone: SQLite searches no index for pairs. A task has few versions.
        for some in in_pieces(sorted({task_id for task_id, _ in versions})):
            for row in connection.execute(_CONTENTS.where(task_versions.c.task_id.in_(some))):
                if (row.task_id, row.version) in versions:
                    found[row.task_id, row.version] = self._keep(*row)
        return found

    def _keep(self, task_id: str, version: str, content: str) -> Task:
        task = task_of(task_id, content)
        if len(self._tasks) >= _MOST:
            self._tasks.clear()
        self._tasks[task_id, version] = task
        return task


_CONTENTS = select(task_versions.c.task_id, task_versions.c.version, task_versions.c.content)
_CONTENT = select(task_versions.c.content).where(
    task_versions.c.task_id == bindparam("task"), task_versions.c.version == bindparam("task_version")
)
