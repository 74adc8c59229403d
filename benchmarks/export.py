"""How fast all rollouts are exported, and in how much memory.

python benchmarks/export.py [--rollouts 1000000] [--directory DIR]

Builds an SQLite database as benchmarks/storage.py does (kept in ``--directory``, where one is given), and exports it
with the real command, as CSV and as JSON lines: rows a second, and the process's peak memory, of all rollouts and of a
fiftieth of them, which should be the same. The baseline, in the same run: the columns of the table ``rollouts`` written as
CSV by Python's own modules, without Rolldeck. Prints one JSON document.
"""

import argparse
import asyncio
import csv
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage import MODELS, build

LARGEST_GROWTH_MB = 30
ERROR = "WorkerLost"  # of which there are few


@contextmanager
def directory(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="rolldeck-export-") as made:
        yield Path(made)


def export(data_dir: Path, *arguments: str) -> dict[str, Any]:
    """Run the command; returns its rows, seconds, and peak memory in MB."""
    target = data_dir / "exported"
    command = [sys.executable, "-m", "rolldeck.cli.main", "export", "rollouts", "--output", str(target), *arguments]
    started = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "ROLLDECK_DATA_DIR": str(data_dir)})
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"the export failed with status {status}")
    with target.open("rb") as file:
        rows = sum(1 for _ in file) - ("csv" in arguments)
    target.unlink()
    return {
        "rows": rows,
        "seconds": round(seconds, 2),
        "rows_per_second": round(rows / seconds),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss / 1024, 1),
    }


def baseline(data_dir: Path) -> dict[str, Any]:
    started = time.perf_counter()
    database = sqlite3.connect(data_dir / "rolldeck.db")
    rows = 0
    with (data_dir / "baseline").open("w", newline="") as file:
        writer = csv.writer(file)
        for row in database.execute("SELECT * FROM rollouts ORDER BY id DESC"):
            writer.writerow(row)
            rows += 1
    database.close()
    (data_dir / "baseline").unlink()
    seconds = time.perf_counter() - started
    return {"rows": rows, "seconds": round(seconds, 2), "rows_per_second": round(rows / seconds)}


def measure(data_dir: Path) -> dict[str, Any]:
    few = ["--format", "csv", "--error", ERROR]
    found = {
        "baseline: the table alone, as CSV": baseline(data_dir),
        "CSV": export(data_dir, "--format", "csv"),
        "JSON lines": export(data_dir, "--format", "json"),
        "CSV of one model": export(data_dir, "--format", "csv", "--model", str(MODELS[0][1])),
        "CSV of few": export(data_dir, *few),
    }
    growth = found["CSV"]["peak_mb"] - found["CSV of few"]["peak_mb"]
    target = {"growth_mb": round(growth, 1), "at_most": LARGEST_GROWTH_MB, "met": growth <= LARGEST_GROWTH_MB}
    return {"exports": found, "memory of all against few": target}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=1_000_000)
    parser.add_argument("--directory", type=Path)
    arguments = parser.parse_args()
    with directory(arguments.directory) as data_dir:
        if not (data_dir / "rolldeck.db").exists():
            asyncio.run(build(f"sqlite:///{data_dir / 'rolldeck.db'}", arguments.rollouts))
        print(json.dumps(measure(data_dir), indent=2))


if __name__ == "__main__":
    main()
