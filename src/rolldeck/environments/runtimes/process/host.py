"""What serves all environments of one template in this process: a PostgreSQL cluster and a fork server."""

import asyncio
import re
import secrets
import shutil
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.domain.page import Cookie
from rolldeck.environments.runtimes.process import interpreter, postgres
from rolldeck.environments.runtimes.process.accounts import Account, environment_account
from rolldeck.environments.runtimes.process.build import Template, postgres_install
from rolldeck.environments.runtimes.process.environment import ProcessEnvironment
from rolldeck.environments.runtimes.process.forkclient import (
    Child,
    ForkServer,
    Instance,
    describe_data,
    program,
    start_cold,
)
from rolldeck.environments.runtimes.process.leftovers import remove_with_processes
from rolldeck.environments.runtimes.process.processes import kill
from rolldeck.environments.runtimes.process.session import Session
from rolldeck.environments.templates import TemplateCache

_HEALTH_SECONDS = 20


class Host:
    """Provisions environments of one template; what serves them is started when it is first needed, or has died."""

    def __init__(
        self,
        template: Template,
        cache: TemplateCache,
        session: Session,
        account: Account | None,
        tag: str,
        user_ids: Path,
    ) -> None:
        self._template = template
        self._recipe = template.recipe
        self._cache = cache
        self._session = session
        self._account = account
        self._tag = tag
        self._user_ids = user_ids
        self._starting = asyncio.Lock()
        self._cluster: postgres.Cluster | None = None
        self._fork_server: ForkServer | None = None
        self._environments: set[ProcessEnvironment] = set()
        self._http = httpx2.AsyncClient(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))

    async def provision(self, rollout_id: str) -> ProcessEnvironment:
        """Return a healthy environment. Raises ``EnvironmentFailure``; leaves nothing of it behind then."""
        await self._session.guard()
        cluster, fork_server = await self._services()
        name = _resource_name(self._tag, rollout_id)
        async with AsyncExitStack() as undo:
            account = undo.enter_context(environment_account(self._user_ids))
            directory = self._copy_files(name, account)
            undo.callback(shutil.rmtree, directory, ignore_errors=True)
            address = cluster.new_address(name)
            undo.push_async_callback(cluster.drop_database, address)
            instance = self._instance(directory, address, account)
            child = await self._fork_beside_database(cluster, address, fork_server, instance, undo)
            origin = f"http://127.0.0.1:{child.port}"
            await self._wait_until_healthy(origin)
            environment = ProcessEnvironment(
                name=self._recipe.name,
                origin=origin,
                cookies=tuple(Cookie(name=key, value=value) for key, value in child.cookies.items()),
                data=address,
                files={key: directory / file for key, file in self._recipe.application.sqlite_databases.items()},
                owner=None if account is None else account.uid,
                pid=child.pid,
            )
            self._environments.add(environment)
            undo.callback(self._environments.discard, environment)
            environment.release_with(undo.pop_all())
        return environment

    async def close(self) -> None:
        """Close all environments and stop what serves them. Idempotent."""
        await asyncio.gather(*(environment.close() for environment in list(self._environments)))
        async with self._starting:
            if self._fork_server is not None:
                await self._fork_server.close()
            if self._cluster is not None:
                await self._cluster.stop()
        await self._http.aclose()

    async def cold_start(self) -> float:
        """Start the same server without the fork server, once, and return the seconds until it is healthy."""
        cluster, _ = await self._services()
        async with AsyncExitStack() as undo:
            directory = self._copy_files(_resource_name(self._tag, "cold"), None)
            undo.callback(remove_with_processes, directory)
            address = cluster.new_address(directory.name)
            undo.push_async_callback(cluster.drop_database, address)
            await cluster.create_database(address, self._recipe.data.name, postgres.READER)
            arguments = {"template": str(directory), "instance": self._instance(directory, address, None)}
            started = time.perf_counter()
            process, port = await start_cold(
                program(self._environment, "cold", self._recipe.application.module, directory),
                arguments,
                log=directory / "server.log",
                variables=self._variables(directory),
            )
            undo.push_async_callback(kill, process)
            await self._wait_until_healthy(f"http://127.0.0.1:{port}")
            return time.perf_counter() - started

    async def _services(self) -> tuple[postgres.Cluster, ForkServer]:
        async with self._starting:
            if self._cluster is None or not self._cluster.alive:
                self._cluster = await self._start_cluster(self._cluster)
            if self._fork_server is None or not self._fork_server.alive:
                self._fork_server = await self._start_fork_server(self._cluster, self._fork_server)
            return self._cluster, self._fork_server

    async def _start_cluster(self, dead: postgres.Cluster | None) -> postgres.Cluster:
        if dead is not None:
            await dead.stop()
            await asyncio.to_thread(remove_with_processes, dead.directory)
        install = postgres_install(self._template, self._cache)
        template = self._cache.path(self._template.cluster)
        cluster = await postgres.prepare_cluster(self._session, install, template, self._account)
        try:
            await cluster.start()
        except BaseException:
            await cluster.stop()
            await asyncio.to_thread(remove_with_processes, cluster.directory)
            raise
        return cluster

    async def _start_fork_server(self, cluster: postgres.Cluster, dead: ForkServer | None) -> ForkServer:
        if dead is not None:
            await dead.close()
            await asyncio.to_thread(remove_with_processes, dead.directory)
        directory = self._session.make_directory(_resource_name(self._tag, "warm-up"), mode=0o700)
        address = cluster.new_address(directory.name)
        try:
            await cluster.create_database(address, self._recipe.data.name, postgres.READER)
            return await ForkServer.start(
                program(self._environment, "serve", self._recipe.application.module, directory),
                {
                    "template": str(self._cache.path(self._template.application)),
                    "scratch": str(directory),
                    "data": describe_data(self._recipe.data.name, address),
                },
                directory=directory,
                variables=self._variables(directory),
            )
        except BaseException:
            await asyncio.to_thread(remove_with_processes, directory)
            raise
        finally:
            await cluster.drop_database(address)

    async def _fork_beside_database(
        self,
        cluster: postgres.Cluster,
        address: postgres.DatabaseAddress,
        fork_server: ForkServer,
        instance: Instance,
        undo: AsyncExitStack,
    ) -> Child:
        """Fork while PostgreSQL copies the database: neither needs the other until the first page."""

        async def fork() -> Child:
            child = await fork_server.spawn(instance)
            undo.push_async_callback(fork_server.kill, child.id)
            return child

        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(cluster.create_database(address, self._recipe.data.name, postgres.READER))
                forked = both.create_task(fork())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        return forked.result()

    def _copy_files(self, name: str, account: Account | None) -> Path:
        directory = self._session.make_directory(name, mode=0o700)
        template = self._cache.path(self._template.application)
        for file in template.iterdir():
            shutil.copyfile(file, directory / file.name)
        if account is not None:
            account.give(directory)
        return directory

    def _instance(self, directory: Path, address: postgres.DatabaseAddress, account: Account | None) -> Instance:
        return Instance(
            directory=str(directory),
            secret=secrets.token_hex(32),
            data=describe_data(self._recipe.data.name, address),
            uid=None if account is None else account.uid,
            gid=None if account is None else account.gid,
        )

    async def _wait_until_healthy(self, origin: str) -> None:
        url = origin + self._recipe.application.health_path
        try:
            response = await self._http.get(url, timeout=_HEALTH_SECONDS)
        except httpx2.HTTPError as error:
            raise EnvironmentFailure(f"a new environment of {self._recipe.name} does not answer: {error}") from error
        if response.status_code != httpx2.codes.OK:
            raise EnvironmentFailure(f"a new environment of {self._recipe.name} is not healthy: {response.status_code}")

    @property
    def _environment(self) -> Path:
        return self._cache.path(self._template.environment)

    def _variables(self, home: Path) -> dict[str, str]:
        return {**interpreter.variables_for(self._environment), "HOME": str(home)}


def _resource_name(tag: str, purpose: str) -> str:
    """Return a name that is new each time, for a directory, a database and a role (63 characters at most)."""
    plain = re.sub(r"[^a-z0-9-]", "-", purpose.lower())[:30]
    return f"rolldeck_{tag}_{plain}_{secrets.token_hex(3)}"
