"""The real command, in a process of its own, on a data directory of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Rolldeck = Callable[..., subprocess.CompletedProcess[str]]
StartRolldeck = Callable[..., subprocess.Popen[str]]

TASKS = [
    {
        "id": "datasets",
        "task": "What is the heading of the list of datasets?",
        "answer": '{"heading": "Datasets"}',
        "solution": [
            {"do": "goto", "path": "/tablemodelview/list/"},
            {"do": "read_text", "target": {"text": "Datasets", "nth": -1}, "into": "heading"},
        ],
    },
    {"id": "unsolved", "task": "What is the answer?", "answer": "42"},
]


@pytest.fixture
def tasks_file(tmp_path: Path) -> Path:
    """A task that the oracle can do, and one that it cannot."""
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(TASKS))
    return path


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The command's environment variables."""
    return {**os.environ, "ROLLDECK_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "160"}


@pytest.fixture
def rolldeck(variables: dict[str, str]) -> Rolldeck:
    """Run the command to its end."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "rolldeck.cli.main", *map(str, arguments)]
        return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=180, check=False)

    return run


@pytest.fixture
def start_rolldeck(variables: dict[str, str]) -> Iterator[StartRolldeck]:
    """Start the command in a session of its own; whatever is still running at the end of the test is stopped."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "rolldeck.cli.main", *map(str, arguments)],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=30)
