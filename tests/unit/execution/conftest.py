"""Doubles of everything a rollout is executed with, in memory, that fail or hang where a test says."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rolldeck.agents.port import Agent, AgentInfo, Observation, PageReader, Turn
from rolldeck.browser.port import BrowserPage, PageView
from rolldeck.domain.action import Action, Click
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import Conflict, NotFound
from rolldeck.domain.page import Box, Cookie
from rolldeck.domain.rollout import ActionResult, Rollout, Step
from rolldeck.domain.solution import Target
from rolldeck.domain.status import Event, Status, next_status
from rolldeck.domain.task import Limits, Task
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import PoolReport
from rolldeck.environments.port import BuildProgress, Environment, Row, TemplateInfo
from rolldeck.execution.rollout import Adapters, run_rollout
from rolldeck.recorder.port import Recording, Video
from rolldeck.storage.port import Change, Claim, RolloutFilter, RolloutPage, StoredArtifact
from rolldeck.verification.port import SqlReader

NOTHING_ELSE = Change()
A_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
A_CLICK = Turn(message="I click", actions=(Click(x=1, y=2),))


class Scene:
    """A rollout's surroundings. Every point of it passes, unless the test lets it fail or hang."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failures: dict[str, Exception] = {}
        self.hangs: set[str] = set()
        """Where it hangs once, until ``released``."""
        self.released = asyncio.Event()
        self.reached: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.open: list[str] = []
        """What was taken and not given back."""
        self.turns: list[Turn] = [A_CLICK, Turn(message="Done", answer="42")]
        self.seen: list[Observation] = []
        self.screens: list[bytes] = []
        """What the page shows, one look after the other; the last one stays."""
        self.filmed: list[bytes] = []
        self.answer_verified: str | None = "nothing was verified"
        self.task = Task(id="q1", task="What is it?", answer=42)
        self.queue = Queue(self)
        self.artifacts = MemoryArtifacts(self)
        self.adapters = Adapters(
            rollouts=self.queue,
            artifacts=self.artifacts,
            environments=FakeEnvironments(self),
            browsers=FakeBrowsers(self),
            recorder=FakeRecorder(self),
            agents=FakeAgents(self),
            verifier=FakeVerifier(self),
        )

    async def at(self, point: str) -> None:
        """Pass a point of the rollout."""
        self.reached[point].set()
        if point in self.hangs:
            self.hangs.remove(point)
            await self.released.wait()
        if point in self.failures:
            raise self.failures[point]

    def limit(self, **limits: float) -> None:
        """Set the task's limits."""
        self.task = self.task.model_copy(update={"limits": Limits.model_validate(limits)})

    async def run(self) -> Rollout:
        """Execute one rollout of the task, and return what is stored of it."""
        claim = await self.queued_and_claimed()
        await run_rollout(claim, self.adapters, lambda _: None)
        return self.queue.rollouts[claim.rollout.id]

    async def queued_and_claimed(self) -> Claim:
        """Return a fresh claim."""
        await self.queue.create([self.task.id], "somebody", 1)
        claim = await self.queue.claim()
        assert claim is not None
        return claim

    async def run_and_cancel_at(self, point: str) -> Rollout:
        """Execute one rollout, and cancel it when it hangs at this point."""
        self.hangs.add(point)
        claim = await self.queued_and_claimed()
        execution = asyncio.create_task(run_rollout(claim, self.adapters, lambda _: None))
        await self.reached[point].wait()
        execution.cancel()
        self.released.set()
        with pytest.raises(asyncio.CancelledError):
            await execution
        return self.queue.rollouts[claim.rollout.id]


