"""Files whose rollouts are no more: what is left where a process dies between a deletion's rows and its files."""

from rolldeck.storage.port import Artifacts, Rollouts

SWEEP_SECONDS = 24 * 3600.0
"""How often one looks for them: every file is looked at for it."""


class OrphanedFiles:
    """Removes files that belong to no rollout of the database."""

    def __init__(self, rollouts: Rollouts, artifacts: Artifacts) -> None:
        self._rollouts = rollouts
        self._artifacts = artifacts

    async def reap(self) -> int:
        """Remove them; returns how many rollouts' files, and contents that nothing named any more, that were.

        A rollout's row is there before its first file, so that files without a row are those of a deleted one.
        Raises ``StorageError``.
        """
        removed = 0
        async for rollout_ids in self._artifacts.rollouts():
            for rollout_id in await self._rollouts.missing(rollout_ids):
                await self._artifacts.delete_rollout(rollout_id)
                removed += 1
        return removed + await self._artifacts.discard_unneeded()
