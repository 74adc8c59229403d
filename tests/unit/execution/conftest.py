"""Doubles of everything a rollout is executed with, in memory, that fail or hang where a test says."""

import asyncio
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import stamina
from pydantic import JsonValue

from rolldeck.agents.port import Agent, AgentInfo, Observation, Questioner, Surroundings, Turn
from rolldeck.browser.port import BrowserPage, PageView
from rolldeck.domain.action import Action, Click
from rolldeck.domain.batch import AgentChoice, ModelChoice, Quota
from rolldeck.domain.errors import Conflict, FieldProblem, NotFound
from rolldeck.domain.limits import RolloutLimits
from rolldeck.domain.log import Log
from rolldeck.domain.page import Box, Cookie
from rolldeck.domain.person import NumberedOrder, Order, Question, QuestionAsked, Takeover, TakeoverState
from rolldeck.domain.rollout import ActionResult, Attempt, Rollout, RolloutError, Step
from rolldeck.domain.solution import Target
from rolldeck.domain.status import Event, Status, next_status
from rolldeck.domain.task import Task
from rolldeck.domain.usage import ModelAnswer, Usage
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import PoolReport, Worker, WorkerReport, WorkerState
from rolldeck.environments.port import BuildProgress, Entrance, Environment, Row, TemplateInfo
from rolldeck.execution.adapters import Adapters
from rolldeck.execution.interruption import Interrupt, Interruption
from rolldeck.execution.rollout import run_rollout
from rolldeck.recorder.port import Recording, Video
from rolldeck.storage.port import (
    Change,
    Claim,
    Desk,
    Released,
    Removed,
    RolloutFilter,
    RolloutPage,
    RolloutSort,
    Standing,
    StoredArtifact,
    Workspace,
)
from rolldeck.verification.port import AnswerReader, SqlReader

NOTHING_ELSE = Change()
A_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
A_CLICK = Turn(message="I click", actions=(Click(x=1, y=2),))


class Scene:
    """A rollout's surroundings. Every point of it passes, unless the test lets it fail or hang."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.failures: dict[str, Exception] = {}
        """What each point raises, again and again."""
        self.failures_once: dict[str, list[Exception]] = {}
        """What each point raises first."""
        self.passes: dict[str, int] = {}
        """How often a point is passed before it fails."""
        self.hangs: set[str] = set()
        """Where it hangs once, until ``released``."""
        self.ignores_cancelling: set[str] = set()
        """Where it hangs on though it is cancelled, until ``released``."""
        self.released = asyncio.Event()
        self.reached: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.logs: dict[str, str] = {}
        self.page_logs: list[Log] = []
        self.open: list[str] = []
        """What was taken and not given back."""
        self.turns: list[Turn] = [A_CLICK, Turn(message="Done", answer="42")]
        self.seen: list[Observation] = []
        self.screens: list[bytes] = []
        self.notice: str | None = None
        self.futile: Action | None = None  # has no effect
        """What the page shows, one look after the other; the last one stays."""
        self.filmed: list[bytes] = []
        self.slept: list[float] = []
        self.answer_verified: str | None = "nothing was verified"
        self.reading: ModelAnswer | None = None
        self.extraction: ModelChoice | None = None
        self.limits = RolloutLimits()
        self.retries = 2
        self.task = Task(id="q1", task="What is it?", answer=42)
        self.database = MemoryDatabase(self)
        self.workers = MemoryWorkers(self)
        self.quotas = FakeQuotas(self)
        self.people = MemoryPeople()
        self.artifacts = MemoryArtifacts(self)
        self.environments = FakeEnvironments(self)
        self.adapters = Adapters(
            rollouts=self.database,
            workers=self.workers,
            quotas=self.quotas,
            people=self.people,
            artifacts=self.artifacts,
            environments=self.environments,
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
            await self._hang(point)
        if self.failures_once.get(point):
            raise self.failures_once[point].pop(0)
        self.passes[point] = self.passes.get(point, 0) - 1
        if point in self.failures and self.passes[point] < 0:
            raise self.failures[point]

    async def _hang(self, point: str) -> None:
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                if point not in self.ignores_cancelling:
                    raise

    def close(self, what: str) -> None:
        """Give something back; twice is once."""
        if what in self.open:
            self.open.remove(what)

    async def sleep(self, seconds: float) -> None:
        """Sleep no time at all, and note it."""
        self.slept.append(seconds)

    def limit(self, **limits: float) -> None:
        """Set the rollouts' limits."""
        self.limits = RolloutLimits.model_validate(limits)

    async def run(self, interrupt: Interrupt | None = None) -> Rollout:
        """Execute one attempt at one rollout of the task, and return what is stored of it."""
        claim = await self.queued_and_claimed()
        await run_rollout(claim, self.adapters, interrupt or Interrupt(), lambda _: None, self.sleep)
        return self.database.rollouts[claim.rollout.id]

    async def queued_and_claimed(self) -> Claim:
        """Return a fresh claim."""
        self.database.queue(1)
        (claim,) = await self.database.claim("w1")
        return claim

    async def run_and_interrupt_at(self, point: str, reason: Interruption) -> Rollout:
        """Execute one rollout, and interrupt it when it hangs at this point."""
        self.hangs.add(point)
        claim = await self.queued_and_claimed()
        interrupt = Interrupt()
        execution = asyncio.create_task(run_rollout(claim, self.adapters, interrupt, lambda _: None))
        await self.reached[point].wait()
        interrupt(reason)
        await execution
        return self.database.rollouts[claim.rollout.id]