class Queue:
    """Stands for the database: rollouts in memory, under the real state machine and tokens."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.rollouts: dict[str, Rollout] = {}
        self.trajectory: list[Step] = []
        self.history: list[Status] = []

    async def create(self, task_ids: Sequence[str], agent: str, repeats: int) -> Sequence[Rollout]:
        made = [
            Rollout(
                id=f"r{len(self.rollouts) + number}",
                task_id=task_id,
                task_version="1",
                agent=agent,
                status=Status.PENDING,
                created_at=A_MOMENT,
            )
            for task_id in task_ids
            for number in range(repeats)
        ]
        self.rollouts |= {rollout.id: rollout for rollout in made}
        return made

    async def claim(self, *, created_from: datetime | None = None) -> Claim | None:
        await self._scene.at("claim")
        for rollout in self.rollouts.values():
            if rollout.status is Status.PENDING:
                claimed = self._store(rollout, Event.CLAIMED, Change())
                return Claim(claimed, self._scene.task, token=f"token of {rollout.id}")
        return None

    async def advance(self, rollout_id: str, token: str, event: Event, change: Change = NOTHING_ELSE) -> Rollout:
        await self._scene.at(f"write {event}")
        self._check(rollout_id, token)
        return self._store(self.rollouts[rollout_id], event, change)

    async def add_step(self, rollout_id: str, token: str, step: Step) -> None:
        self._check(rollout_id, token)
        self.trajectory.append(step)

    async def cancel_requested(self, rollout_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(i for i in rollout_ids if i not in self.rollouts or self.rollouts[i].cancel_requested)

    async def request_cancel(self, rollout_id: str) -> Rollout:
        rollout = self.rollouts[rollout_id].model_copy(update={"cancel_requested": True})
        self.rollouts[rollout_id] = rollout
        return rollout

    async def list(self, where: RolloutFilter, *, after: str | None = None, limit: int = 50) -> RolloutPage:
        raise NotImplementedError

    async def get(self, rollout_id: str) -> Rollout:
        raise NotImplementedError

    async def steps(self, rollout_id: str) -> Sequence[Step]:
        raise NotImplementedError

    async def delete(self, rollout_id: str) -> Sequence[str]:
        raise NotImplementedError

    async def release_orphans(self) -> int:
        raise NotImplementedError

    def _check(self, rollout_id: str, token: str) -> None:
        if rollout_id not in self.rollouts:
            raise NotFound(f"no rollout {rollout_id}")
        if token != f"token of {rollout_id}" or self.rollouts[rollout_id].status.is_final:
            raise Conflict("the claim is stale")

    def _store(self, rollout: Rollout, event: Event, change: Change) -> Rollout:
        update: dict[str, object] = {
            name: value
            for name in ("stop_reason", "answer_text", "verdict", "video")
            if (value := getattr(change, name)) is not None
        }
        update |= {
            "status": next_status(rollout.status, event),
            "errors": rollout.errors + change.errors,
            "timings": rollout.timings + change.timings,
        }
        stored = self.rollouts[rollout.id] = rollout.model_copy(update=update)
        self.history.append(stored.status)
        return stored


class MemoryArtifacts:
    """Stands for the artifact store."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.keys: list[str] = []
        self.deleted: list[str] = []

    async def put(self, key: str, content: bytes) -> str:
        await self._scene.at("put")
        if key not in self.keys:
            self.keys.append(key)
        return key

    async def adopt(self, key: str, path: Path) -> str:
        await self._scene.at("adopt")
        self.keys.append(key)
        return key

    def workspace(self, rollout_id: str) -> Path:
        return self._scene.folder

    async def delete_rollout(self, rollout_id: str) -> int:
        self.deleted.append(rollout_id)
        return 0

    async def stat(self, key: str) -> StoredArtifact:
        raise NotImplementedError

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        raise NotImplementedError


