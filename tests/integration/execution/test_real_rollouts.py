"""Rollouts with every part real."""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import av
import psutil
import pytest

from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.rollout import Phase, Rollout, StopReason
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.execution.worker import Worker
from rolldeck.storage.port import RolloutFilter

if TYPE_CHECKING:
    from .conftest import Stage

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
HALF_A_MINUTE = SLOW.model_copy(update={"id": "half", "limits": SLOW.limits.model_copy(update={"seconds": 30.0})})
SHORT = SLOW.model_copy(update={"id": "short", "limits": SLOW.limits.model_copy(update={"seconds": 2.0})})


async def queue(stage: "Stage", task: Task, agent: str, repeats: int = 1) -> tuple[str, list[Rollout]]:
    """Queue rollouts in a batch of their own."""
    await stage.deck.database.tasks.upload([task])
    spec = BatchSpec(task_ids=(task.id,), agents=(AgentChoice(agent=agent),), repeats=repeats)
    batch_id = (await stage.deck.database.batches.create(spec, {})).batch.id
    return batch_id, await rollouts_of(stage, batch_id)


async def rollouts_of(stage: "Stage", batch_id: str) -> list[Rollout]:
    return list((await stage.adapters.rollouts.list(RolloutFilter(batch_id=batch_id))).rollouts)


async def run(stage: "Stage", task: Task, agent: str, repeats: int = 1) -> list[Rollout]:
    batch_id, _ = await queue(stage, task, agent, repeats)
    await stage.deck.worker(stage.adapters, batch_id=batch_id).run(until_idle=True)
    return await rollouts_of(stage, batch_id)


class Statuses:
    """Listens to a worker, and lets a test wait for a status."""

    def __init__(self) -> None:
        self._reached: defaultdict[Status, asyncio.Event] = defaultdict(asyncio.Event)
        self._reached_attempt: defaultdict[int, asyncio.Event] = defaultdict(asyncio.Event)

    def __call__(self, rollout: Rollout) -> None:
        self._reached[rollout.status].set()
        self._reached_attempt[rollout.attempt].set()

    async def reached(self, status: Status, seconds: float) -> None:
        """Wait until some rollout is in this status."""
        async with asyncio.timeout(seconds):
            await self._reached[status].wait()

    async def reached_attempt(self, number: int, seconds: float) -> None:
        """Wait until some rollout has this attempt."""
        async with asyncio.timeout(seconds):
            await self._reached_attempt[number].wait()


@asynccontextmanager
async def working(stage: "Stage", statuses: Statuses) -> AsyncIterator[Worker]:
    worker = stage.deck.worker(stage.adapters, on_change=statuses)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop(drain=False)
        await running


async def test_the_oracle_does_a_task_and_is_right(stage: "Stage") -> None:
    (rollout,) = await run(stage, READ_A_NAME, "oracle")
    assert rollout.status is Status.COMPLETED, rollout.errors
    assert rollout.verdict is not None
    assert rollout.verdict.success, rollout.verdict
    assert rollout.stop_reason is StopReason.ANSWERED
    assert rollout.errors == ()
    assert [timing.phase for timing in rollout.timings] == list(Phase)


async def test_its_video_plays_for_as_long_as_the_agent_acted_and_its_steps_lie_within(stage: "Stage") -> None:
    (rollout,) = await run(stage, READ_A_NAME, "oracle")
    assert rollout.video is not None
    with av.open(stage.deck.artifacts_dir / rollout.video) as video:
        assert video.duration is not None
        seconds = video.duration / av.time_base
    steps = await stage.adapters.rollouts.steps(rollout.id)
    assert [step.index for step in steps] == list(range(rollout.steps))
    assert 0 <= steps[0].offset < steps[-1].offset <= seconds
    acted = next(timing.seconds for timing in rollout.timings if timing.phase is Phase.AGENT)
    assert seconds == pytest.approx(acted, abs=1.5)


async def test_every_steps_screenshot_is_stored(stage: "Stage") -> None:
    (rollout,) = await run(stage, READ_A_NAME, "oracle")
    for step in await stage.adapters.rollouts.steps(rollout.id):
        assert (await stage.adapters.artifacts.stat(step.screenshot)).media_type == "image/png"


async def test_doing_nothing_is_completed_and_wrong(stage: "Stage") -> None:
    (rollout,) = await run(stage, READ_A_NAME, "noop")
    assert rollout.status is Status.COMPLETED, rollout.errors
    assert rollout.verdict is not None
    assert not rollout.verdict.success


async def test_the_time_limit_truncates(stage: "Stage") -> None:
    (rollout,) = await run(stage, SHORT, "oracle")
    assert (rollout.status, rollout.stop_reason) == (Status.COMPLETED, StopReason.TIME_LIMIT), rollout.errors


async def test_rollouts_in_parallel_are_all_right(stage: "Stage") -> None:
    rollouts = await run(stage, READ_A_NAME, "oracle", repeats=4)
    assert [r.verdict is not None and r.verdict.success for r in rollouts] == [True] * 4, [r.errors for r in rollouts]


