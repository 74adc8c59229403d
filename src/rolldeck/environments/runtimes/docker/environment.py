"""One environment in containers: the implementation of the port ``Environment``."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import NoReturn

from rolldeck.domain.errors import EnvironmentFailure, VerificationError
from rolldeck.domain.page import Cookie
from rolldeck.environments.composition import PostgresSource, Service
from rolldeck.environments.entrance import entrance_of
from rolldeck.environments.port import Row
from rolldeck.environments.runtimes.database_address import DatabaseAddress
from rolldeck.environments.runtimes.docker.services import Services
from rolldeck.environments.runtimes.docker.state import query_in
from rolldeck.environments.runtimes.docker.template import DockerTemplate
from rolldeck.environments.runtimes.queries import query_postgres

_AGAIN_AFTER_SECONDS = (0.2, 1.0)


class DockerEnvironment:
    """Services that are well, in a network of their own. It dies once: what has ended is not started again."""

    def __init__(self, template: DockerTemplate, services: Services, cookies: Sequence[Cookie]) -> None:
        self.name = template.recipe.name
        self.template = template.key
        self.origin = services.origin
        self.cookies = cookies
        self.entrance = entrance_of(template.composition, services)
        self._services = services
        self._resources = AsyncExitStack()
        self._closing: asyncio.Task[None] | None = None
        self._end: str | None = None
        self._answered_at = time.monotonic()

    @property
    def databases(self) -> Sequence[str]:
        """Names that ``sql`` accepts: the recipe's."""
        return tuple(self._services.composition.databases)

    async def sql(self, database: str, query: str) -> list[Row]:
        """Run a read-only query; see the port."""
        self._expect_life()
        source = self._services.composition.databases.get(database)
        if source is None:
            raise VerificationError(f"there is no database {database!r}; there are: {', '.join(self.databases)}")
        try:
            if isinstance(source, PostgresSource):
                return await query_postgres(self._address_of(source), database, query)
            return await query_in(self._services.containers[source.service], source, query)
        except VerificationError:
            await self.check()  # the query is not to blame where the environment has died meanwhile
            raise

    async def check(self, *, within_seconds: float = 0) -> None:
        """Ask every service; see the port."""
        self._expect_life()
        if time.monotonic() - self._answered_at < within_seconds:
            return
        await asyncio.gather(*(self._expect_well(service) for service in self._services.composition.services))
        self._expect_life()
        self._answered_at = time.monotonic()

    async def assign(self, rollout_id: str) -> None:
        """Name its containers after the rollout. Their labels stay: no engine changes those of what is there."""
        self._expect_life()
        await self._services.name_after(rollout_id)

    async def memory_bytes(self) -> int:
        """Return the memory of its containers."""
        self._expect_life()
        return await self._services.memory_bytes()

    async def logs(self) -> Mapping[str, str]:
        """Return the end of what each service wrote; also of those that have ended."""
        if self._closing is not None:
            raise EnvironmentFailure("the environment is closed")
        return await self._services.logs()

    def release_with(self, resources: AsyncExitStack) -> None:
        """Take over what ``close`` will undo."""
        self._resources = resources

    async def close(self) -> None:
        """Remove all of it. Idempotent; goes on to its end even if whoever waits for it is cancelled."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._resources.aclose())
        await asyncio.shield(self._closing)

    async def _expect_well(self, service: Service) -> None:
        """Raise ``EnvironmentFailure`` where a service is not well, also when asked again: some are busy for a moment."""
        answer = await self._services.ask(service)
        for seconds in _AGAIN_AFTER_SECONDS:
            if answer.well or self._services.end() is not None:
                break
            await asyncio.sleep(seconds)
            answer = await self._services.ask(service)
        if not answer.well:
            self._ends(service, answer.said)

    def _address_of(self, source: PostgresSource) -> DatabaseAddress:
        service = next(one for one in self._services.composition.services if one.name == source.service)
        roles = {} if service.postgres is None else service.postgres.secrets
        if source.role not in roles:
            raise VerificationError(f"the recipe {self.name} says of no role {source.role!r} how it logs in")
        password = self._services.secret(roles[source.role])
        return DatabaseAddress(
            "127.0.0.1", source.database, source.role, password, self._services.ports[source.service]
        )

    def _expect_life(self) -> None:
        if self._closing is not None:
            raise EnvironmentFailure("the environment is closed")
        self._end = self._end or self._services.end()
        if self._end is not None:
            raise EnvironmentFailure(self._end)

    def _ends(self, service: Service, said: str | None) -> NoReturn:
        what = "does not answer" if said is None else f"is not well any more: {said[:200]}"
        self._end = self._services.end() or f"the environment's service {service.name} {what}"
        raise EnvironmentFailure(self._end)
