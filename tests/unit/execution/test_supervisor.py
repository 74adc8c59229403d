"""Worker processes under supervision: real processes, which tell what happens to them."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from rolldeck.domain.errors import NotFound, StorageError
from rolldeck.execution.supervisor import OnTold, Supervisor
from rolldeck.live.wire import Told

SCRIPT = Path(__file__).with_name("supervised.py")
LONG = 20  # seconds; a limit, not a wait


@dataclass
class Stage:
    """The workers' words as they come, and what was told of those that were lost."""

    address: Path
    words: asyncio.Queue[tuple[str, ...]] = field(default_factory=asyncio.Queue)
    lost: asyncio.Queue[tuple[str, str]] = field(default_factory=asyncio.Queue)
    obedience: str = "drains"

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            self.words.put_nowait(tuple(line.decode().split()))
        writer.close()

    async def said(self, word: str) -> tuple[str, ...]:
        """Wait for the next thing that a worker says, which must be this."""
        async with asyncio.timeout(LONG):
            words = await self.words.get()
        assert words[1] == word, words
        return words

    async def given_up(self) -> tuple[str, str]:
        async with asyncio.timeout(LONG):
            return await self.lost.get()

    async def give_up(self, worker_id: str, reason: str) -> None:
        self.lost.put_nowait((worker_id, reason))

    def command(self, worker_id: str) -> list[str]:
        return [sys.executable, str(SCRIPT), str(self.address), worker_id, self.obedience]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "socket")
    server = await asyncio.start_unix_server(stage.listen, stage.address)
    yield stage
    server.close()


@pytest.fixture
async def supervise(stage: Stage) -> AsyncIterator[Callable[..., Supervisor]]:
    """Start supervised workers; those that a test leaves are killed."""
    started: list[Supervisor] = []

    def start(count: int = 1, on_told: OnTold = lambda _: None, **options: float) -> Supervisor:
        supervisor = Supervisor(stage.command, count=count, give_up=stage.give_up, **options)
        supervisor.start(on_told)
        started.append(supervisor)
        return supervisor

    yield start
    for supervisor in started:
        stopping = asyncio.create_task(supervisor.stop(0))
        await asyncio.sleep(0)
        stopping.cancel()
        await asyncio.wait({stopping})


Supervise = Callable[..., Supervisor]


async def test_so_many_workers_are_started_each_in_a_group_of_its_own(stage: Stage, supervise: Supervise) -> None:
    supervisor = supervise(count=3)
    started = [await stage.said("started") for _ in range(3)]
    assert len({worker_id for worker_id, *_ in started}) == 3
    for _, _, pid, group in started:
        assert int(pid) in supervisor.pids
        assert pid == group
        assert int(group) != os.getpgid(0)


async def test_a_dead_worker_is_given_up_in_words_and_replaced(stage: Stage, supervise: Supervise) -> None:
    supervise(first_pause=0)
    first, _, pid, _ = await stage.said("started")
    os.kill(int(pid), signal.SIGKILL)
    lost, reason = await stage.given_up()
    assert lost == first
    assert f"pid {pid}" in reason
    assert "SIGKILL" in reason
    second, *_ = await stage.said("started")
    assert second != first


