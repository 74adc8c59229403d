"""What stays behind in a worker's process, and how much the database grows, over a thousand rollouts.

python benchmarks/growth.py [--rollouts 1000] [--parallel 4]

The real worker executes them on SQLite and a real directory of artifacts, with doubles for environment, browser, recorder,
agent and verifier. Prints one JSON document: memory (USS), file descriptors, threads and asyncio tasks after every tenth
of them, and the bytes of database and artifacts for one rollout. Flat means: from the second tenth on, until when caches
fill, no more descriptors and tasks, and less than ``ALLOWED_MB`` of memory. (Threads are those of pools, which grow to
their bounds when many are busy at once.)
"""

import argparse
import asyncio
import gc
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from doubles import STEPS, adapters_on, worker
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.task import Task
from rolldeck.execution.worker import Worker
from rolldeck.logs import configure_logs
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database

ALLOWED_MB = 8
PARTS = 10
TASK = Task(id="q1", task="How many orders did dora handle?", answer={"count": 42, "name": "dora"})


@dataclass(frozen=True)
class Size:
    """What the process holds."""

    rollouts: int
    megabytes: float
    descriptors: int
    threads: int
    tasks: int

    @classmethod
    def after(cls, rollouts: int) -> "Size":
        gc.collect()
        process = psutil.Process()
        return cls(
            rollouts=rollouts,
            megabytes=round(process.memory_full_info().uss / 1e6, 1),
            descriptors=process.num_fds(),
            threads=process.num_threads(),
            tasks=len(asyncio.all_tasks()),
        )


async def execute(database: Database, artifacts: Path, rollouts: int, parallel: int) -> None:
    """Execute a batch by a worker of its own, to its end."""
    spec = BatchSpec(task_ids=(TASK.id,), agents=(AgentChoice(agent="gemini", model="flash"),), repeats=rollouts)
    batch_id = (await database.batches.create(spec, {})).batch.id
    adapters = adapters_on(database, LocalArtifacts(artifacts))
    me = worker(f"worker of {batch_id}", parallel)
    working = Worker(adapters, me, parallel=parallel, lease_seconds=15, headroom=lambda: None, batch_id=batch_id)
    await working.run(until_idle=True)
    counts = (await database.batches.get(batch_id)).counts
    if counts.completed != rollouts:
        raise RuntimeError(f"not all of {rollouts} rollouts are completed: {counts}")


def bytes_under(path: Path) -> int:
    """Return how large a directory is, each content once."""
    files = {(status.st_dev, status.st_ino): status.st_size for file in path.rglob("*") if (status := file.stat())}
    return sum(files.values())


async def measure(directory: Path, rollouts: int, parallel: int) -> dict[str, object]:
    file, artifacts = directory / "rolldeck.db", directory / "artifacts"
    database = await Database.open(file)
    await database.tasks.upload([TASK])
    # Connections are opened as they are needed at once, however late that is: here all of them are before it begins.
    await asyncio.gather(*(database.events.last() for _ in range(100)))
    part = rollouts // PARTS
    sizes: list[Size] = []
    for number in range(1, PARTS + 1):
        await execute(database, artifacts, part, parallel)
        sizes.append(Size.after(number * part))
    await database.close()
    second, last = sizes[1], sizes[-1]
    grown = round(last.megabytes - second.megabytes, 1)
    held = ("descriptors", "tasks")
    return {
        "steps_of_a_rollout": STEPS,
        "parallel": parallel,
        "sizes": [asdict(size) for size in sizes],
        "grown_mb": grown,
        "flat": grown < ALLOWED_MB and all(getattr(last, name) <= getattr(second, name) for name in held),
        "database_bytes_per_rollout": round(file.stat().st_size / rollouts),
        "artifact_bytes_per_rollout": round(bytes_under(artifacts) / rollouts),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=1000)
    parser.add_argument("--parallel", type=int, default=4)
    options = parser.parse_args()
    configure_logs("warning")
    with tempfile.TemporaryDirectory(prefix="rolldeck-growth-") as directory:
        print(json.dumps(asyncio.run(measure(Path(directory), options.rollouts, options.parallel)), indent=2))


if __name__ == "__main__":
    main()
