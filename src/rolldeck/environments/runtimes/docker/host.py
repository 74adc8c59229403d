"""What provisions the environments of one template."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import structlog

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.domain.page import Cookie
from rolldeck.environments.composition import Service
from rolldeck.environments.login import log_in
from rolldeck.environments.runtimes.docker.environment import DockerEnvironment
from rolldeck.environments.runtimes.docker.labels import Mark
from rolldeck.environments.runtimes.docker.services import Ground, Services
from rolldeck.environments.runtimes.docker.session import DockerSession
from rolldeck.environments.runtimes.docker.template import DockerTemplate

_log = structlog.get_logger(__name__)


class Host:
    """Makes environments, each from the template's images, and closes those that are left at the end."""

    def __init__(self, template: DockerTemplate, ground: Ground, session: DockerSession) -> None:
        self._template = template
        self._ground = ground
        self._session = session
        self._environments: set[DockerEnvironment] = set()

    async def provision(self, rollout_id: str) -> DockerEnvironment:
        """Return a healthy environment. Raises ``EnvironmentFailure``; leaves nothing of it behind then."""
        mark = Mark.new(self._session.owner, rollout_id)
        services = Services(self._ground, self._template.composition, mark)
        async with AsyncExitStack() as undo:
            self._session.own(mark.environment)
            undo.callback(self._session.disown, mark.environment)  # the last thing, also if something before it fails
            undo.push_async_callback(services.remove)
            await services.create_network()
            await self._bring_up(services)
            environment = DockerEnvironment(self._template, services, await self._log_in(services))
            self._environments.add(environment)
            undo.callback(self._environments.discard, environment)
            environment.release_with(undo.pop_all())
        return environment

    async def memory_bytes(self) -> int:
        """Return the memory of all its environments. Raises ``EnvironmentFailure``."""
        return sum(await asyncio.gather(*(one.memory_bytes() for one in self._environments)))

    async def close(self) -> None:
        """Close all environments. Idempotent."""
        closed = await asyncio.gather(*(one.close() for one in list(self._environments)), return_exceptions=True)
        for failure in closed:
            if isinstance(failure, EnvironmentFailure):  # what is left of it is for the next start to remove
                _log.warning("an environment did not close", error=str(failure))

    async def _bring_up(self, services: Services) -> None:
        """Start all services, each as soon as those that it needs are well."""
        well = {service.name: asyncio.Event() for service in self._template.composition.services}
        try:
            async with asyncio.TaskGroup() as together:
                opened = together.create_task(services.open_network())
                for service in self._template.composition.services:
                    together.create_task(self._bring_up_one(service, services, opened, well))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    async def _bring_up_one(
        self, service: Service, services: Services, opened: asyncio.Task[None], well: Mapping[str, asyncio.Event]
    ) -> None:
        await services.create(service, self._template.image_of(service))
        for needed in service.needs:
            await well[needed].wait()
        await services.start(service)
        await asyncio.shield(opened)
        await services.until_well(service)
        postgres = services.postgres(service)
        if postgres is not None:
            await postgres.change_passwords()  # before anybody else can be in this network
        well[service.name].set()

    async def _log_in(self, services: Services) -> Sequence[Cookie]:
        preparation = services.composition.preparation
        if preparation is not None:
            return await preparation.log_in(services)
        return await log_in(services.composition.login, services)