class MemoryDatabase:
    """Stands for the stored rollouts: in memory, under the real state machine, with tokens and attempts."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._claims = 0
        self.rollouts: dict[str, Rollout] = {}
        self.tokens: dict[str, str] = {}
        self.trajectories: dict[tuple[str, int], list[Step]] = {}
        self.earlier: dict[str, list[Attempt]] = {}
        self.kept_videos: list[tuple[str, int, str]] = []
        self.history: list[Status] = []

    def queue(self, count: int, *, batch_id: str = "b1") -> Sequence[Rollout]:
        """Queue rollouts of the scene's task."""
        made = [
            Rollout(
                id=f"r{len(self.rollouts) + number}",
                batch_id=batch_id,
                task_id=self._scene.task.id,
                task_version="1",
                agent="somebody",
                model="some-model",
                extraction=self._scene.extraction,
                status=Status.PENDING,
                retries_left=self._scene.retries,
                created_at=A_MOMENT,
            )
            for number in range(count)
        ]
        self.rollouts |= {rollout.id: rollout for rollout in made}
        return made

    @property
    def statuses(self) -> list[Status]:
        """The statuses of all rollouts, oldest first."""
        return [rollout.status for rollout in self.rollouts.values()]

    @property
    def trajectory(self) -> list[Step]:
        """All steps."""
        return [step for steps in self.trajectories.values() for step in steps]

    async def claim(self, worker_id: str, *, limit: int = 1, batch_id: str | None = None) -> Sequence[Claim]:
        await self._scene.at("claim")
        if worker_id in self._scene.workers.given_up:
            raise Conflict("the worker was given up")
        pending = [
            rollout
            for rollout in self.rollouts.values()
            if rollout.status is Status.PENDING and batch_id in {None, rollout.batch_id}
        ]
        claims = [self._claim(rollout, worker_id) for rollout in pending[:limit]]
        await self._scene.at("answer of claim")
        return claims

    async def claimed(self, worker_id: str) -> Sequence[Claim]:
        return [
            Claim(rollout, self._scene.task, self._scene.limits.on(self._scene.task.limits), self.tokens[rollout.id])
            for rollout in self.rollouts.values()
            if rollout.worker_id == worker_id and rollout.id in self.tokens
        ]

    async def advance(self, rollout_id: str, token: str, event: Event, change: Change = NOTHING_ELSE) -> Rollout:
        await self._scene.at(f"write {event}")
        self._check(rollout_id, token)
        stored = self._store(self.rollouts[rollout_id], event, change)
        await self._scene.at(f"answer of {event}")
        return stored

    async def add_step(self, rollout_id: str, token: str, step: Step) -> None:
        await self._scene.at("write a step")
        self._check(rollout_id, token)
        steps = self.trajectories.setdefault((rollout_id, self.rollouts[rollout_id].attempt), [])
        if step.index != len(steps):
            raise Conflict(f"step {step.index} cannot follow {len(steps)} steps")
        steps.append(step)
        await self._scene.at("answer of a step")

    async def standing(self, tokens: Mapping[str, str]) -> Standing:
        await self._scene.at("standing")
        lost = {i for i, token in tokens.items() if self.tokens.get(i) != token}
        return Standing(
            cancel=frozenset(i for i in tokens if i not in lost and self.rollouts[i].cancel_requested),
            lost=frozenset(lost),
        )

    async def demand(self) -> Mapping[str, int]:
        await self._scene.at("demand")
        count = self.statuses.count(Status.PENDING)
        return {self._scene.task.environment: count} if count else {}

    async def request_cancel(self, rollout_id: str) -> Rollout:
        rollout = self.rollouts[rollout_id].model_copy(update={"cancel_requested": True})
        self.rollouts[rollout_id] = rollout
        return rollout

    async def list(
        self,
        where: RolloutFilter,
        *,
        sort: RolloutSort = RolloutSort.NEWEST,
        after: str | None = None,
        limit: int = 50,
        count: bool = False,
    ) -> RolloutPage:
        found = [
            rollout
            for rollout in self.rollouts.values()
            if rollout.status in where.statuses and where.batch_id in {None, rollout.batch_id}
        ]
        return RolloutPage(found[:limit], None)

    async def get(self, rollout_id: str) -> Rollout:
        if rollout_id not in self.rollouts:
            raise NotFound(f"no rollout {rollout_id}")
        return self.rollouts[rollout_id]

    async def step(self, rollout_id: str, index: int, attempt: int | None = None) -> Step:
        steps = self.trajectories.get((rollout_id, attempt or self.rollouts[rollout_id].attempt), [])
        if index >= len(steps):
            raise NotFound(f"no step {index}")
        return steps[index]

    async def keep_video(self, rollout_id: str, attempt: int, key: str) -> None:
        self.kept_videos.append((rollout_id, attempt, key))

    async def attempts(self, rollout_id: str) -> Sequence[Attempt]:
        return self.earlier.get(rollout_id, [])

    async def steps(self, rollout_id: str, attempt: int | None = None) -> Sequence[Step]:
        raise NotImplementedError

    async def count_live(self) -> int:
        raise NotImplementedError

    async def retry(self, rollout_id: str) -> Rollout:
        raise NotImplementedError

    async def delete(self, rollout_id: str) -> Removed:
        raise NotImplementedError

    def lose(self, rollout_id: str) -> None:
        """Take a rollout away from its worker, for another attempt."""
        self._store(self.rollouts[rollout_id], Event.REQUEUED, Change())

    def _claim(self, rollout: Rollout, worker_id: str) -> Claim:
        self._claims += 1
        token = self.tokens[rollout.id] = f"token {self._claims} of {rollout.id}"
        claimed = self._store(rollout.model_copy(update={"worker_id": worker_id}), Event.CLAIMED, Change())
        return Claim(claimed, self._scene.task, self._scene.limits.on(self._scene.task.limits), token)

    def _check(self, rollout_id: str, token: str) -> None:
        if rollout_id not in self.rollouts:
            raise NotFound(f"no rollout {rollout_id}")
        if token != self.tokens.get(rollout_id):
            raise Conflict("the claim is stale")

    def _store(self, rollout: Rollout, event: Event, change: Change) -> Rollout:
        update: dict[str, object] = {
            name: value
            for name in ("stop_reason", "answer_text", "verdict", "video", "template")
            if (value := getattr(change, name)) is not None
        }
        update |= {
            "status": next_status(rollout.status, event),
            "errors": rollout.errors + change.errors,
            "timings": rollout.timings + change.timings,
        }
        stored = rollout.model_copy(update=update)
        self.history.append(stored.status)
        if stored.status.is_final or stored.status is Status.PENDING:
            self.tokens.pop(rollout.id, None)
        if stored.status is Status.PENDING:
            stored = self._begin_another(stored, counted=event is Event.REQUEUED)
        self.rollouts[rollout.id] = stored
        return stored

    def _begin_another(self, ended: Rollout, *, counted: bool) -> Rollout:
        self.earlier.setdefault(ended.id, []).append(
            Attempt(
                number=ended.attempt,
                worker_id=ended.worker_id,
                errors=ended.errors,
                timings=ended.timings,
                video=ended.video,
                started_at=A_MOMENT,
                ended_at=A_MOMENT,
            )
        )
        fresh = {"errors": (), "timings": (), "video": None, "template": None, "stop_reason": None, "answer_text": None}
        return ended.model_copy(
            update={**fresh, "attempt": ended.attempt + 1, "retries_left": ended.retries_left - counted}
        )


