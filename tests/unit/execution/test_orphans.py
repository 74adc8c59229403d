"""Files whose rollouts are no more, on a real database and a real directory."""

from pathlib import Path
from typing import TYPE_CHECKING

from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.execution.orphans import OrphanedFiles
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.storage.port import RolloutFilter

if TYPE_CHECKING:
    from .conftest import Scene


async def test_files_of_rollouts_that_are_no_more_are_removed_and_no_others(scene: "Scene", tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "rolldeck.db")
    artifacts = LocalArtifacts(tmp_path / "artifacts")
    await database.tasks.upload([scene.task])
    spec = BatchSpec(task_ids=(scene.task.id,), agents=(AgentChoice(agent="somebody"),), repeats=2)
    await database.batches.create(spec, {})
    deleted, kept = [rollout.id for rollout in (await database.rollouts.list(RolloutFilter())).rollouts]
    for rollout_id in (deleted, kept):
        await artifacts.put(f"{rollout_id}/screens/same.png", b"same")
        await artifacts.put(f"{rollout_id}/screens/own.png", rollout_id.encode())

    await database.rollouts.request_cancel(deleted)
    await database.rollouts.delete(deleted)  # and then its process died
    orphans = OrphanedFiles(database.rollouts, artifacts)
    assert await orphans.reap() == 1
    assert await orphans.reap() == 0
    assert [piece async for piece in artifacts.rollouts()] == [[kept]]
    assert b"".join([piece async for piece in artifacts.read(f"{kept}/screens/same.png")]) == b"same"
    await database.close()
