"""The only place where adapters are constructed."""

import asyncio
import os
import platform
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from uuid import uuid4

from pydantic import JsonValue, SecretStr

import rolldeck
from rolldeck.agents.anthropic import anthropic_agent
from rolldeck.agents.gemini import gemini_agent
from rolldeck.agents.models.cassette import Cassette
from rolldeck.agents.models.provider import ModelAccess
from rolldeck.agents.models.redaction import Secrets
from rolldeck.agents.openai import openai_agent
from rolldeck.agents.openai_compatible import openai_compatible_agent
from rolldeck.agents.plugins import plug_ins
from rolldeck.agents.port import Agents
from rolldeck.agents.registry import HUMAN, NOOP, ORACLE, AgentRegistry
from rolldeck.api.services import Operations, Services
from rolldeck.browser.page import PageSettings
from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.browser.scratch import Scratch
from rolldeck.browser.settling import Patience
from rolldeck.diagnosis import Doctor
from rolldeck.domain.event import EventKind
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.worker import Worker as WorkerRecord
from rolldeck.domain.worker import WorkerReport
from rolldeck.effective_settings import effective_settings
from rolldeck.environments.builds import Build, Builds, BuildState, OnChange
from rolldeck.environments.pool import WarmPool
from rolldeck.environments.port import Environments
from rolldeck.environments.provider import KnownRecipes, environments_for, is_for_docker, known_recipes
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.recipes import shop
from rolldeck.environments.recipes.metabase import METABASE_IMAGE, POSTGRES_IMAGE, Account, MetabaseSource
from rolldeck.environments.runtime_states import RuntimeState, docker_state, process_state
from rolldeck.environments.runtimes.places import default_run_dir, installation_tag
from rolldeck.events.feed import EventFeed
from rolldeck.events.metrics import Metrics
from rolldeck.events.webhooks import Targets, Webhooks, origin_of
from rolldeck.execution.adapters import Adapters
from rolldeck.execution.audience import Audience
from rolldeck.execution.headroom import Headroom
from rolldeck.execution.loss import Losses
from rolldeck.execution.person import PersonPatience
from rolldeck.execution.worker import Worker
from rolldeck.installation import (
    Installation,
    claim_artifacts,
    hold_free_installation,
    hold_installation,
    join_installation,
)
from rolldeck.live.frames import LiveFrames
from rolldeck.machine import memory_bytes
from rolldeck.recorder.video import VideoRecorder
from rolldeck.settings import Settings
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.storage.port import Artifacts
from rolldeck.verification.verifier import AnswerVerifier

_MB = 1_000_000
_ROLLDECK = (sys.executable, "-m", "rolldeck.cli.main")
_MODELS_KEYS = [name for name in Settings.model_fields if name.endswith("_api_key")]


class Use(Enum):
    """How a process uses the installation."""

    OWN = auto()
    """As the only server of its data directory."""
    BESIDE = auto()
    """For rollouts of its own: while another process uses the data directory, with a directory and database beside it."""
    JOIN = auto()
    """To execute the rollouts of its queue, beside whoever else does."""


