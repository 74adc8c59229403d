"""Whether one environment still lives: its process, its database, and both together as its user sees them."""

import time
from dataclasses import dataclass, field
from typing import NoReturn

import httpx2
import psutil

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.database_address import DatabaseAddress
from rolldeck.environments.runtimes.process.forkclient import Child, ForkServer
from rolldeck.environments.runtimes.process.memory import own_memory_of
from rolldeck.environments.runtimes.process.postgres import Cluster

_CHECK_SECONDS = 10.0


@dataclass
class Life:
    """What an environment lives on. It dies once: what has died is started anew for others only."""

    child: Child
    fork_server: ForkServer
    cluster: Cluster
    address: DatabaseAddress
    health_url: str
    http: httpx2.AsyncClient
    _end: str | None = None
    _answered_at: float = field(default_factory=time.monotonic)

    def expect(self) -> None:
        """Raise ``EnvironmentFailure`` where the process or PostgreSQL is known to have died; asks neither."""
        if self._end is not None:
            raise EnvironmentFailure(self._end)
        if not self.fork_server.runs(self.child.id):
            self._ends("the environment's application has died")
        if not self.cluster.alive:
            self._ends("the environment's PostgreSQL has died")

    async def check(self) -> None:
        """Ask both. Raises ``EnvironmentFailure`` where one does not answer."""
        self.expect()
        try:
            response = await self.http.get(self.health_url, timeout=_CHECK_SECONDS)
            there = await self.cluster.has_database(self.address)
        except httpx2.TimeoutException as error:
            self._ends(f"the environment's application did not answer within {_CHECK_SECONDS:g} s", error)
        except httpx2.HTTPError as error:
            self._ends(f"the environment's application does not answer: {error}", error)
        except EnvironmentFailure as error:
            self._ends(f"the environment's PostgreSQL does not answer: {error}", error)
        if response.status_code != httpx2.codes.OK:
            self._ends(f"the environment's application is not healthy any more: status {response.status_code}")
        if not there:
            self._ends("the environment's database is gone")
        self.expect()
        self._answered_at = time.monotonic()

    def answered_within(self, seconds: float) -> bool:
        """Return whether both have answered in the last seconds; they do when they are provisioned."""
        return time.monotonic() - self._answered_at < seconds

    def memory_bytes(self) -> int:
        """Return the memory that is the process's own (USS); blocks for milliseconds. ``EnvironmentFailure`` if gone."""
        self.expect()
        try:
            return own_memory_of(psutil.Process(self.child.pid))
        except psutil.NoSuchProcess as error:
            self._ends("the environment's application has died", error)

    def _ends(self, why: str, cause: Exception | None = None) -> NoReturn:
        self._end = why
        raise EnvironmentFailure(why) from cause
