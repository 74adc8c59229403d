"""The lease: who is given up, and above all who is not."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolldeck.domain.errors import StorageError
from rolldeck.domain.status import Status
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.execution.lease import LOOKS_PER_LEASE, LeaseWatch, Watcher, watch_leases
from rolldeck.execution.loss import Losses

if TYPE_CHECKING:
    from .conftest import Scene

LEASE = 15.0
INTERVAL = LEASE / LOOKS_PER_LEASE


@dataclass
class World:
    """A worker that beats, a watcher that looks, on one machine, and what happens to them. Its time is the monotonic."""

    now: float = 0.0
    beats: int = 0
    lost_at: float | None = None
    next_beat: float = 0.0
    next_look: float = 0.0
    watch: LeaseWatch = field(default_factory=lambda: LeaseWatch(LEASE))

    def go_on(self, seconds: float, *, beating: bool = True, looking: bool = True, writing: bool = True) -> None:
        """Let time pass. Who stands still meanwhile does what is overdue when it may go on."""
        end = self.now + seconds
        while True:
            due = [self.next_beat] * beating + [self.next_look] * looking
            if not due or min(due) > end:
                self.now = end
                return
            self.now = max(self.now, min(due))
            if beating and self.next_beat <= self.now:
                self.beats += writing
                self.next_beat = self.now + INTERVAL
            elif looking:
                self.next_look = self.now + INTERVAL
                self._look(writing=writing)

    def suspend(self, seconds: float) -> None:
        """Stop the whole machine. The watcher wakes first, which is the worst case."""
        self.now += seconds
        self.go_on(0, beating=False)

    def _look(self, *, writing: bool) -> None:
        if not writing:
            self.watch.could_not_write()
        elif self.watch.look(self.now, {"w": self.beats}) and self.lost_at is None:
            self.lost_at = self.now


SECONDS = st.floats(0, 200)
LIVING = st.one_of(
    st.tuples(st.just("both go on"), SECONDS),
    st.tuples(st.just("the watcher is stopped"), SECONDS),
    st.tuples(st.just("the machine is suspended"), SECONDS),
    st.tuples(st.just("the database is away"), SECONDS),
)


def live(world: World, happening: str, seconds: float) -> None:
    match happening:
        case "both go on":
            world.go_on(seconds)
        case "the watcher is stopped":
            world.go_on(seconds, looking=False)
        case "the machine is suspended":
            world.suspend(seconds)
            world.go_on(2 * INTERVAL)  # awake for long enough to beat
        case "the database is away":
            world.go_on(seconds, writing=False)


@given(st.lists(LIVING, max_size=30))
def test_a_worker_that_beats_is_never_lost(happenings: list[tuple[str, float]]) -> None:
    world = World()
    for happening, seconds in happenings:
        live(world, happening, seconds)
    assert world.lost_at is None


@given(st.lists(LIVING, max_size=10), st.floats(0, INTERVAL))
def test_a_worker_that_beats_no_more_is_lost_within_its_lease_and_two_looks(
    happenings: list[tuple[str, float]], moment: float
) -> None:
    world = World()
    for happening, seconds in happenings:
        live(world, happening, seconds)
    world.go_on(INTERVAL + moment)
    died = world.now
    world.go_on(LEASE + 2 * INTERVAL + 0.001, beating=False)
    assert world.lost_at is not None
    assert LEASE - INTERVAL <= world.lost_at - died <= LEASE + 2 * INTERVAL + 0.001


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=50))
def test_no_gap_between_looks_counts_more_than_two_intervals(gaps: list[float]) -> None:
    watch, now, counted = LeaseWatch(LEASE), 0.0, 0.0
    watch.look(now, {"w": 1})
    for gap in gaps:
        now += gap
        counted += min(gap, 2 * INTERVAL)
        assert bool(watch.look(now, {"w": 1})) == (counted > LEASE + 1e-6) or counted == pytest.approx(LEASE)


def test_each_worker_is_judged_by_its_own_beats() -> None:
    watch = LeaseWatch(LEASE)
    lost = [watch.look(look * INTERVAL, {"alive": look, "dead": 7}) for look in range(7)]
    assert lost == [[]] * 6 + [["dead"]]


def test_a_worker_that_is_gone_from_the_list_is_forgotten() -> None:
    watch = LeaseWatch(LEASE)
    for look in range(5):
        watch.look(look * INTERVAL, {"w": 1})
    watch.look(5 * INTERVAL, {})
    assert watch.look(6 * INTERVAL, {"w": 1}) == []


A_VIDEO = b"....ftyp....moov....moof....mdat"
A_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def a_worker(worker_id: str) -> Worker:
    return Worker(
        id=worker_id,
        host="h",
        pid=1,
        version="1",
        report=WorkerReport(parallel=1),
        started_at=A_MOMENT,
        seen_at=A_MOMENT,
    )


@dataclass
class Clock:
    """The watcher's monotonic clock."""

    now: float = 0.0

    def __call__(self) -> float:
        self.now += INTERVAL
        return self.now


def losses(scene: "Scene") -> Losses:
    return Losses(scene.workers, scene.database, scene.artifacts)


