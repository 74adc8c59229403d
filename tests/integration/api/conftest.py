"""The API on a real SQLite file and a real directory of artifacts, called in process."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
import uvicorn

from rolldeck.agents.registry import AgentRegistry
from rolldeck.api.app import create_app
from rolldeck.api.services import Services
from rolldeck.diagnosis import Diagnosis, Doctor
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.rollout import Phase, PhaseTiming, Rollout, RolloutError, Step, StopReason
from rolldeck.domain.status import Event
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.environments.builds import Builds
from rolldeck.environments.port import TemplateInfo
from rolldeck.events.feed import EventFeed
from rolldeck.events.metrics import Metrics
from rolldeck.live.frames import LiveFrames
from rolldeck.settings import Settings
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.storage.port import Artifacts, Change, Claim
from rolldeck.wiring import nobody_is_told, operations_of

VIDEO = bytes(range(256)) * 40
SCREENSHOT = b"\x89PNG\r\n\x1a\n<script>alert(1)</script>"


class OneTemplate:
    """Stands for the environments: one template, never built."""

    async def templates(self) -> Sequence[TemplateInfo]:
        """The one that example tasks name."""
        return [TemplateInfo("superset", "Superset", "process", "0" * 64, built=False, size_bytes=None)]


def services_on(database: Database, artifacts: Artifacts, wake: Callable[[], None] = lambda: None) -> Services:
    """Everything that the API works with, real but for the environments, whose builds end at once, and the doctor."""
    return Services(
        tasks=database.tasks,
        batches=database.batches,
        rollouts=database.rollouts,
        workers=database.workers,
        quotas=database.quotas,
        people=database.people,
        events=database.events,
        statistics=database.statistics,
        artifacts=artifacts,
        agents=AgentRegistry(),
        environments=OneTemplate(),
        feed=EventFeed(database.events, poll_seconds=0.02),
        frames=LiveFrames(lambda _: None),
        metrics=Metrics("1.2.3"),
        reader=None,
        operations=replace(
            operations_of(Settings(), nobody_is_told),
            builds=Builds(lambda _: ["true"], on_change=nobody_is_told),
            doctor=Doctor(["echo", Diagnosis(ok=True, findings=[]).model_dump_json()], {}),
        ),
        wake=wake,
        version="1.2.3",
        host="127.0.0.1",
        max_upload_mb=1,
        web_dir=None,
    )


@dataclass
class Deck:
    """The services behind the API under test, how often it woke the workers, and what a worker would do."""

    services: Services
    woken: int = 0
    workers: int = 0

    async def add_worker(self, *, blocked: str | None = None) -> str:
        """Register a worker; returns its id."""
        self.workers += 1
        now = datetime.now(UTC)
        report = WorkerReport(parallel=4, blocked=blocked)
        worker = Worker(
            id=f"worker-{self.workers}",
            host="here",
            pid=self.workers,
            version="1",
            report=report,
            started_at=now,
            seen_at=now,
        )
        await self.services.workers.register(worker)
        return worker.id

    async def start_a_batch(self, *task_ids: str, **wanted: object) -> str:
        """Queue a batch of the agent noop; returns its id."""
        spec = BatchSpec.model_validate({"task_ids": task_ids, "agents": (AgentChoice(agent="noop"),), **wanted})
        template = await self.services.environments.templates()
        made = await self.services.batches.create(spec, {each.name: each.content_hash for each in template})
        return made.batch.id

    async def claim(self, batch_id: str | None = None) -> Claim:
        """Claim the next rollout for a new worker."""
        worker_id = await self.add_worker()
        (claim,) = await self.services.rollouts.claim(worker_id, batch_id=batch_id)
        return claim

    async def act(self, claim: Claim, *, video: bytes = VIDEO, screenshot: bytes = SCREENSHOT) -> Change:
        """Do what a worker does until the agent has stopped: a step, and a video, whose change is returned."""
        rollouts, artifacts, rollout_id = self.services.rollouts, self.services.artifacts, claim.rollout.id
        await rollouts.advance(rollout_id, claim.token, Event.ENVIRONMENT_READY)
        number = claim.rollout.attempt
        shot = await artifacts.put(f"{rollout_id}/screens/{number}.png", screenshot)
        step = Step(index=0, offset=0.5, url="http://x/", screenshot=shot, at=datetime.now(UTC))
        await rollouts.add_step(rollout_id, claim.token, step)
        key = await artifacts.put(f"{rollout_id}/video-{number}.mp4", video)
        return Change(video=key, timings=(PhaseTiming(phase=Phase.AGENT, seconds=1.5),))

    async def finish(self, claim: Claim, *, success: bool = True) -> Rollout:
        """Do what a worker does to a rollout that its agent completes."""
        change = await self.act(claim)
        rollouts = self.services.rollouts
        stopped = Change(answer_text="{}", stop_reason=StopReason.ANSWERED)
        await rollouts.advance(claim.rollout.id, claim.token, Event.AGENT_STOPPED, stopped)
        verdict = Verdict(reward=float(success), success=success, parsed={}, evidence=(), reason="compared")
        return await rollouts.advance(
            claim.rollout.id, claim.token, Event.VERIFIED, replace(change, verdict=verdict, template="0" * 64)
        )

    async def fail(self, claim: Claim, event: Event = Event.ERROR, *, retryable: bool = True) -> Rollout:
        """Do what a worker does to a rollout whose environment dies after a step."""
        change = await self.act(claim, video=VIDEO[::-1], screenshot=SCREENSHOT[::-1])
        error = RolloutError(phase=Phase.AGENT, kind="EnvironmentFailure", message="it died", retryable=retryable)
        return await self.services.rollouts.advance(
            claim.rollout.id, claim.token, event, replace(change, errors=(error,))
        )

    async def finish_a_rollout(self, task_id: str, *, success: bool = True, **wanted: object) -> Rollout:
        """Make a rollout of a task, and let its agent complete it."""
        batch_id = await self.start_a_batch(task_id, **wanted)
        return await self.finish(await self.claim(batch_id), success=success)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "rolldeck.db")
    yield opened
    await opened.close()


@pytest.fixture
def deck(database: Database, tmp_path: Path) -> Deck:
    def wake() -> None:
        made.woken += 1

    services = services_on(database, LocalArtifacts(tmp_path / "artifacts"), wake)
    made = Deck(services)
    return made


class _Server(uvicorn.Server):
    """uvicorn that says when it answers, and leaves signals alone."""

    def __init__(self, services: Services) -> None:
        super().__init__(uvicorn.Config(create_app(services), log_config=None, timeout_graceful_shutdown=2))
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@asynccontextmanager
async def serving(services: Services, port: int = 0) -> AsyncIterator[int]:
    """Serve on a port of this machine, which is returned, until the block ends."""
    server = _Server(services)
    with socket.socket(
        proto=socket.IPPROTO_TCP
    ) as listener:  # asyncio sets TCP_NODELAY only where the protocol is named
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.ready.wait()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await task


Connect = Callable[[Services], httpx2.AsyncClient]


@pytest.fixture
def connect() -> Connect:
    def client(services: Services) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=create_app(services), raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")

    return client


@pytest.fixture
def with_web(deck: Deck, connect: Connect) -> Callable[[Path | None], httpx2.AsyncClient]:
    return lambda web_dir: connect(replace(deck.services, web_dir=web_dir))


@pytest.fixture
async def client(deck: Deck, connect: Connect) -> AsyncIterator[httpx2.AsyncClient]:
    async with connect(deck.services) as connected:
        yield connected
