"""What the API needs of the rest of Rolldeck, and how a route gets at it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from rolldeck.agents.port import Agents
from rolldeck.diagnosis import Doctor
from rolldeck.domain.batch import ModelChoice
from rolldeck.effective_settings import EffectiveSetting
from rolldeck.environments.builds import Builds
from rolldeck.environments.port import TemplateInfo
from rolldeck.environments.provider import KnownRecipes
from rolldeck.environments.runtime_states import RuntimeState
from rolldeck.events.feed import EventFeed
from rolldeck.events.metrics import Metrics
from rolldeck.events.throughput import Pace
from rolldeck.events.webhooks import Webhooks
from rolldeck.live.frames import LiveFrames
from rolldeck.storage.port import Artifacts, Batches, Events, People, Quotas, Rollouts, Tasks, Workers
from rolldeck.storage.tallies import Statistics


class Templates(Protocol):
    """The environments that tasks can name; ``environments.port.Environments`` is one."""

    async def templates(self) -> Sequence[TemplateInfo]:
        """All environments that tasks can name."""


@dataclass(frozen=True)
class Operations:
    """What whoever runs this server looks at and does. ``settings`` are by group, in the order in which they are read."""

    builds: Builds
    recipes: KnownRecipes
    runtimes: Callable[[], Awaitable[Sequence[RuntimeState]]]
    settings: Mapping[str, Sequence[EffectiveSetting]]
    doctor: Doctor


@dataclass(frozen=True)
class Services:
    """The ports that the API calls, and the settings that it heeds.

    ``wake`` tells whoever executes rollouts that something was queued or is to be cancelled; it returns at once.
    ``reader`` is the model that reads answers where a batch does not say who does. ``feed``, ``metrics`` and ``pace`` work
    while the application is served: its lifespan starts and ends them. ``host`` is the address that the server listens on,
    ``web_dir`` the exported dashboard, where there is one.
    """

    tasks: Tasks
    batches: Batches
    rollouts: Rollouts
    workers: Workers
    quotas: Quotas
    people: People
    events: Events
    statistics: Statistics
    artifacts: Artifacts
    agents: Agents
    environments: Templates
    feed: EventFeed
    frames: LiveFrames
    metrics: Metrics
    operations: Operations
    wake: Callable[[], None]
    reader: ModelChoice | None
    version: str
    host: str
    max_upload_mb: int
    web_dir: Path | None
    webhooks: Webhooks | None = None
    pace: Pace = field(default_factory=Pace)

    @property
    def max_upload_bytes(self) -> int:
        """Largest task file accepted, in bytes."""
        return self.max_upload_mb * 1_000_000

    def queue_changed(self) -> None:
        """Let workers look into the queue, and listeners hear of it, now and not at the next look."""
        self.wake()
        self.feed.wake()


# A coroutine like every dependency here: FastAPI would call a plain function in a thread, which takes longer.
async def _services(connection: HTTPConnection) -> Services:
    services: Services = connection.app.state.services
    return services


Needs = Annotated[Services, Depends(_services)]
