"""Workers that are killed lose no rollout, end none twice, and leave nothing behind."""

import asyncio

import pytest

from chaos.choices import Chaos, Report
from chaos.fleet import until
from chaos.installation import Installation
from chaos.points import Halt, Point

_WORKERS = 3
_PATIENCE_SECONDS = 60


async def test_workers_killed_at_random_moments_lose_nothing(
    installation: Installation, chaos: Chaos, report: Report
) -> None:
    fleet = installation.fleet
    for _ in range(_WORKERS):
        fleet.add()
    async with installation.watched():  # workers die too often here to watch each other
        for _ in range(chaos.times(short=10, full=100)):
            if await installation.live() < 4 * _WORKERS:
                await installation.spawn(8 * _WORKERS)
            await asyncio.sleep(chaos.random.uniform(0, 0.8))
            await fleet.kill_and_replace(chaos.random.choice(fleet.members))
            installation.faults += 1
    await installation.ended(_PATIENCE_SECONDS)
    report(await installation.account())


@pytest.mark.parametrize("point", Point)
async def test_a_worker_killed_at_a_named_point_loses_nothing(
    point: Point, installation: Installation, chaos: Chaos, report: Report, request: pytest.FixtureRequest
) -> None:
    if "postgresql" in request.node.callspec.id:
        chaos.only_in_full("each point on PostgreSQL too")
    fleet = installation.fleet
    fleet.add()
    for _ in range(chaos.times(short=1, full=5)):
        victim = fleet.add(Halt(point, nth=chaos.random.randint(1, 4)))
        await installation.spawn(16)
        await until(victim.halted.is_set, _PATIENCE_SECONDS, f"a worker {point}")
        await fleet.kill(victim)
        installation.faults += 1
    await installation.ended(_PATIENCE_SECONDS)
    report(await installation.account())


async def test_all_workers_killed_at_once_lose_nothing(
    installation: Installation, chaos: Chaos, report: Report
) -> None:
    fleet = installation.fleet
    for _ in range(chaos.times(short=1, full=5)):
        for _ in range(_WORKERS):
            fleet.add()
        await installation.spawn(16)
        await until(lambda: all(member.executing for member in fleet.members), _PATIENCE_SECONDS, "work")
        await asyncio.sleep(chaos.random.uniform(0, 0.5))
        for member in list(fleet.members):
            await fleet.kill(member)
            installation.faults += 1
    fleet.add()
    await installation.ended(_PATIENCE_SECONDS)
    report(await installation.account())
