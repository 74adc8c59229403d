"""What the API needs of the rest of Rolldeck, and how a route gets at it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends, Request

from rolldeck.agents.port import Agents
from rolldeck.environments.port import TemplateInfo
from rolldeck.storage.port import Artifacts, Rollouts, Tasks


class Templates(Protocol):
    """The environments that tasks can name; ``environments.port.Environments`` is one."""

    async def templates(self) -> Sequence[TemplateInfo]:
        """All environments that tasks can name."""


@dataclass(frozen=True)
class Services:
    """The ports that the API calls, and the settings that it heeds.

    ``wake`` tells whoever executes rollouts that something was queued or is to be cancelled; it returns at once.
    ``host`` is the address that the server listens on, ``web_dir`` the exported dashboard, where there is one.
    """

    tasks: Tasks
    rollouts: Rollouts
    artifacts: Artifacts
    agents: Agents
    environments: Templates
    wake: Callable[[], None]
    version: str
    host: str
    max_upload_mb: int
    web_dir: Path | None

    @property
    def max_upload_bytes(self) -> int:
        """Largest task file accepted, in bytes."""
        return self.max_upload_mb * 1_000_000


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Needs = Annotated[Services, Depends(_services)]
