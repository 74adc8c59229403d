"""Provisioning environments of one template: own directory, own database and role, own server on its own port."""

import asyncio
import json
import os
import secrets
import shutil
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import httpx2
import structlog
from pydantic import JsonValue

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.domain.page import Cookie
from rolldeck.environments.runtimes.database_address import DatabaseAddress
from rolldeck.environments.runtimes.process import interpreter, postgres
from rolldeck.environments.runtimes.process.accounts import Account, environment_account
from rolldeck.environments.runtimes.process.build import Template
from rolldeck.environments.runtimes.process.environment import ProcessEnvironment
from rolldeck.environments.runtimes.process.forkclient import Child, ForkServer, describe_data, program, start_cold
from rolldeck.environments.runtimes.process.life import Life
from rolldeck.environments.runtimes.process.processes import kill
from rolldeck.environments.runtimes.process.services import Running, Services, resource_name
from rolldeck.environments.runtimes.process.session import Session
from rolldeck.environments.templates import TemplateCache

_log = structlog.get_logger(__name__)

_AT_ONCE = 4 * (os.cpu_count() or 1)
_HEALTH_SECONDS = 20
_COLD_HEALTH_SECONDS = 180


class Host:
    """Provisions the environments of one template and knows those that are open."""

    def __init__(
        self,
        template: Template,
        cache: TemplateCache,
        session: Session,
        *,
        account: Account | None,
        tag: str,
        user_ids: Path,
    ) -> None:
        self._template = template
        self._recipe = template.recipe
        self._forked = template.forked
        self._cache = cache
        self._session = session
        self._tag = tag
        self._user_ids = user_ids
        self._services = Services(template, cache, session, account, tag)
        self._environments: set[ProcessEnvironment] = set()
        self._users_kept: list[ExitStack] = []
        # More at once are not faster, and the last of hundreds would be so late that it seemed to be dead.
        self._starting = asyncio.Semaphore(_AT_ONCE)
        self._ending = asyncio.Semaphore(_AT_ONCE)
        self._http = httpx2.AsyncClient(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))

    async def provision(self, rollout_id: str) -> ProcessEnvironment:
        """Return a healthy environment. Raises ``EnvironmentFailure``; leaves nothing of it behind then.

        Where what serves it dies meanwhile, it is tried once more with what is started instead.
        """
        services = await self._services.running()
        try:
            return await self._provision(rollout_id, services)
        except EnvironmentFailure as failure:
            if services.alive:
                raise
            _log.warning("an environment is provisioned once more", rollout_id=rollout_id, reason=str(failure))
        return await self._provision(rollout_id, await self._services.running())

    async def _provision(self, rollout_id: str, services: Running) -> ProcessEnvironment:
        async with self._starting, AsyncExitStack() as undo:
            user = undo.enter_context(ExitStack())
            account = user.enter_context(environment_account(self._user_ids))
            directory = self._copy_files(resource_name(self._tag, rollout_id), undo)
            address = services.cluster.new_address(directory.name)
            undo.push_async_callback(services.cluster.drop_database, address)
            self._write_instance(directory, address, account)
            child = await _fork_while(
                services.cluster.create_database(address, self._forked.data.name, postgres.READER),
                self._fork(services.fork_server, directory, account, undo, user),
            )
            origin = f"http://127.0.0.1:{child.port}"
            await self._wait_until_healthy(origin)
            environment = ProcessEnvironment(
                name=self._recipe.name,
                template=self._template.application.key,
                origin=origin,
                cookies=tuple(Cookie(name=key, value=value) for key, value in child.cookies.items()),
                directory=directory,
                files=self._forked.sqlite_databases,
                owner=None if account is None else account.uid,
                life=Life(
                    child,
                    services.fork_server,
                    services.cluster,
                    address,
                    origin + self._forked.health_path,
                    self._http,
                ),
            )
            self._environments.add(environment)
            undo.callback(self._environments.discard, environment)
            environment.release_with(undo.pop_all())
        return environment

    async def reap(self) -> int:
        """Remove what outlived its environment in PostgreSQL and in the fork server; return how much it was."""
        return await self._services.reap()

    async def close(self) -> None:
        """Close all environments and stop what serves them. Idempotent."""
        closed = await asyncio.gather(
            *(environment.close() for environment in list(self._environments)), return_exceptions=True
        )
        for failure in closed:
            if isinstance(failure, EnvironmentFailure):  # what is left of it goes with the services and the session
                _log.warning("an environment did not close", error=str(failure))
        await self._services.close()
        for user in self._users_kept:
            user.close()
        await self._http.aclose()

    async def cold_start(self) -> float:
        """Start the same server once without the fork server and return the seconds until it is healthy."""
        services = await self._services.running()
        application = self._forked
        environment = self._cache.path(self._template.environment)
        async with AsyncExitStack() as undo:
            directory = self._copy_files(resource_name(self._tag, "cold"), undo)
            address = services.cluster.new_address(directory.name)
            undo.push_async_callback(services.cluster.drop_database, address)
            await services.cluster.create_database(address, self._forked.data.name, postgres.READER)
            started = time.perf_counter()
            process, port = await start_cold(
                program(environment, "cold", application.module, directory),
                {"template": str(directory), "instance": self._instance(directory, address)},
                log=directory / "server.log",
                variables={**interpreter.variables_for(environment), "HOME": str(directory)},
            )
            undo.push_async_callback(kill, process)
            await self._wait_until_healthy(f"http://127.0.0.1:{port}", _COLD_HEALTH_SECONDS)
            return time.perf_counter() - started

    async def _fork(
        self, fork_server: ForkServer, directory: Path, account: Account | None, undo: AsyncExitStack, user: ExitStack
    ) -> Child:
        child = await fork_server.spawn(directory, account)
        undo.push_async_callback(self._end_child, fork_server, child, user)
        return child

    async def _end_child(self, fork_server: ForkServer, child: Child, user: ExitStack) -> None:
        try:
            async with self._ending:
                await fork_server.kill(child.id)
        except EnvironmentFailure:
            # Nobody else may become the user as whom something still runs.
            self._users_kept.append(user.pop_all())
            raise

    def _copy_files(self, name: str, undo: AsyncExitStack) -> Path:
        undo.callback(self._session.disown, name)  # the last thing, also if something before it fails
        directory = self._session.make_directory(name, mode=0o700)
        undo.callback(shutil.rmtree, directory, ignore_errors=True)
        for file in self._cache.path(self._template.application).iterdir():
            shutil.copyfile(file, directory / file.name)
        return directory

    def _instance(self, directory: Path, address: DatabaseAddress) -> dict[str, JsonValue]:
        """Say what an environment is told of itself; see ``recipe.PythonApplication``."""
        data = describe_data(self._forked.data.name, address)
        return {"directory": str(directory), "secret": secrets.token_hex(32), "data": data}

    def _write_instance(self, directory: Path, address: DatabaseAddress, account: Account | None) -> None:
        """Leave what the child reads first; nobody else can enter its directory."""
        (directory / "instance.json").write_text(json.dumps(self._instance(directory, address)))
        if account is not None:
            account.give(directory)

    async def _wait_until_healthy(self, origin: str, seconds: float = _HEALTH_SECONDS) -> None:
        url = origin + self._forked.health_path
        try:
            response = await self._http.get(url, timeout=seconds)
        except httpx2.HTTPError as error:
            what = f"within {seconds} s" if isinstance(error, httpx2.TimeoutException) else f": {error}"
            raise EnvironmentFailure(f"a new environment of {self._recipe.name} does not answer {what}") from error
        if response.status_code != httpx2.codes.OK:
            raise EnvironmentFailure(f"a new environment of {self._recipe.name} is not healthy: {response.status_code}")


async def _fork_while(creating: Coroutine[None, None, None], forking: Coroutine[None, None, Child]) -> Child:
    """Fork while PostgreSQL copies the database: neither needs the other until the first page."""
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(creating)
            forked = both.create_task(forking)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return forked.result()