async def test_a_live_rollout_is_cancelled_within_5_seconds_and_nothing_of_it_remains(stage: "Stage") -> None:
    await run(stage, READ_A_NAME, "noop")  # what all rollouts share runs now
    before = listening_ports()
    statuses = Statuses()
    async with working(stage, statuses) as worker:
        queued = await acting(stage, worker, statuses)
        assert len(listening_ports()) == len(before) + 2  # the environment's server and the egress proxy
        await stage.adapters.rollouts.request_cancel(queued.id)
        await statuses.reached(Status.CANCELLED, seconds=5)  # nobody wakes the worker: it polls
        assert listening_ports() == before
    rollout = await stage.adapters.rollouts.get(queued.id)
    assert (rollout.status, rollout.verdict) == (Status.CANCELLED, None)
    assert rollout.video is not None
    assert not stage.adapters.artifacts.workspace(queued.id, 1).joinpath("video.mp4").exists()


async def test_a_stopped_worker_gives_its_rollout_back_and_another_worker_does_it(stage: "Stage") -> None:
    statuses = Statuses()
    async with working(stage, statuses) as worker:
        queued = await acting(stage, worker, statuses)
    released = await stage.adapters.rollouts.get(queued.id)
    assert (released.status, released.attempt, released.retries_left) == (Status.PENDING, 2, queued.retries_left)
    (attempt,) = await stage.adapters.rollouts.attempts(queued.id)
    assert attempt.errors == ()
    assert attempt.video is not None
    assert (await stage.adapters.artifacts.stat(attempt.video)).media_type == "video/mp4"
    again = Statuses()
    async with working(stage, again):
        await again.reached(Status.RUNNING, seconds=60)
        await stage.adapters.rollouts.request_cancel(queued.id)
        await again.reached(Status.CANCELLED, seconds=5)


async def test_an_environment_that_dies_under_the_agent_gives_another_attempt_and_no_reward(stage: "Stage") -> None:
    statuses = Statuses()
    async with working(stage, statuses) as worker:
        before = listening()
        queued = await acting(stage, worker, statuses, HALF_A_MINUTE)  # its agent notices nothing: it only waits
        (application,) = {pid for _, pid in listening() - before} - {os.getpid()}
        psutil.Process(application).kill()
        await statuses.reached_attempt(2, seconds=90)
        await cancelled(stage, queued.id, seconds=5)
    (attempt,) = await stage.adapters.rollouts.attempts(queued.id)
    assert attempt.errors[0].kind == "EnvironmentFailure", attempt.errors
    assert attempt.video is not None


async def test_a_lost_workers_rollout_is_abandoned_without_a_trace(stage: "Stage") -> None:
    before = listening_ports()
    statuses = Statuses()
    async with working(stage, statuses) as worker:
        queued = await acting(stage, worker, statuses)
        lost_id = worker.id
        await stage.deck.losses.give_up(lost_id, "the test says so")
        worker.wake()
        await statuses.reached_attempt(2, seconds=60)
        await cancelled(stage, queued.id, seconds=5)
        assert worker.id != lost_id
    assert listening_ports() == before
    (attempt,) = await stage.adapters.rollouts.attempts(queued.id)
    assert [error.kind for error in attempt.errors] == ["WorkerLost"]
    assert attempt.video is not None
    with av.open(stage.deck.artifacts_dir / attempt.video) as video:
        assert video.streams.video


async def acting(stage: "Stage", worker: Worker, statuses: Statuses, task: Task = SLOW) -> Rollout:
    """Queue a rollout that takes long, and wait until it is filmed."""
    _, (queued,) = await queue(stage, task, "oracle")
    worker.wake()
    await statuses.reached(Status.RUNNING, seconds=180)
    await filmed(stage.adapters.artifacts.workspace(queued.id, queued.attempt) / "video.mp4")
    return queued


async def cancelled(stage: "Stage", rollout_id: str, seconds: float) -> None:
    """Cancel a rollout that may be pending or live, and wait until it is."""
    await stage.adapters.rollouts.request_cancel(rollout_id)
    async with asyncio.timeout(seconds):
        while (await stage.adapters.rollouts.get(rollout_id)).status is not Status.CANCELLED:
            await asyncio.sleep(0.05)


async def filmed(path: Path) -> None:
    """Wait until a recording has its first image."""
    async with asyncio.timeout(60):
        while not path.exists() or b"moof" not in path.read_bytes():
            await asyncio.sleep(0.05)


def listening() -> set[tuple[int, int]]:
    """Return the TCP ports on which this process and its descendants listen, each with the process's id."""
    pids = {os.getpid(), *(process.pid for process in psutil.Process().children(recursive=True))}
    return {
        (connection.laddr.port, connection.pid)
        for connection in psutil.net_connections("tcp")
        if connection.pid in pids and connection.status == psutil.CONN_LISTEN
    }


def listening_ports() -> set[int]:
    return {port for port, _ in listening()}
