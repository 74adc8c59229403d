"""The warm pool around environments that a test makes, kills and lets fail."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import pytest
import pytest_asyncio

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.domain.page import Cookie
from rolldeck.domain.worker import PoolReport, ShelfReport
from rolldeck.environments.pool import WarmPool
from rolldeck.environments.port import Entrance, Environment, ProgressListener, Row, TemplateInfo

MB = 1_000_000


class Made:
    """Stands for an environment of 10 MB that dies when a test says so."""

    origin = "http://127.0.0.1:1"
    template = "0123456789abcdef"
    cookies: Sequence[Cookie] = ()
    entrance = Entrance()
    databases: Sequence[str] = ("data",)

    def __init__(self, name: str, purpose: str) -> None:
        self.name = name
        self.purpose = purpose
        self.dead = False
        self.closed = False
        self.close_fails = False
        self.rollout_id: str | None = None

    async def sql(self, database: str, query: str) -> list[Row]:
        return []

    async def check(self, *, within_seconds: float = 0) -> None:
        await asyncio.sleep(0)
        if self.dead or self.closed:
            raise EnvironmentFailure("it has died")

    async def assign(self, rollout_id: str) -> None:
        self.rollout_id = rollout_id

    async def logs(self) -> dict[str, str]:
        return {}

    async def memory_bytes(self) -> int:
        return 10 * MB

    async def close(self) -> None:
        self.closed = True
        if self.close_fails:
            raise EnvironmentFailure("it does not close")


class Maker:
    """Stands for the process runtime: makes environments at once, or when ``gate`` opens, or fails."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.attempts = 0
        self.at_once = 0
        self.most_at_once = 0
        self.closed = False

    async def start(self) -> None: ...

    async def templates(self) -> Sequence[TemplateInfo]:
        return []

    async def build(self, name: str, on_progress: ProgressListener) -> None: ...

    async def provision(self, name: str, rollout_id: str) -> Environment:
        self.attempts += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        if self.failure is not None:
            raise self.failure
        self.made.append(Made(name, rollout_id))
        return self.made[-1]

    def expect(self, demand: Mapping[str, int]) -> None: ...

    blocked = None

    def report(self) -> PoolReport:
        return PoolReport()

    async def reap(self) -> int:
        return 3

    async def close(self) -> None:
        self.closed = True

    def alive(self, name: str = "shop") -> int:
        return sum(not one.closed for one in self.made if one.name == name)


