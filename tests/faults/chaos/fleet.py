"""The injector's side: worker processes, started in milliseconds, that die when and where it wants."""

import asyncio
import contextlib
import itertools
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from chaos.points import Halt, Holds, Point, Reached
from chaos.worker_process import Station, work

_END_SECONDS = 30


@dataclass(eq=False)
class Member:
    """One worker process; ``executing`` are the rollouts that it has claimed and not ended."""

    worker_id: str
    process: BaseProcess
    ear: Connection
    executing: set[str] = field(default_factory=set)
    halted: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    @property
    def is_alive(self) -> bool:
        return self.process.is_alive()

    def signal(self, what: signal.Signals) -> None:
        """Send a signal, if it still lives."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, what)

    def open_files(self) -> list[str]:
        """What its file descriptors lead to."""
        links = []
        for descriptor in Path(f"/proc/{self.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                links.append(str(descriptor.readlink()))
        return links


class Fleet:
    """Worker processes on one station. They are forked from a process that has imported everything already."""

    def __init__(self, station: Station) -> None:
        self.members: list[Member] = []
        self.ports: set[int] = set()
        self.recovery: list[float] = []
        """Seconds from a fault until the rollouts that it hit were claimed again."""
        self.reached: dict[Point, int] = dict.fromkeys(Point, 0)
        self._station = station
        self._numbers = itertools.count(1)
        self._hit: dict[str, float] = {}
        self._context = _prepared()

    def add(self, halt: Halt | None = None) -> Member:
        """Start one, which may have to halt somewhere."""
        ear, mouth = self._context.Pipe(duplex=False)
        worker_id = f"worker-{next(self._numbers)}-{os.urandom(4).hex()}"
        process = self._context.Process(target=work, args=(self._station, worker_id, halt, mouth), daemon=True)
        process.start()
        mouth.close()
        member = Member(worker_id, process, ear)
        self.members.append(member)
        asyncio.get_running_loop().add_reader(ear.fileno(), self._listen, member)
        return member

    def hit(self, member: Member) -> int:
        """Note that a fault hits what a member executes now; returns how many rollouts that is."""
        for rollout_id in member.executing:
            self._hit.setdefault(rollout_id, time.monotonic())
        return len(member.executing)

    async def kill(self, member: Member) -> None:
        """End a member as the kernel does when memory is out."""
        member.signal(signal.SIGKILL)
        await asyncio.to_thread(member.process.join)
        self._listen(member)  # what it said last
        self.hit(member)
        self._forget(member)

    async def kill_and_replace(self, member: Member, halt: Halt | None = None) -> Member:
        """End a member so, and start another one, as a supervisor does."""
        await self.kill(member)
        return self.add(halt)

    async def stop(self, how: signal.Signals = signal.SIGINT) -> list[Member]:
        """Ask all to end; returns those that had to be killed."""
        for member in self.members:
            member.signal(signal.SIGCONT)
            member.signal(how)
        deadline = time.monotonic() + _END_SECONDS
        while any(member.is_alive for member in self.members) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        stubborn = [member for member in self.members if member.is_alive]
        for member in list(self.members):
            if member in stubborn:
                member.signal(signal.SIGKILL)
            await asyncio.to_thread(member.process.join)
            self._forget(member)
        return stubborn

    def _listen(self, member: Member) -> None:
        try:
            while member.ear.poll():
                self._hear(member, member.ear.recv())
        except (EOFError, OSError):
            if not member.ear.closed:
                asyncio.get_running_loop().remove_reader(member.ear.fileno())

    def _hear(self, member: Member, said: Reached | Holds) -> None:
        if isinstance(said, Holds):
            self.ports.add(said.port)
            return
        self.reached[said.point] += 1
        if said.point is Point.CLAIMED:
            member.executing.add(said.rollout_id)
            since = self._hit.pop(said.rollout_id, None)
            if since is not None:
                self.recovery.append(said.at - since)
        if said.point is Point.AFTER_FINAL_WRITE:
            member.executing.discard(said.rollout_id)
            self._hit.pop(said.rollout_id, None)
        if said.halted:
            member.halted.set()

    def _forget(self, member: Member) -> None:
        if not member.ear.closed:
            asyncio.get_running_loop().remove_reader(member.ear.fileno())
            member.ear.close()
        self.members.remove(member)


@cache
def _prepared() -> ForkServerContext:
    """Start the process that workers are forked from, with all that they import."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "chaos.worker_process"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))  # it does not take over sys.path
        forkserver.ensure_running()
    return context


async def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is so. Fails, with ``what`` was waited for, where it is not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        await asyncio.sleep(0.02)
