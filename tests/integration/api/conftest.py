"""The API on a real SQLite file and a real directory of artifacts, called in process."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from rolldeck.agents.registry import AgentRegistry
from rolldeck.api.app import create_app
from rolldeck.api.services import Services
from rolldeck.domain.rollout import Rollout, Step
from rolldeck.domain.status import Event
from rolldeck.domain.verdict import Verdict
from rolldeck.environments.port import TemplateInfo
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.storage.port import Change

VIDEO = bytes(range(256)) * 40
SCREENSHOT = b"\x89PNG\r\n\x1a\n<script>alert(1)</script>"


class OneTemplate:
    """Stands for the environments: one template, never built."""

    async def templates(self) -> Sequence[TemplateInfo]:
        """The one that example tasks name."""
        return [TemplateInfo("superset", "Superset", "process", "0" * 64, built=False, size_bytes=None)]


@dataclass
class Deck:
    """The services behind the API under test, and how often it woke the worker."""

    services: Services
    woken: int = 0

    async def finish_a_rollout(self, task_id: str, *, success: bool = True) -> Rollout:
        """Do what a worker does to one rollout of a task: a step, a video, a verdict."""
        rollouts, artifacts = self.services.rollouts, self.services.artifacts
        await rollouts.create([task_id], "noop", 1)
        claim = await rollouts.claim()
        assert claim is not None
        rollout_id = claim.rollout.id
        await rollouts.advance(rollout_id, claim.token, Event.ENVIRONMENT_READY)
        screenshot = await artifacts.put(f"{rollout_id}/screens/0.png", SCREENSHOT)
        await rollouts.add_step(
            rollout_id,
            claim.token,
            Step(index=0, offset=0.5, url="http://x/", screenshot=screenshot, at=datetime.now(UTC)),
        )
        await rollouts.advance(rollout_id, claim.token, Event.AGENT_STOPPED, Change(answer_text="{}"))
        video = await artifacts.put(f"{rollout_id}/video.mp4", VIDEO)
        verdict = Verdict(reward=float(success), success=success, parsed={}, evidence=(), reason="compared")
        return await rollouts.advance(rollout_id, claim.token, Event.VERIFIED, Change(verdict=verdict, video=video))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "rolldeck.db")
    yield opened
    await opened.close()


@pytest.fixture
def deck(database: Database, tmp_path: Path) -> Deck:
    def wake() -> None:
        made.woken += 1

    services = Services(
        tasks=database.tasks,
        rollouts=database.rollouts,
        artifacts=LocalArtifacts(tmp_path / "artifacts"),
        agents=AgentRegistry(),
        environments=OneTemplate(),
        wake=wake,
        version="1.2.3",
        host="127.0.0.1",
        max_upload_mb=1,
        web_dir=None,
    )
    made = Deck(services)
    return made


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
