"""One rollout with all that belongs to it, read for export."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from rolldeck.domain.errors import NotFound
from rolldeck.domain.rollout import Attempt, Rollout, Step
from rolldeck.domain.task import Task
from rolldeck.storage.port import Artifacts, Rollouts, StoredArtifact, Tasks


@dataclass(frozen=True)
class Part:
    """An attempt: its steps, and the artifact key of its video. ``earlier`` is None for the present attempt."""

    number: int
    steps: Sequence[Step]
    video: str | None
    earlier: Attempt | None = None


@dataclass(frozen=True)
class WholeRollout:
    """A rollout with the version of the task that it tried, and all of its attempts, the present one last."""

    rollout: Rollout
    task: Task
    parts: Sequence[Part]

    @property
    def present(self) -> Part:
        """The attempt that goes on, or that decided."""
        return self.parts[-1]


async def read_whole(rollout_id: str, rollouts: Rollouts, tasks: Tasks) -> WholeRollout:
    """Read a rollout. Raises ``NotFound``, ``StorageError``."""
    rollout = await rollouts.get(rollout_id)
    stored, earlier = await asyncio.gather(
        tasks.get(rollout.task_id, rollout.task_version), rollouts.attempts(rollout_id)
    )
    parts = [
        Part(attempt.number, await rollouts.steps(rollout_id, attempt.number), attempt.video, attempt)
        for attempt in earlier
        if attempt.number < rollout.attempt  # another one may have ended since the rollout was read
    ]
    parts.append(Part(rollout.attempt, await rollouts.steps(rollout_id, rollout.attempt), rollout.video))
    return WholeRollout(rollout, stored.task, parts)


async def look_for(artifacts: Artifacts, key: str) -> StoredArtifact | None:
    """Return what is known of an artifact, None where it is lost: the rest of a rollout is still worth exporting."""
    try:
        return await artifacts.stat(key)
    except NotFound:
        return None