async def could_write() -> bool:
    return True


async def test_a_watcher_gives_a_silent_worker_up_and_not_itself(scene: "Scene") -> None:
    await scene.workers.register(a_worker("me"))
    await scene.workers.register(a_worker("silent"))
    watcher = Watcher(losses(scene), scene.workers, lease_seconds=LEASE, monotonic=Clock())
    for _ in range(8):
        await watcher.look(could_write, but="me")
    assert list(scene.workers.alive) == ["me"]
    assert "more than 15 s" in scene.workers.given_up["silent"].message


async def test_a_watcher_that_cannot_write_gives_nobody_up(scene: "Scene") -> None:
    await scene.workers.register(a_worker("silent"))
    watcher = Watcher(losses(scene), scene.workers, lease_seconds=LEASE, monotonic=Clock())

    async def cannot_write() -> bool:
        raise StorageError("disk full")

    for _ in range(8):
        with pytest.raises(StorageError):
            await watcher.look(cannot_write)
        await watcher.look(could_write)
    assert scene.workers.given_up == {}


async def test_a_beat_between_the_look_and_the_release_saves_a_worker(scene: "Scene") -> None:
    await scene.workers.register(a_worker("slow"))
    scene.hangs.add("release")
    watcher = Watcher(losses(scene), scene.workers, lease_seconds=LEASE, monotonic=Clock())

    async def look_on() -> None:
        while not scene.reached["release"].is_set():
            await watcher.look(could_write)

    looking = asyncio.create_task(look_on())
    await scene.reached["release"].wait()
    await scene.workers.beat("slow", WorkerReport(parallel=1))
    scene.released.set()
    await looking
    assert scene.workers.given_up == {}


async def test_the_servers_watch_proves_that_it_could_write_and_survives_a_database_that_is_away(
    scene: "Scene",
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 5:
            raise asyncio.CancelledError

    scene.failures_once["prove"] = [StorageError("away")] * 2
    with pytest.raises(asyncio.CancelledError):
        await watch_leases(losses(scene), scene.workers, lease_seconds=LEASE, sleep=sleep)
    assert scene.workers.proofs == 3
    assert slept == [INTERVAL] * 5


async def test_the_video_of_a_lost_attempt_is_kept_and_its_workspace_is_not(scene: "Scene") -> None:
    await scene.workers.register(a_worker("dead"))
    scene.database.queue(2)
    with_video, without = await scene.database.claim("dead", limit=2)
    workspace = scene.artifacts.workspace(with_video.rollout.id, 1)
    (workspace / "video.mp4").write_bytes(A_VIDEO)
    released = await losses(scene).give_up("dead", "it was killed")
    assert released.requeued == 2
    assert scene.database.kept_videos == [(with_video.rollout.id, 1, f"{with_video.rollout.id}/video-1.mp4")]
    assert not workspace.exists()
    assert not (scene.folder / without.rollout.id / "1").exists()


async def test_a_video_that_ended_before_its_first_image_is_none(scene: "Scene") -> None:
    await scene.workers.register(a_worker("dead"))
    scene.database.queue(1)
    (claim,) = await scene.database.claim("dead")
    (scene.artifacts.workspace(claim.rollout.id, 1) / "video.mp4").write_bytes(b"....ftyp")
    await losses(scene).give_up("dead", "it was killed")
    assert scene.database.kept_videos == []


async def test_a_video_that_was_stored_before_its_worker_was_lost_is_noted(scene: "Scene") -> None:
    await scene.workers.register(a_worker("dead"))
    scene.database.queue(1)
    (claim,) = await scene.database.claim("dead")
    await scene.artifacts.adopt(f"{claim.rollout.id}/video-1.mp4", scene.folder)
    await losses(scene).give_up("dead", "it was killed")
    assert scene.database.kept_videos == [(claim.rollout.id, 1, f"{claim.rollout.id}/video-1.mp4")]


async def test_what_is_kept_of_a_stalled_workers_video_is_not_changed_when_it_wakes_up(scene: "Scene") -> None:
    await scene.workers.register(a_worker("stalled"))
    scene.database.queue(1)
    (claim,) = await scene.database.claim("stalled")
    video = scene.artifacts.workspace(claim.rollout.id, 1) / "video.mp4"
    with video.open("wb") as file:
        file.write(A_VIDEO)
        file.flush()
        scene.artifacts.shelf = scene.folder / "shelf"
        await losses(scene).give_up("stalled", "silence")
        file.write(b", and on")
    assert (scene.folder / "shelf").read_bytes() == A_VIDEO


async def test_a_video_that_cannot_be_kept_hinders_nothing(scene: "Scene") -> None:
    await scene.workers.register(a_worker("dead"))
    scene.database.queue(1)
    (claim,) = await scene.database.claim("dead")
    (scene.artifacts.workspace(claim.rollout.id, 1) / "video.mp4").write_bytes(A_VIDEO)
    scene.failures["adopt"] = StorageError("disk full")
    await losses(scene).give_up("dead", "it was killed")
    assert scene.database.statuses == [Status.PENDING]