async def test_one_that_dies_again_and_again_is_started_later_and_later(
    stage: Stage, supervise: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    async def pause(self: Supervisor, seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(Supervisor, "_pause", pause)
    stage.obedience = "dies"
    supervise()
    for _ in range(4):
        await stage.said("started")
        _, reason = await stage.given_up()
        assert reason.endswith("ended with exit code 7")
    assert pauses[:3] == [0.1, 0.2, 0.4]


async def test_a_database_that_is_away_does_not_keep_a_worker_from_being_replaced(
    stage: Stage, supervise: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(worker_id: str, reason: str) -> None:
        raise StorageError("the database is away")

    monkeypatch.setattr(stage, "give_up", fail)
    supervise(first_pause=0)
    first, _, pid, _ = await stage.said("started")
    os.kill(int(pid), signal.SIGKILL)
    second, *_ = await stage.said("started")
    assert second != first


async def test_a_wake_reaches_every_worker(stage: Stage, supervise: Supervise) -> None:
    supervisor = supervise(count=2)
    ids = {(await stage.said("started"))[0] for _ in range(2)}
    supervisor.wake()
    assert {(await stage.said("woken"))[0] for _ in range(2)} == ids


async def test_every_worker_hears_what_is_watched_and_its_frames_are_passed_on(
    stage: Stage, supervise: Supervise
) -> None:
    rollout_id = "01m8000000000000000000000a"
    told: asyncio.Queue[Told] = asyncio.Queue()
    supervisor = supervise(2, on_told=told.put_nowait)
    first, second = await stage.said("started"), await stage.said("started")
    supervisor.watch(frozenset({rollout_id}))
    async with asyncio.timeout(LONG):
        assert [await told.get(), await told.get()] == [Told(rollout_id, b"jpeg")] * 2
    assert {(await stage.said("watch"))[0], (await stage.said("watch"))[0]} == {first[0], second[0]}
    os.kill(int(first[2]), signal.SIGKILL)
    await stage.given_up()
    await stage.said("started")
    assert (await stage.said("watch"))[2] == rollout_id
    async with asyncio.timeout(LONG):
        assert await told.get() == Told(rollout_id, b"jpeg")


async def test_a_stop_lets_the_workers_drain(stage: Stage, supervise: Supervise) -> None:
    supervisor = supervise(count=2)
    for _ in range(2):
        await stage.said("started")
    await supervisor.stop(LONG)
    assert supervisor.pids == []
    for _ in range(2):
        await stage.said("SIGTERM")
    assert stage.words.empty()
    assert stage.lost.empty(), "they ended in good order"


async def test_a_second_stop_ends_the_drain(stage: Stage, supervise: Supervise) -> None:
    stage.obedience = "releases"
    supervisor = supervise()
    await stage.said("started")
    draining = asyncio.create_task(supervisor.stop(LONG))
    await stage.said("SIGTERM")
    await supervisor.stop(0)
    await stage.said("SIGINT")
    await draining
    assert stage.words.empty()
    assert stage.lost.empty()


async def test_whoever_does_not_obey_is_killed_and_given_up(stage: Stage, supervise: Supervise) -> None:
    stage.obedience = "stubborn"
    supervisor = supervise(release_seconds=0.01)
    worker_id, _, pid, _ = await stage.said("started")
    await supervisor.stop(0.01)
    assert not psutil.pid_exists(int(pid))
    lost, reason = await stage.given_up()
    assert lost == worker_id
    assert "SIGKILL" in reason


async def test_a_stop_that_is_cancelled_kills(stage: Stage, supervise: Supervise) -> None:
    stage.obedience = "stubborn"
    supervisor = supervise()
    _, _, pid, _ = await stage.said("started")
    stopping = asyncio.create_task(supervisor.stop(LONG))
    await stage.said("SIGTERM")
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert not psutil.pid_exists(int(pid))


async def test_nothing_is_leaked_by_lives_that_ended(stage: Stage, supervise: Supervise) -> None:
    children_of_other_tests = psutil.Process().children()
    supervisor = supervise(first_pause=0)

    async def live_and_die() -> None:
        _, _, pid, _ = await stage.said("started")
        os.kill(int(pid), signal.SIGKILL)
        await stage.given_up()

    await live_and_die()
    me = psutil.Process()
    before = me.num_fds()
    for _ in range(5):
        await live_and_die()
    await stage.said("started")
    assert me.num_fds() <= before + 3  # the sockets and the pipe of the one that lives
    await supervisor.stop(LONG)
    assert set(me.children()) <= set(children_of_other_tests)


async def test_one_that_died_before_it_was_known_to_the_database_is_replaced_without_a_complaint(
    stage: Stage, supervise: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(worker_id: str, reason: str) -> None:
        raise NotFound(f"There is no worker {worker_id}")

    monkeypatch.setattr(stage, "give_up", fail)
    supervise(first_pause=0)
    first, _, pid, _ = await stage.said("started")
    with capture_logs() as logs:
        os.kill(int(pid), signal.SIGKILL)
        second, *_ = await stage.said("started")
    assert second != first
    assert [log["event"] for log in logs] == ["a worker died"]
