"""One environment of services: an implementation of the port ``Environment``."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import NoReturn

import httpx2
import psutil

from rolldeck.domain.errors import EnvironmentFailure, VerificationError
from rolldeck.domain.page import Cookie
from rolldeck.environments.composition import FilesSource, PostgresSource, SqliteSource
from rolldeck.environments.entrance import entrance_of
from rolldeck.environments.port import Row
from rolldeck.environments.runtimes.process.accounts import Account
from rolldeck.environments.runtimes.process.composed.files import plain_files
from rolldeck.environments.runtimes.process.composed.interior import Interior
from rolldeck.environments.runtimes.process.composed.running import RunningService
from rolldeck.environments.runtimes.process.composed.template import ComposedTemplate
from rolldeck.environments.runtimes.process.memory import size_in_memory
from rolldeck.environments.runtimes.queries import query_files, query_sqlite

_CHECK_SECONDS = 10.0


class ComposedEnvironment:
    """Services in a directory of their own and, if we are root, as a user of their own."""

    def __init__(
        self,
        template: ComposedTemplate,
        interior: Interior,
        services: Sequence[RunningService],
        *,
        account: Account | None,
        http: httpx2.AsyncClient,
        cookies: Sequence[Cookie],
    ) -> None:
        self.name = template.recipe.name
        self.template = template.key
        self.origin = interior.origin
        self.cookies = cookies
        self.entrance = entrance_of(template.composition, interior)
        self._sources = {
            name: source
            for name, source in template.composition.databases.items()
            if not isinstance(source, PostgresSource)  # obstacles() has seen to it that there are none
        }
        self._directory = interior.directory
        self._services = services
        self._account = account
        self._http = http
        self._end: str | None = None
        self._answered_at = time.monotonic()
        self._resources = AsyncExitStack()
        self._closing: asyncio.Task[None] | None = None

    @property
    def databases(self) -> Sequence[str]:
        """The SQLite files and directories that the recipe names."""
        return tuple(self._sources)

    async def sql(self, database: str, query: str) -> list[Row]:
        """Run a read-only query; see the port. A dead application's files are not read any more either."""
        self._expect_life()
        if database not in self._sources:
            there = ", ".join(self._sources) or "none"
            raise VerificationError(f"there is no database {database!r}; there are: {there}")
        try:
            return await asyncio.to_thread(self._query, self._sources[database], query)
        except VerificationError:
            await self.check()  # the query is not to blame where the environment has died meanwhile
            raise

    async def check(self, *, within_seconds: float = 0) -> None:
        """Ask every service whether it is well; see the port."""
        self._expect_life()
        if time.monotonic() - self._answered_at < within_seconds:
            return
        troubles = await asyncio.gather(
            *(service.trouble(self._http, self._account, _CHECK_SECONDS) for service in self._services)
        )
        for trouble in troubles:
            if trouble is not None:
                self._ends(f"the environment is lost: {trouble}")
        self._expect_life()
        self._answered_at = time.monotonic()

    async def assign(self, rollout_id: str) -> None:
        """Nothing: its directory, user and ports keep the names that they have while it runs."""

    async def memory_bytes(self) -> int:
        """Return what its processes and, where these are in memory, its files take."""
        self._expect_life()
        try:
            processes = [await asyncio.to_thread(service.memory_bytes) for service in self._services]
        except psutil.NoSuchProcess as error:
            self._ends("the environment is lost: a service has ended", error)
        return sum(processes) + await asyncio.to_thread(size_in_memory, self._directory)

    async def logs(self) -> Mapping[str, str]:
        """Return the end of what each service wrote; also of those that have ended."""
        if self._closing is not None:
            raise EnvironmentFailure("the environment is closed")
        texts = [await asyncio.to_thread(service.log) for service in self._services]
        return {each.service.name: text for each, text in zip(self._services, texts, strict=True)}

    def release_with(self, resources: AsyncExitStack) -> None:
        """Take over what ``close`` will undo."""
        self._resources = resources

    async def close(self) -> None:
        """Remove all of it. Idempotent; goes on to its end even if whoever waits for it is cancelled."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._resources.aclose())
        await asyncio.shield(self._closing)

    def _query(self, source: SqliteSource | FilesSource, query: str) -> list[Row]:
        owner = None if self._account is None else self._account.uid
        path = self._directory / source.service / source.path
        if path.parent.resolve() != path.parent:
            raise VerificationError(f"{source.path} in {source.service} has been replaced by something else")
        if isinstance(source, SqliteSource):
            return query_sqlite(path, owner, query)
        return query_files(plain_files(path, owner), query)

    def _expect_life(self) -> None:
        if self._closing is not None:
            raise EnvironmentFailure("the environment is closed")
        if self._end is not None:
            raise EnvironmentFailure(self._end)
        for service in self._services:
            if not service.alive:
                self._ends(f"the environment is lost: the service {service.service.name} has ended")

    def _ends(self, why: str, cause: Exception | None = None) -> NoReturn:
        self._end = why
        raise EnvironmentFailure(why) from cause
