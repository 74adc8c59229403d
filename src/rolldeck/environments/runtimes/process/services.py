"""What all environments of one template share: a PostgreSQL cluster, a fork server and the nursery that this came from."""

import asyncio
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.process import interpreter, postgres
from rolldeck.environments.runtimes.process.accounts import Account
from rolldeck.environments.runtimes.process.build import Template, postgres_install
from rolldeck.environments.runtimes.process.forkclient import ForkServer, Nursery, describe_data, program
from rolldeck.environments.runtimes.process.leftovers import kill_processes, remove_with_processes
from rolldeck.environments.runtimes.process.session import Session
from rolldeck.environments.templates import TemplateCache


@dataclass(frozen=True)
class Running:
    """Services that were alive a moment ago."""

    cluster: postgres.Cluster
    fork_server: ForkServer

    @property
    def alive(self) -> bool:
        """Whether both still are."""
        return self.cluster.alive and self.fork_server.alive


class Services:
    """Starts them when they are first needed, and again when they have died."""

    def __init__(
        self, template: Template, cache: TemplateCache, session: Session, account: Account | None, tag: str
    ) -> None:
        self._template = template
        self._cache = cache
        self._session = session
        self._account = account
        self._tag = tag
        self._starting = asyncio.Lock()
        self._closed = False
        self._cluster: postgres.Cluster | None = None
        self._nursery: Nursery | None = None
        self._fork_server: ForkServer | None = None

    async def running(self) -> Running:
        """Return both, alive. The first call takes as long as the application's warm-up: seconds.

        A PostgreSQL that has died is replaced within a second, a fork server, too, unless its nursery has died with it.
        """
        await self._session.guard()
        async with self._starting:
            if self._closed:
                raise EnvironmentFailure("the environments are closed")
            if self._cluster is None or not self._cluster.alive:
                await self._stop_cluster()
                self._cluster = await self._start_cluster()
            if self._fork_server is None or not self._fork_server.alive:
                self._fork_server = await self._new_fork_server(self._cluster)
            return Running(self._cluster, self._fork_server)

    async def reap(self) -> int:
        """Remove databases, roles and children that outlived their environment; return how many there were."""
        cluster, fork_server = self._cluster, self._fork_server  # those that are just being started have no leftovers
        reaped = 0
        if cluster is not None and cluster.alive:
            names = self._session.without_owner(await cluster.names(f"rolldeck_{self._tag}_"))
            for name in names:
                await cluster.drop(name)
            reaped += len(names)
        if fork_server is not None and fork_server.alive:
            reaped += await fork_server.reap()
        return reaped

    async def close(self) -> None:
        """Stop all, for good. Idempotent."""
        async with self._starting:
            self._closed = True
            if self._fork_server is not None:
                await self._fork_server.close()
                self._fork_server = None
            await self._stop_nursery()
            await self._stop_cluster()

    async def _start_cluster(self) -> postgres.Cluster:
        install = postgres_install(self._template, self._cache)
        template = self._cache.path(self._template.cluster)
        cluster = await postgres.prepare_cluster(self._session, install, template, self._account)
        try:
            await cluster.start()
        except BaseException:
            await cluster.stop()
            await self._remove(cluster.directory)
            raise
        return cluster

    async def _stop_cluster(self) -> None:
        if self._cluster is not None:
            await self._cluster.stop()
            await self._remove(self._cluster.directory)
            self._cluster = None

    async def _new_fork_server(self, cluster: postgres.Cluster) -> ForkServer:
        if self._nursery is not None and not self._nursery.alive:
            await self._stop_nursery()
        if self._nursery is None:
            self._nursery = await self._start_nursery(cluster)
        elif self._fork_server is not None:  # its children end with it, but for those that cannot
            await asyncio.to_thread(kill_processes, self._nursery.directory, but=self._nursery.pid)
        return await self._nursery.fork_server()

    async def _start_nursery(self, cluster: postgres.Cluster) -> Nursery:
        """Start it on a database of its own, which it needs for its warm-up only."""
        directory = self._session.make_directory(resource_name(self._tag, "warm-up"), mode=0o700)
        environment = self._cache.path(self._template.environment)
        application, data = self._template.forked, self._template.forked.data
        address = cluster.new_address(directory.name)
        try:
            await cluster.create_database(address, data.name, postgres.READER)
            return await Nursery.start(
                program(environment, "serve", application.module, directory),
                {
                    "template": str(self._cache.path(self._template.application)),
                    "scratch": str(directory),
                    "data": describe_data(data.name, address),
                },
                directory=directory,
                variables={**interpreter.variables_for(environment), "HOME": str(directory)},
            )
        except BaseException:
            await self._remove(directory)
            raise
        finally:
            await cluster.drop_database(address)

    async def _stop_nursery(self) -> None:
        if self._nursery is not None:
            await self._nursery.close()
            await self._remove(self._nursery.directory)
            self._nursery = None

    async def _remove(self, directory: Path) -> None:
        await asyncio.to_thread(remove_with_processes, directory)
        self._session.disown(directory.name)


def resource_name(tag: str, purpose: str) -> str:
    """Return a name that is new each time, for a directory, a database and a role (63 characters at most)."""
    plain = re.sub(r"[^a-z0-9-]", "-", purpose.lower())[:30]
    return f"rolldeck_{tag}_{plain}_{secrets.token_hex(3)}"