class MemoryWorkers:
    """Stands for the stored workers."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.alive: dict[str, Worker] = {}
        self.given_up: dict[str, RolloutError] = {}
        self.stopped: list[str] = []
        self.proofs = 0

    async def register(self, worker: Worker) -> None:
        await self._scene.at("register")
        if worker.id in self.alive:
            raise Conflict("the id is taken")
        self.alive[worker.id] = worker
        await self._scene.at("answer of register")

    async def beat(self, worker_id: str, report: WorkerReport, *, draining: bool = False) -> bool:
        await self._scene.at("beat")
        if worker_id not in self.alive:
            return False
        before = self.alive[worker_id]
        state = WorkerState.DRAINING if draining else WorkerState.WORKING
        self.alive[worker_id] = before.model_copy(update={"beats": before.beats + 1, "report": report, "state": state})
        return True

    async def list(self, *, alive: bool | None = None) -> Sequence[Worker]:
        await self._scene.at("list workers")
        return list(self.alive.values())

    async def stop(self, worker_id: str) -> None:
        await self._scene.at("stop")
        self.alive.pop(worker_id, None)
        self.stopped.append(worker_id)

    async def prove(self) -> None:
        await self._scene.at("prove")
        self.proofs += 1

    async def release(self, worker_id: str, error: RolloutError, *, beats: int | None = None) -> Released:
        await self._scene.at("release")
        worker = self.alive.get(worker_id)
        if worker is None or beats not in {None, worker.beats}:
            return Released({})
        del self.alive[worker_id]
        self.given_up[worker_id] = error
        rollouts = self._scene.database.rollouts.values()
        had = [r for r in rollouts if r.worker_id == worker_id and r.id in self._scene.database.tokens]
        for rollout in had:
            self._scene.database.lose(rollout.id)
        return Released({rollout.id: rollout.attempt for rollout in had}, requeued=len(had))


class FakeQuotas:
    """Stands for the quotas: one that limits the scene's model, where each request waits for as long as the test says."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.wait = 0.0
        self.limited = [Quota(name="some-model", requests_per_minute=60)]
        self.reserved: list[str] = []

    async def list(self) -> Sequence[Quota]:
        await self._scene.at("list quotas")
        return self.limited

    async def reserve(self, name: str) -> float:
        await self._scene.at("reserve")
        self.reserved.append(name)
        return self.wait

    async def set(self, quota: Quota) -> None:
        raise NotImplementedError


