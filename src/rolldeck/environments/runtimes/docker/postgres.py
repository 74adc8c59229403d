"""A service that is a PostgreSQL: its roles and data when a template is made, its passwords when an environment is.

It is administered through its own Unix socket, by a command in its container: so nobody has to know its superuser's
password, and a dump can do nothing but in the container.
"""

import asyncio
import secrets
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from rolldeck.domain.errors import EnvironmentFailure, TemplateError
from rolldeck.environments.composition import EmptyDatabase, PostgresRoles, PostgresSource, SqlDump, Tables
from rolldeck.environments.runtimes.docker.archives import FileOwner, archive_of
from rolldeck.environments.runtimes.docker.container import Container, Executed
from rolldeck.environments.runtimes.docker.postgres_data import PLACE, PSQL, Loading, loading_of
from rolldeck.environments.runtimes.docker.secrets import Secrets

_LOAD_SECONDS = 3600.0
_STATEMENT_TIMEOUT = "30s"
_PASSWORD_BYTES = 24
_FIRST_DATABASE = "postgres"
_CREATE_ROLE = """
SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role')
\\gexec
"""
_CREATE_DATABASE = """
SELECT format('CREATE DATABASE %I', :'database') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
\\gexec
ALTER DATABASE :"database" OWNER TO :"owner";
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
"""
_LET_READ = """
GRANT CONNECT ON DATABASE :"database" TO :"role";
GRANT pg_read_all_data TO :"role";
ALTER ROLE :"role" IN DATABASE :"database" SET statement_timeout = :'timeout';
"""
_TAKE_OVER = Path(__file__).with_name("ownership.sql").read_text()


class PostgresService:
    """The PostgreSQL that runs in a container."""

    def __init__(self, container: Container, roles: PostgresRoles, values: Secrets) -> None:
        self._container = container
        self._roles = roles
        self._values = values

    async def make_roles(self) -> None:
        """Make the roles that can log in, with the passwords that the secrets hold. Raises ``EnvironmentFailure``."""
        for role in self._roles.secrets:
            await self._run(_CREATE_ROLE, role=role)
        await self.change_passwords()

    async def change_passwords(self) -> None:
        """Give each role, and the superuser, the password that the secrets hold. Raises ``EnvironmentFailure``."""
        passwords = {self._roles.superuser: secrets.token_hex(_PASSWORD_BYTES)}
        passwords |= {role: self._values[name] for role, name in self._roles.secrets.items()}
        statements = (f"ALTER ROLE {_quoted(role)} LOGIN PASSWORD '{word}';" for role, word in passwords.items())
        await self._run("\n".join(statements))

    async def load(self, data: SqlDump | Tables | EmptyDatabase) -> None:
        """Make a database with its data. Raises ``TemplateError`` where the data cannot be loaded."""
        await self._run(_CREATE_ROLE, role=data.owner)
        await self._run(_CREATE_DATABASE, database=data.database, owner=data.owner)
        if not isinstance(data, EmptyDatabase):
            with ExitStack() as files:
                loading = await asyncio.to_thread(files.enter_context, loading_of(data))
                await self._load(loading, data.database)
        await self._run(_TAKE_OVER, data.database, owner=data.owner)
        await self._run("VACUUM (FREEZE, ANALYZE)", data.database)

    async def let_read(self, sources: Iterable[PostgresSource]) -> None:
        """Let the roles of state checks read the databases that they are for. Raises ``EnvironmentFailure``."""
        for source in sources:
            await self._run(_LET_READ, database=source.database, role=source.role, timeout=_STATEMENT_TIMEOUT)

    async def _load(self, loading: Loading, database: str) -> None:
        for role in loading.roles:
            await self._run(_CREATE_ROLE, role=role)
        with ExitStack() as files:
            archive = await asyncio.to_thread(files.enter_context, archive_of({PLACE: loading.directory}, FileOwner()))
            await self._container.put(archive)
        command = (*loading.command, "-U", self._roles.superuser, "-d", database)
        loaded = await self._execute(command, seconds=_LOAD_SECONDS)
        await self._container.execute(("rm", "-rf", str(PLACE)), user="0")
        if loaded.code:
            words = self._values.removed_from(loaded.output)
            raise TemplateError(f"{loading.title} cannot be loaded into {database}: {words[-1000:]}")

    async def _run(self, script: str, on: str = _FIRST_DATABASE, **variables: str) -> None:
        """Run a script of psql's on a database, with psql's variables."""
        given = [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
        psql = (*PSQL, *given, "-U", self._roles.superuser, "-d", on)
        # The script, with passwords in it, is no argument, which every process in the container could read.
        command = ("sh", "-c", 'printf %s "$ROLLDECK_SQL" | "$@"', "run", *psql)
        done = await self._execute(command, {"ROLLDECK_SQL": script})
        if done.code:
            words = self._values.removed_from(done.output)
            raise EnvironmentFailure(f"{self._container.part} refused what Rolldeck asked of it: {words[-500:]}")

    async def _execute(
        self, command: tuple[str, ...], variables: Mapping[str, str] | None = None, *, seconds: float = 60.0
    ) -> Executed:
        user = self._roles.socket_user
        return await self._container.execute(command, user=user, variables=variables, seconds=seconds)


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