class Clock:
    """Stands for the monotonic clock."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Bench:
    """A pool, what it is around, and its time."""

    def __init__(self) -> None:
        self.maker = Maker()
        self.clock = Clock()
        self.pools: list[WarmPool] = []

    async def pool(self, **how: int) -> WarmPool:
        options = {"memory_budget_bytes": 1000 * MB, "idle_seconds": 60, **how}
        self.pools.append(WarmPool(self.maker, now=self.clock, **options))
        await self.pools[-1].start()
        return self.pools[-1]

    async def pass_time(self, pool: WarmPool, seconds: float, demand: Mapping[str, int]) -> None:
        """Let time pass, as a worker sees it that looks into the queue every second."""
        for _ in range(round(seconds)):
            self.clock.seconds += 1
            pool.expect(demand)
            await settled()


async def settled() -> None:
    for _ in range(100):
        await asyncio.sleep(0)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0)


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    for pool in bench.pools:
        await pool.close()


async def test_as_many_are_made_ready_as_rollouts_wait_and_are_handed_over_without_making_one(bench: Bench) -> None:
    pool = await bench.pool()
    pool.expect({"shop": 3})
    await until(lambda: pool.report().ready == 3)
    bench.maker.gate.clear()
    assert await pool.provision("shop", "r1") is bench.maker.made[0]
    assert bench.maker.made[0].rollout_id == "r1"
    report = pool.report()
    assert (report.ready, report.hits, report.misses, report.discarded) == (2, 1, 0, 0)


async def test_one_that_is_handed_over_is_made_up_for(bench: Bench) -> None:
    pool = await bench.pool()
    pool.expect({"shop": 2})
    await until(lambda: pool.report().ready == 2)
    await pool.provision("shop", "r1")
    await until(lambda: pool.report().ready == 2)
    assert len(bench.maker.made) == 3


async def test_where_none_is_ready_the_rollout_gets_one_made_for_itself(bench: Bench) -> None:
    pool = await bench.pool()
    environment = await pool.provision("shop", "r1")
    assert isinstance(environment, Made)
    assert environment.purpose == "r1"
    assert pool.report().misses == 1


async def test_what_died_while_it_was_ready_is_not_handed_over(bench: Bench) -> None:
    pool = await bench.pool()
    pool.expect({"shop": 2})
    await until(lambda: pool.report().ready == 2)
    bench.maker.made[0].dead = True
    assert await pool.provision("shop", "r1") is bench.maker.made[1]
    await until(lambda: bench.maker.made[0].closed)
    assert (pool.report().hits, pool.report().discarded) == (1, 1)


async def test_where_all_have_died_the_rollout_still_gets_a_healthy_one(bench: Bench) -> None:
    pool = await bench.pool()
    pool.expect({"shop": 2})
    await until(lambda: pool.report().ready == 2)
    for made in bench.maker.made:
        made.dead = True
    environment = await pool.provision("shop", "r1")
    await environment.check()
    assert pool.report().discarded == 2


async def test_what_died_unnoticed_is_replaced_before_somebody_wants_it(bench: Bench) -> None:
    pool = await bench.pool()
    pool.expect({"shop": 1})
    await until(lambda: pool.report().ready == 1)
    bench.maker.made[0].dead = True
    await bench.pass_time(pool, 6, {"shop": 1})
    assert bench.maker.made[0].closed
    assert await pool.provision("shop", "r1") is bench.maker.made[1]


async def test_the_memory_budget_bounds_what_is_ready_by_what_one_was_measured_to_take(bench: Bench) -> None:
    pool = await bench.pool(memory_budget_bytes=101 * MB, most=50)
    pool.expect({"shop": 50})
    await until(lambda: pool.report().ready == 10)
    await settled()
    assert bench.maker.alive() == 10


async def test_a_pool_reports_what_it_has_of_each_environment_and_how_many_there_should_be(bench: Bench) -> None:
    pool = await bench.pool(memory_budget_bytes=130 * MB, most=3)
    pool.expect({"shop": 5})
    await until(lambda: pool.report().ready == 3)
    await settled()
    report = pool.report()
    assert report.budget_bytes == 130 * MB
    assert report.shelves == (ShelfReport(name="shop", ready=3, making=0, target=3, demand=5, bytes_each=10 * MB),)


async def test_a_budget_of_nothing_turns_the_pool_off(bench: Bench) -> None:
    pool = await bench.pool(memory_budget_bytes=0)
    pool.expect({"shop": 5})
    await settled()
    assert bench.maker.made == []
    await pool.provision("shop", "r1")
    assert pool.report() == PoolReport(ready=0, hits=0, misses=1, discarded=0)


async def test_never_more_are_ready_than_the_most(bench: Bench) -> None:
    pool = await bench.pool(most=4)
    pool.expect({"shop": 1000})
    await until(lambda: pool.report().ready == 4)
    await settled()
    assert bench.maker.alive() == 4


async def test_two_environments_share_the_budget_also_where_one_was_wanted_first(bench: Bench) -> None:
    pool = await bench.pool(memory_budget_bytes=200 * MB, most=50)
    pool.expect({"shop": 50})
    await until(lambda: pool.report().ready == 20)
    pool.expect({"shop": 50, "wiki": 50})
    await until(lambda: bench.maker.alive("shop") == 10 == bench.maker.alive("wiki"))


async def test_without_demand_one_is_kept_until_it_has_been_idle_and_then_none(bench: Bench) -> None:
    pool = await bench.pool(idle_seconds=60)
    pool.expect({"shop": 4})
    await until(lambda: pool.report().ready == 4)
    await bench.pass_time(pool, 10, {})
    assert pool.report().ready == 1
    await bench.pass_time(pool, 45, {})
    assert pool.report().ready == 1
    await bench.pass_time(pool, 15, {})
    assert pool.report().ready == 0
    assert bench.maker.alive() == 0


async def test_demand_that_is_not_told_again_for_long_is_none(bench: Bench) -> None:
    pool = await bench.pool(idle_seconds=300)
    pool.expect({"shop": 4})
    await until(lambda: pool.report().ready == 4)
    for _ in range(40):
        bench.clock.seconds += 1
        pool._something_changed.set()
        await settled()
    assert pool.report().ready == 1


async def test_a_use_without_demand_keeps_one_ready_for_the_next(bench: Bench) -> None:
    pool = await bench.pool()
    await pool.provision("shop", "r1")
    await until(lambda: pool.report().ready == 1)
    await pool.provision("shop", "r2")
    assert pool.report().hits == 1


async def test_demand_that_is_told_a_moment_before_the_rollout_takes_its_own_discards_none(bench: Bench) -> None:
    pool = await bench.pool()
    pool.expect({"shop": 3})
    await until(lambda: pool.report().ready == 3)
    for waiting in (2, 1, 0):
        pool.expect({"shop": waiting})
        await settled()
        await pool.provision("shop", f"r{waiting}")
    assert (pool.report().hits, pool.report().discarded) == (3, 0)


async def test_a_refill_that_fails_is_tried_again_later_and_less_and_less_often(bench: Bench) -> None:
    pool = await bench.pool()
    bench.maker.failure = EnvironmentFailure("no room")
    await bench.pass_time(pool, 16, {"shop": 1})
    assert bench.maker.attempts == 5, "at once, and after 1, 2, 4 and 8 seconds"
    bench.maker.failure = None
    await bench.pass_time(pool, 16, {"shop": 1})
    assert pool.report().ready == 1


async def test_even_an_error_that_nobody_foresaw_does_not_end_the_pool(bench: Bench) -> None:
    pool = await bench.pool()
    bench.maker.failure = ZeroDivisionError("a mistake")
    await bench.pass_time(pool, 1, {"shop": 1})
    bench.maker.failure = None
    await bench.pass_time(pool, 3, {"shop": 1})
    assert pool.report().ready == 1


async def test_a_failure_to_make_one_for_a_rollout_is_the_rollouts(bench: Bench) -> None:
    pool = await bench.pool()
    bench.maker.failure = EnvironmentFailure("no room")
    with pytest.raises(EnvironmentFailure, match="no room"):
        await pool.provision("shop", "r1")


async def test_refills_are_made_one_at_a_time_and_not_while_a_rollout_waits_for_its_own(bench: Bench) -> None:
    pool = await bench.pool()
    bench.maker.gate.clear()
    waiting = asyncio.create_task(pool.provision("shop", "r1"))
    await settled()
    pool.expect({"shop": 5})
    await settled()
    assert bench.maker.attempts == 1
    bench.maker.gate.set()
    await waiting
    bench.maker.most_at_once = 0
    await until(lambda: pool.report().ready == 5)
    assert bench.maker.most_at_once == 1


async def test_closing_closes_what_is_ready_and_what_is_being_made(bench: Bench) -> None:
    pool = await bench.pool()
    pool.expect({"shop": 2})
    await until(lambda: pool.report().ready == 2)
    bench.maker.gate.clear()
    pool.expect({"shop": 3})
    await until(lambda: bench.maker.at_once == 1)
    bench.maker.made[0].close_fails = True
    await pool.close()
    await pool.close()
    assert bench.maker.alive() == 0
    assert bench.maker.at_once == 0
    assert bench.maker.closed


async def test_a_rollout_that_is_cancelled_during_the_health_check_leaves_no_environment_behind(bench: Bench) -> None:
    pool = await bench.pool()
    pool.expect({"shop": 1})
    await until(lambda: pool.report().ready == 1)
    pool.expect({})
    taking = asyncio.create_task(pool.provision("shop", "r1"))
    await asyncio.sleep(0)
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    await until(lambda: bench.maker.made[0].closed)


async def test_leftovers_are_removed_by_what_is_inside(bench: Bench) -> None:
    pool = await bench.pool()
    assert await pool.reap() == 3
