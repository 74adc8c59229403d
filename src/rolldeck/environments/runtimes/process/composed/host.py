"""Provisioning environments of services: own directory, own ports, own user id where we are root."""

import asyncio
import os
import shutil
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import httpx2
import structlog

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.login import log_in
from rolldeck.environments.runtimes.process.accounts import Account, environment_account
from rolldeck.environments.runtimes.process.composed import layout
from rolldeck.environments.runtimes.process.composed.environment import ComposedEnvironment
from rolldeck.environments.runtimes.process.composed.interior import Interior, interior
from rolldeck.environments.runtimes.process.composed.running import RunningService, end_all, start_all
from rolldeck.environments.runtimes.process.composed.template import ComposedTemplate
from rolldeck.environments.runtimes.process.services import resource_name
from rolldeck.environments.runtimes.process.session import Session
from rolldeck.environments.templates import TemplateCache

_log = structlog.get_logger(__name__)

_AT_ONCE = 2 * (os.cpu_count() or 1)


class ComposedHost:
    """Provisions the environments of one template and knows those that are open."""

    def __init__(
        self, template: ComposedTemplate, cache: TemplateCache, session: Session, *, tag: str, user_ids: Path
    ) -> None:
        self._template = template
        self._cache = cache
        self._session = session
        self._tag = tag
        self._user_ids = user_ids
        self._environments: set[ComposedEnvironment] = set()
        self._users_kept: list[ExitStack] = []
        self._starting = asyncio.Semaphore(_AT_ONCE)  # more at once are not faster, and each would seem to hang
        self._http = httpx2.AsyncClient(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))

    async def provision(self, rollout_id: str) -> ComposedEnvironment:
        """Return a healthy environment. Raises ``EnvironmentFailure``; leaves nothing of it behind then."""
        await self._session.guard()
        async with self._starting, AsyncExitStack() as undo:
            user = undo.enter_context(ExitStack())
            account = user.enter_context(environment_account(self._user_ids))
            directory = await self._lay_out(resource_name(self._tag, rollout_id), account, undo)
            composition, template = self._template.composition, self._cache.path(self._template.stage)
            inside = undo.enter_context(interior(composition, directory, template, directory))
            services: list[RunningService] = []
            undo.push_async_callback(self._end, services, inside, account, user)
            await start_all(inside, account, self._http, services)
            environment = ComposedEnvironment(
                self._template,
                inside,
                services,
                account=account,
                http=self._http,
                cookies=await log_in(composition.login, inside),
            )
            self._environments.add(environment)
            undo.callback(self._environments.discard, environment)
            environment.release_with(undo.pop_all())
        return environment

    async def reap(self) -> int:
        """Return 0: what outlives an environment lies in its directory, which is the session's to reap."""
        return 0

    async def close(self) -> None:
        """Close all environments. Idempotent."""
        closed = await asyncio.gather(
            *(environment.close() for environment in list(self._environments)), return_exceptions=True
        )
        for failure in closed:
            if isinstance(failure, EnvironmentFailure):  # what is left of it goes with the session
                _log.warning("an environment did not close", error=str(failure))
        for user in self._users_kept:
            user.close()
        await self._http.aclose()

    async def _lay_out(self, name: str, account: Account | None, undo: AsyncExitStack) -> Path:
        undo.callback(self._session.disown, name)  # the last thing, also if something before it fails
        directory = self._session.make_directory(name, mode=0o700)
        undo.push_async_callback(asyncio.to_thread, shutil.rmtree, directory, ignore_errors=True)
        await asyncio.to_thread(self._fill, directory, account)
        return directory

    def _fill(self, directory: Path, account: Account | None) -> None:
        template = self._cache.path(self._template.stage)
        try:
            for service in self._template.composition.services:
                (directory / service.name).mkdir()
                layout.lay_out(service, template / service.name, directory / service.name)
            if account is not None:
                account.give(directory)
        except (OSError, shutil.Error) as error:
            raise EnvironmentFailure(f"an environment's files could not be copied: {error}") from error

    async def _end(
        self, services: list[RunningService], inside: Interior, account: Account | None, user: ExitStack
    ) -> None:
        try:
            await end_all(services, inside, account)
        except EnvironmentFailure:
            # Nobody else may become the user as whom something still runs.
            self._users_kept.append(user.pop_all())
            raise
