"""The real command with its real parts, in processes that can be signalled and killed."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

END_SECONDS = 30
READY_SECONDS = 240  # a limit, not a wait: the first rollout warms the environments up


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until something has become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


class Commands:
    """Starts ``rolldeck`` on one data directory, as a terminal does: each the leader of a process group."""

    def __init__(self, directory: Path, run_dir: Path) -> None:
        self.data_dir = directory / "data"
        self._log = directory / "log"
        self._variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ROLLDECK_")},
            "ROLLDECK_DATA_DIR": str(self.data_dir),
            "ROLLDECK_RUN_DIR": str(run_dir),
            "ROLLDECK_LEASE_SECONDS": "5",
            "ROLLDECK_POOL_MB": "0",
        }
        self._started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command; what it logs is in ``log``."""
        with self._log.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "rolldeck.cli.main", *arguments],
                env=self._variables | variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                process_group=0,
            )
        self._started.append(process)
        return process

    @property
    def log(self) -> str:
        return self._log.read_text()

    def kill_all(self) -> None:
        """End what is still there, also workers whose server has ended, and wait until all that they started is gone."""
        ours = self._processes()
        for process in ours:
            with contextlib.suppress(psutil.NoSuchProcess):
                if "rolldeck.cli.main" in process.cmdline():
                    process.kill()
        for command in self._started:
            command.communicate(timeout=END_SECONDS)
        until(lambda: not any(_lives(process) for process in ours), END_SECONDS)

    def _processes(self) -> set[psutil.Process]:
        """What these commands started, and all that came of it."""
        mark = f"ROLLDECK_DATA_DIR={self.data_dir}"
        marked = [process for process in psutil.process_iter() if mark in _variables_of(process)]
        ours = set(marked)
        for process in marked:
            with contextlib.suppress(psutil.NoSuchProcess):
                ours.update(process.children(recursive=True))
        return ours


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _variables_of(process: psutil.Process) -> list[str]:
    try:
        return [f"{name}={value}" for name, value in process.environ().items()]
    except psutil.Error:
        return []


class Served:
    """A server's API."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.address = json.loads(process.stdout.readline())["address"]

    def ask(self, path: str, body: object = None) -> Any:
        """Get, or with a body post, JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def queue(self, *tasks: dict[str, object], repeats: int = 1) -> None:
        """Upload tasks, and queue rollouts of them by the oracle."""
        ids = self.ask("/api/tasks/upload", list(tasks))["task_ids"]
        self.ask("/api/batches", {"task_ids": ids, "agents": [{"agent": "oracle"}], "repeats": repeats})

    def rollouts(self) -> list[dict[str, Any]]:
        """All rollouts, oldest first."""
        return list(reversed(self.ask("/api/rollouts")["rollouts"]))

    def until_acting(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many rollouts run and have made a step; returns them."""
        return self._until(count, lambda rollout: rollout["status"] == "running" and rollout["steps"] > 0)

    def until_ended(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many rollouts have ended; returns them."""
        return self._until(count, lambda rollout: rollout["finished_at"] is not None)

    def _until(self, count: int, condition: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        until(lambda: len([r for r in self.rollouts() if condition(r)]) >= count, READY_SECONDS)
        return [rollout for rollout in self.rollouts() if condition(rollout)]

    def alive(self) -> list[dict[str, Any]]:
        """The workers that are alive."""
        return list(self.ask("/api/workers?alive=true")["workers"])


def pause_task(seconds: float) -> dict[str, object]:
    """A task that the oracle needs so long for."""
    return {
        "id": f"pause-{seconds:g}",
        "task": "Wait.",
        "answer": '{"heading": "Datasets"}',
        "solution": [
            {"do": "goto", "path": "/tablemodelview/list/"},
            *[{"do": "pause", "seconds": min(10, seconds)}] * max(1, round(seconds / 10)),
            {"do": "read_text", "target": {"text": "Datasets", "nth": -1}, "into": "heading"},
        ],
    }


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """Scratch space that environments' own users can enter, which they cannot pytest's directories."""
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


@pytest.fixture
def commands(tmp_path: Path, run_dir: Path) -> Iterator[Commands]:
    commands = Commands(tmp_path, run_dir)
    yield commands
    commands.kill_all()


@pytest.fixture
def serve(commands: Commands) -> Callable[..., Served]:
    """Start a server with one worker that executes two rollouts at once, unless told otherwise."""

    def start(*arguments: str, **variables: str) -> Served:
        given = ("--workers", "1", "--parallel", "2", *arguments)
        return Served(commands.start("serve", "--port", "0", "--json", *given, **variables))

    return start
