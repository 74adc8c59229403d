"""A database that is away for a while, and a disk that is full for a while, cost time and nothing else."""

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chaos.choices import Chaos, Report
from chaos.installation import Installation, opened
from chaos.postgres import OwnPostgres, restart

_PATIENCE_SECONDS = 90
_AWAY_SECONDS = 3


async def test_a_database_locked_for_three_seconds_costs_no_attempt(
    on_sqlite: Installation, tmp_path: Path, chaos: Chaos, report: Report
) -> None:
    for _ in range(2):
        on_sqlite.fleet.add()
    for _ in range(chaos.times(short=1, full=10)):
        await on_sqlite.spawn(24)
        await asyncio.sleep(chaos.random.uniform(0.3, 1.5))
        await asyncio.to_thread(_lock, tmp_path / "rolldeck.db")
        await asyncio.sleep(_AWAY_SECONDS)
        await asyncio.to_thread(_unlock)
        on_sqlite.faults += 1
    await on_sqlite.ended(_PATIENCE_SECONDS)
    figures = await on_sqlite.account()
    assert figures.attempts == figures.rollouts, "a lock cost an attempt"
    report(figures)


_locks: list[sqlite3.Connection] = []


def _lock(database: Path) -> None:
    connection = sqlite3.connect(database, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    _locks.append(connection)


def _unlock() -> None:
    connection = _locks.pop()
    connection.rollback()
    connection.close()


async def test_a_postgresql_server_that_is_away_for_three_seconds_loses_nothing(
    tmp_path: Path, chaos: Chaos, report: Report
) -> None:
    async with (
        OwnPostgres.started() as server,
        opened(tmp_path, server.new_database(), tmp_path / "workers.log") as installation,
    ):
        for _ in range(2):
            installation.fleet.add()
        for _ in range(chaos.times(short=1, full=5)):
            await installation.spawn(24)
            await asyncio.sleep(chaos.random.uniform(0.3, 1.5))
            await restart(server, _AWAY_SECONDS)
            installation.faults += 1
        await installation.ended(_PATIENCE_SECONDS)
        report(await installation.account())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount the small tmpfs that this fills")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "chaos", disk], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


async def test_a_disk_that_is_full_for_three_seconds_loses_nothing(
    small_disk: Path, chaos: Chaos, report: Report
) -> None:
    database = f"sqlite:///{small_disk}/rolldeck.db"
    async with opened(small_disk / "data", database, small_disk / "workers.log") as installation:
        for _ in range(2):
            installation.fleet.add()
        for _ in range(chaos.times(short=1, full=5)):
            await installation.spawn(24)
            await asyncio.sleep(chaos.random.uniform(0.3, 1.5))
            await asyncio.to_thread(_fill, small_disk / "ballast")
            await asyncio.sleep(_AWAY_SECONDS)
            (small_disk / "ballast").unlink()
            installation.faults += 1
        await installation.ended(_PATIENCE_SECONDS)
        report(await installation.account())


def _fill(path: Path) -> None:
    """Write until there is no byte left."""
    with path.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