class FakeEnvironments:
    """Stands for the environments: one that holds no application."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def provision(self, name: str, rollout_id: str) -> Environment:
        await self._scene.at("provision")
        self._scene.open.append("environment")
        return FakeEnvironment(self._scene)

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def templates(self) -> Sequence[TemplateInfo]:
        raise NotImplementedError

    async def build(self, name: str, on_progress: Callable[[BuildProgress], None]) -> None:
        raise NotImplementedError

    def expect(self, demand: Mapping[str, int]) -> None: ...

    def report(self) -> PoolReport:
        return PoolReport(ready=0, hits=0, misses=0, discarded=0)

    async def reap(self) -> int:
        await self._scene.at("reap")
        return 0


class FakeEnvironment:
    """Stands for a provisioned environment."""

    name = "superset"
    template = "0123456789abcdef"
    origin = "http://127.0.0.1:1"
    cookies: Sequence[Cookie] = ()
    databases: Sequence[str] = ("data",)

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def sql(self, database: str, query: str) -> list[Row]:
        return []

    async def check(self) -> None:
        await self._scene.at("check the environment")

    async def memory_bytes(self) -> int:
        return 0

    async def close(self) -> None:
        await self._scene.at("close the environment")
        self._scene.open.remove("environment")


class FakeBrowsers:
    """Stands for Chromium."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def start(self) -> None: ...

    async def reap(self) -> int:
        return 0

    async def close(self) -> None: ...

    async def open(self, *, origin: str, start_path: str, cookies: Sequence[Cookie], downloads: Path) -> BrowserPage:
        await self._scene.at("open")
        self._scene.open.append("page")
        return FakePage(self._scene)


class FakePage:
    """Stands for a page that shows one screen after the other."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._looks = 0

    async def view(self) -> PageView:
        await self._scene.at("view")
        screens = self._scene.screens or [b"screen"]
        screen = screens[min(self._looks, len(screens) - 1)]
        self._looks += 1
        return PageView(screen, "http://127.0.0.1:1/", 1440, 900)

    async def perform(self, action: Action) -> ActionResult:
        await self._scene.at("perform")
        return ActionResult(action=action)

    async def close(self) -> None:
        await self._scene.at("close the page")
        self._scene.open.remove("page")

    async def frame(self) -> bytes:
        raise NotImplementedError

    async def locate(self, target: Target, timeout: float) -> Box:
        raise NotImplementedError

    async def wait_gone(self, target: Target, timeout: float) -> None:
        raise NotImplementedError

    async def read_text(self, target: Target, timeout: float) -> str:
        raise NotImplementedError

    async def read_table(self, target: Target | None, timeout: float) -> list[dict[str, str]]:
        raise NotImplementedError


class FakeRecorder:
    """Stands for the recorder."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def start(self, path: Path, frame: Callable[[], Awaitable[bytes]]) -> Recording:
        if "record" in self._scene.failures:
            raise self._scene.failures["record"]
        self._scene.open.append("recording")
        return FakeRecording(self._scene, path)


class FakeRecording:
    """Stands for a video that is being written."""

    elapsed = 1.5

    def __init__(self, scene: Scene, path: Path) -> None:
        self._scene = scene
        self._path = path

    def push(self, image: bytes) -> None:
        self._scene.filmed.append(image)

    async def finish(self) -> Video:
        await self._scene.at("finish")
        self._scene.open.remove("recording")
        return Video(self._path, seconds=2, frames=4, size_bytes=1)


class FakeAgents:
    """Stands for the agents: one that says the scene's turns."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def list(self) -> Sequence[AgentInfo]:
        raise NotImplementedError

    def refusal(self, choice: AgentChoice, task: Task) -> str | None:
        raise NotImplementedError

    def create(self, choice: AgentChoice, task: Task, page: PageReader) -> Agent:
        if "create" in self._scene.failures:
            raise self._scene.failures["create"]
        self._scene.open.append("agent")
        return FakeAgent(self._scene)


class FakeAgent:
    """Stands for an agent; says the last turn again and again."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._turns = list(scene.turns)

    async def act(self, observation: Observation) -> Turn:
        self._scene.seen.append(observation)
        await self._scene.at("act")
        return self._turns.pop(0) if len(self._turns) > 1 else self._turns[0]

    async def close(self) -> None:
        await self._scene.at("close the agent")
        self._scene.open.remove("agent")


class FakeVerifier:
    """Stands for the verifier; every answer is right."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def verify(self, task: Task, answer_text: str | None, sql: SqlReader) -> Verdict:
        await self._scene.at("verify")
        self._scene.answer_verified = answer_text
        return Verdict(reward=1, success=True, parsed=42, evidence=(), reason="It is 42.")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A rollout's surroundings where everything works."""
    return Scene(tmp_path)
