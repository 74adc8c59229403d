"""What the API works with, for benchmarks of it: everything that is stored is real, and nothing is executed."""

from collections.abc import Sequence
from pathlib import Path

from rolldeck.agents.registry import NOOP, AgentRegistry
from rolldeck.api.services import Services
from rolldeck.environments.port import TemplateInfo
from rolldeck.events.feed import EventFeed
from rolldeck.events.metrics import Metrics
from rolldeck.live.frames import LiveFrames
from rolldeck.settings import Settings
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.wiring import nobody_is_told, operations_of


class NoTemplates:
    """Stands for the environments, of which no list tells."""

    async def templates(self) -> Sequence[TemplateInfo]:
        return []


def services_on(database: Database, directory: Path, frames: LiveFrames | None = None) -> Services:
    """Return the services on a database; artifacts are in ``directory``."""
    return Services(
        tasks=database.tasks,
        batches=database.batches,
        rollouts=database.rollouts,
        workers=database.workers,
        quotas=database.quotas,
        people=database.people,
        events=database.events,
        statistics=database.statistics,
        artifacts=LocalArtifacts(directory / "artifacts"),
        agents=AgentRegistry([NOOP]),
        environments=NoTemplates(),
        feed=EventFeed(database.events),
        frames=frames or LiveFrames(lambda _: None),
        metrics=Metrics("benchmark"),
        operations=operations_of(Settings(data_dir=directory), nobody_is_told),
        wake=lambda: None,
        reader=None,
        version="benchmark",
        host="127.0.0.1",
        max_upload_mb=1,
        web_dir=None,
    )
