"""Templates that are built on demand, each in a process of its own, while whoever asked goes on."""

import asyncio
import contextlib
import signal
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

import structlog
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from rolldeck.domain.errors import Conflict, NotFound, RolldeckError
from rolldeck.environments.port import BuildProgress

_LINES_KEPT = 400
_LONGEST_LINE = 2_000  # characters
_PIPE_LIMIT = 1 << 20  # bytes of one line
_CLEAN_UP_SECONDS = 20.0
_WORTH_TELLING = 0.05  # of a step

_log = structlog.get_logger(__name__)


class BuildState(StrEnum):
    """How a build stands."""

    RUNNING = "running"
    BUILT = "built"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Build:
    """The newest build of an environment's template. ``error`` says why it failed, and what to do.

    ``progress`` is the last that was told; None before its first step.
    """

    name: str
    state: BuildState
    progress: BuildProgress | None
    error: str | None
    started_at: datetime
    ended_at: datetime | None


class _Step(BaseModel):
    type: Literal["step"] = "step"
    step: int
    steps: int
    name: str
    fraction: float | None = None


class _Failure(BaseModel):
    type: Literal["failure"] = "failure"
    error: str


_TOLD: TypeAdapter[_Step | _Failure] = TypeAdapter(Annotated[_Step | _Failure, Field(discriminator="type")])


def progress_line(progress: BuildProgress) -> str:
    """Return how a builder's process tells a step, on its standard output."""
    told = _Step(step=progress.step, steps=progress.steps, name=progress.name, fraction=progress.fraction)
    return told.model_dump_json()


def failure_line(error: RolldeckError) -> str:
    """Return how a builder's process tells why it fails, on its standard output."""
    return _Failure(error=str(error)).model_dump_json()


Command = Callable[[str], Sequence[str]]
"""The command line that builds the environment of this name.

It tells steps and failures on its standard output (``progress_line``, ``failure_line``), writes its log to its standard
error, cleans up on SIGINT, and ends with 0 once the template is there.
"""

OnChange = Callable[[Build], Awaitable[None]]
"""Is told of every build that began, ended, or came further. May raise ``RolldeckError``, which is only logged."""


class _Running:
    """A build that goes on, or is the last one there was."""

    def __init__(self, build: Build) -> None:
        self.build = build
        self.lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self.process: asyncio.subprocess.Process | None = None
        self.cancelled = False
        self.told: Build | None = None
        self.task: asyncio.Task[None] | None = None


