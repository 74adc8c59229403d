"""Doubles of what a rollout is executed in, that hold real things: processes, ports, databases, directories, files.

They stand for Superset, Chromium and the recorder, in milliseconds and without their memory, so that hundreds of
faults can be injected; what they hold can be counted afterwards.
"""

import asyncio
import contextlib
import itertools
import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import psutil

from chaos import holder
from chaos.points import Point, Points
from rolldeck.agents.port import Agent, AgentInfo, Observation, PageReader, Surroundings, Turn
from rolldeck.browser.port import BrowserPage, PageView
from rolldeck.domain.action import Action, Click
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import AgentError, BrowserError, EnvironmentFailure, FieldProblem, InvalidInput
from rolldeck.domain.log import Log
from rolldeck.domain.page import Box, Cookie
from rolldeck.domain.rollout import ActionResult, Step
from rolldeck.domain.solution import Target
from rolldeck.domain.status import Event
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import PoolReport
from rolldeck.environments.port import BuildProgress, Entrance, Environment, Row, TemplateInfo
from rolldeck.recorder.port import Recording, Video
from rolldeck.storage.port import Change, Claim, Rollouts
from rolldeck.verification.port import AnswerReader, SqlReader, Verifier

STEPS = 3
READER, STRICT, CLUELESS = "reader", "strict", "clueless"
_ERROR_PAGE = "This site cannot be reached"
_NOTHING_ELSE = Change()
_TEMPLATE = "0123456789abcdef"


class WatchedRollouts:
    """The real repository, which says when a rollout is claimed, acts and ends."""

    def __init__(self, rollouts: Rollouts, points: Points) -> None:
        self._rollouts = rollouts
        self._points = points

    def __getattr__(self, name: str) -> object:
        return getattr(self._rollouts, name)

    async def claim(self, worker_id: str, *, limit: int = 1, batch_id: str | None = None) -> Sequence[Claim]:
        claims = await self._rollouts.claim(worker_id, limit=limit, batch_id=batch_id)
        for claim in claims:
            self._points.reach(Point.CLAIMED, claim.rollout.id)
        return claims

    async def add_step(self, rollout_id: str, token: str, step: Step) -> None:
        self._points.reach(Point.STEP_TAKEN, rollout_id)
        await self._rollouts.add_step(rollout_id, token, step)
        self._points.reach(Point.STEP_STORED, rollout_id)

    async def advance(self, rollout_id: str, token: str, event: Event, change: Change = _NOTHING_ELSE) -> object:
        ends = event not in {Event.ENVIRONMENT_READY, Event.AGENT_STOPPED}
        if ends:
            self._points.reach(Point.BEFORE_FINAL_WRITE, rollout_id)
        rollout = await self._rollouts.advance(rollout_id, token, event, change)
        if ends:
            self._points.reach(Point.AFTER_FINAL_WRITE, rollout_id)
        return rollout


class WatchedVerifier:
    """The real verifier, which says when it begins and ends."""

    def __init__(self, verifier: Verifier, points: Points) -> None:
        self._verifier = verifier
        self._points = points

    async def verify(
        self, task: Task, answer_text: str | None, sql: SqlReader, reader: AnswerReader | None = None
    ) -> Verdict:
        self._points.reach(Point.BEFORE_VERIFICATION, task.id)
        verdict = await self._verifier.verify(task, answer_text, sql, reader)
        self._points.reach(Point.AFTER_VERIFICATION, task.id)
        return verdict


