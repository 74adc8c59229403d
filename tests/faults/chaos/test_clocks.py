"""A wall clock that jumps changes nothing: leases are kept on clocks that cannot be set."""

import asyncio
from pathlib import Path

from chaos.choices import Chaos, Report
from chaos.installation import Installation

_PATIENCE_SECONDS = 60
_JUMPS = (86_400, -86_400, 3600, -3600, 10, -10)
"""In seconds, from the right time."""


async def test_a_wall_clock_that_jumps_costs_no_attempt(
    installation: Installation, chaos: Chaos, report: Report
) -> None:
    for _ in range(2):
        installation.fleet.add()
    for _ in range(chaos.times(short=4, full=40)):
        if await installation.live() < 8:
            await installation.spawn(24)
        await asyncio.sleep(chaos.random.uniform(0.2, 0.8))
        _set(installation.station.clock, chaos.random.choice(_JUMPS))
        installation.faults += 1
    await installation.ended(_PATIENCE_SECONDS)
    figures = await installation.account()
    assert figures.attempts == figures.rollouts, "a clock cost an attempt"
    report(figures)


def _set(clock: Path, wrong_by: int) -> None:
    following = clock.with_suffix(".new")
    following.write_text(str(wrong_by))
    following.replace(clock)
