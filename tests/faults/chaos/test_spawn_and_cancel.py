"""Rollouts that are spawned and cancelled, hundreds of times, leave nothing and end at once."""

import asyncio
import random
import time
from pathlib import Path

from chaos.choices import Chaos, Report
from chaos.doubles import CLUELESS, READER
from chaos.fleet import Member
from chaos.installation import Installation

_WORKERS = 2
_AT_ONCE = 4
_LONGEST_SECONDS = 5
_CONNECTIONS = 5  # to the database, of a process: four that read and one that writes
_FILES = 2 * _CONNECTIONS + 1  # the database and its log for each of them, and the memory that they share


async def test_spawning_and_cancelling_over_and_over_ends_within_seconds_and_leaves_nothing(
    on_sqlite: Installation, chaos: Chaos, report: Report
) -> None:
    fleet = on_sqlite.fleet
    for _ in range(_WORKERS):
        fleet.add()
    cycles = chaos.times(short=40, full=500)
    took: list[float] = []
    for _ in range(_AT_ONCE):  # what is opened once, and kept
        took += await asyncio.gather(*(_cycle(on_sqlite, chaos.random) for _ in range(_AT_ONCE)))
    await asyncio.sleep(1)
    before = {member.pid: len(_others(member)) for member in fleet.members}
    for _ in range(cycles // _AT_ONCE):
        took += await asyncio.gather(*(_cycle(on_sqlite, chaos.random) for _ in range(_AT_ONCE)))
        on_sqlite.faults += _AT_ONCE
    await asyncio.sleep(1)
    left = {member.pid: len(_others(member)) - before[member.pid] for member in fleet.members}
    of_database = [len(member.open_files()) - len(_others(member)) for member in fleet.members]
    figures = await on_sqlite.account()
    figures.orphans["file_descriptors"] += sum(max(0, more) for more in left.values())
    assert max(of_database) <= _FILES, "more connections to the database than a process may have"
    figures.cancellation.extend(took)
    assert max(took) <= _LONGEST_SECONDS, f"a cancellation took {max(took):.1f} s"
    report(figures)


def _others(member: Member) -> list[str]:
    """What a worker has open beside the database, to which it opens connections when it first needs so many at once."""
    return [link for link in member.open_files() if ".db" not in Path(link).name]


async def _cycle(installation: Installation, choices: random.Random) -> float:
    """Spawn, wait a random moment, cancel; returns the seconds from the request until all have ended."""
    batch = await installation.spawn(4, agents=(choices.choice((READER, CLUELESS)),))
    await asyncio.sleep(choices.uniform(0, 0.6))
    started = time.monotonic()
    await installation.database.batches.cancel(batch.id)
    while (await installation.database.batches.get(batch.id)).counts.live:
        assert time.monotonic() < started + 30, "a cancellation does not end"
        await asyncio.sleep(0.02)
    return time.monotonic() - started
