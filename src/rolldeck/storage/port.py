"""What the rest of Rolldeck knows of storage. Every method is one transaction; all times are UTC."""

from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from rolldeck.domain.rollout import PhaseTiming, Rollout, RolloutError, Step, StopReason
from rolldeck.domain.status import Event, Status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict


@dataclass(frozen=True)
class UploadCounts:
    """What an upload did, in tasks."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class TaskCounts:
    """A task's rollouts by outcome, over all its versions.

    ``live`` are not final yet; ``completed`` have a verdict, ``succeeded`` of them a right one; ``failed`` and
    ``cancelled`` have none and count in no rate.
    """

    live: int = 0
    completed: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        """All rollouts of the task."""
        return self.live + self.completed + self.failed + self.cancelled

    @property
    def success_rate(self) -> float | None:
        """Succeeded of completed, in [0, 1]; None where none is completed."""
        return self.succeeded / self.completed if self.completed else None


@dataclass(frozen=True)
class StoredTask:
    """The newest version of a task, with the counts of its rollouts."""

    task: Task
    created_at: datetime
    updated_at: datetime
    counts: TaskCounts = TaskCounts()


@dataclass(frozen=True)
class RolloutFilter:
    """Which rollouts a list holds; what is empty does not filter."""

    task_id: str | None = None
    statuses: frozenset[Status] = frozenset()
    agent: str | None = None
    success: bool | None = None


@dataclass(frozen=True)
class RolloutPage:
    """A page of a list, newest first. ``next`` is given back to get the following page; None on the last one."""

    rollouts: Sequence[Rollout]
    next: str | None


@dataclass(frozen=True)
class Change:
    """What is written together with a status change; what is None stays as it is. ``error`` and ``timings`` are appended."""

    stop_reason: StopReason | None = None
    answer_text: str | None = None
    verdict: Verdict | None = None
    errors: tuple[RolloutError, ...] = ()
    timings: tuple[PhaseTiming, ...] = ()
    video: str | None = None


@dataclass(frozen=True)
class Claim:
    """A rollout that this worker may execute; ``token`` names the claim in every later write."""

    rollout: Rollout
    task: Task
    token: str = field(repr=False)


class Tasks(Protocol):
    """The stored tasks."""

    async def upload(self, tasks: Sequence[Task]) -> UploadCounts:
        """Store all of them or none; a task whose content differs from the stored one becomes a new version."""

    async def list(self, *, after: str | None = None, limit: int = 1000) -> Sequence[StoredTask]:
        """Tasks in the order of their ids (natural order: 2 before 10), beginning after the id ``after``."""

    async def get(self, task_id: str, version: str | None = None) -> StoredTask:
        """Return one task, its newest version unless one is named. Raises ``NotFound``."""

    async def get_many(self, task_ids: Sequence[str]) -> Sequence[StoredTask]:
        """Return tasks, their newest versions, in the order of ``task_ids``. Raises ``NotFound`` that names unknown ones."""

    async def answers(self, versions: AbstractSet[tuple[str, str]]) -> Mapping[tuple[str, str], JsonValue]:
        """Return the expected answers of versions of tasks, by (task id, version). Raises ``NotFound``."""


class Rollouts(Protocol):
    """The stored rollouts. A write that names a claim's token changes nothing, and raises ``Conflict``, once it is stale."""

    async def create(self, task_ids: Sequence[str], agent: str, repeats: int) -> Sequence[Rollout]:
        """Queue ``repeats`` rollouts per task, in one transaction. Raises ``NotFound`` that names unknown tasks."""

    async def list(self, where: RolloutFilter, *, after: str | None = None, limit: int = 50) -> RolloutPage:
        """Return a page of the rollouts that match, newest first. Raises ``InvalidInput`` for a bad cursor."""

    async def get(self, rollout_id: str) -> Rollout:
        """Return one rollout. Raises ``NotFound``."""

    async def claim(self, *, created_from: datetime | None = None) -> Claim | None:
        """Take the oldest pending rollout, which becomes provisioning, or None where there is none.

        With ``created_from``, only one that was queued then or later: a run of its own leaves older queues alone.
        """

    async def advance(self, rollout_id: str, token: str, event: Event, change: Change = Change()) -> Rollout:
        """Change the status as the state machine says, and write ``change`` with it."""

    async def add_step(self, rollout_id: str, token: str, step: Step) -> None:
        """Append a step."""

    async def steps(self, rollout_id: str) -> Sequence[Step]:
        """All steps, in order. Raises ``NotFound``."""

    async def step(self, rollout_id: str, index: int) -> Step:
        """Return one step. Raises ``NotFound``."""

    async def count_live(self) -> int:
        """Return how many rollouts are not final yet."""

    async def request_cancel(self, rollout_id: str) -> Rollout:
        """Cancel a pending rollout at once; ask the worker of a live one to. Raises ``Conflict`` on a final one."""

    async def cancel_requested(self, rollout_ids: Sequence[str]) -> frozenset[str]:
        """Which of these are asked to stop, or are gone."""

    async def delete(self, rollout_id: str) -> Sequence[str]:
        """Remove a final rollout and its steps; returns the artifact keys it had. Raises ``Conflict`` on a live one."""

    async def release_orphans(self) -> int:
        """Fail what a process that no longer lives had claimed (at start: all claimed); returns how many."""


@dataclass(frozen=True)
class StoredArtifact:
    """What is known of an artifact without reading it."""

    key: str
    size_bytes: int
    media_type: str


class Artifacts(Protocol):
    """Files that belong to rollouts. Keys are relative paths: ``<rollout id>/video.mp4``, ``…/screens/<hash>.png``."""

    async def put(self, key: str, content: bytes) -> str:
        """Store bytes under a key, once: the same key again is the same content. Returns the key."""

    async def adopt(self, key: str, path: Path) -> str:
        """Move a finished file in under a key. Returns the key."""

    def workspace(self, rollout_id: str) -> Path:
        """A local directory for files that are still being written; exists on return; removed with the rollout."""

    async def stat(self, key: str) -> StoredArtifact:
        """Raises ``NotFound``."""

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes from ``start`` up to and excluding ``end``, in pieces. Raises ``NotFound``."""

    async def delete_rollout(self, rollout_id: str) -> int:
        """Remove all that belongs to a rollout; returns the bytes freed. Idempotent."""
