"""What follows when a worker is lost."""

import asyncio
import shutil
from pathlib import Path

import structlog

from rolldeck.domain.errors import NotFound, RolldeckError, WorkerLost
from rolldeck.domain.rollout import Phase
from rolldeck.domain.status import Status
from rolldeck.execution.journal import as_record
from rolldeck.execution.phases import VIDEO_FILE
from rolldeck.execution.rollout import video_key
from rolldeck.storage.port import Artifacts, Released, Rollouts, Workers, Workspace

# A video that is being written consists of fragments; one that ended before its first cannot be played.
_FRAGMENT = b"moof"
_HEAD_BYTES = 64 * 1024

_log = structlog.get_logger(__name__)


class Losses:
    """Gives lost workers up."""

    def __init__(self, workers: Workers, rollouts: Rollouts, artifacts: Artifacts) -> None:
        self._workers = workers
        self._rollouts = rollouts
        self._artifacts = artifacts

    async def give_up(self, worker_id: str, why: str, *, beats: int | None = None) -> Released:
        """Give each rollout of a worker a new attempt or an end, and keep the videos of the attempts that it leaves.

        ``why``, in words, is put into their records. With ``beats`` nothing happens if it has beaten since. Idempotent.
        Raises ``StorageError`` where that cannot be written.
        """
        released = await self._workers.release(worker_id, as_record(Phase.AGENT, WorkerLost(why)), beats=beats)
        if released.attempts:
            _log.warning(
                "a worker is lost",
                lost_worker_id=worker_id,
                reason=why,
                requeued=released.requeued,
                failed=released.failed,
                cancelled=released.cancelled,
            )
        for rollout_id, attempt in released.attempts.items():
            await self._keep_what_is_left(rollout_id, attempt)
        return released

    async def reap(self) -> int:
        """Clean up after attempts that have ended, where who gave them up died over it; returns how many.

        Raises ``StorageError``.
        """
        return sum([await self._is_cleaned_up(workspace) for workspace in await self._artifacts.workspaces()])

    async def _is_cleaned_up(self, workspace: Workspace) -> bool:
        """Clean up after an attempt, unless it is being executed."""
        try:
            rollout = await self._rollouts.get(workspace.rollout_id)
        except NotFound:
            await self._artifacts.delete_rollout(workspace.rollout_id)
            return True
        is_claimed = rollout.status is not Status.PENDING and not rollout.status.is_final
        if is_claimed and rollout.attempt == workspace.attempt:
            return False
        await self._keep_what_is_left(workspace.rollout_id, workspace.attempt)
        return True

    async def _keep_what_is_left(self, rollout_id: str, attempt: int) -> None:
        key = video_key(rollout_id, attempt)
        try:
            copy = await asyncio.to_thread(_copy_of, self._artifacts.workspace(rollout_id, attempt) / VIDEO_FILE)
            if copy is not None:
                await self._artifacts.adopt(key, copy)
            if copy is not None or await self._is_stored(key):
                await self._rollouts.keep_video(rollout_id, attempt, key)
            await self._artifacts.discard_workspace(rollout_id, attempt)
        except RolldeckError as error:  # the rollout goes on all the same
            _log.warning("a lost attempt's video could not be kept", rollout_id=rollout_id, error=str(error))

    async def _is_stored(self, key: str) -> bool:
        """Whether the worker had stored its video, and was lost before it could record the attempt's end."""
        try:
            await self._artifacts.stat(key)
        except NotFound:
            return False
        return True


def _copy_of(video: Path) -> Path | None:
    """A copy of a video: its worker may only be stalled, and write on when it wakes up. None where there is none."""
    copy = video.with_name("kept.mp4")
    try:
        shutil.copyfile(video, copy)
        with copy.open("rb") as file:
            shows_something = _FRAGMENT in file.read(_HEAD_BYTES)
    except OSError as error:
        _log.info("a lost attempt leaves no video", reason=error.strerror)
        return None
    return copy if shows_something else None