class MemoryPeople:
    """Stands for the stored questions and takeovers: a person who answers and orders what the test says."""

    def __init__(self) -> None:
        self.says: bool | None = None
        self.asked: list[QuestionAsked] = []
        self.closed: list[str] = []
        self.takeover: Takeover | None = None
        self.orders: list[Order] = []
        """What the person orders; handed back where none is left, unless the person ``stays``."""
        self.stays = False
        self.carried_out: list[Sequence[ActionResult]] = []
        self.ended: list[str] = []

    def come(self, *orders: Order) -> None:
        """Let a person ask for the page, and order this."""
        self.orders = list(orders)
        self._set(TakeoverState.ASKED)

    def _set(self, state: TakeoverState, *, is_agent: bool = False) -> Takeover:
        self.takeover = Takeover(rollout_id="r0", attempt=1, state=state, is_agent=is_agent, since=A_MOMENT)
        return self.takeover

    async def ask(self, rollout_id: str, token: str, asked: QuestionAsked) -> Question:
        self.asked.append(asked)
        return self._question(asked)

    def _question(self, asked: QuestionAsked) -> Question:
        closed_at = None if self.says is None else A_MOMENT
        told = {"rollout_id": "r0", "attempt": 1, "asked_at": A_MOMENT, "closed_at": closed_at}
        return Question(**dict(asked), **told, allowed=self.says)

    async def question(self, question_id: str) -> Question:
        return self._question(self.asked[-1])

    async def close(self, question_id: str) -> Question:
        self.closed.append(question_id)
        return self._question(self.asked[-1])

    async def await_person(self, rollout_id: str, token: str) -> Takeover:
        return self._set(TakeoverState.AWAITED, is_agent=True)

    async def stand_aside(self, rollout_id: str, token: str) -> bool:
        if self.takeover is None:
            return False
        self._set(TakeoverState.HELD)
        return True

    async def desk(self, rollout_id: str, token: str) -> Desk:
        if self.takeover is not None and not self.orders and not self.stays:
            self.takeover = None
        if self.takeover is None or not self.orders:
            return Desk(self.takeover)
        return Desk(self.takeover, NumberedOrder(number=len(self.carried_out) + 1, order=self.orders[0]))

    async def carry_out(self, rollout_id: str, token: str, number: int, results: Sequence[ActionResult]) -> None:
        self.orders.pop(0)
        self.carried_out.append(results)

    async def end(self, rollout_id: str, token: str, reason: str) -> None:
        self.ended.append(reason)
        self.takeover = None

    async def answer(self, question_id: str, *, allow: bool) -> Question:
        raise NotImplementedError

    async def questions(self, rollout_id: str | None = None) -> Sequence[Question]:
        raise NotImplementedError

    async def takeovers(self, rollout_id: str | None = None) -> Sequence[Takeover]:
        raise NotImplementedError

    async def take_over(self, rollout_id: str, holder: str) -> Takeover:
        raise NotImplementedError

    async def give_sign(self, rollout_id: str, holder: str) -> Takeover:
        raise NotImplementedError

    async def order(self, rollout_id: str, holder: str, order: Order) -> int:
        raise NotImplementedError

    async def result(self, rollout_id: str, number: int) -> Sequence[ActionResult] | None:
        raise NotImplementedError

    async def hand_back(self, rollout_id: str, holder: str) -> None:
        raise NotImplementedError


