"""The commands as a person or a script uses them."""

import json
import socket
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import av
import pytest

if TYPE_CHECKING:
    import subprocess

    from .conftest import Rolldeck, StartRolldeck


def address_of(server: "subprocess.Popen[str]") -> str:
    """Read where a started server says that it is."""
    assert server.stdout is not None
    return str(json.loads(server.stdout.readline())["address"])


def get(url: str) -> object:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def test_run_prints_one_document_and_the_videos_are_where_it_says(rolldeck: "Rolldeck", tasks_file: Path) -> None:
    done = rolldeck("run", tasks_file, "--agent", "oracle", "--task", "datasets", "--repeats", "2", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [(r["task_id"], r["status"], r["success"], r["reward"]) for r in report["rollouts"]] == [
        ("datasets", "completed", True, 1.0)
    ] * 2
    for rollout in report["rollouts"]:
        assert set(rollout) >= {"id", "stop_reason", "steps", "seconds", "video", "error"}
        assert Path(rollout["video"]).is_absolute()
        with av.open(rollout["video"]) as video:
            assert video.streams.video[0].codec_context.name == "h264"
    assert report["summary"]["completed"] == 2
    assert "[2/2] datasets: completed" in done.stderr


def test_run_is_content_with_a_wrong_answer_that_is_completed(rolldeck: "Rolldeck", tasks_file: Path) -> None:
    done = rolldeck("run", tasks_file, "--agent", "noop", "--task", "unsolved")
    assert done.returncode == 0, done.stderr
    assert "wrong" in done.stdout
    assert "1 of 1 completed, 0 of them right" in done.stderr


def test_check_names_the_tasks_that_cannot_be_done(rolldeck: "Rolldeck", tasks_file: Path) -> None:
    done = rolldeck("check", tasks_file, "--json")
    assert done.returncode == 1, done.stderr
    checks = {check["task_id"]: check for check in json.loads(done.stdout)["tasks"]}
    assert (checks["datasets"]["oracle"], checks["datasets"]["noop"], checks["datasets"]["problem"]) == (
        "right",
        "wrong",
        None,
    )
    assert "no solution" in checks["unsolved"]["problem"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--task", "nonsense"), "has no task nonsense"),
        (("--agent", "nobody"), "there is no agent 'nobody'"),
        (("--agent", "oracle"), "has no solution"),
    ],
)
def test_run_refuses_in_words_what_cannot_be(
    rolldeck: "Rolldeck", tasks_file: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = rolldeck("run", tasks_file, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_run_names_what_is_wrong_in_a_file(rolldeck: "Rolldeck", tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('[{"id": "a", "answer": "1"}]')
    done = rolldeck("run", bad)
    assert done.returncode == 2
    assert "'task'" in done.stderr
    missing = rolldeck("run", tmp_path / "nowhere.json")
    assert missing.returncode == 2
    assert "cannot be read" in missing.stderr


def test_a_server_serves_and_run_works_beside_it(
    rolldeck: "Rolldeck", start_rolldeck: "StartRolldeck", tasks_file: Path, tmp_path: Path
) -> None:
    server = start_rolldeck("serve", "--port", "0", "--json")
    address = address_of(server)
    health = get(f"{address}/health")
    assert isinstance(health, dict)
    assert health["status"] == "ok"

    second = rolldeck("serve")
    assert second.returncode == 1
    assert address in second.stderr

    done = rolldeck("run", tasks_file, "--agent", "noop", "--task", "unsolved", "--json")
    assert done.returncode == 0, done.stderr
    video = Path(json.loads(done.stdout)["rollouts"][0]["video"])
    assert video.is_file()
    assert video.is_relative_to(tmp_path / "data" / "runs" / "1")

    server.terminate()
    assert server.wait(timeout=20) == 130


def test_a_taken_port_is_an_error_where_it_was_named_and_another_is_taken_where_not(
    rolldeck: "Rolldeck", start_rolldeck: "StartRolldeck", variables: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        named = rolldeck("serve", "--port", str(port))
        assert named.returncode == 2
        assert f"port {port} is taken" in named.stderr
        variables["ROLLDECK_PORT"] = str(port)
        assert address_of(start_rolldeck("serve", "--json")) != f"http://127.0.0.1:{port}"


def test_doctor_and_the_environments_are_told_as_json(rolldeck: "Rolldeck") -> None:
    diagnosis = json.loads(rolldeck("doctor", "--json").stdout)
    names = {finding["name"]: finding["state"] for finding in diagnosis["findings"]}
    assert diagnosis["ok"] == ("missing" not in names.values())
    assert names["Chromium"] == names["PostgreSQL"] == "ok"
    environments = json.loads(rolldeck("env", "list", "--json").stdout)["environments"]
    runtimes = {environment["name"]: environment["runtime"] for environment in environments}
    assert runtimes == {"superset": "process", "metabase": "docker"}


def test_an_unknown_environment_is_refused_in_words(rolldeck: "Rolldeck") -> None:
    for command in ("build", "bench"):
        done = rolldeck("env", command, "nonsense")
        assert done.returncode == 2
        assert "there is no environment 'nonsense'" in done.stderr
