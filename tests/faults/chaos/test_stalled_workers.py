"""Workers that stand still and go on: beyond their lease they write nothing any more, within it they lose nothing."""

import asyncio
import signal

from chaos.choices import Chaos, Report
from chaos.fleet import Member, until
from chaos.installation import Installation

_PATIENCE_SECONDS = 60


async def alive(installation: Installation) -> set[int]:
    """The processes of the workers that are stored as alive."""
    return {worker.pid for worker in await installation.database.workers.list(alive=True)}


async def beats_of(member: Member, installation: Installation) -> int:
    """How often a member has said that it lives."""
    (beats,) = [each.beats for each in await installation.database.workers.list() if each.pid == member.pid]
    return beats


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
    async with asyncio.timeout(_PATIENCE_SECONDS):  # the sleeper may only just have noticed that it was given up
        while await alive(installation) != {member.pid for member in fleet.members}:
            await asyncio.sleep(0.05)
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
        beats = await beats_of(sleeper, installation)
        sleeper.signal(signal.SIGCONT)
        installation.faults += 1
        async with asyncio.timeout(_PATIENCE_SECONDS):  # else several stalls were one that is longer than the lease
            while await beats_of(sleeper, installation) == beats:
                await asyncio.sleep(0.02)
    await installation.ended(_PATIENCE_SECONDS)
    figures = await installation.account()
    assert figures.attempts == figures.rollouts, "an attempt was lost that was executed all the time"
    report(figures)
