"""Versions of tasks, each parsed once: they never change."""

from collections.abc import Set as AbstractSet

from pydantic import JsonValue
from sqlalchemy import Connection, bindparam, select

from rolldeck.domain.task import Task
from rolldeck.storage.database.models import task_versions
from rolldeck.storage.database.repositories.records import task_of

_MOST = 5000


class KnownTasks:
    """Keeps the versions that were read, up to some thousands."""

    def __init__(self) -> None:
        self._tasks: dict[tuple[str, str], Task] = {}

    def parse(self, task_id: str, version: str, content: str) -> Task:
        """Return a task from its stored content. Raises ``StorageError`` where this code cannot read it any more."""
        task = self._tasks.get((task_id, version))
        return self._keep(task_id, version, content) if task is None else task

    def read(self, connection: Connection, task_id: str, version: str) -> Task:
        """Return a version of a task, which exists, reading it where it is not known yet."""
        task = self._tasks.get((task_id, version))
        if task is None:
            content = connection.execute(_CONTENT, {"task": task_id, "task_version": version}).scalar_one()
            task = self._keep(task_id, version, content)
        return task

    def answers(self, versions: AbstractSet[tuple[str, str]]) -> dict[tuple[str, str], JsonValue]:
        """Return the expected answers of those of the versions that were read."""
        return {version: self._tasks[version].answer for version in versions if version in self._tasks}

    def _keep(self, task_id: str, version: str, content: str) -> Task:
        task = task_of(task_id, content)
        if len(self._tasks) >= _MOST:
            self._tasks.clear()
        self._tasks[task_id, version] = task
        return task


_CONTENT = select(task_versions.c.content).where(
    task_versions.c.task_id == bindparam("task"), task_versions.c.version == bindparam("task_version")
)