class MemoryArtifacts:
    """Stands for the artifact store; its workspaces are real directories."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.keys: list[str] = []
        self.contents: dict[str, bytes] = {}
        self.deleted: list[str] = []
        self.shelf: Path | None = None
        """Where the file that was adopted last is moved to; None: it is left where it is."""

    async def put(self, key: str, content: bytes) -> str:
        await self._scene.at("put")
        if key not in self.keys:
            self.keys.append(key)
        self.contents[key] = content
        return key

    async def adopt(self, key: str, path: Path) -> str:
        await self._scene.at("adopt")
        self.keys.append(key)
        if self.shelf is not None:
            path.replace(self.shelf)
        return key

    def workspace(self, rollout_id: str, attempt: int) -> Path:
        directory = self._scene.folder / rollout_id / str(attempt)
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    async def discard_workspace(self, rollout_id: str, attempt: int) -> None:
        await self._scene.at("discard")
        shutil.rmtree(self._scene.folder / rollout_id / str(attempt), ignore_errors=True)

    async def workspaces(self) -> Sequence[Workspace]:
        return [Workspace(path.parent.name, int(path.name)) for path in self._scene.folder.glob("*/[0-9]*")]

    async def delete_rollout(self, rollout_id: str) -> int:
        self.deleted.append(rollout_id)
        return 0

    async def stat(self, key: str) -> StoredArtifact:
        if key not in self.keys:
            raise NotFound(f"no file {key}")
        return StoredArtifact(key, 1, "video/mp4")

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        raise NotImplementedError


class FakeEnvironments:
    """Stands for the environments: one that holds no application."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.expected: list[Mapping[str, int]] = []
        self.leftovers = 0
        self.blocked: str | None = None

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

    def expect(self, demand: Mapping[str, int]) -> None:
        self.expected.append(demand)

    def report(self) -> PoolReport:
        return PoolReport(ready=0, hits=0, misses=0, discarded=0)

    async def reap(self) -> int:
        await self._scene.at("reap")
        removed, self.leftovers = self.leftovers, 0
        return removed