class TracedEnvironments:
    """Stands for the process runtime: each environment is a process with a port, a directory and a database.

    What it starts names a session's directory, which names the installation and this process; what a dead process
    left, the next start and every ``reap`` remove.
    """

    def __init__(self, run_dir: Path, installation_id: str, points: Points) -> None:
        self._run_dir = run_dir
        self._prefix = f"{installation_id}+"
        self._session = run_dir / f"{self._prefix}{os.getpid()}+{psutil.Process().create_time()}"
        self._points = points
        self._numbers = itertools.count()

    async def start(self) -> None:
        await self.reap()
        self._session.mkdir(parents=True)

    async def provision(self, name: str, rollout_id: str) -> Environment:
        directory = self._session / f"{rollout_id}-{next(self._numbers)}"
        directory.mkdir()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-E", holder.__file__, str(directory)), stdout=asyncio.subprocess.PIPE
        )
        environment = TracedEnvironment(directory, process, self._points, rollout_id)
        try:
            await environment.answer_first()
        except BaseException:
            await environment.close()
            raise
        self._points.reach(Point.PROVISIONED, rollout_id)
        return environment

    async def reap(self) -> int:
        abandoned = [directory for directory in self._run_dir.glob(f"{self._prefix}*") if _is_abandoned(directory)]
        for directory in abandoned:
            kill_all_naming(directory)
            shutil.rmtree(directory, ignore_errors=True)
        return len(abandoned)

    async def close(self) -> None:
        kill_all_naming(self._session)
        shutil.rmtree(self._session, ignore_errors=True)

    def expect(self, demand: Mapping[str, int]) -> None: ...

    blocked = None

    def report(self) -> PoolReport:
        return PoolReport()

    async def templates(self) -> Sequence[TemplateInfo]:
        return [TemplateInfo("superset", "Superset", "process", _TEMPLATE, built=True, size_bytes=0)]

    async def build(self, name: str, on_progress: Callable[[BuildProgress], None]) -> None: ...


def _is_abandoned(session: Path) -> bool:
    _, pid, created = session.name.split("+")
    try:
        owner = psutil.Process(int(pid))
        return str(owner.create_time()) != created or owner.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def processes_naming(directory: Path) -> list[psutil.Process]:
    """The processes whose command line names a directory, or what is in it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            named = any(str(directory) in argument for argument in process.cmdline())
            if named and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def kill_all_naming(directory: Path) -> None:
    """End them."""
    for process in processes_naming(directory):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


class TracedEnvironment:
    """One of them."""

    name = "superset"
    template = _TEMPLATE
    cookies: Sequence[Cookie] = ()
    entrance = Entrance()
    databases: Sequence[str] = ("data",)

    def __init__(self, directory: Path, process: asyncio.subprocess.Process, points: Points, rollout_id: str) -> None:
        self._directory = directory
        self._process = process
        self._points = points
        self._rollout_id = rollout_id
        self.origin = ""

    async def answer_first(self) -> None:
        assert self._process.stdout is not None
        port = await self._process.stdout.readline()
        if not port:
            raise EnvironmentFailure("the application died while it was started")
        self._points.hold(int(port))
        self.origin = f"http://127.0.0.1:{int(port)}"

    async def check(self, *, within_seconds: float = 0) -> None:
        try:
            await read_page(self.origin)
        except OSError as error:
            raise EnvironmentFailure("the application does not answer any more") from error

    async def sql(self, database: str, query: str) -> list[Row]:
        await self.check()
        return []

    async def assign(self, rollout_id: str) -> None: ...

    async def logs(self) -> dict[str, str]:
        return {}

    async def memory_bytes(self) -> int:
        return 0

    async def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._points.reach(Point.TEARDOWN, self._rollout_id)
        shutil.rmtree(self._directory, ignore_errors=True)


async def read_page(origin: str) -> str:
    """What the application shows. Raises ``OSError`` where it is dead."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(origin.rpartition(":")[2]))
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()


class TracedBrowsers:
    """Stands for Chromium: a page is an open file among the rollout's downloads."""

    def __init__(self, points: Points) -> None:
        self._points = points

    async def start(self) -> None: ...

    async def reap(self) -> int:
        return 0

    async def close(self) -> None: ...

    async def open(self, *, origin: str, start_path: str, cookies: Sequence[Cookie], downloads: Path) -> BrowserPage:
        downloads.mkdir(parents=True, exist_ok=True)
        page = TracedPage(origin, downloads / "page")
        self._points.reach(Point.BROWSER_OPEN, downloads.parent.name.rpartition(".")[0])
        return page