@dataclass(frozen=True)
class Deck:
    """What every entry point works with, constructed for one installation. Nothing of it is started."""

    settings: Settings
    data_dir: Path
    artifacts_dir: Path
    database: Database
    artifacts: Artifacts
    environments: Environments
    agents: Agents
    installation: Installation | None
    """The hold on the data directory, where this process has one."""

    @property
    def losses(self) -> Losses:
        """Return who gives up workers that died."""
        return Losses(self.database.workers, self.database.rollouts, self.artifacts)

    def announce(self, address: str) -> None:
        """Tell others who find the data directory in use where this process serves."""
        if self.installation is not None:
            self.installation.announce(address)

    def services(self, wake: Callable[[], None], frames: LiveFrames) -> Services:
        """Return what the API works with. ``wake`` tells the workers to look into the queue; ``frames`` come from them."""
        feed = EventFeed(self.database.events)

        async def tell(build: Build) -> None:
            await self.database.events.tell(EventKind.TEMPLATE_BUILD, _as_event(build))
            feed.wake()

        return Services(
            tasks=self.database.tasks,
            batches=self.database.batches,
            rollouts=self.database.rollouts,
            workers=self.database.workers,
            quotas=self.database.quotas,
            people=self.database.people,
            events=self.database.events,
            statistics=self.database.statistics,
            artifacts=self.artifacts,
            agents=self.agents,
            environments=self.environments,
            feed=feed,
            frames=frames,
            metrics=Metrics(rolldeck.__version__),
            operations=operations_of(self.settings, tell),
            wake=wake,
            reader=self.settings.extract_with,
            version=rolldeck.__version__,
            host=self.settings.host,
            max_upload_mb=self.settings.max_upload_mb,
            web_dir=web_dir_of(self.settings),
            webhooks=Webhooks(
                self.database.deliveries, webhook_targets_of(self.settings), version=rolldeck.__version__
            ),
        )

    def worker(
        self,
        adapters: Adapters,
        worker_id: str | None = None,
        *,
        batch_id: str | None = None,
        on_change: Callable[[Rollout], None] = lambda _: None,
    ) -> Worker:
        """Return a worker of this process; with ``batch_id``, one that executes only this batch."""
        settings = self.settings
        return Worker(
            adapters,
            _this_process(worker_id or str(uuid4()), settings.parallel),
            parallel=settings.parallel,
            lease_seconds=settings.lease_seconds,
            headroom=headroom_of(settings, self.data_dir, self.artifacts_dir),
            batch_id=batch_id,
            on_change=on_change,
        )


@asynccontextmanager
async def open_deck(
    settings: Settings, use: Use, *, cassettes: Sequence[Cassette] | None = None
) -> AsyncIterator[Deck]:
    """Construct what the settings say, and close it at the end. With ``cassettes``, no model is asked but those.

    Raises ``InstallationInUse`` where another server uses the data directory, and ``StorageError`` where the database
    or a directory cannot be used.
    """
    with _place(settings, use) as place:
        database = await Database.open(database_address(settings, place.data_dir), installation_id=place.id)
        try:
            artifacts_dir = artifacts_dir_of(settings, place.data_dir)
            may_be_new = use is not Use.JOIN or settings.database_url is None
            claim_artifacts(artifacts_dir, database.installation_id, may_be_new=may_be_new)
            environments = environments_of(settings, database.installation_id)
            try:
                yield Deck(
                    settings=settings,
                    data_dir=place.data_dir,
                    artifacts_dir=artifacts_dir,
                    database=database,
                    artifacts=LocalArtifacts(artifacts_dir),
                    environments=environments,
                    agents=agents_of(settings, cassettes),
                    installation=place.installation,
                )
            finally:
                await environments.close()
        finally:
            await database.close()


@asynccontextmanager
async def open_adapters(deck: Deck, audience: Audience | None = None) -> AsyncIterator[Adapters]:
    """Start all that rollouts are executed with in this process, and close it at the end. Without an audience nobody watches."""
    settings = deck.settings
    environments = WarmPool(
        deck.environments,
        memory_budget_bytes=settings.pool_mb * _MB,
        idle_seconds=settings.pool_idle_seconds,
        most=settings.parallel,
    )
    scratch = Scratch(settings.run_dir or default_run_dir(), installation_tag(deck.database.installation_id))
    page = PageSettings(patience=Patience(longest=settings.settle_seconds), shows_pointer=settings.show_pointer)
    browsers = ChromiumBrowsers(settings.chromium, scratch=scratch, settings=page)
    try:
        await asyncio.gather(environments.start(), browsers.start())
        yield Adapters(
            rollouts=deck.database.rollouts,
            workers=deck.database.workers,
            quotas=deck.database.quotas,
            people=deck.database.people,
            artifacts=deck.artifacts,
            environments=environments,
            browsers=browsers,
            recorder=VideoRecorder(),
            agents=deck.agents,
            verifier=AnswerVerifier(),
            audience=audience or Audience(),
            patience=PersonPatience(idle=settings.takeover_idle_seconds, absent=settings.human_absent_seconds),
            records_models=settings.record_models,
        )
    finally:
        await asyncio.gather(browsers.close(), environments.close())


