"""Whether one environment still lives: its process, its database, and both together as its user sees them."""

from dataclasses import dataclass

import httpx2
import psutil

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.process.forkclient import Child, ForkServer
from rolldeck.environments.runtimes.process.postgres import Cluster, DatabaseAddress

_CHECK_SECONDS = 10.0


@dataclass(frozen=True)
class Life:
    """What an environment lives on. None of it comes back: its services start anew for others only."""

    child: Child
    fork_server: ForkServer
    cluster: Cluster
    address: DatabaseAddress
    health_url: str
    http: httpx2.AsyncClient

    def expect(self) -> None:
        """Raise ``EnvironmentFailure`` where the process or PostgreSQL is known to have died; asks neither."""
        if not self.fork_server.runs(self.child.id):
            raise EnvironmentFailure("the environment's application has died")
        if not self.cluster.alive:
            raise EnvironmentFailure("the environment's PostgreSQL has died")

    async def check(self) -> None:
        """Ask both. Raises ``EnvironmentFailure`` where one does not answer."""
        self.expect()
        try:
            response = await self.http.get(self.health_url, timeout=_CHECK_SECONDS)
        except httpx2.TimeoutException as error:
            raise EnvironmentFailure(f"the environment did not answer within {_CHECK_SECONDS:g} s") from error
        except httpx2.HTTPError as error:
            raise EnvironmentFailure(f"the environment does not answer: {error}") from error
        if response.status_code != httpx2.codes.OK:
            raise EnvironmentFailure(f"the environment is not healthy any more: status {response.status_code}")
        if not await self.cluster.has_database(self.address):
            raise EnvironmentFailure("the environment's database is gone")
        self.expect()

    def memory_bytes(self) -> int:
        """Return the memory that is the process's own (USS); blocks for milliseconds. ``EnvironmentFailure`` if gone."""
        self.expect()
        try:
            return int(psutil.Process(self.child.pid).memory_full_info().uss)
        except psutil.NoSuchProcess as error:
            raise EnvironmentFailure("the environment's application has died") from error
