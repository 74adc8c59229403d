"""The template of an application of services: what its seeds, its install commands and its first start left."""

import asyncio
import os
import platform
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from rolldeck.domain.errors import EnvironmentFailure, TemplateError
from rolldeck.environments.composition import Composition, PostgresSource, SeedFile, Service
from rolldeck.environments.fingerprint import fingerprint
from rolldeck.environments.port import BuildProgress, ProgressListener
from rolldeck.environments.recipe import Recipe, hash_of
from rolldeck.environments.runtimes.process.accounts import Account, environment_account
from rolldeck.environments.runtimes.process.composed import layout
from rolldeck.environments.runtimes.process.composed.interior import Interior, interior
from rolldeck.environments.runtimes.process.composed.running import RunningService, end_all, start_all, variables_of
from rolldeck.environments.runtimes.process.interpreter import installer_variables
from rolldeck.environments.runtimes.process.processes import run
from rolldeck.environments.runtimes.process.session import Session
from rolldeck.environments.templates import Stage, TemplateCache

_HERE = Path(__file__).parent
FIRST_START = "start it once"


@dataclass(frozen=True)
class ComposedTemplate:
    """What the template is made of; ``key`` covers also what needs no new build, such as the login."""

    recipe: Recipe
    composition: Composition
    key: str
    stage: Stage

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All of it."""
        return (self.stage,)

    @property
    def title(self) -> str:
        """What people read."""
        return self.recipe.title

    @property
    def pages(self) -> tuple[str, ...]:
        """Paths that its users open."""
        return self.composition.pages


def composed_template_of(recipe: Recipe, composition: Composition, account: Account | None) -> ComposedTemplate:
    """Say what the template is made of. Raises ``TemplateError`` where a file of the recipe cannot be read."""
    services = Composition(services=composition.services, web=composition.web)
    owner = "own user" if account is None else "unprivileged"
    try:
        content = fingerprint(services)
        key = fingerprint(composition)
    except OSError as error:
        raise TemplateError(f"a file of the recipe {recipe.name} cannot be read: {error}") from error
    code = (_HERE / "template.py", _HERE / "layout.py")
    stage = Stage("services", hash_of(content, sys.platform, platform.machine(), owner, *code))
    return ComposedTemplate(recipe, composition, key, stage)


def obstacles(composition: Composition) -> Iterator[str]:
    """Say what keeps the services from being run by their commands: what only containers can do."""
    if composition.preparation is not None:
        yield "it is set up through its own API"
    for service in composition.services:
        yield from (f"the service {service.name} {what}" for what in _obstacles_of(service))
    for name, source in composition.databases.items():
        if isinstance(source, PostgresSource):
            yield f"the database {name} is in a PostgreSQL service"
        elif source.path.startswith("/"):
            yield f"the database {name} has an absolute path"


def _obstacles_of(service: Service) -> Iterator[str]:
    if service.command is None:
        yield "has no command"
    if service.postgres is not None or any(not isinstance(seed, SeedFile) for seed in service.seeds):
        yield "is a PostgreSQL"
    paths = [*(seed.target for seed in service.seeds if isinstance(seed, SeedFile)), *service.state]
    if any(path.startswith("/") for path in paths):
        yield "has absolute paths in seeds or state"
    texts = [*(service.command or ()), *service.environment.values()]
    is_told = any("${port}" in text for text in texts)
    if service.port is not None and service.command is not None and not is_told:
        yield "is not told its port: no ${port} in its command or environment"


class ComposedBuilder:
    """Makes the template, telling the listener of each step."""

    def __init__(
        self,
        template: ComposedTemplate,
        cache: TemplateCache,
        session: Session,
        account: Account | None,
        on_progress: ProgressListener,
        *,
        user_ids: Path,
    ) -> None:
        self._template = template
        self._services = template.composition.services
        self._cache = cache
        self._session = session
        self._account = account
        self._on_progress = on_progress
        self._user_ids = user_ids
        self._steps = [*(name for service in self._services for name in _steps_of(service)), FIRST_START]
        self._done = 0

    async def build(self) -> None:
        """Build. Raises ``TemplateError`` with the last words of what failed."""
        if self._account is not None and not self._account.can_enter(self._cache.path(self._template.stage)):
            raise TemplateError(
                "environments run without root's rights and cannot enter the cache's directory: set ROLLDECK_CACHE_DIR "
                "to one that every user may enter"
            )
        try:
            with self._cache.making(self._template.stage) as directory, self._mark() as mark:
                directory.chmod(0o755)
                with interior(self._template.composition, directory, directory, mark) as inside:
                    for service in self._services:
                        await self._prepare(service, inside)
                    await self._start_once(inside)
                for service in self._services:
                    await asyncio.to_thread(layout.protect, service, directory / service.name)
        except TemplateError:
            raise
        except (OSError, shutil.Error, EnvironmentFailure) as error:
            raise TemplateError(
                f"the template of {self._template.recipe.name} could not be built ({self._step_before}). {error}"
            ) from error

    @contextmanager
    def _mark(self) -> Iterator[Path]:
        """Give a directory of the session, by which what a build starts is found if Rolldeck dies meanwhile."""
        mark = self._session.make_directory(f"build-{secrets.token_hex(3)}", mode=0o700)
        try:
            yield mark
        finally:
            mark.rmdir()
            self._session.disown(mark.name)

    async def _prepare(self, service: Service, inside: Interior) -> None:
        directory = inside.directory_of(service)
        directory.mkdir()
        if service.seeds:
            self._next_step()
            await asyncio.to_thread(layout.seed, service, directory)
        # As those that it runs with, but for the home: there is how this user's installers are set up.
        variables = {**variables_of(service, inside, self._account), **_home()}
        for command in service.install:
            self._next_step()
            words = [inside.fill(word, service) for word in command]
            await run(words, variables={**installer_variables(), **variables}, directory=directory)

    async def _start_once(self, inside: Interior) -> None:
        """Start everything as an environment does, and stop it cleanly: what a first start makes is made once."""
        self._next_step()
        started: list[RunningService] = []
        with ExitStack() as user:
            account = user.enter_context(environment_account(self._user_ids))
            if account is not None:
                await asyncio.to_thread(account.give, *(inside.directory_of(service) for service in self._services))
            async with httpx2.AsyncClient(trust_env=False) as http:
                try:
                    await start_all(inside, account, http, started)
                    await asyncio.gather(*(service.stop() for service in started))
                finally:
                    await end_all(started, inside, account)
        for service in self._services:
            (inside.directory / f"{service.name}.log").unlink(missing_ok=True)
        if account is not None:
            ours = Account(0, 0)
            await asyncio.to_thread(ours.give, *(inside.directory_of(service) for service in self._services))

    def _next_step(self) -> None:
        self._done += 1
        self._on_progress(BuildProgress(self._done, len(self._steps), self._step_before))

    @property
    def _step_before(self) -> str:
        return self._steps[max(self._done, 1) - 1]


def _home() -> dict[str, str]:
    return {"HOME": os.environ["HOME"]} if "HOME" in os.environ else {}


def _steps_of(service: Service) -> Iterator[str]:
    if service.seeds:
        yield f"{service.name}: copy its files"
    for command in service.install:
        yield f"{service.name}: {' '.join(command[:3])}"
