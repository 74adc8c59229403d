"""Environments in containers: the implementation of the port ``Environments``."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx2
import structlog

from rolldeck.domain.errors import EnvironmentFailure, InvalidInput
from rolldeck.domain.worker import PoolReport
from rolldeck.environments.bench import Footprint
from rolldeck.environments.port import Environment, ProgressListener, StageInfo, TemplateInfo
from rolldeck.environments.pruning import Superfluous
from rolldeck.environments.recipe import Recipe
from rolldeck.environments.runtimes.docker import leftovers
from rolldeck.environments.runtimes.docker.build import TemplateBuilder
from rolldeck.environments.runtimes.docker.engine import Engine, EngineAway
from rolldeck.environments.runtimes.docker.host import Host
from rolldeck.environments.runtimes.docker.images import Images, TemplateImage
from rolldeck.environments.runtimes.docker.network import Front
from rolldeck.environments.runtimes.docker.services import Ground
from rolldeck.environments.runtimes.docker.session import DockerSession, remove_dead_sessions
from rolldeck.environments.runtimes.docker.template import DockerTemplate, template_of
from rolldeck.environments.runtimes.docker.watch import Watch
from rolldeck.environments.runtimes.places import default_run_dir, installation_tag
from rolldeck.environments.templates import TemplateCache

RUNTIME = "docker"
RELAY_IMAGE = "python:3.11-alpine"
_STARTING_AT_ONCE = 8  # from some 32 on an engine is saturated

_log = structlog.get_logger(__name__)


class DockerEnvironments:
    """Builds templates and provisions environments from them, all in one session of one engine.

    ``engine_url``: None is the engine that the docker command would use. ``relay_image`` is any image with ``python3``.
    Nothing is asked of the engine before something of it is needed: it need not be there.
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        *,
        cache_dir: Path,
        run_dir: Path | None,
        installation_id: str,
        engine_url: str | None = None,
        relay_image: str = RELAY_IMAGE,
    ) -> None:
        self._recipes: Mapping[str, Recipe] = {recipe.name: recipe for recipe in recipes}
        self._locks = TemplateCache(cache_dir / "docker")
        self._run_dir = run_dir
        self._tag = installation_tag(installation_id)
        self._engine = Engine(engine_url)
        self._images = Images(self._engine)
        self._relay_image = relay_image
        self._session: DockerSession | None = None
        self._ground: Ground | None = None
        self._hosts: dict[str, Host] = {}
        self._provisioned = 0
        self._closed = False
        self._opening = asyncio.Lock()

    async def start(self) -> None:
        """Remove what earlier processes of this installation left, if the engine is there."""
        self._closed = False
        await asyncio.to_thread(remove_dead_sessions, self._run_directory(), self._tag)
        try:
            await self.reap()
        except EnvironmentFailure as failure:
            _log.info("the Docker engine is not asked: nothing of it is needed yet", reason=str(failure))

    async def templates(self) -> Sequence[TemplateInfo]:
        """Return what can be named, and which of it is built; none is where the engine does not answer."""
        if not self._recipes:
            return []
        try:
            images = await self._images.templates()
        except EnvironmentFailure:
            images = []
        return [self._info(recipe, images) for recipe in self._recipes.values()]

    async def build(self, name: str, on_progress: ProgressListener) -> None:
        """Build the template if it is not there yet; several processes may ask for it at once."""
        recipe = self._recipes.get(name)
        if recipe is None:
            raise InvalidInput(f"there is no environment {name!r}; there are: {', '.join(sorted(self._recipes))}")
        template = await asyncio.to_thread(template_of, recipe)
        async with self._locks.building(name):
            if not await self._is_built(template):
                async with self._builder(template, on_progress) as builder:
                    await builder.build()

    async def provision(self, name: str, rollout_id: str) -> Environment:
        """Return a healthy environment of the rollout's own; see the port."""
        host = await self._host(name)
        environment = await host.provision(rollout_id)
        self._provisioned += 1
        return environment

    def expect(self, demand: Mapping[str, int]) -> None:
        """Nothing is prepared here: see ``pool.WarmPool``."""

    def report(self) -> PoolReport:
        """Report that every environment was waited for."""
        return PoolReport(ready=0, hits=0, misses=self._provisioned, discarded=0)

    @property
    def blocked(self) -> str | None:
        """Why nothing can be provisioned now: the engine that was in use is away, or has no room for another network."""
        return None if self._session is None else self._engine.away or self._engine.full

    async def reap(self) -> int:
        """Remove what dead sessions and failed clean-ups left; see the port."""
        session = self._session
        if session is not None:
            return await leftovers.reap(self._engine, session.owner, session.owned)
        # Without one of its own nothing in the engine is this process's yet.
        probe = DockerSession(self._run_directory(), self._tag)
        try:
            return await leftovers.reap(self._engine, probe.owner, frozenset())
        except EngineAway as away:
            _log.debug("the Docker engine is not asked: nothing of it is needed yet", reason=str(away))
            return 0
        finally:
            probe.close()

    def pages(self, name: str) -> tuple[str, ...]:
        """Return paths of pages that its users open; see ``bench.Measurable``."""
        return template_of(self._recipes[name]).composition.pages

    def data_path(self, name: str) -> str:
        """Return a path that is answered from the data; see ``bench.Measurable``."""
        return self.pages(name)[-1]

    async def footprint(self) -> Footprint:
        """Return the memory of all containers; see ``bench.Measurable``."""
        sizes = await asyncio.gather(*(host.memory_bytes() for host in self._hosts.values()))
        return Footprint(processes=sum(sizes), files=0)

    async def cold_start(self, name: str) -> float:
        """Measure a start from the services' origins, with all their data to load; see ``bench.Measurable``."""
        template = await asyncio.to_thread(template_of, self._recipes[name])
        async with self._builder(template, lambda _: None) as builder:
            begun = time.perf_counter()
            await builder.set_up_only()
            return time.perf_counter() - begun

    async def superfluous(self) -> Sequence[Superfluous]:
        """Return images of templates that no recipe has; one from which a container was made is in use.

        None where the engine is away: nothing can be removed from it then.
        """
        needed = await asyncio.to_thread(self._references)
        try:
            images = [image for image in await self._images.templates() if image.reference not in needed]
        except EngineAway as away:
            _log.info("the Docker engine is not asked for old templates", reason=str(away))
            return []
        used = await self._images.used()
        return [Superfluous(RUNTIME, image.reference, image.size_bytes, image.id in used) for image in images]

    async def prune(self, what: Sequence[Superfluous]) -> Sequence[Superfluous]:
        """Remove images; see ``pruning.Prunable``."""
        names = {one.what for one in what}
        free = [one for one in await self.superfluous() if one.what in names and not one.in_use]
        return [one for one in free if await self._images.remove(one.what)]

    async def close(self) -> None:
        """Tear everything down. Idempotent; whoever provisions meanwhile or later is refused."""
        self._closed = True
        hosts, self._hosts = self._hosts, {}
        await asyncio.gather(*(host.close() for host in hosts.values()))
        async with self._opening:
            ground, self._ground = self._ground, None
            session, self._session = self._session, None
            if ground is not None:
                await _release(ground)
            if session is not None:
                session.close()
        await self._engine.close()

    async def _host(self, name: str) -> Host:
        if name not in self._hosts:
            recipe = self._recipes.get(name)
            if recipe is None:
                raise EnvironmentFailure(f"there is no environment {name!r}")
            template = await asyncio.to_thread(template_of, recipe)
            if not await self._is_built(template):
                raise EnvironmentFailure(f"the template of {name} is not built: run `rolldeck env build {name}`")
            session, ground = await self._open_session()
            self._hosts.setdefault(name, Host(template, ground, session))
        return self._hosts[name]

    async def _open_session(self) -> tuple[DockerSession, Ground]:
        async with self._opening:
            if self._closed:
                raise EnvironmentFailure("the environments are closed")
            if self._session is None or self._ground is None:
                await self._engine.ping()
                self._session = DockerSession(self._run_directory(), self._tag)
                watch = Watch(self._engine, self._session.owner, on_back=self.reap)
                watch.start()
                self._ground = Ground(
                    engine=self._engine,
                    watch=watch,
                    front=Front(self._engine, self._session.owner),
                    relay_image=self._relay_image,
                    starting=asyncio.Semaphore(_STARTING_AT_ONCE),
                    http=httpx2.AsyncClient(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0)),
                )
            return self._session, self._ground

    @asynccontextmanager
    async def _builder(self, template: DockerTemplate, on_progress: ProgressListener) -> AsyncIterator[TemplateBuilder]:
        session, ground = await self._open_session()
        builder = TemplateBuilder(template, ground, session.owner, on_progress)
        async with AsyncExitStack() as undo:
            session.own(builder.mark.environment)
            undo.callback(session.disown, builder.mark.environment)
            undo.push_async_callback(leftovers.remove_environment, self._engine, builder.mark)
            yield builder

    def _references(self) -> set[str]:
        """Return the names of the images of all recipes' templates."""
        templates = [template_of(recipe) for recipe in self._recipes.values()]
        return {one.image_of(service) for one in templates for service in one.composition.services}

    def _run_directory(self) -> Path:
        return self._run_dir if self._run_dir is not None else default_run_dir()

    async def _is_built(self, template: DockerTemplate) -> bool:
        images = await self._images.templates()
        return _has_all(template, images)

    def _info(self, recipe: Recipe, images: Sequence[TemplateImage]) -> TemplateInfo:
        template = template_of(recipe)
        built = _has_all(template, images)
        its_images = {image.reference: image for image in images if image.template == template.key}
        size = sum(image.size_bytes for image in its_images.values()) if built else None
        stages = tuple(
            _stage_info(service.name, its_images.get(template.image_of(service)))
            for service in template.composition.services
        )
        return TemplateInfo(recipe.name, recipe.title, RUNTIME, template.key, built, size, stages)


def _stage_info(service: str, image: TemplateImage | None) -> StageInfo:
    return StageInfo(service) if image is None else StageInfo(service, image.made_at, image.size_bytes)


def _has_all(template: DockerTemplate, images: Sequence[TemplateImage]) -> bool:
    there = {image.reference for image in images}
    return all(template.image_of(service) in there for service in template.composition.services)


async def _release(ground: Ground) -> None:
    await ground.watch.stop()
    try:
        await ground.front.remove()
    except EnvironmentFailure as failure:  # what is left is for the next start to remove
        _log.warning("the session's network was not removed", error=str(failure))
    await ground.http.aclose()
