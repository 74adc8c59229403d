"""The only place where adapters are constructed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import rolldeck
from rolldeck.agents.registry import AgentRegistry
from rolldeck.api.services import Services
from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.environments.port import Environments
from rolldeck.environments.provider import process_environments
from rolldeck.execution.rollout import Adapters
from rolldeck.installation import Installation, hold_free_installation, hold_installation
from rolldeck.recorder.video import VideoRecorder
from rolldeck.settings import Settings
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.storage.port import Tasks
from rolldeck.verification.verifier import AnswerVerifier


@dataclass(frozen=True)
class Deck:
    """Everything that an entry point works with, constructed for one installation."""

    settings: Settings
    installation: Installation
    tasks: Tasks
    adapters: Adapters
    artifacts_dir: Path

    async def start(self) -> None:
        """Make ready for rollouts, and end what an earlier process of this installation left."""
        await asyncio.gather(
            self.adapters.rollouts.release_orphans(), self.adapters.environments.start(), self.adapters.browsers.start()
        )

    def services(self, wake_worker: Callable[[], None]) -> Services:
        """Return what the API works with."""
        return Services(
            tasks=self.tasks,
            rollouts=self.adapters.rollouts,
            artifacts=self.adapters.artifacts,
            agents=self.adapters.agents,
            environments=self.adapters.environments,
            wake=wake_worker,
            version=rolldeck.__version__,
            host=self.settings.host,
            max_upload_mb=self.settings.max_upload_mb,
            web_dir=web_dir_of(self.settings),
        )


@asynccontextmanager
async def open_deck(settings: Settings, *, beside_if_used: bool = False) -> AsyncIterator[Deck]:
    """Construct everything on the settings' data directory, and close it at the end. Nothing is started yet.

    Raises ``InstallationInUse`` where another process uses the directory; with ``beside_if_used``, the first free one
    beside it is taken then.
    """
    hold = hold_free_installation if beside_if_used else hold_installation
    with hold(settings.data_dir) as installation:
        artifacts_dir = installation.data_dir / "artifacts"
        database = await Database.open(installation.data_dir / "rolldeck.db")
        adapters = Adapters(
            rollouts=database.rollouts,
            artifacts=LocalArtifacts(artifacts_dir),
            environments=environments_of(settings, installation.id),
            browsers=ChromiumBrowsers(settings.chromium),
            recorder=VideoRecorder(),
            agents=AgentRegistry(),
            verifier=AnswerVerifier(),
        )
        try:
            yield Deck(settings, installation, database.tasks, adapters, artifacts_dir)
        finally:
            await asyncio.gather(adapters.browsers.close(), adapters.environments.close())
            await database.close()


def environments_of(settings: Settings, installation_id: str) -> Environments:
    """Return the environments; what they start carries the installation's id."""
    return process_environments(cache_dir=settings.cache_dir, run_dir=settings.run_dir, installation_id=installation_id)


def web_dir_of(settings: Settings) -> Path | None:
    """Return where the exported dashboard is: the one that the settings name, else this checkout's, else None."""
    if settings.web_dir is not None:
        return settings.web_dir
    built_here = Path(rolldeck.__file__).parents[2] / "web" / "out"
    return built_here if built_here.is_dir() else None
