"""Rollouts with every part real."""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import psutil
import pytest

from rolldeck.domain.rollout import Phase, Rollout, StopReason
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.execution.worker import Worker
from rolldeck.wiring import Deck

pytestmark = pytest.mark.asyncio(loop_scope="module")

READ_A_NAME = Task.model_validate(
    {
        "id": "read",
        "task": "What does the page's address bar lead to? Answer with the heading of the list of datasets.",
        "answer": {"heading": "Datasets"},
        "solution": [
            {"do": "goto", "path": "/tablemodelview/list/"},
            {"do": "read_text", "target": {"text": "Datasets", "nth": -1}, "into": "heading"},
        ],
    }
)
SLOW = Task.model_validate(
    {"id": "slow", "task": "Wait.", "answer": 1, "solution": [{"do": "pause", "seconds": 10}] * 20}
)
SHORT = SLOW.model_copy(update={"id": "short", "limits": SLOW.limits.model_copy(update={"seconds": 2.0})})


async def run(deck: Deck, task: Task, agent: str, repeats: int = 1) -> list[Rollout]:
    await deck.tasks.upload([task])
    queued = await deck.adapters.rollouts.create([task.id], agent, repeats)
    await Worker(deck.adapters, parallel=4).run(until_idle=True)
    return [await deck.adapters.rollouts.get(rollout.id) for rollout in queued]


class Statuses:
    """Listens to a worker, and lets a test wait for a status."""

    def __init__(self) -> None:
        self._reached: defaultdict[Status, asyncio.Event] = defaultdict(asyncio.Event)

    def __call__(self, rollout: Rollout) -> None:
        self._reached[rollout.status].set()

    async def reached(self, status: Status, seconds: float) -> None:
        """Wait until some rollout is in this status."""
        async with asyncio.timeout(seconds):
            await self._reached[status].wait()


@asynccontextmanager
async def working(deck: Deck, statuses: Statuses) -> AsyncIterator[Worker]:
    worker = Worker(deck.adapters, parallel=4, on_change=statuses)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop(drain=False)
        await running


async def test_the_oracle_does_a_task_and_is_right(deck: Deck) -> None:
    (rollout,) = await run(deck, READ_A_NAME, "oracle")
    assert rollout.status is Status.COMPLETED, rollout.errors
    assert rollout.verdict is not None
    assert rollout.verdict.success, rollout.verdict
    assert rollout.stop_reason is StopReason.ANSWERED
    assert rollout.errors == ()
    assert [timing.phase for timing in rollout.timings] == list(Phase)


async def test_its_video_plays_for_as_long_as_the_agent_acted_and_its_steps_lie_within(deck: Deck) -> None:
    (rollout,) = await run(deck, READ_A_NAME, "oracle")
    assert rollout.video is not None
    with av.open(deck.artifacts_dir / rollout.video) as video:
        assert video.duration is not None
        seconds = video.duration / av.time_base
    steps = await deck.adapters.rollouts.steps(rollout.id)
    assert [step.index for step in steps] == list(range(rollout.steps))
    assert 0 <= steps[0].offset < steps[-1].offset <= seconds
    acted = next(timing.seconds for timing in rollout.timings if timing.phase is Phase.AGENT)
    assert seconds == pytest.approx(acted, abs=1.5)


async def test_every_steps_screenshot_is_stored(deck: Deck) -> None:
    (rollout,) = await run(deck, READ_A_NAME, "oracle")
    for step in await deck.adapters.rollouts.steps(rollout.id):
        assert (await deck.adapters.artifacts.stat(step.screenshot)).media_type == "image/png"


async def test_doing_nothing_is_completed_and_wrong(deck: Deck) -> None:
    (rollout,) = await run(deck, READ_A_NAME, "noop")
    assert rollout.status is Status.COMPLETED, rollout.errors
    assert rollout.verdict is not None
    assert not rollout.verdict.success


async def test_the_time_limit_truncates(deck: Deck) -> None:
    (rollout,) = await run(deck, SHORT, "oracle")
    assert (rollout.status, rollout.stop_reason) == (Status.COMPLETED, StopReason.TIME_LIMIT), rollout.errors


async def test_rollouts_in_parallel_are_all_right(deck: Deck) -> None:
    rollouts = await run(deck, READ_A_NAME, "oracle", repeats=4)
    assert [r.verdict is not None and r.verdict.success for r in rollouts] == [True] * 4, [r.errors for r in rollouts]


async def test_a_live_rollout_is_cancelled_within_5_seconds_and_nothing_of_it_remains(deck: Deck) -> None:
    await run(deck, READ_A_NAME, "noop")  # what all rollouts share runs now
    before = listening_ports()
    await deck.tasks.upload([SLOW])
    statuses = Statuses()
    async with working(deck, statuses) as worker:
        (queued,) = await deck.adapters.rollouts.create([SLOW.id], "oracle", 1)
        worker.wake()
        await statuses.reached(Status.RUNNING, seconds=30)
        assert len(listening_ports()) == len(before) + 2  # the environment's server and the egress proxy
        await filmed(deck.adapters.artifacts.workspace(queued.id) / "video.mp4")
        await deck.adapters.rollouts.request_cancel(queued.id)
        worker.wake()
        await statuses.reached(Status.CANCELLED, seconds=5)
        assert listening_ports() == before
    rollout = await deck.adapters.rollouts.get(queued.id)
    assert (rollout.status, rollout.verdict) == (Status.CANCELLED, None)
    assert rollout.video is not None


async def filmed(path: Path) -> None:
    """Wait until a recording has its first image."""
    async with asyncio.timeout(30):
        while not path.exists():
            await asyncio.sleep(0.05)


def listening_ports() -> set[int]:
    """Return the TCP ports on which this process and its descendants listen."""
    pids = {os.getpid(), *(process.pid for process in psutil.Process().children(recursive=True))}
    return {
        connection.laddr.port
        for connection in psutil.net_connections("tcp")
        if connection.pid in pids and connection.status == psutil.CONN_LISTEN
    }
