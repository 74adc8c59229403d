"""Metabase's double as a process of its own, on a real PostgreSQL, started as the recipe says."""

import asyncio
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from rolldeck.environments.composition import Composition
from rolldeck.environments.placeholders import fill
from rolldeck.environments.recipes import shop
from rolldeck.environments.runtimes.process import postgres
from rolldeck.environments.runtimes.process.postgres import PORT, Cluster

DOUBLE = Path(__file__).parents[2] / "doubles" / "metabase"


@dataclass
class Place:
    """Stands for an environment of a runtime: a PostgreSQL's databases, secrets, and where the application answers."""

    cluster: Cluster
    origin: str = ""
    secrets: dict[str, str] = field(default_factory=dict)

    def secret(self, name: str) -> str:
        return self.secrets.setdefault(name, secrets.token_hex(12))

    def address_inside(self, service: str) -> tuple[str, int]:
        assert service == "postgres"
        return str(self.cluster.directory), PORT

    async def execute(self, statement: str, database: str = "postgres") -> None:
        async with self.cluster.connected(database) as connection:
            await connection.execute(statement)

    async def make_roles(self) -> None:
        """Make the recipe's roles, with this environment's passwords where they are there already."""
        for role in ("metabase", "reader"):
            verb = "ALTER" if await self._has(role) else "CREATE"
            await self.execute(f"{verb} ROLE {role} LOGIN PASSWORD '{self.secret(role)}'")
        await self.execute("GRANT pg_read_all_data TO reader")

    async def make_database(self, name: str, *, copy_of: str = "template1") -> None:
        """Make a database anew, empty or as another one is."""
        await self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {copy_of} OWNER metabase")

    async def load_shop(self, directory: Path) -> None:
        """Load the shop's tables into the database ``data``."""
        await self.make_database("data")
        shop.write(directory)
        async with self.cluster.connected("data") as connection:
            await connection.execute((directory / "schema.sql").read_text())
            for table in shop.TABLES:
                with (directory / f"{table}.csv").open("rb") as rows:
                    await connection.copy_to_table(table, source=rows, format="csv", header=True)

    def dump(self, database: str, *options: str) -> bytes:
        """Return what pg_dump writes."""
        return self._run("pg_dump", *options, database)

    def restore(self, dump: bytes, database: str) -> None:
        """Give a dump in the custom format to pg_restore."""
        self._run("pg_restore", "--no-owner", "--role=metabase", "-d", database, stdin=dump)

    def new_environment(self) -> "Place":
        """Return one with secrets of its own, as if it were copied from this template."""
        return Place(self.cluster)

    async def _has(self, role: str) -> bool:
        async with self.cluster.connected("postgres") as connection:
            return bool(await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role))

    def _run(self, program: str, *arguments: str, stdin: bytes = b"") -> bytes:
        address = self.cluster._superuser("postgres")
        command = [postgres.binaries() / "bin" / program, "-h", address.host, "-U", address.user, *arguments]
        variables = {**os.environ, "PGPASSWORD": address.password}
        return subprocess.run(command, input=stdin, env=variables, check=True, capture_output=True).stdout


@asynccontextmanager
async def running_double(place: Place, composition: Composition, **variables: str) -> AsyncIterator[str]:
    """Start the double with the recipe's variables, and give its origin; it may not have started to its end."""
    [service] = [one for one in composition.services if one.name == composition.web]
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        place.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environment = {name: fill(text, place) for name, text in service.environment.items()}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(DOUBLE)),
            env={"PATH": os.environ["PATH"], **environment, "DOUBLE_SOCKET": str(listener.fileno()), **variables},
            pass_fds=[listener.fileno()],
        )
    try:
        yield place.origin
    finally:
        with suppress(ProcessLookupError):  # it ends by itself where it could not start
            process.terminate()
        await process.wait()


async def wait_until_well(origin: str) -> None:
    """Wait for ``/api/health`` to be 200."""
    async with httpx2.AsyncClient(base_url=origin, trust_env=False) as http:
        async with asyncio.timeout(30):
            while (await http.get("/api/health")).status_code != 200:
                await asyncio.sleep(0.02)