class Builds:
    """Builds templates in the background: one at a time of each environment, and none waits for another.

    What became of the newest build of each is kept in memory, with the end of its log. ``clean`` is given every text that
    a builder's process wrote, and returns it without secrets.
    """

    def __init__(
        self,
        command: Command,
        *,
        variables: Mapping[str, str] | None = None,
        clean: Callable[[str], str] = str,
        on_change: OnChange,
    ) -> None:
        """``variables`` are the processes' environment variables (None: this process's own)."""
        self._command = command
        self._variables = variables
        self._clean = clean
        self._on_change = on_change
        self._newest: dict[str, _Running] = {}

    def newest(self) -> Mapping[str, Build]:
        """Return the newest build of each environment that had one since this process started."""
        return {name: running.build for name, running in self._newest.items()}

    def get(self, name: str) -> Build:
        """Return the newest build of an environment. Raises ``NotFound`` where there was none."""
        return self._find(name).build

    def lines(self, name: str) -> Sequence[str]:
        """Return the end of the newest build's log, oldest line first. Raises ``NotFound``."""
        return list(self._find(name).lines)

    async def start(self, name: str) -> Build:
        """Begin to build; the build that goes on already is returned as it is."""
        before = self._newest.get(name)
        if before is not None and before.build.state is BuildState.RUNNING:
            return before.build
        running = _Running(Build(name, BuildState.RUNNING, None, None, datetime.now(UTC), None))
        self._newest[name] = running
        running.task = asyncio.create_task(self._run(running), name=f"build of {name}")
        await self._tell(running)
        return running.build

    async def cancel(self, name: str) -> Build:
        """End a build, and wait until it has cleaned up. What it has finished is kept for the next one.

        Raises ``NotFound``, and ``Conflict`` where it has ended already.
        """
        running = self._find(name)
        if running.build.state is not BuildState.RUNNING:
            raise Conflict(f"The build of {name} has ended already: it is {running.build.state.value}")
        await self._stop(running)
        return running.build

    async def close(self) -> None:
        """End all builds. Idempotent."""
        going_on = [each for each in self._newest.values() if each.build.state is BuildState.RUNNING]
        await asyncio.gather(*(self._stop(each) for each in going_on))

    def _find(self, name: str) -> _Running:
        if name not in self._newest:
            raise NotFound(f"The environment {name!r} was not built since the server started")
        return self._newest[name]

    async def _run(self, running: _Running) -> None:
        error = await self._build(running)
        state = BuildState.BUILT if error is None else BuildState.FAILED
        if running.cancelled and error is not None:
            state, error = BuildState.CANCELLED, None
        running.build = replace(running.build, state=state, error=error, ended_at=datetime.now(UTC))
        await self._tell(running)

    async def _build(self, running: _Running) -> str | None:
        """Build; returns why it failed, in words, or None."""
        if running.cancelled:
            return "cancelled"
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command(running.build.name),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                env=self._variables,
                limit=_PIPE_LIMIT,
            )
        except OSError as error:
            return f"the building process cannot be started: {error.strerror}"
        running.process = process
        if running.cancelled:
            _send(process, signal.SIGINT)
        failure, _ = await asyncio.gather(self._hear(running, process), self._keep_log(running, process))
        code = await process.wait()
        if code == 0:
            return None
        return failure or f"the building process ended with {_in_words(code)}: see its log"

    async def _hear(self, running: _Running, process: asyncio.subprocess.Process) -> str | None:
        """Take what the process tells; returns why it says that it fails."""
        failure = None
        async for line in _lines_of(process.stdout):
            try:
                told = _TOLD.validate_json(line)
            except ValidationError:
                running.lines.append(self._readable(line))
                continue
            if isinstance(told, _Failure):
                failure = self._clean(told.error)
            else:
                progress = BuildProgress(told.step, told.steps, told.name, told.fraction)
                running.build = replace(running.build, progress=progress)
                if _is_news(running.told, progress):
                    await self._tell(running)
        return failure

    async def _keep_log(self, running: _Running, process: asyncio.subprocess.Process) -> None:
        async for line in _lines_of(process.stderr):
            running.lines.append(self._readable(line))

    def _readable(self, line: bytes) -> str:
        return self._clean(line.decode(errors="replace").rstrip())[:_LONGEST_LINE]

    async def _stop(self, running: _Running) -> None:
        running.cancelled = True
        if running.process is not None:
            _send(running.process, signal.SIGINT)
        if running.task is None:
            return
        _, going_on = await asyncio.wait({running.task}, timeout=_CLEAN_UP_SECONDS)
        if going_on and running.process is not None:
            _send(running.process, signal.SIGKILL)
            await asyncio.wait({running.task})

    async def _tell(self, running: _Running) -> None:
        running.told = running.build
        try:
            await self._on_change(running.build)
        except RolldeckError as error:
            _log.warning("how a build goes on could not be told", environment=running.build.name, error=str(error))


def _is_news(told: Build | None, progress: BuildProgress) -> bool:
    """Whether it is worth an event: another step, or much more of it."""
    if told is None or told.progress is None or told.progress.step != progress.step:
        return True
    return (progress.fraction or 0) - (told.progress.fraction or 0) >= _WORTH_TELLING


async def _lines_of(pipe: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    """Give the lines of a pipe. One that is longer than the pipe holds is left out: nobody could read it."""
    assert pipe is not None  # noqa: S101
    while True:
        try:
            line = await pipe.readline()
        except ValueError:
            continue
        if not line:
            return
        yield line


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)


def _in_words(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"the signal {signal.Signals(-code).name}"