@dataclass(frozen=True)
class _Place:
    """A data directory. ``id`` becomes the installation's where its database has none yet."""

    data_dir: Path
    id: str
    installation: Installation | None = None


@contextmanager
def _place(settings: Settings, use: Use) -> Iterator[_Place]:
    # A database of its own is shared by all who name it: then there is nothing to be had beside it.
    if use is Use.JOIN or (use is Use.BESIDE and settings.database_url is not None):
        yield _Place(settings.data_dir, join_installation(settings.data_dir))
        return
    with _hold(settings.data_dir, use) as installation:
        yield _Place(installation.data_dir, installation.id, installation)


def _hold(data_dir: Path, use: Use) -> AbstractContextManager[Installation]:
    return hold_installation(data_dir) if use is Use.OWN else hold_free_installation(data_dir)


def database_address(settings: Settings, data_dir: Path) -> str | Path:
    """Return where the database is: a URL, or the file in this data directory."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return data_dir / "rolldeck.db"


def artifacts_dir_of(settings: Settings, data_dir: Path) -> Path:
    """Return where artifacts are: where the settings say, except beside an installation that others use."""
    if settings.artifacts_dir is not None and data_dir == settings.data_dir:
        return settings.artifacts_dir
    return data_dir / "artifacts"


def _this_process(worker_id: str, parallel: int) -> WorkerRecord:
    now = datetime.now(UTC)
    return WorkerRecord(
        id=worker_id,
        host=platform.node(),
        pid=os.getpid(),
        version=rolldeck.__version__,
        report=WorkerReport(parallel=parallel),
        started_at=now,
        seen_at=now,
    )


def headroom_of(settings: Settings, data_dir: Path, artifacts_dir: Path) -> Headroom:
    """Return who says whether there is room for another rollout on this machine."""
    return Headroom(
        (data_dir, artifacts_dir),
        min_free_disk_bytes=settings.min_free_disk_mb * _MB,
        min_free_memory_bytes=settings.min_free_memory_mb * _MB,
    )


@asynccontextmanager
async def look_into_database(settings: Settings) -> AsyncIterator[Database]:
    """Give the database as it is. Raises ``StorageError`` where it is not there, or not of this version."""
    database = await Database.open(database_address(settings, settings.data_dir), migrate=False)
    try:
        yield database
    finally:
        await database.close()


@dataclass(frozen=True)
class Results:
    """What an installation has stored."""

    database: Database
    artifacts: Artifacts


@asynccontextmanager
async def look_into_results(settings: Settings) -> AsyncIterator[Results]:
    """Give what is stored, also while a server uses it. Raises ``StorageError`` as ``look_into_database`` does."""
    async with look_into_database(settings) as database:
        yield Results(database, LocalArtifacts(artifacts_dir_of(settings, settings.data_dir)))


def agents_of(settings: Settings, cassettes: Sequence[Cassette] | None = None) -> AgentRegistry:
    """Return the agents. What they need beside is loaded once one is made."""
    gemini_access = ModelAccess(
        key=settings.gemini_api_key,
        base_url=settings.gemini_base_url,
        options={"project": settings.gemini_project, "location": settings.gemini_location},
    )
    models_agents = [
        gemini_agent(gemini_access),
        openai_agent(ModelAccess(settings.openai_api_key, settings.openai_base_url)),
        anthropic_agent(ModelAccess(settings.anthropic_api_key, settings.anthropic_base_url)),
        openai_compatible_agent(
            ModelAccess(settings.openai_compatible_api_key, settings.openai_compatible_base_url),
        ),
    ]
    models_agents = [replace(agent, cassettes=cassettes) for agent in models_agents]
    return AgentRegistry([ORACLE, NOOP, HUMAN, *models_agents, *plug_ins()])


def webhook_targets_of(settings: Settings) -> Targets:
    """Return who may be told of the ends of batches."""
    origins = [origin_of(each.strip()) for each in settings.webhook_origins.split(",")]
    return Targets(
        url=settings.webhook_url,
        secret=settings.webhook_secret,
        origins=frozenset(origin for origin in origins if origin is not None),
    )


def environments_of(settings: Settings, installation_id: str) -> Environments:
    """Return the environments; what they start carries the installation's id."""
    return environments_for(
        known_recipes_of(settings).all,
        settings.runtime,
        cache_dir=settings.cache_dir,
        run_dir=settings.run_dir,
        installation_id=installation_id,
        relay_image=settings.relay_image,
    )


