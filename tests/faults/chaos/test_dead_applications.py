"""An application that dies under its agent never makes a wrong answer of a right one."""

import asyncio
import contextlib

import psutil

from chaos.choices import Chaos, Report
from chaos.doubles import processes_naming
from chaos.installation import Installation

_PATIENCE_SECONDS = 60


async def test_applications_killed_at_random_moments_are_no_wrong_answers(
    on_sqlite: Installation, chaos: Chaos, report: Report
) -> None:
    for _ in range(2):
        on_sqlite.fleet.add()
    for _ in range(chaos.times(short=20, full=100)):
        if await on_sqlite.live() < 12:
            await on_sqlite.spawn(24)
        await asyncio.sleep(chaos.random.uniform(0.1, 0.6))
        with contextlib.suppress(psutil.NoSuchProcess, IndexError):
            chaos.random.choice(processes_naming(on_sqlite.station.run_dir)).kill()
            on_sqlite.faults += 1
    await on_sqlite.ended(_PATIENCE_SECONDS)
    report(await on_sqlite.account())
