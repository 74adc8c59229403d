"""Worker processes: started, replaced when one dies, woken, and stopped."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import uuid4

import structlog

from rolldeck.domain.errors import NotFound, RolldeckError
from rolldeck.live.wire import WAKE, Told, read_told, watch_order

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 30.0
_LONG_LIFE = 30.0  # seconds; whoever lived so long did not die of being started
_RELEASE_SECONDS = 20.0  # for giving rollouts back and tearing down what they run in

Command = Callable[[str], Sequence[str]]
"""The command line of the worker with this id."""

GiveUp = Callable[[str, str], Awaitable[object]]
"""Tells the database that the worker with this id is lost, and why, in words. May raise ``RolldeckError``."""

OnTold = Callable[[Told], None]
"""Is given what a worker tells; returns at once."""

_log = structlog.get_logger(__name__)


def _nobody_listens(_: Told) -> None:
    """The default listener."""


class Supervisor:
    """Keeps ``count`` worker processes alive, each under a new id.

    A worker is the leader of a session of its own, so that a Ctrl-C in the terminal reaches only its supervisor. What is
    said on its standard input and output is in ``live.wire``; the end of its input tells it that its supervisor is gone. It has to
    drain on SIGTERM, to release what it runs on SIGINT, and to end with 0 when it owns nothing any more: one that ends
    otherwise is lost, which the database is told at once.
    """

    def __init__(
        self,
        command: Command,
        *,
        count: int,
        give_up: GiveUp,
        variables: Mapping[str, str] | None = None,
        first_pause: float = _FIRST_PAUSE,
        release_seconds: float = _RELEASE_SECONDS,
    ) -> None:
        """``variables`` are the processes' environment variables (None: this process's own)."""
        self._command = command
        self._count = count
        self._give_up = give_up
        self._on_told: OnTold = _nobody_listens
        self._watched: frozenset[str] = frozenset()
        self._variables = variables
        self._first_pause = first_pause
        self._release_seconds = release_seconds
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._demands: list[signal.Signals] = []

    def start(self, on_told: OnTold = _nobody_listens) -> None:
        """Start the workers, and keep them alive from now on. ``on_told`` is given what they tell."""
        self._on_told = on_told
        self._keepers = {asyncio.create_task(self._keep_one(), name=f"worker {n}") for n in range(self._count)}

    @property
    def pids(self) -> Sequence[int]:
        """The processes that live now."""
        return [process.pid for process in self._processes.values()]

    def wake(self) -> None:
        """Tell all workers to look into the queue now. Returns at once."""
        for process in self._processes.values():
            stdin = process.stdin
            if stdin is not None and not stdin.is_closing() and not stdin.transport.get_write_buffer_size():
                stdin.write(WAKE)

    def watch(self, rollout_ids: frozenset[str]) -> None:
        """Tell all workers which rollouts somebody watches, also those that are started later. Returns at once."""
        self._watched = rollout_ids
        for process in self._processes.values():
            _order(process, watch_order(rollout_ids))

    async def stop(self, grace: float) -> None:
        """End all workers; returns when none is left.

        They drain for up to ``grace`` seconds, then release what they still run, and are killed if that takes too
        long. Another call while one is under way hurries it. Being cancelled kills them.
        """
        self._stopping.set()
        try:
            if grace > 0:
                self._demand(signal.SIGTERM)
                await self._all_end_within(grace)
            self._demand(signal.SIGINT)
            await self._all_end_within(self._release_seconds)
        finally:
            self._demand(signal.SIGKILL)
            await self._all_end_within(None)
        for keeper in self._keepers:
            keeper.result()

    async def _keep_one(self) -> None:
        pause = self._first_pause
        while not self._stopping.is_set():
            started = time.monotonic()
            await self._live_once(str(uuid4()))
            if time.monotonic() - started >= _LONG_LIFE:
                pause = self._first_pause
            await self._pause(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _live_once(self, worker_id: str) -> None:
        # A pipe of our own: asyncio's would not let a process end before all who inherited its other end have.
        read_end, write_end = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command(worker_id),
                stdin=asyncio.subprocess.PIPE,
                stdout=write_end,
                start_new_session=True,
                env=self._variables,
            )
        except OSError as error:
            os.close(read_end)
            _log.error("a worker cannot be started, trying again", error=str(error))
            return
        finally:
            os.close(write_end)
        self._processes[worker_id] = process
        for demand in self._demands:
            _send(process, demand)
        if self._watched:
            _order(process, watch_order(self._watched))
        listening = asyncio.create_task(self._listen(read_end), name=f"what worker {worker_id} tells")
        code = await process.wait()
        del self._processes[worker_id]
        listening.cancel()
        if process.stdin is not None:
            process.stdin.close()  # asyncio waits for whoever inherited the other end
        if code != 0:
            await self._report_lost(worker_id, process.pid, code)

    async def _listen(self, read_end: int) -> None:
        reader = asyncio.StreamReader()
        pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
        )
        try:
            while (told := await read_told(reader)) is not None:
                self._on_told(told)
        finally:
            pipe.close()

    async def _report_lost(self, worker_id: str, pid: int, code: int) -> None:
        reason = f"its worker process (pid {pid}) {_in_words(code)}"
        if not self._stopping.is_set():
            _log.error("a worker died", worker_id=worker_id, reason=reason)
        try:
            await self._give_up(worker_id, reason)
        except NotFound:
            return  # it never got so far that it could own something
        except RolldeckError as error:
            _log.warning("a dead worker's rollouts wait until its lease has expired", reason=str(error))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _demand(self, demand: signal.Signals) -> None:
        """Send a signal to all, also to those that are just being started; each once, for more would mean more to them."""
        if demand in self._demands:
            return
        self._demands.append(demand)
        for process in self._processes.values():
            _send(process, demand)

    async def _all_end_within(self, seconds: float | None) -> None:
        if self._keepers:
            await asyncio.wait(self._keepers, timeout=seconds)


def _order(process: asyncio.subprocess.Process, line: bytes) -> None:
    if process.stdin is not None and not process.stdin.is_closing():
        process.stdin.write(line)


def _send(process: asyncio.subprocess.Process, demand: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(demand)


def _in_words(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by the signal {signal.Signals(-code).name}"
