"""How long one request takes that spawns a batch of 10,000 rollouts, and whether 50 identical ones at once make one batch.

python benchmarks/spawn.py [--repeat 5] [--only sqlite]

A real server over HTTP, in a process of its own, on SQLite and on PostgreSQL: 500 tasks, 20 repeats of each. The baseline, in the
same run: as many rows of that size, inserted by one bare statement into a bare table of the same database. Prints one JSON
document: seconds.
"""

import argparse
import asyncio
import http.client
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from local_postgresql import postgresql
from storage import Client, served

TARGET_SECONDS = 2
TASKS, REPEATS, AT_ONCE = 500, 20, 50
ROLLOUTS = TASKS * REPEATS
TASK_IDS = [str(number) for number in range(TASKS)]
WANTED = {"task_ids": TASK_IDS, "agents": [{"agent": "noop"}], "repeats": REPEATS}
_BARE_TABLE = "CREATE TABLE bare (id text PRIMARY KEY, batch_id text, task_id text, task_version text, status text)"
_BARE_ROWS = [(f"{number:026d}", "b" * 26, str(number % TASKS), "c" * 64, "pending") for number in range(ROLLOUTS)]


def post(port: int, path: str, body: object, key: str) -> str:
    """Send a request of its own connection; return the ``id`` in the answer, if it has one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    if response.status not in (http.client.OK, http.client.CREATED):
        raise RuntimeError(f"{path}: {response.status} {str(answer)[:500]}")
    return str(answer.get("id"))


def measure(client: Client, repeat: int, insert_bare: Callable[[], None]) -> dict[str, object]:
    """Spawn so many batches, one after the other, then one by many at once."""
    port = client.port
    post(port, "/api/tasks/upload", [{"id": each, "task": "Count it", "answer": 1} for each in TASK_IDS], "tasks")
    seconds, bare = [], []
    for number in range(repeat):
        started = time.perf_counter()
        post(port, "/api/batches", WANTED, f"batch-{number}")
        seconds.append(time.perf_counter() - started)
        started = time.perf_counter()
        insert_bare()
        bare.append(time.perf_counter() - started)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        started = time.perf_counter()
        made = set(threads.map(lambda _: post(port, "/api/batches", WANTED, "all"), range(AT_ONCE)))
        together = time.perf_counter() - started
    return {
        "seconds": {"p50": round(statistics.median(seconds), 3), "max": round(max(seconds), 3)},
        "bare_insert_seconds": round(statistics.median(bare), 3),
        "identical_at_once": {"requests": AT_ONCE, "batches": len(made), "seconds": round(together, 3)},
        "met": max(seconds) < TARGET_SECONDS and len(made) == 1,
    }


@contextmanager
def bare_sqlite(file: Path) -> Iterator[Callable[[], None]]:
    """Give what inserts the rows by itself."""
    connection = sqlite3.connect(file, timeout=30)
    connection.execute("PRAGMA synchronous = NORMAL")

    def insert() -> None:
        with connection:
            connection.execute("DROP TABLE IF EXISTS bare")
            connection.execute(_BARE_TABLE)
            connection.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?)", _BARE_ROWS)

    yield insert
    connection.close()


async def bare_postgresql(address: str) -> None:
    """Insert the rows by itself."""
    connection = await asyncpg.connect(address)
    await connection.execute(f"DROP TABLE IF EXISTS bare; {_BARE_TABLE}")
    await connection.executemany("INSERT INTO bare VALUES ($1, $2, $3, $4, $5)", _BARE_ROWS)
    await connection.close()


def on_sqlite(directory: Path, repeat: int) -> dict[str, object]:
    """Measure on SQLite."""
    file = directory / "rolldeck.db"
    with served(f"sqlite:///{file}", directory) as client, bare_sqlite(directory / "bare.db") as insert:
        return measure(client, repeat, insert)


def on_postgresql(directory: Path, repeat: int) -> dict[str, object]:
    """Measure on PostgreSQL."""
    with postgresql(directory / "postgresql") as address, served(address, directory) as client:
        return measure(client, repeat, lambda: asyncio.run(bare_postgresql(address)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    result: dict[str, object] = {"rollouts": ROLLOUTS, "target_seconds": TARGET_SECONDS}
    for name, on in {"sqlite": on_sqlite, "postgresql": on_postgresql}.items():
        if options.only in {None, name}:
            with tempfile.TemporaryDirectory(prefix="bench-spawn-") as directory:
                Path(directory).chmod(0o755)
                result[name] = on(Path(directory), options.repeat)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
