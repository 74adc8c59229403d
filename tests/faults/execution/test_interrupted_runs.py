"""What remains when a run is interrupted or killed: nothing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from .conftest import READY_SECONDS, until

SLOW_TASK = {
    "id": "slow",
    "task": "Wait.",
    "answer": "1",
    "solution": [{"do": "goto", "path": "/tablemodelview/list/"}, *[{"do": "pause", "seconds": 10}] * 20],
}
GONE_SECONDS = 10


@pytest.fixture
def run(tmp_path: Path, run_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """``rolldeck run`` with two slow rollouts, as a terminal starts it: the leader of a process group."""
    tasks = tmp_path / "tasks.json"
    tasks.write_text(json.dumps([SLOW_TASK]))
    variables = {**os.environ, "ROLLDECK_DATA_DIR": str(tmp_path / "data"), "ROLLDECK_RUN_DIR": str(run_dir)}
    command = [
        sys.executable,
        "-m",
        "rolldeck.cli.main",
        "run",
        str(tasks),
        "--repeats",
        "3",
        "--parallel",
        "2",
        "--json",
    ]
    process = subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=30)


def wait_until_acting(run: subprocess.Popen[str], data: Path) -> list[psutil.Process]:
    """Wait until both rollouts have a video, and return all processes that were started for them."""

    def both_are_filmed() -> bool:
        assert run.poll() is None, run.communicate()
        return len([path for path in data.glob("**/*.mp4") if path.stat().st_size > 0]) == 2

    until(both_are_filmed, READY_SECONDS)
    return psutil.Process(run.pid).children(recursive=True)


def assert_nothing_remains(processes: list[psutil.Process], run_dir: Path) -> None:
    assert len(processes) > 5
    _, alive = psutil.wait_procs(processes, timeout=GONE_SECONDS)
    assert alive == []
    until(lambda: [entry for entry in run_dir.iterdir() if not is_browsers(entry)] == [], GONE_SECONDS)


def is_browsers(directory: Path) -> bool:
    """Whether these are the temporary files of browsers, which no guardian watches: the next start removes them."""
    return directory.name.startswith("rolldeck.")


@pytest.mark.parametrize("whom", ["the process", "its group, as Ctrl-C does"])
def test_interrupted_a_run_cancels_reports_and_leaves_nothing(
    run: subprocess.Popen[str], tmp_path: Path, run_dir: Path, whom: str
) -> None:
    processes = wait_until_acting(run, tmp_path / "data")
    kill = os.kill if whom == "the process" else os.killpg
    kill(run.pid, signal.SIGINT)
    stdout, stderr = run.communicate(timeout=60)
    assert run.returncode == 130, stderr
    report = json.loads(stdout)
    assert [rollout["status"] for rollout in report["rollouts"]] == ["cancelled"] * 3
    assert report["summary"]["cancelled"] == 3
    assert "Traceback" not in stderr
    assert_nothing_remains(processes, run_dir)
    assert list(run_dir.iterdir()) == []


def test_killed_a_run_leaves_nothing(run: subprocess.Popen[str], tmp_path: Path, run_dir: Path) -> None:
    processes = wait_until_acting(run, tmp_path / "data")
    run.kill()
    run.wait(timeout=5)
    assert_nothing_remains(processes, run_dir)
