"""One environment that runs as a process of this machine: the implementation of the port ``Environment``."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from rolldeck.domain.errors import VerificationError
from rolldeck.domain.page import Cookie
from rolldeck.environments.port import Row
from rolldeck.environments.runtimes.process.postgres import DatabaseAddress
from rolldeck.environments.runtimes.process.queries import query_postgres, query_sqlite

DATA = "data"


class ProcessEnvironment:
    """A forked server on its own port, with its own database, role, directory and (if we are root) user id."""

    def __init__(
        self,
        *,
        name: str,
        origin: str,
        cookies: Sequence[Cookie],
        data: DatabaseAddress,
        files: Mapping[str, Path],
        owner: int | None,
        pid: int,
    ) -> None:
        self.name = name
        self.origin = origin
        self.cookies = cookies
        self.pid = pid
        self._data = data
        self._files = files
        self._owner = owner
        self._resources = AsyncExitStack()
        self._closing: asyncio.Task[None] | None = None

    @property
    def databases(self) -> Sequence[str]:
        """``data``, which PostgreSQL holds, and the application's own."""
        return (DATA, *self._files)

    async def sql(self, database: str, query: str) -> list[Row]:
        """Run a read-only query; see the port."""
        if database == DATA:
            return await query_postgres(self._data, query)
        if database in self._files:
            return await asyncio.to_thread(query_sqlite, self._files[database], self._owner, query)
        raise VerificationError(f"there is no database {database!r}; there are: {', '.join(self.databases)}")

    def release_with(self, resources: AsyncExitStack) -> None:
        """Take over what ``close`` will undo."""
        self._resources = resources

    async def close(self) -> None:
        """Remove all of it. Idempotent; goes on to its end even if whoever waits for it is cancelled."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._resources.aclose())
        await asyncio.shield(self._closing)
