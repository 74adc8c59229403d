"""One environment that runs as a process of this machine: the implementation of the port ``Environment``."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from rolldeck.domain.errors import EnvironmentFailure, VerificationError
from rolldeck.domain.page import Cookie
from rolldeck.environments.port import Entrance, Row
from rolldeck.environments.runtimes.process.life import Life
from rolldeck.environments.runtimes.process.memory import size_in_memory
from rolldeck.environments.runtimes.queries import query_postgres, query_sqlite

DATA = "data"


class ProcessEnvironment:
    """A forked server on its own port, with its own database, role, directory and (if we are root) user id."""

    def __init__(
        self,
        *,
        name: str,
        template: str,
        origin: str,
        cookies: Sequence[Cookie],
        directory: Path,
        files: Mapping[str, str],
        owner: int | None,
        life: Life,
    ) -> None:
        """``files`` are the application's own databases, by the name for state checks: file names in ``directory``."""
        self.name = name
        self.template = template
        self.origin = origin
        self.cookies = cookies
        self.entrance = Entrance()
        self._directory = directory
        self._files = files
        self._owner = owner
        self._life = life
        self._resources = AsyncExitStack()
        self._closing: asyncio.Task[None] | None = None

    @property
    def databases(self) -> Sequence[str]:
        """``data``, which PostgreSQL holds, and the application's own."""
        return (DATA, *self._files)

    async def sql(self, database: str, query: str) -> list[Row]:
        """Run a read-only query; see the port. A dead application's own files are not read any more either."""
        self._expect_life()
        if database not in self.databases:
            raise VerificationError(f"there is no database {database!r}; there are: {', '.join(self.databases)}")
        try:
            if database == DATA:
                return await query_postgres(self._life.address, DATA, query)
            file = self._directory / self._files[database]
            return await asyncio.to_thread(query_sqlite, file, self._owner, query)
        except VerificationError:
            await self.check()  # the query is not to blame where the environment has died meanwhile
            raise

    async def check(self, *, within_seconds: float = 0) -> None:
        """Ask the application and its database whether they are there; see the port."""
        self._expect_life()
        if not self._life.answered_within(within_seconds):
            await self._life.check()

    async def assign(self, rollout_id: str) -> None:
        """Nothing: its database, role, directory and user keep the names that they have while it runs."""

    async def memory_bytes(self) -> int:
        """Return what is its own: of its process, and of its files and database where these are in memory."""
        self._expect_life()
        process = await asyncio.to_thread(self._life.memory_bytes)
        files = await asyncio.to_thread(size_in_memory, self._directory)
        # The database lies beside them, in files that say nothing of whose they are.
        return process + files + (await self._life.cluster.size_bytes(self._life.address) if files else 0)

    async def logs(self) -> Mapping[str, str]:
        """Return nothing: what a forked server writes is for whoever builds its template."""
        return {}

    def release_with(self, resources: AsyncExitStack) -> None:
        """Take over what ``close`` will undo."""
        self._resources = resources

    async def close(self) -> None:
        """Remove all of it. Idempotent; goes on to its end even if whoever waits for it is cancelled."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._resources.aclose())
        await asyncio.shield(self._closing)

    def _expect_life(self) -> None:
        if self._closing is not None:
            raise EnvironmentFailure("the environment is closed")
        self._life.expect()
