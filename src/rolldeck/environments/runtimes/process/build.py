"""Building a recipe's template for the process runtime, stage by stage."""

import asyncio
import csv
import json
import platform
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from rolldeck.domain.errors import EnvironmentFailure, TemplateError
from rolldeck.environments.port import BuildProgress, ProgressListener
from rolldeck.environments.recipe import PythonApplication, Recipe, hash_of
from rolldeck.environments.runtimes.process import interpreter, postgres
from rolldeck.environments.runtimes.process.accounts import Account
from rolldeck.environments.runtimes.process.forkclient import describe_data, program
from rolldeck.environments.runtimes.process.interpreter import Interpreter
from rolldeck.environments.runtimes.process.processes import run
from rolldeck.environments.runtimes.process.session import Session
from rolldeck.environments.templates import Stage, TemplateCache

_HERE = Path(__file__).parent
STEP_PREFIX = "rolldeck-step: "


@dataclass(frozen=True)
class Template:
    """A recipe's stages, each key following from all that the stage is made of."""

    recipe: Recipe
    forked: PythonApplication
    python: Interpreter | None
    interpreter: Stage | None
    environment: Stage
    binaries: Stage | None
    data: Stage
    cluster: Stage
    application: Stage

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All stages, in the order in which they are made."""
        stages = (self.interpreter, self.environment, self.binaries, self.data, self.cluster, self.application)
        return tuple(stage for stage in stages if stage is not None)

    @property
    def key(self) -> str:
        """Hash of everything that environments follow from."""
        return self.application.key

    @property
    def title(self) -> str:
        """What people read."""
        return f"{self.recipe.title} with {self.forked.data.title}"

    @property
    def pages(self) -> tuple[str, ...]:
        """Paths that its users open."""
        return self.forked.pages


def template_of(recipe: Recipe, account: Account | None) -> Template:
    """Say what the template is made of. What an account cannot reach where it is gets a stage of its own: a copy."""
    forked = recipe.forked
    if forked is None:
        raise TemplateError(f"{recipe.title} cannot be forked: the process runtime has no other way to run it")
    python = interpreter.find_interpreter(forked.python_versions)
    machine = f"{platform.python_implementation()} {sys.platform} {platform.machine()}"
    system = f"{sys.platform} {platform.machine()} {postgres.binaries_version()}"
    owner = "own user" if account is None else "unprivileged"
    base = hash_of("python", machine, str(python), owner)
    environment = hash_of("environment", base, forked.requirements)
    data = hash_of("data", forked.data.name, forked.data.tables.content_hash())
    cluster = hash_of("cluster", system, owner, data, _HERE / "initdb.py", _HERE / "build.py")
    application = hash_of("application", environment, cluster, *forked.sources)
    copies_binaries = account is not None and not account.can_enter(postgres.binaries())
    return Template(
        recipe=recipe,
        forked=forked,
        python=python,
        interpreter=Stage("python", base) if interpreter.needs_copy(python, account) else None,
        environment=Stage("environment", environment),
        binaries=Stage("postgresql", hash_of(system)) if copies_binaries else None,
        data=Stage("data", data),
        cluster=Stage("cluster", cluster),
        application=Stage("application", application),
    )


Report = Callable[[int, float | None], None]
"""Takes the position of a step within its stage, and how much of it is done."""


@dataclass(frozen=True)
class _Work:
    stage: Stage
    steps: tuple[str, ...]
    make: Callable[[Path, Report], Awaitable[None]]


class TemplateBuilder:
    """Makes the stages that are missing, telling the listener of each step."""

    def __init__(
        self,
        template: Template,
        cache: TemplateCache,
        session: Session,
        account: Account | None,
        on_progress: ProgressListener,
    ) -> None:
        self._template = template
        self._cache = cache
        self._session = session
        self._account = account
        self._on_progress = on_progress
        self._recipe = template.recipe
        self._forked = template.forked

    async def build(self) -> None:
        """Build. Raises ``TemplateError`` with the last words of what failed; goes on where an earlier one stopped."""
        if self._account is not None and not self._account.can_enter(self._cache.path(self._template.environment)):
            raise TemplateError(
                "environments run without root's rights and cannot enter the cache's directory: set ROLLDECK_CACHE_DIR "
                "to one that every user may enter"
            )
        plan = self._plan()
        steps = [step for work in plan for step in work.steps]
        first = 1
        for work in plan:
            if not self._cache.has(work.stage):
                try:
                    with self._cache.making(work.stage) as directory:
                        await work.make(directory, self._reporter(steps, first))
                except TemplateError:
                    raise
                except (OSError, EnvironmentFailure, asyncpg.PostgresError) as error:
                    raise TemplateError(
                        f"the template of {self._recipe.name} could not be built ({' / '.join(work.steps)}); "
                        f"remove the cause and build again, it goes on from here. {error}"
                    ) from error
            first += len(work.steps)

    @property
    def _python(self) -> Interpreter:
        if self._template.python is None:
            versions = " or ".join(self._forked.python_versions)
            raise TemplateError(
                f"{self._recipe.title} needs Python {versions}: install one, with apt-get, brew or `uv python install`"
            )
        return self._template.python

    def _plan(self) -> list[_Work]:
        template, title = self._template, self._forked.data.title
        plan = [
            _Work(template.environment, (f"install {self._recipe.title}",), self._install_application),
            _Work(template.data, (f"write {title}",), self._write_data),
            _Work(template.cluster, ("create a PostgreSQL cluster", f"load {title}"), self._load_cluster),
            _Work(template.application, self._forked.build_steps, self._build_application),
        ]
        if template.binaries is not None:
            plan.insert(0, _Work(template.binaries, ("copy PostgreSQL to where it can run",), self._copy_binaries))
        if template.interpreter is not None:
            plan.insert(0, _Work(template.interpreter, ("copy Python to where it can run",), self._copy_interpreter))
        return plan

    def _reporter(self, steps: list[str], first: int) -> Report:
        def report(position: int, fraction: float | None) -> None:
            number = first + position
            self._on_progress(BuildProgress(number, len(steps), steps[number - 1], fraction))

        return report

    async def _copy_interpreter(self, directory: Path, report: Report) -> None:
        report(0, None)
        await asyncio.to_thread(interpreter.copy_interpreter, self._python, directory)

    async def _copy_binaries(self, directory: Path, report: Report) -> None:
        report(0, None)
        await asyncio.to_thread(shutil.copytree, postgres.binaries(), directory, symlinks=True, dirs_exist_ok=True)

    async def _install_application(self, directory: Path, report: Report) -> None:
        report(0, 0.0)
        python = self._python.executable
        if self._template.interpreter is not None:
            python = self._cache.path(self._template.interpreter) / "bin" / python.name
        requirements = self._forked.requirements
        await interpreter.create_environment(directory, python, requirements, lambda fraction: report(0, fraction))

    async def _write_data(self, directory: Path, report: Report) -> None:
        report(0, None)
        await asyncio.to_thread(self._forked.data.tables.write, directory)

    async def _load_cluster(self, directory: Path, report: Report) -> None:
        report(0, None)
        install = postgres_install(self._template, self._cache)
        async with temporary_cluster(self._session, install, None, self._account) as cluster:
            database = self._forked.data.name
            async with cluster.connected("postgres") as connection:
                await connection.execute(f'CREATE ROLE "{postgres.READER}" NOLOGIN')
                await connection.execute(f'CREATE DATABASE "{database}"')
            async with cluster.connected(database) as connection:
                await self._load_tables(connection, report)
            async with cluster.connected("postgres") as connection:
                for name in ("postgres", "template1", database):
                    await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
                await connection.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false IS_TEMPLATE true')
            await cluster.stop(clean=True)
            # The data directory's mode comes along: its owner's only.
            await asyncio.to_thread(shutil.copytree, cluster.data, directory, dirs_exist_ok=True)

    async def _load_tables(self, connection: asyncpg.Connection, report: Report) -> None:
        source = self._cache.path(self._template.data)
        await connection.execute((source / "schema.sql").read_text())
        tables = (source / "tables.txt").read_text().split()
        for done, table in enumerate(tables):
            report(1, done / len(tables))
            await connection.copy_to_table(
                table,
                source=source / f"{table}.csv",
                columns=_header(source / f"{table}.csv"),
                format="csv",
                header=True,
            )
        await connection.execute(f'GRANT USAGE ON SCHEMA public TO "{postgres.READER}"')
        await connection.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{postgres.READER}"')
        await connection.execute("VACUUM (FREEZE, ANALYZE)")

    async def _build_application(self, directory: Path, report: Report) -> None:
        steps = self._forked.build_steps
        environment = self._cache.path(self._template.environment)
        install = postgres_install(self._template, self._cache)
        template = self._cache.path(self._template.cluster)
        async with temporary_cluster(self._session, install, template, self._account) as cluster:
            name = self._forked.data.name
            address = cluster.new_address("build")
            await cluster.create_database(address, name, postgres.READER)
            arguments = {"directory": str(directory), "data": describe_data(name, address)}

            def hear(line: str) -> None:
                if line.startswith(STEP_PREFIX):
                    report(steps.index(line.removeprefix(STEP_PREFIX)), None)

            await run(
                program(environment, "build", self._forked.module, self._session.directory),
                text=json.dumps(arguments) + "\n",
                on_line=hear,
                variables={**interpreter.variables_for(environment), "HOME": str(self._session.directory)},
            )


def postgres_install(template: Template, cache: TemplateCache) -> Path:
    """Return where PostgreSQL's binaries are that the template's account can run."""
    return postgres.binaries() if template.binaries is None else cache.path(template.binaries)


@asynccontextmanager
async def temporary_cluster(
    session: Session, install: Path, template: Path | None, account: Account | None
) -> AsyncIterator[postgres.Cluster]:
    """Run a cluster, empty or a copy of a template, in a directory of the session that is removed at the end."""
    cluster = await postgres.prepare_cluster(session, install, template, account)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()
        await asyncio.to_thread(shutil.rmtree, cluster.directory, ignore_errors=True)


def _header(table: Path) -> list[str]:
    with table.open(newline="", encoding="utf-8") as lines:
        return next(csv.reader(lines))
