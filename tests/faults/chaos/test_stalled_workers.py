"""Workers that stand still and go on: beyond their lease they write nothing any more, within it they lose nothing."""

import asyncio
import signal

from chaos.choices import Chaos, Report
from chaos.fleet import until
from chaos.installation import Installation

_PATIENCE_SECONDS = 60


async def test_a_worker_that_stalls_beyond_its_lease_writes_nothing_when_it_wakes_and_cleans_up(
    installation: Installation, chaos: Chaos, report: Report
) -> None:
    fleet = installation.fleet
    fleet.add()
    sleeper = fleet.add()
    for _ in range(chaos.times(short=2, full=10)):
        await installation.spawn(24)
        await until(lambda: bool(sleeper.executing), _PATIENCE_SECONDS, "a rollout to be executed")
        await asyncio.sleep(chaos.random.uniform(0, 0.3))
        sleeper.signal(signal.SIGSTOP)
        fleet.hit(sleeper)
        sleeper.executing.clear()
        await asyncio.sleep(2.5 * installation.station.lease_seconds)
        sleeper.signal(signal.SIGCONT)
        installation.faults += 1
    await installation.ended(_PATIENCE_SECONDS)
    alive = await installation.database.workers.list(alive=True)
    assert sorted(worker.pid for worker in alive) == sorted(member.pid for member in fleet.members)
    report(await installation.account())


async def test_a_worker_that_stalls_for_less_than_its_lease_loses_nothing(
    installation: Installation, chaos: Chaos, report: Report
) -> None:
    fleet = installation.fleet
    fleet.add()
    sleeper = fleet.add()
    await installation.spawn(40)
    for _ in range(chaos.times(short=2, full=20)):
        if await installation.live() < 8:
            await installation.spawn(40)
        await asyncio.sleep(chaos.random.uniform(0.2, 0.6))
        sleeper.signal(signal.SIGSTOP)
        await asyncio.sleep(chaos.random.uniform(0.1, 0.4) * installation.station.lease_seconds)
        sleeper.signal(signal.SIGCONT)
        installation.faults += 1
    await installation.ended(_PATIENCE_SECONDS)
    figures = await installation.account()
    assert figures.attempts == figures.rollouts, "an attempt was lost that was executed all the time"
    report(figures)