def operations_of(settings: Settings, on_build: OnChange) -> Operations:
    """Return what whoever runs a server looks at and does. ``on_build`` is told how builds of templates go on."""
    known = known_recipes_of(settings)
    in_docker = recipes_in_docker(settings)
    in_processes = [recipe for recipe in known.all if recipe not in in_docker]

    async def runtimes() -> Sequence[RuntimeState]:
        processes = await asyncio.to_thread(process_state, in_processes, settings.run_dir, memory_bytes())
        return [processes, await docker_state(in_docker, settings.relay_image)]

    return Operations(
        builds=Builds(
            lambda name: [*_ROLLDECK, "env", "build", name, "--supervised"],
            variables=_variables_without_models_keys(settings),
            clean=_secrets_of(settings).blot,
            on_change=on_build,
        ),
        recipes=known,
        runtimes=runtimes,
        settings=effective_settings(settings),
        doctor=Doctor([*_ROLLDECK, "doctor", "--json"], {**os.environ, **settings.as_variables()}),
    )


async def nobody_is_told(_: Build) -> None:
    """Stand for who is told of builds, where nobody is."""


def _as_event(build: Build) -> dict[str, JsonValue]:
    """Return what is told of a build, without what is not known."""
    told: dict[str, JsonValue] = {"name": build.name, "state": build.state.value, "error": build.error}
    if build.state is BuildState.RUNNING and build.progress is not None:
        progress = build.progress
        told |= {"step": progress.step, "steps": progress.steps, "doing": progress.name, "fraction": progress.fraction}
    return {name: value for name, value in told.items() if value is not None}


def _variables_without_models_keys(settings: Settings) -> dict[str, str]:
    """Return what another process reads the same settings from; a template's build asks no model."""
    keys = {variable for name in _MODELS_KEYS for variable in Settings.variables_of(name)}
    every = {**os.environ, **settings.as_variables()}
    return {name: value for name, value in every.items() if name not in keys}


def _secrets_of(settings: Settings) -> Secrets:
    values = (getattr(settings, name) for name in Settings.model_fields)
    return Secrets(value.get_secret_value() for value in values if isinstance(value, SecretStr))


def recipes_in_docker(settings: Settings) -> Sequence[Recipe]:
    """Return the recipes whose environments run in Docker, as the settings say."""
    return [recipe for recipe in known_recipes_of(settings).all if is_for_docker(recipe, settings.runtime)]


def known_recipes_of(settings: Settings) -> KnownRecipes:
    """Return Rolldeck's own recipes, and those of the files that the settings name."""
    return known_recipes(settings.recipes, settings.runtime, metabase_source_of(settings))


def metabase_source_of(settings: Settings) -> MetabaseSource:
    """Return what Metabase is made of: a user's dumps, or the shop."""
    application, account = settings.metabase_application_database, None
    if application is not None and settings.metabase_email is not None and settings.metabase_password is not None:
        account = Account(settings.metabase_email, settings.metabase_password.get_secret_value())
    return MetabaseSource(
        data=settings.sql_dump_path or (shop if application is None else None),
        application=application,
        account=account,
        login=settings.metabase_login,
        metabase_image=settings.metabase_image or METABASE_IMAGE,
        postgres_image=settings.postgres_image or POSTGRES_IMAGE,
    )


def web_dir_of(settings: Settings) -> Path | None:
    """Return where the exported dashboard is: the one that the settings name, else this checkout's, else None."""
    if settings.web_dir is not None:
        return settings.web_dir
    built_here = Path(rolldeck.__file__).parents[2] / "web" / "out"
    return built_here if built_here.is_dir() else None