class FakeEnvironment:
    """Stands for a provisioned environment."""

    name = "superset"
    template = "0123456789abcdef"
    origin = "http://127.0.0.1:1"
    cookies: Sequence[Cookie] = ()
    entrance = Entrance()
    databases: Sequence[str] = ("data",)

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def sql(self, database: str, query: str) -> list[Row]:
        return []

    async def check(self, *, within_seconds: float = 0) -> None:
        await self._scene.at("check the environment" if within_seconds == 0 else "watch the environment")

    async def assign(self, rollout_id: str) -> None: ...

    async def logs(self) -> dict[str, str]:
        await self._scene.at("logs")
        return self._scene.logs

    async def memory_bytes(self) -> int:
        return 0

    async def close(self) -> None:
        await self._scene.at("close the environment")
        self._scene.close("environment")


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
        return PageView(screen, "http://127.0.0.1:1/", 1440, 900, waited_seconds=0.25, notice=self._scene.notice)

    async def perform(self, action: Action) -> ActionResult:
        await self._scene.at("perform")
        return ActionResult(action=action, error="is not there" if action == self._scene.futile else None)

    def logs(self) -> Sequence[Log]:
        return self._scene.page_logs

    async def close(self) -> None:
        await self._scene.at("close the page")
        self._scene.close("page")

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
        self._scene.close("recording")
        return Video(self._path, seconds=2, frames=4, size_bytes=1)


class FakeAgents:
    """Stands for the agents: one that says the scene's turns."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def list(self) -> Sequence[AgentInfo]:
        raise NotImplementedError

    def problems(self, choice: AgentChoice) -> Sequence[FieldProblem]:
        raise NotImplementedError

    def refusal(self, choice: AgentChoice, task: Task) -> str | None:
        raise NotImplementedError

    def knows_cost(self, choice: AgentChoice) -> bool:
        return True

    def create(self, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Agent:
        if "create" in self._scene.failures:
            raise self._scene.failures["create"]
        self._scene.open.append("agent")
        return FakeAgent(self._scene)

    def reader_problems(self, reader: ModelChoice) -> Sequence[FieldProblem]:
        raise NotImplementedError

    def questioner(
        self, reader: ModelChoice, choice: AgentChoice, task: Task, surroundings: Surroundings
    ) -> Questioner:
        self._scene.open.append("questioner")
        return FakeQuestioner(self._scene)


class FakeQuestioner:
    """Stands for a model that is asked one question; its answer is always the same."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def ask(self, question: str, schema: Mapping[str, JsonValue]) -> ModelAnswer:
        await self._scene.at("ask the reader")
        return ModelAnswer(text=f"an answer to: {question}", usage=Usage(input_tokens=10, output_tokens=2, cost=0.5))

    async def close(self) -> None:
        self._scene.close("questioner")


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
        self._scene.close("agent")


class FakeVerifier:
    """Stands for the verifier; every answer is right."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def verify(
        self, task: Task, answer_text: str | None, sql: SqlReader, reader: AnswerReader | None = None
    ) -> Verdict:
        await self._scene.at("verify")
        self._scene.reading = None if reader is None else await reader.ask("what does it say?", {})
        self._scene.answer_verified = answer_text
        return Verdict(reward=1, success=True, parsed=42, evidence=(), reason="It is 42.")


@pytest.fixture(autouse=True)
def _no_pauses_between_tries() -> Iterator[None]:
    """Failing writes are tried again at once, a few times."""
    with stamina.set_testing(True, attempts=5):
        yield


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A rollout's surroundings where everything works."""
    return Scene(tmp_path)
