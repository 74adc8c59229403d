"""How many rollouts a second workers claim from one database, at once, and whether any of them is refused for a lock.

python benchmarks/claims.py [--processes 8] [--seconds 5] [--rollouts 40000] [--places 4] [--only sqlite]

Every process is a worker with a database of its own to talk to, and claims as fast as it can: one rollout after the
other (``rolldeck``), and as many at once as it has free places (``rolldeck_filling_places``), as real workers do. The
baseline is the same number of processes on a bare table with a bare ``UPDATE … RETURNING`` of one row.
Prints one JSON document.
"""

import argparse
import asyncio
import json
import multiprocessing
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg
from local_postgresql import postgresql

from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.errors import StorageError
from rolldeck.domain.task import Task
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.storage.database import Database

TARGET_PER_SECOND = 1000
TASKS, BATCH = 100, 10_000


@dataclass(frozen=True)
class Claimed:
    """What one process got, in the time in which all of them tried: rollouts, and what each request took."""

    rollouts: int
    milliseconds: Sequence[float]
    errors: Counter[str]


async def fill(address: str, rollouts: int, workers: int) -> None:
    """Make a database with batches that wait, and workers."""
    database = await Database.open(address)
    await database.tasks.upload([Task(id=str(number), task="Count it", answer=1) for number in range(TASKS)])
    spec = BatchSpec(
        task_ids=tuple(str(number) for number in range(TASKS)),
        agents=(AgentChoice(agent="gemini", model="flash"), AgentChoice(agent="noop")),
        repeats=BATCH // TASKS // 2,
    )
    for _ in range(rollouts // BATCH):
        await database.batches.create(spec, {})
    now = datetime.now(UTC)
    for number in range(workers):
        await database.workers.register(
            Worker(
                id=f"worker-{number}",
                host="here",
                pid=number,
                version="1",
                report=WorkerReport(parallel=1000),
                started_at=now,
                seen_at=now,
            )
        )
    await database.close()


def claim_until(address: str, places: int, number: int, begin: float, end: float) -> Claimed:
    """Claim so many rollouts after the others, from one moment to another."""
    return asyncio.run(_claim_until(address, places, f"worker-{number}", begin, end))


async def _claim_until(address: str, places: int, worker_id: str, begin: float, end: float) -> Claimed:
    database = await Database.open(address)
    errors: Counter[str] = Counter()
    milliseconds: list[float] = []
    rollouts = 0
    await asyncio.sleep(max(0.0, begin - time.time()))
    while time.time() < end:
        started = time.perf_counter()
        try:
            claims = await database.rollouts.claim(worker_id, limit=places)
        except StorageError as error:
            errors[str(error)] += 1
            continue
        if not claims:
            errors["nothing left to claim: give it more rollouts"] += 1
            break
        milliseconds.append((time.perf_counter() - started) * 1000)
        rollouts += len(claims)
    await database.close()
    return Claimed(rollouts, milliseconds, errors)


def bare_sqlite_claim(file: str, number: int, begin: float, end: float) -> Claimed:
    """The baseline on SQLite."""
    connection = sqlite3.connect(file, timeout=30, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    milliseconds: list[float] = []
    time.sleep(max(0.0, begin - time.time()))
    while time.time() < end:
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_BARE_CLAIM, (f"worker-{number}",)).fetchall()
        connection.execute("COMMIT")
        milliseconds.append((time.perf_counter() - started) * 1000)
    return Claimed(len(milliseconds), milliseconds, Counter())


def bare_postgresql_claim(address: str, number: int, begin: float, end: float) -> Claimed:
    """The baseline on PostgreSQL."""
    return asyncio.run(_bare_postgresql_claim(address, f"worker-{number}", begin, end))


async def _bare_postgresql_claim(address: str, worker_id: str, begin: float, end: float) -> Claimed:
    connection = await asyncpg.connect(address)
    claim = _BARE_CLAIM.replace("?", "$1").replace("LIMIT 1", "LIMIT 1 FOR UPDATE SKIP LOCKED")
    milliseconds: list[float] = []
    await asyncio.sleep(max(0.0, begin - time.time()))
    while time.time() < end:
        started = time.perf_counter()
        await connection.fetch(claim, worker_id)
        milliseconds.append((time.perf_counter() - started) * 1000)
    await connection.close()
    return Claimed(len(milliseconds), milliseconds, Counter())


_BARE_TABLE = (
    "CREATE TABLE bare (id integer PRIMARY KEY, status text, worker_id text)",
    "CREATE INDEX bare_status ON bare (status, id)",
)
_BARE_FILL = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rollouts}) INSERT INTO bare SELECT i, 'pending', NULL FROM n"
_BARE_CLAIM = (
    "UPDATE bare SET status = 'provisioning', worker_id = ?"
    " WHERE id = (SELECT id FROM bare WHERE status = 'pending' ORDER BY id LIMIT 1) RETURNING id"
)


