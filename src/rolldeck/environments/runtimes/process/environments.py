"""Environments as processes of this machine: the implementation of the port ``Environments``."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rolldeck.domain.errors import EnvironmentFailure, InvalidInput
from rolldeck.domain.worker import PoolReport
from rolldeck.environments.bench import Footprint
from rolldeck.environments.port import Environment, ProgressListener, StageInfo, TemplateInfo
from rolldeck.environments.pruning import Superfluous
from rolldeck.environments.recipe import PythonApplication, Recipe
from rolldeck.environments.runtimes.places import default_run_dir, installation_tag
from rolldeck.environments.runtimes.process.accounts import service_account
from rolldeck.environments.runtimes.process.build import Template, TemplateBuilder, template_of
from rolldeck.environments.runtimes.process.composed.host import ComposedHost
from rolldeck.environments.runtimes.process.composed.template import (
    ComposedBuilder,
    ComposedTemplate,
    composed_template_of,
    obstacles,
)
from rolldeck.environments.runtimes.process.host import Host
from rolldeck.environments.runtimes.process.leftovers import anything_runs_from, processes_naming
from rolldeck.environments.runtimes.process.memory import memory_of, size_in_memory
from rolldeck.environments.runtimes.process.processes import allow_many_open_files
from rolldeck.environments.runtimes.process.session import Session, reap
from rolldeck.environments.templates import Stage, TemplateCache

RUNTIME = "process"


class ProcessEnvironments:
    """Builds templates and provisions environments from them, all in one session.

    ``cache_dir`` holds templates and may be shared; ``run_dir`` holds what runs (default: memory, where there is
    room); ``installation_id`` is in the name of everything that is made outside of them.
    """

    def __init__(
        self, recipes: Sequence[Recipe], *, cache_dir: Path, run_dir: Path | None, installation_id: str
    ) -> None:
        self._recipes: Mapping[str, Recipe] = {recipe.name: recipe for recipe in recipes}
        self._user_ids = cache_dir / "user-ids"
        self._cache = TemplateCache(cache_dir / "templates")
        self._run_dir = run_dir
        self._tag = installation_tag(installation_id)
        self._session: Session | None = None
        self._hosts: dict[str, Host | ComposedHost] = {}
        self._provisioned = 0
        self._closed = False
        self._opening = asyncio.Lock()

    async def start(self) -> None:
        """Open the session, and remove those that an earlier process of this installation left."""
        self._closed = False
        allow_many_open_files()
        await asyncio.to_thread(reap, self._run_directory(), self._tag)
        await self._open_session()

    async def templates(self) -> Sequence[TemplateInfo]:
        """Return what can be named, and which of it is built."""
        return await asyncio.to_thread(lambda: [self._info(recipe) for recipe in self._recipes.values()])

    async def build(self, name: str, on_progress: ProgressListener) -> None:
        """Build the template if it is not there yet; several processes may ask for it at once."""
        recipe = self._recipes.get(name)
        if recipe is None:
            raise InvalidInput(f"there is no environment {name!r}; there are: {', '.join(sorted(self._recipes))}")
        template = await asyncio.to_thread(_template_of, recipe)
        if self._is_built(template):
            return
        async with self._cache.building(name), self._some_session() as session:
            if self._is_built(template):
                return
            await self._builder(template, session, on_progress).build()

    async def provision(self, name: str, rollout_id: str) -> Environment:
        """Return a healthy environment of the rollout's own; the first one of a name also warms its server up."""
        host = await self._host(name)
        environment = await host.provision(rollout_id)
        self._provisioned += 1
        return environment

    def expect(self, demand: Mapping[str, int]) -> None:
        """Nothing is prepared here: see ``pool.WarmPool``."""

    @property
    def blocked(self) -> str | None:
        """Nothing: what has died here is started again when it is needed."""
        return None

    def report(self) -> PoolReport:
        """Report that every environment was waited for."""
        return PoolReport(ready=0, hits=0, misses=self._provisioned, discarded=0)

    async def reap(self) -> int:
        """Remove what dead sessions and failed clean-ups left, and see to it that a guardian watches; see the port."""
        reaped = await asyncio.to_thread(reap, self._run_directory(), self._tag)
        for host in list(self._hosts.values()):
            reaped += await host.reap()
        if self._session is not None:
            await self._session.guard()
            reaped += await self._session.reap()
        return reaped

    def pages(self, name: str) -> tuple[str, ...]:
        """Return paths of pages that its users open; see ``bench.Measurable``."""
        return _template_of(self._recipes[name]).pages

    def data_path(self, name: str) -> str:
        """Return a path that is answered from the data; see ``bench.Measurable``."""
        return self._forked(name).data_path

    async def footprint(self) -> Footprint:
        """Return the memory of all that runs; see ``bench.Measurable``."""
        if self._session is None:
            return Footprint(processes=0, files=0)
        return await asyncio.to_thread(_footprint_of, self._session.directory)

    async def cold_start(self, name: str) -> float:
        """Measure a start without the fork server; see ``bench.Measurable``."""
        host = await self._host(name)
        if isinstance(host, ComposedHost):
            raise InvalidInput(f"{name} is not forked: every start of it is a cold one")
        return await host.cold_start()

    async def superfluous(self) -> Sequence[Superfluous]:
        """Return stages that no recipe's template has; while any Rolldeck runs from the cache, all are in use."""
        return await asyncio.to_thread(self._superfluous)

    async def prune(self, what: Sequence[Superfluous]) -> Sequence[Superfluous]:
        """Remove stages; see ``pruning.Prunable``."""
        names = {one.what for one in what}
        free = [one for one in await self.superfluous() if one.what in names and not one.in_use]
        stages = {stage.directory_name: stage for stage in self._cache.stages()}
        for one in free:
            await asyncio.to_thread(self._cache.remove, stages[one.what])
        return free

    async def close(self) -> None:
        """Tear everything down. Idempotent; whoever provisions meanwhile or later is refused."""
        self._closed = True
        hosts, self._hosts = self._hosts, {}
        await asyncio.gather(*(host.close() for host in hosts.values()))
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _superfluous(self) -> Sequence[Superfluous]:
        needed = {stage for recipe in self._recipes.values() for stage in _template_of(recipe).stages}
        in_use = anything_runs_from(self._cache.directory)
        return [
            Superfluous(RUNTIME, stage.directory_name, self._cache.size_bytes(stage), in_use)
            for stage in self._cache.stages()
            if stage not in needed
        ]

    async def _host(self, name: str) -> Host | ComposedHost:
        if name not in self._hosts:
            recipe = self._recipes.get(name)
            if recipe is None:
                raise EnvironmentFailure(f"there is no environment {name!r}")
            template = await asyncio.to_thread(_template_of, recipe)
            if not self._is_built(template):
                raise EnvironmentFailure(f"the template of {name} is not built: run `rolldeck env build {name}`")
            self._hosts.setdefault(name, self._new_host(template, await self._open_session()))
        return self._hosts[name]

    def _new_host(self, template: Template | ComposedTemplate, session: Session) -> Host | ComposedHost:
        tag, user_ids = self._tag, self._user_ids
        if isinstance(template, ComposedTemplate):
            return ComposedHost(template, self._cache, session, tag=tag, user_ids=user_ids)
        return Host(template, self._cache, session, account=service_account(), tag=tag, user_ids=user_ids)

    def _builder(
        self, template: Template | ComposedTemplate, session: Session, on_progress: ProgressListener
    ) -> TemplateBuilder | ComposedBuilder:
        account = service_account()
        if isinstance(template, ComposedTemplate):
            return ComposedBuilder(template, self._cache, session, account, on_progress, user_ids=self._user_ids)
        return TemplateBuilder(template, self._cache, session, account, on_progress)

    async def _open_session(self) -> Session:
        async with self._opening:
            if self._closed:
                raise EnvironmentFailure("the environments are closed")
            if self._session is None:
                self._session = Session.create(self._run_directory(), self._tag)
            await self._session.guard()
            return self._session

    @asynccontextmanager
    async def _some_session(self) -> AsyncIterator[Session]:
        """Give the open session, or one that is closed at the end: building needs no ``start``."""
        if self._session is not None:
            await self._session.guard()
            yield self._session
            return
        session = Session.create(self._run_directory(), self._tag)
        try:
            await session.guard()
            yield session
        finally:
            await session.close()

    def _run_directory(self) -> Path:
        return self._run_dir if self._run_dir is not None else default_run_dir()

    def _forked(self, name: str) -> PythonApplication:
        forked = self._recipes[name].forked
        if forked is None:
            raise InvalidInput(f"{name} is not forked: there is nothing to measure it against")
        return forked

    def _is_built(self, template: Template | ComposedTemplate) -> bool:
        return all(self._cache.has(stage) for stage in template.stages)

    def _info(self, recipe: Recipe) -> TemplateInfo:
        template = _template_of(recipe)
        built = self._is_built(template)
        size = sum(self._cache.size_bytes(stage) for stage in template.stages) if built else None
        stages = tuple(self._stage_info(stage) for stage in template.stages)
        return TemplateInfo(recipe.name, template.title, RUNTIME, template.key, built, size, stages)

    def _stage_info(self, stage: Stage) -> StageInfo:
        if not self._cache.has(stage):
            return StageInfo(stage.kind)
        return StageInfo(stage.kind, self._cache.made_at(stage), self._cache.size_bytes(stage))


def obstacles_of(recipe: Recipe) -> Sequence[str]:
    """Return what keeps a recipe's application from being run without containers; nothing where it can be."""
    if recipe.forked is not None or recipe.composition is None:
        return ()
    return tuple(obstacles(recipe.composition))


def _template_of(recipe: Recipe) -> Template | ComposedTemplate:
    account = service_account()
    if recipe.forked is None and recipe.composition is not None:
        return composed_template_of(recipe, recipe.composition, account)
    return template_of(recipe, account)


def _footprint_of(session: Path) -> Footprint:
    """Add up the processes that name the session, with those that they started, and its files if they lie in memory."""
    mains = processes_naming(session)
    processes = {*mains, *(child for main in mains for child in main.children(recursive=True))}
    return Footprint(processes=sum(memory_of(process) for process in processes), files=size_in_memory(session))
