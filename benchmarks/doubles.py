# ruff: noqa: ARG002 - the doubles have the signatures of what they stand for
"""Stands for all that a rollout is executed with but the database and the artifacts, and costs next to nothing.

So that what a benchmark measures is Rolldeck's own: an environment without an application, a browser that always shows
the same, a recorder that writes a small file, an agent that acts so many times and then answers, and a verifier that
agrees.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rolldeck.agents.port import Agent, AgentInfo, Observation, Surroundings, Turn
from rolldeck.browser.port import BrowserPage, PageView
from rolldeck.domain.action import Action, Click
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import FieldProblem
from rolldeck.domain.page import Box, Cookie
from rolldeck.domain.rollout import ActionResult, Usage
from rolldeck.domain.solution import Target
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Evidence, Match, Verdict
from rolldeck.domain.worker import PoolReport, Worker, WorkerReport
from rolldeck.environments.port import BuildProgress, Entrance, Environment, Row, TemplateInfo
from rolldeck.execution.adapters import Adapters
from rolldeck.recorder.port import Recording, Video
from rolldeck.storage.database import Database
from rolldeck.storage.port import Artifacts
from rolldeck.verification.port import SqlReader

STEPS = 20
_SCREEN = b"\x89PNG" + bytes(2000)


def adapters_on(database: Database, artifacts: Artifacts) -> Adapters:
    """Return what rollouts are executed with."""
    return Adapters(
        rollouts=database.rollouts,
        workers=database.workers,
        quotas=database.quotas,
        artifacts=artifacts,
        environments=NoEnvironments(),
        browsers=NoBrowsers(),
        recorder=NoRecorder(),
        agents=Clickers(),
        verifier=Agreeing(),
    )


def worker(worker_id: str, parallel: int = 1) -> Worker:
    """Return the record of a worker."""
    now = datetime.now(UTC)
    report = WorkerReport(parallel=parallel)
    return Worker(id=worker_id, host="here", pid=1, version="1", report=report, started_at=now, seen_at=now)


class NoEnvironments:
    """Stands for the environments."""

    blocked: str | None = None

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def templates(self) -> Sequence[TemplateInfo]:
        return []

    async def build(self, name: str, on_progress: Callable[[BuildProgress], None]) -> None: ...

    async def provision(self, name: str, rollout_id: str) -> Environment:
        return NoEnvironment()

    def expect(self, demand: Mapping[str, int]) -> None: ...

    def report(self) -> PoolReport:
        return PoolReport()

    async def reap(self) -> int:
        return 0


class NoEnvironment:
    """Stands for an environment."""

    name = "superset"
    template = "5e1f" * 8
    origin = "http://127.0.0.1:1"
    cookies: Sequence[Cookie] = ()
    entrance = Entrance()
    databases: Sequence[str] = ()

    async def sql(self, database: str, query: str) -> list[Row]:
        return []

    async def check(self, *, within_seconds: float = 0) -> None: ...

    async def assign(self, rollout_id: str) -> None: ...

    async def logs(self) -> dict[str, str]:
        return {}

    async def memory_bytes(self) -> int:
        return 0

    async def close(self) -> None: ...


class NoBrowsers:
    """Stands for Chromium."""

    async def start(self) -> None: ...

    async def reap(self) -> int:
        return 0

    async def close(self) -> None: ...

    async def open(self, *, origin: str, start_path: str, cookies: Sequence[Cookie], downloads: Path) -> BrowserPage:
        return SamePage()


class SamePage:
    """Stands for a page that never changes."""

    async def view(self) -> PageView:
        return PageView(_SCREEN, "http://127.0.0.1:1/chart/list/?page=1", 1440, 900)

    async def perform(self, action: Action) -> ActionResult:
        return ActionResult(action=action)

    async def close(self) -> None: ...

    async def frame(self) -> bytes:
        return _SCREEN

    async def locate(self, target: Target, timeout: float) -> Box:
        return Box(0, 0, 1, 1)

    async def wait_gone(self, target: Target, timeout: float) -> None: ...

    async def read_text(self, target: Target, timeout: float) -> str:
        return ""

    async def read_table(self, target: Target | None, timeout: float) -> list[dict[str, str]]:
        return []


class NoRecorder:
    """Stands for the recorder."""

    def start(self, path: Path, frame: Callable[[], Awaitable[bytes]]) -> Recording:
        return NoRecording(path)


class NoRecording:
    """Stands for a video: a file of some bytes."""

    elapsed = 1.5

    def __init__(self, path: Path) -> None:
        self._path = path

    def push(self, image: bytes) -> None: ...

    async def finish(self) -> Video:
        self._path.write_bytes(self._path.as_posix().encode())
        return Video(self._path, seconds=2, frames=4, size_bytes=1)


class Clickers:
    """Stands for the agents."""

    def list(self) -> Sequence[AgentInfo]:
        return []

    def problems(self, choice: AgentChoice) -> Sequence[FieldProblem]:
        return ()

    def refusal(self, choice: AgentChoice, task: Task) -> str | None:
        return None

    def knows_cost(self, choice: AgentChoice) -> bool:
        return True

    def create(self, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Agent:
        return Clicker()


class Clicker:
    """Stands for an agent: it clicks, and answers with its last step."""

    def __init__(self) -> None:
        self._acted = 0

    async def act(self, observation: Observation) -> Turn:
        self._acted += 1
        usage = Usage(input_tokens=1500, output_tokens=80)
        if self._acted == STEPS:
            return Turn(message="I have counted them.", answer='{"count": 42, "name": "dora"}', usage=usage)
        message = "The chart shows the months one after the other; I open the next one to read its value."
        return Turn(message=message, actions=(Click(x=self._acted, y=2),), usage=usage)

    async def close(self) -> None: ...


class Agreeing:
    """Stands for the verifier."""

    async def verify(self, task: Task, answer_text: str | None, sql: SqlReader) -> Verdict:
        return verdict()


def verdict() -> Verdict:
    """Return a verdict of usual size."""
    evidence = tuple(Evidence(path=path, expected=42, got=42, verdict=Match.MATCH) for path in ("count", "name"))
    return Verdict(reward=1, success=True, parsed={"count": 42}, evidence=evidence, reason="Both fields match")
