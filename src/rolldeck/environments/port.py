"""What the rest of Rolldeck knows of environments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import JsonValue

from rolldeck.domain.page import Cookie
from rolldeck.domain.worker import PoolReport

Row = dict[str, JsonValue]


@dataclass(frozen=True)
class BuildProgress:
    """One report of a template's build: ``step`` of ``steps`` (from 1), its honest name, and how much of it is done.

    ``fraction`` is within the step, in [0, 1], or None where the step cannot know.
    """

    step: int
    steps: int
    name: str
    fraction: float | None = None


class ProgressListener(Protocol):
    """Is told how a template's build goes on; must return quickly."""

    def __call__(self, progress: BuildProgress) -> None:
        """Take one report."""


@dataclass(frozen=True)
class StageInfo:
    """A part of a template that is kept by itself; ``size_bytes`` and ``made_at`` are None until it is made."""

    name: str
    made_at: datetime | None = None
    size_bytes: int | None = None


@dataclass(frozen=True)
class TemplateInfo:
    """What is known of an environment's template: ``content_hash`` is of pins, configuration and data.

    ``stages`` are its parts, in the order in which they are made: of a build that was interrupted some are there.
    """

    name: str
    title: str
    runtime: str
    content_hash: str
    built: bool
    size_bytes: int | None
    stages: tuple[StageInfo, ...] = ()

    @property
    def built_at(self) -> datetime | None:
        """When the last of it was made; None where it is not built, or that is not known."""
        made = [stage.made_at for stage in self.stages if stage.made_at is not None]
        return max(made, default=None) if self.built else None


@dataclass(frozen=True)
class Entrance:
    """Where an agent begins in an environment whose task does not say it, and what it is told beside its task."""

    start_path: str = "/"
    instruction: str | None = None


class Environment(Protocol):
    """One running, isolated copy of an application with its data, used by one rollout, then destroyed."""

    @property
    def name(self) -> str:
        """Name of its recipe."""

    @property
    def template(self) -> str:
        """Content hash of the template that it was made from: ``TemplateInfo.content_hash`` at that time."""

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a slash at the end: the only origin the agent's browser may reach."""

    @property
    def cookies(self) -> Sequence[Cookie]:
        """What the browser needs in order to be logged in."""

    @property
    def entrance(self) -> Entrance:
        """How its agent begins."""

    @property
    def databases(self) -> Sequence[str]:
        """Names that ``sql`` accepts."""

    async def sql(self, database: str, query: str) -> list[Row]:
        """Run a read-only query for a state check; rows as JSON values, dates in ISO 8601, decimals as numbers.

        Raises ``VerificationError`` for an unknown database or a query that fails, ``EnvironmentFailure`` where the
        database cannot be reached.
        """

    async def check(self, *, within_seconds: float = 0) -> None:
        """Return if the application and its data answer now. Raises ``EnvironmentFailure`` within seconds if not.

        Where both have answered in the last ``within_seconds``, they are not asked again unless one is known to have died.

        An environment that has lost one of them since it was provisioned never passes again, so that what an agent
        did in a dead one is not judged.
        """

    async def assign(self, rollout_id: str) -> None:
        """Take the rollout's name wherever people look for it, where it was made before it was known whose it would be.

        Does nothing where no such names are. Raises ``EnvironmentFailure``.
        """

    async def memory_bytes(self) -> int:
        """Return the memory that would be free if only this environment were not there. ``EnvironmentFailure`` if gone."""

    async def logs(self) -> Mapping[str, str]:
        """Return the end of what each service wrote, by its name, without secrets; nothing where no runtime keeps it.

        Also of services that have ended. Raises ``EnvironmentFailure``.
        """

    async def close(self) -> None:
        """Remove all of it: processes, databases, roles, directories, ports. Idempotent."""


class Environments(Protocol):
    """Builds templates and provisions environments from them."""

    async def start(self) -> None:
        """Make ready to provision, and remove what an earlier process of this installation left behind."""

    async def templates(self) -> Sequence[TemplateInfo]:
        """All environments that tasks can name."""

    async def build(self, name: str, on_progress: ProgressListener) -> None:
        """Build the template if it is not there yet. Goes on where an interrupted build was.

        Raises ``InvalidInput`` for an unknown name and ``TemplateError`` where the build fails.
        """

    async def provision(self, name: str, rollout_id: str) -> Environment:
        """Return a healthy environment of the rollout's own. Raises ``EnvironmentFailure``; leaves nothing behind then."""

    def expect(self, demand: Mapping[str, int]) -> None:
        """Be told how many rollouts wait for each environment now: a hint at what may be prepared. Never blocks."""

    @property
    def blocked(self) -> str | None:
        """Why no environment can be provisioned for now, in words; None where they can, as far as is known. Asks nobody."""

    def report(self) -> PoolReport:
        """Return what became of what was prepared."""

    async def reap(self) -> int:
        """Remove what nobody owns any more, and return how much that was; cheap where there is nothing.

        That is what dead processes of this installation left, and in this one what a failed clean-up left. What lives,
        and what another installation owns, is never touched. Raises ``EnvironmentFailure``.
        """

    async def close(self) -> None:
        """Tear all environments down, and what serves them. Idempotent."""