def make_bare_sqlite(file: Path, rollouts: int) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", *_BARE_TABLE, _BARE_FILL.format(rollouts=rollouts)):
        connection.execute(statement)
    connection.close()


async def make_bare_postgresql(address: str, rollouts: int) -> None:
    connection = await asyncpg.connect(address)
    for statement in (*_BARE_TABLE, _BARE_FILL.format(rollouts=rollouts), "ANALYZE bare"):
        await connection.execute(statement)
    await connection.close()


class Processes:
    """So many processes that do the same at the same time."""

    def __init__(self, count: int, seconds: float) -> None:
        self._count, self._seconds = count, seconds
        self._pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"))
        list(self._pool.map(time.sleep, [0.5] * count))  # all are there, with everything imported

    def close(self) -> None:
        self._pool.shutdown()

    def measure(self, work: "partial[Claimed]") -> dict[str, object]:
        """Return how fast they were together."""
        begin = time.time() + 1.5
        running = [self._pool.submit(work, number, begin, begin + self._seconds) for number in range(self._count)]
        claimed = [each.result() for each in running]
        milliseconds = sorted(each for one in claimed for each in one.milliseconds)
        errors = sum((one.errors for one in claimed), Counter[str]())
        return {
            "per_second": round(sum(one.rollouts for one in claimed) / self._seconds),
            "p50_ms": round(statistics.median(milliseconds), 2),
            "p95_ms": round(milliseconds[int(len(milliseconds) * 0.95)], 2),
            "fewest_of_a_process": min(one.rollouts for one in claimed),
            "errors": dict(errors),
        }


def measure_rolldeck(processes: Processes, address: str, options: argparse.Namespace) -> dict[str, object]:
    """Measure claims of one rollout each, and then of as many as a worker has free places."""
    asyncio.run(fill(address, options.rollouts, options.processes))
    return {
        "rolldeck": processes.measure(partial(claim_until, address, 1)),
        "rolldeck_filling_places": processes.measure(partial(claim_until, address, options.places)),
    }


def measure_sqlite(processes: Processes, directory: Path, options: argparse.Namespace) -> dict[str, object]:
    bare = directory / "bare.db"
    make_bare_sqlite(bare, options.rollouts * 4)
    baseline = processes.measure(partial(bare_sqlite_claim, str(bare)))
    return {**measure_rolldeck(processes, f"sqlite:///{directory / 'rolldeck.db'}", options), "bare": baseline}


def measure_postgresql(processes: Processes, directory: Path, options: argparse.Namespace) -> dict[str, object]:
    with postgresql(directory / "postgresql") as address:
        asyncio.run(make_bare_postgresql(address, options.rollouts * 4))
        baseline = processes.measure(partial(bare_postgresql_claim, address))
        return {**measure_rolldeck(processes, address, options), "bare": baseline}


@contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that is removed afterwards, and that PostgreSQL's user may enter."""
    with tempfile.TemporaryDirectory(prefix="rolldeck-claims-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rollouts", type=int, default=40_000)
    parser.add_argument("--places", type=int, default=4, help="that a worker has free, and claims rollouts for at once")
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    processes = Processes(options.processes, options.seconds)
    measures = {"sqlite": measure_sqlite, "postgresql": measure_postgresql}
    with open_directory() as directory:
        result: dict[str, object] = {
            name: measure(processes, directory, options)
            for name, measure in measures.items()
            if options.only in {None, name}
        }
    processes.close()
    asked = {"processes": options.processes, "places": options.places, "target_per_second": TARGET_PER_SECOND}
    print(json.dumps({**asked, **result}, indent=2))


if __name__ == "__main__":
    main()
