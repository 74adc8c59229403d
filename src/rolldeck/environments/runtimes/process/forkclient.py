"""Rolldeck's end of a fork server: asking for environments and hearing what becomes of them."""

import asyncio
import contextlib
import itertools
import json
import socket
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.runtimes.database_address import DatabaseAddress
from rolldeck.environments.runtimes.process.accounts import Account
from rolldeck.environments.runtimes.process.interpreter import python_of
from rolldeck.environments.runtimes.process.leftovers import FORK_SERVER
from rolldeck.environments.runtimes.process.processes import kill, start

_WARM_UP_SECONDS = 180
_SET_UP_SECONDS = 20
_END_SECONDS = 10
_LINE_LIMIT = 1 << 20
_LOG = "forkserver.log"
_Heard = TypeVar("_Heard")

# Without these two a forked child of a process that has used Apple's frameworks is killed (macOS).
_FORK_SAFETY = {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES", "no_proxy": "*"}


@dataclass(frozen=True)
class Child:
    """A forked environment that has set itself up."""

    id: int
    pid: int
    port: int
    cookies: dict[str, str]


def describe_data(name: str, address: DatabaseAddress) -> dict[str, JsonValue]:
    """Say how to reach PostgreSQL, as the application's module understands it."""
    return {
        "name": name,
        "host": address.host,
        "port": address.port,
        "database": address.database,
        "user": address.user,
        "password": address.password,
    }


def program(environment: Path, mode: str, module: Path, session: Path) -> list[str | Path]:
    """Return the command line of the program in the application's virtual environment."""
    return [python_of(environment), "-I", FORK_SERVER, mode, module, f"{session}/"]


@dataclass
class _Fork:
    """What has been heard of one child."""

    started: asyncio.Future[tuple[int, int]]
    cookies: asyncio.Future[dict[str, str]]
    exited: asyncio.Event
    doomed: bool = False
    """Whether it was to be killed: nobody waits for it any more."""

    def end(self, error: EnvironmentFailure) -> None:
        """Nothing more will be heard of it."""
        self.exited.set()
        for future in (self.started, self.cookies):
            if not future.done():
                future.set_exception(error)
                future.exception()  # whoever waits gets it; without one it is no news


class Nursery:
    """A running warm application, from which fork servers are forked. One that has died stays dead."""

    def __init__(self, process: Process, requests: socket.socket, directory: Path) -> None:
        self.directory = directory
        self._process = process
        self._requests = requests

    @classmethod
    async def start(
        cls,
        command: Sequence[str | Path],
        arguments: Mapping[str, JsonValue],
        *,
        directory: Path,
        variables: Mapping[str, str],
    ) -> "Nursery":
        """Start it and wait until it is warm. Raises ``EnvironmentFailure``; leaves nothing running then."""
        requests, theirs = socket.socketpair()
        with theirs, (directory / _LOG).open("ab") as errors:
            process = await start(
                command, stdin=theirs.fileno(), stdout=PIPE, log=errors, variables={**_FORK_SAFETY, **variables}
            )
        nursery = cls(process, requests, directory)
        try:
            requests.sendall(json.dumps(arguments).encode() + b"\n")
            await nursery._until_warm()
        except BaseException:
            await nursery.close()
            raise
        return nursery

    @property
    def alive(self) -> bool:
        """Whether it can still fork."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def fork_server(self) -> "ForkServer":
        """Fork a fork server; milliseconds. Raises ``EnvironmentFailure``."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._requests, [b"."], [theirs.fileno()])
            reader, writer = await asyncio.open_unix_connection(sock=ours, limit=_LINE_LIMIT)
        except OSError as error:
            ours.close()
            raise EnvironmentFailure(f"the warm application has died: {error}") from error
        server = ForkServer(reader, writer)
        try:
            async with asyncio.timeout(_SET_UP_SECONDS):
                await server.serving
        except TimeoutError as error:
            await server.close()
            raise EnvironmentFailure(f"the application did not fork within {_SET_UP_SECONDS} s") from error
        except BaseException:
            await server.close()
            raise
        return server

    async def close(self) -> None:
        """End it; its fork servers live on. Idempotent."""
        self._requests.close()
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self._process.wait()
        except TimeoutError:
            await kill(self._process)

    async def _until_warm(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        try:
            async with asyncio.timeout(_WARM_UP_SECONDS):
                if not await self._process.stdout.readline():
                    last_words = (self.directory / _LOG).read_text(errors="replace")[-2000:]
                    raise EnvironmentFailure(f"the application failed to warm up:\n{last_words}")
        except TimeoutError as error:
            raise EnvironmentFailure(f"the application was not warm after {_WARM_UP_SECONDS} s") from error


class ForkServer:
    """A running fork server. One that has died stays dead: the nursery forks another."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """Its process id, once it serves."""
        self._writer = writer
        self._ids = itertools.count(1)
        self._forks: dict[int, _Fork] = {}
        self._reading = asyncio.create_task(self._read(reader))

    @property
    def alive(self) -> bool:
        """Whether it can still fork."""
        return not self._reading.done()

    async def spawn(self, directory: Path, account: Account | None) -> Child:
        """Fork a child that becomes the environment of a directory, as its ``instance.json`` says.

        Raises ``EnvironmentFailure``; leaves no child then.
        """
        loop = asyncio.get_running_loop()
        child_id = next(self._ids)
        fork = self._forks[child_id] = _Fork(loop.create_future(), loop.create_future(), asyncio.Event())
        try:
            if not self.alive:
                raise EnvironmentFailure("the fork server is not running; the next environment starts it again")
            user = {"uid": None, "gid": None} if account is None else {"uid": account.uid, "gid": account.gid}
            self._send({"id": child_id, "spawn": str(directory), **user})
            async with asyncio.timeout(_SET_UP_SECONDS):
                pid, port = await fork.started
                cookies = await fork.cookies
        except TimeoutError as error:
            await self.kill(child_id)
            raise EnvironmentFailure(f"the application did not set itself up within {_SET_UP_SECONDS} s") from error
        except BaseException:
            await self.kill(child_id)
            raise
        return Child(child_id, pid, port, cookies)

    def runs(self, child_id: int) -> bool:
        """Return whether the child lives, as far as has been heard."""
        fork = self._forks.get(child_id)
        return fork is not None and self.alive and not fork.exited.is_set()

    async def kill(self, child_id: int) -> None:
        """Kill a child, with all that it started, and wait for its end. Idempotent."""
        fork = self._forks.get(child_id)
        if fork is None:
            return
        fork.doomed = True
        if self.alive:
            self._send({"id": child_id, "kill": True})
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await fork.exited.wait()
            except TimeoutError as error:
                raise EnvironmentFailure(f"an environment's process did not end within {_END_SECONDS} s") from error
        self._forks.pop(child_id, None)

    async def reap(self) -> int:
        """Kill again those children that were to be killed and live on; return how many. Raises as ``kill``."""
        lingering = [child_id for child_id, fork in self._forks.items() if fork.doomed]
        await asyncio.gather(*(self.kill(child_id) for child_id in lingering))
        return len(lingering)

    async def close(self) -> None:
        """End it and its children. Idempotent; one that hangs is left to whoever kills what names its directory."""
        self._writer.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await asyncio.shield(self._reading)

    def _send(self, message: Mapping[str, JsonValue]) -> None:
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            async for line in reader:
                self._hear(json.loads(line))
        died = EnvironmentFailure("the fork server has died, and its environments with it")
        for fork in self._forks.values():
            fork.end(died)
        if not self.serving.done():
            self.serving.set_exception(died)

    def _hear(self, answer: dict[str, JsonValue]) -> None:
        match answer:
            case {"serving": int(pid)}:
                _settle(self.serving, pid)
            case {"id": int(child_id), "pid": int(pid), "port": int(port)} if child_id in self._forks:
                _settle(self._forks[child_id].started, (pid, port))
            case {"id": int(child_id), "cookies": dict(cookies)} if child_id in self._forks:
                _settle(self._forks[child_id].cookies, {name: str(value) for name, value in cookies.items()})
            case {"id": int(child_id), "exited": status} if child_id in self._forks:
                words = "" if status is None else f" (exit status {status})"
                self._forks[child_id].end(EnvironmentFailure(f"an environment's process ended at once{words}"))


def _settle(future: asyncio.Future[_Heard], heard: _Heard) -> None:
    if not future.done():  # whoever waited may have been cancelled
        future.set_result(heard)


async def start_cold(
    command: Sequence[str | Path], arguments: Mapping[str, JsonValue], *, log: Path, variables: Mapping[str, str]
) -> tuple[Process, int]:
    """Start the program in its mode ``cold``; return it and its port. Raises ``EnvironmentFailure``."""
    with log.open("ab") as errors:
        process = await start(command, stdin=PIPE, stdout=PIPE, log=errors, variables=variables)
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(json.dumps(arguments).encode() + b"\n")
    line = await process.stdout.readline()
    if not line:
        await kill(process)
        raise EnvironmentFailure("the application did not start")
    return process, int(json.loads(line)["port"])