class TracedPage:
    """Stands for a page: shows what the application says or, like a browser, that it cannot be reached."""

    def __init__(self, origin: str, path: Path) -> None:
        self._origin = origin
        self._file = path.open("wb")
        self._looks = 0

    async def view(self) -> PageView:
        if self._file.closed:
            raise BrowserError("the page is closed")
        self._looks += 1
        shown = await self.read_text(None, 1)
        return PageView(b"\x89PNG" + f"{shown} {self._looks}".encode(), f"{self._origin}/", 1440, 900)

    async def read_text(self, target: Target | None, timeout: float) -> str:
        try:
            return await read_page(self._origin)
        except OSError:
            return _ERROR_PAGE

    async def perform(self, action: Action) -> ActionResult:
        self._file.write(b"a click\n")
        return ActionResult(action=action)

    def logs(self) -> Sequence[Log]:
        return ()

    async def close(self) -> None:
        self._file.close()

    async def frame(self) -> bytes:
        return b"\xff\xd8"

    async def locate(self, target: Target, timeout: float) -> Box:
        raise NotImplementedError

    async def wait_gone(self, target: Target, timeout: float) -> None:
        raise NotImplementedError

    async def read_table(self, target: Target | None, timeout: float) -> list[dict[str, str]]:
        raise NotImplementedError


class TracedRecorder:
    """Stands for the recorder: a video is an open file that grows with each image."""

    def start(self, path: Path, frame: Callable[[], Awaitable[bytes]]) -> Recording:
        return TracedRecording(path)


class TracedRecording:
    """Stands for a video that is being written."""

    elapsed = 0.5

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb", buffering=0)
        self._file.write(b"moof")  # by which a video that shows something is known
        self._frames = 0

    def push(self, image: bytes) -> None:
        self._frames += 1
        self._file.write(image)

    async def finish(self) -> Video | None:
        self._file.close()
        return Video(self._path, seconds=1, frames=self._frames, size_bytes=self._path.stat().st_size)


class SteadyAgents:
    """Stands for the agents. All take a few steps, then: the reader answers what the page shows, whatever that is; the
    strict one gives up where it is no number, as the oracle does; the clueless one answers wrongly."""

    def __init__(self, pace_seconds: float) -> None:
        self._pace_seconds = pace_seconds

    def list(self) -> Sequence[AgentInfo]:
        return [AgentInfo(name, name, name) for name in (READER, STRICT, CLUELESS)]

    def problems(self, choice: AgentChoice) -> Sequence[FieldProblem]:
        return () if choice.agent in {READER, STRICT, CLUELESS} else [FieldProblem("agent", "it is not known")]

    def knows_cost(self, choice: AgentChoice) -> bool:
        return True

    def refusal(self, choice: AgentChoice, task: Task) -> str | None:
        return None if choice.agent in {READER, STRICT, CLUELESS} else "it is not known"

    def create(self, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Agent:
        if self.refusal(choice, task):
            raise InvalidInput("it is not known")
        return SteadyAgent(choice.agent, surroundings.page, self._pace_seconds)


class SteadyAgent:
    """Stands for an agent."""

    def __init__(self, kind: str, page: PageReader, pace_seconds: float) -> None:
        self._kind = kind
        self._page = page
        self._pace_seconds = pace_seconds
        self._turns = 0

    async def act(self, observation: Observation) -> Turn:
        await asyncio.sleep(self._pace_seconds)
        self._turns += 1
        if self._turns < STEPS:
            return Turn(message="I click", actions=(Click(x=1, y=self._turns),))
        shown = await self._page.read_text(Target(text="answer"), 1)
        if self._kind == STRICT and not shown.isdigit():
            raise AgentError(f"there is no number on the page: {shown}")
        return Turn(message="I have read it", answer="0" if self._kind == CLUELESS else shown)

    async def close(self) -> None: ...
