"""Commands that work with a server that runs, or beside it. Its rollouts are only queued: nobody executes them."""

import json
import signal
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Rolldeck, StartRolldeck


def post(url: str, content: object) -> Any:
    request = urllib.request.Request(url, json.dumps(content).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.fixture
def address(start_rolldeck: "StartRolldeck") -> str:
    """Where a server without workers is."""
    server = start_rolldeck("serve", "--port", "0", "--workers", "0", "--json")
    assert server.stdout is not None
    return str(json.loads(server.stdout.readline())["address"])


@pytest.fixture
def batch_id(address: str, tasks_file: Path) -> str:
    """A batch of three rollouts."""
    post(f"{address}/api/tasks/upload", json.loads(tasks_file.read_text()))
    wanted = {"task_ids": ["datasets"], "agents": [{"agent": "oracle"}], "repeats": 3, "name": "nightly [1]"}
    return str(post(f"{address}/api/batches", wanted)["id"])


def test_a_batch_is_listed_shown_paused_resumed_and_cancelled(rolldeck: "Rolldeck", batch_id: str) -> None:
    (listed,) = json.loads(rolldeck("batch", "list", "--live", "--json").stdout)["batches"]
    assert (listed["id"], listed["counts"]["live"]) == (batch_id, 3)
    shown = rolldeck("batch", "show", batch_id).stdout
    assert "nightly [1]" in shown
    assert "1 tasks × oracle × 3" in shown

    assert json.loads(rolldeck("batch", "pause", batch_id, "--json").stdout)["paused"] is True
    assert "paused" in rolldeck("batch", "list").stdout
    assert "goes on" in rolldeck("batch", "resume", batch_id).stderr

    cancelled = json.loads(rolldeck("batch", "cancel", batch_id, "--json").stdout)
    assert (cancelled["rollouts"], cancelled["batch"]["counts"]["cancelled"]) == (3, 3)
    assert "0 rollouts are queued once more" in rolldeck("batch", "retry", batch_id).stderr
    assert json.loads(rolldeck("batch", "list", "--live", "--json").stdout)["batches"] == []


def test_what_a_server_refuses_is_told_in_words(rolldeck: "Rolldeck", address: str) -> None:
    unknown = rolldeck("batch", "show", "01m82p95bkx594dvn586jz7wpe")
    assert unknown.returncode == 1
    assert "01m82p95bkx594dvn586jz7wpe" in unknown.stderr
    nonsense = rolldeck("batch", "cancel", "../tasks", "--server", address)
    assert nonsense.returncode in {1, 2}
    assert "Error: " in nonsense.stderr
    assert "Traceback" not in unknown.stderr + nonsense.stderr


def test_without_a_server_it_is_said_how_to_start_one(rolldeck: "Rolldeck") -> None:
    none = rolldeck("batch", "list")
    assert none.returncode == 2
    assert "rolldeck serve" in none.stderr
    gone = rolldeck("batch", "list", "--server", "http://127.0.0.1:9")
    assert gone.returncode == 1
    assert "cannot be reached" in gone.stderr


def test_doctor_tells_of_a_running_servers_database_and_that_nobody_works(rolldeck: "Rolldeck", address: str) -> None:
    findings = {one["name"]: one for one in json.loads(rolldeck("doctor", "--json").stdout)["findings"]}
    assert findings["database"]["state"] == "ok"
    assert findings["database"]["found"].startswith("SQLite (")
    assert findings["workers"]["found"] == "none alive"
    assert findings["headroom"]["state"] == "ok"


def test_doctor_says_that_all_that_waits_is_paused(rolldeck: "Rolldeck", batch_id: str) -> None:
    def queue() -> dict[str, str]:
        return next(
            one for one in json.loads(rolldeck("doctor", "--json").stdout)["findings"] if one["name"] == "queue"
        )

    assert queue()["state"] == "ok"
    rolldeck("batch", "pause", batch_id)
    assert (queue()["state"], queue()["found"]) == ("warn", "every batch with pending rollouts is paused")


def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    rolldeck: "Rolldeck", variables: dict[str, str]
) -> None:
    variables["ROLLDECK_DATABASE_URL"] = "postgresql://me:hunter2@127.0.0.1:9/decks"
    doctor = rolldeck("doctor", "--json")
    findings = {one["name"]: one for one in json.loads(doctor.stdout)["findings"]}
    assert findings["database"]["state"] == "missing"
    assert "PostgreSQL (127.0.0.1/decks)" in findings["database"]["found"]
    serve = rolldeck("serve", "--port", "0")
    assert serve.returncode == 1
    assert serve.stderr.startswith("Error: ")
    assert "Traceback" not in serve.stderr
    assert "hunter2" not in doctor.stdout + doctor.stderr + serve.stdout + serve.stderr


def test_a_worker_with_other_artifacts_than_its_servers_is_refused(
    start_rolldeck: "StartRolldeck", rolldeck: "Rolldeck", variables: dict[str, str], tmp_path: Path
) -> None:
    variables["ROLLDECK_DATABASE_URL"] = f"sqlite:///{tmp_path / 'shared.db'}"
    server = start_rolldeck("serve", "--port", "0", "--workers", "0", "--json")
    assert server.stdout is not None
    server.stdout.readline()
    variables["ROLLDECK_DATA_DIR"] = str(tmp_path / "elsewhere")
    refused = rolldeck("worker")
    assert refused.returncode == 1
    assert "ROLLDECK_ARTIFACTS_DIR" in refused.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_server_that_is_stopped_says_that_nothing_is_lost(
    start_rolldeck: "StartRolldeck", how: signal.Signals
) -> None:
    server = start_rolldeck("serve", "--port", "0", "--workers", "0", "--json")
    assert server.stdout is not None
    server.stdout.readline()
    server.send_signal(how)
    _, stderr = server.communicate(timeout=20)
    assert server.returncode == 130
    assert "stays queued" in stderr
    assert "Traceback" not in stderr


def test_a_server_whose_workers_could_open_no_page_does_not_start(
    rolldeck: "Rolldeck", variables: dict[str, str]
) -> None:
    variables["ROLLDECK_CHROMIUM"] = "/nowhere/chromium"
    refused = rolldeck("serve", "--port", "0")
    assert refused.returncode == 1
    assert "/nowhere/chromium" in refused.stderr
    assert "Traceback" not in refused.stderr
