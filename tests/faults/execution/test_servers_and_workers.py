"""Servers and workers that are stopped or killed while rollouts run: none is lost, none is executed twice."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from .conftest import READY_SECONDS, Commands, Served, pause_task, until

Serve = Callable[..., Served]
STOP_SECONDS = 30


def outcomes(rollouts: list[dict[str, Any]]) -> list[tuple[str, bool, int]]:
    return [(rollout["status"], rollout["success"], rollout["attempt"]) for rollout in rollouts]


def end(served: Served, how: signal.Signals) -> int:
    served.process.send_signal(how)
    return served.process.wait(timeout=STOP_SECONDS)


def test_the_rollout_of_a_killed_worker_gets_another_attempt_at_once(serve: Serve, commands: Commands) -> None:
    served = serve()
    served.queue(pause_task(5))
    (rollout,) = served.until_acting(1)
    (worker,) = served.alive()
    time.sleep(2)  # for the video to show something
    os.kill(worker["pid"], signal.SIGKILL)
    (ended,) = served.until_ended(1)
    assert outcomes([ended]) == [("completed", True, 2)]

    first, second = served.ask(f"/api/rollouts/{rollout['id']}/attempts")["attempts"]
    assert [(error["kind"], error["retryable"]) for error in first["errors"]] == [("WorkerLost", True)]
    assert "SIGKILL" in first["errors"][0]["message"]
    assert first["worker_id"] == worker["id"] != second["worker_id"]
    assert first["steps"] >= 1
    assert first["video_url"] is not None
    assert "a worker died" in commands.log


def test_a_killed_servers_worker_finishes_and_the_next_server_goes_on(serve: Serve, run_dir: Path) -> None:
    served = serve("--parallel", "1")
    served.queue(pause_task(10), repeats=2)
    (running,) = served.until_acting(1)
    (old,) = served.alive()
    served.process.kill()
    served.process.wait()

    served = serve()
    ended = {rollout["id"]: rollout for rollout in served.until_ended(2)}
    assert outcomes(list(ended.values())) == [("completed", True, 1)] * 2
    assert ended.pop(running["id"])["worker_id"] == old["id"]
    (other,) = ended.values()
    assert other["worker_id"] != old["id"]
    until(lambda: not psutil.pid_exists(old["pid"]), STOP_SECONDS)

    assert end(served, signal.SIGINT) == 130
    until(lambda: list(run_dir.iterdir()) == [], STOP_SECONDS)


def test_interrupted_a_server_gives_back_what_runs_and_goes_on_at_its_next_start(
    serve: Serve, commands: Commands, run_dir: Path
) -> None:
    served = serve()
    served.queue(pause_task(10), repeats=3)
    served.until_acting(2)
    processes = psutil.Process(served.process.pid).children(recursive=True)
    os.killpg(served.process.pid, signal.SIGINT)  # as a terminal does
    assert served.process.wait(timeout=STOP_SECONDS) == 130
    assert "stays queued" in commands.log
    assert "Traceback" not in commands.log
    _, alive = psutil.wait_procs(processes, timeout=STOP_SECONDS)
    assert alive == []
    until(lambda: list(run_dir.iterdir()) == [], STOP_SECONDS)

    served = serve(ROLLDECK_WORKERS="1")
    released = [rollout["attempt"] for rollout in served.rollouts()]
    assert sorted(released) == [1, 2, 2]
    ended = served.until_ended(3)
    assert [(rollout["status"], rollout["retries_left"]) for rollout in ended] == [("completed", 2)] * 3


def test_terminated_a_server_lets_what_runs_end_and_begins_nothing_more(serve: Serve) -> None:
    served = serve(ROLLDECK_DRAIN_SECONDS=str(READY_SECONDS))
    served.queue(pause_task(10), repeats=4)
    served.until_acting(2)
    served.process.terminate()
    assert served.process.wait(timeout=READY_SECONDS) == 130

    served = serve("--workers", "0")
    assert sorted(outcomes(served.rollouts())) == [("completed", True, 1)] * 2 + [("pending", None, 1)] * 2


def test_a_worker_from_elsewhere_works_drains_and_releases(serve: Serve, commands: Commands) -> None:
    served = serve("--workers", "0")
    served.queue(pause_task(10), repeats=3)
    assert served.ask("/health")["claiming"] is False

    worker = commands.start("worker", "--parallel", "1")
    served.until_acting(1)
    worker.terminate()
    assert worker.wait(timeout=STOP_SECONDS) == 0
    assert sorted(r["status"] for r in served.rollouts()) == ["completed", "pending", "pending"]

    worker = commands.start("worker", "--parallel", "1")
    (running,) = served.until_acting(1)
    worker.terminate()
    until(lambda: served.alive()[0]["state"] == "draining", STOP_SECONDS)
    worker.terminate()
    assert worker.wait(timeout=STOP_SECONDS) == 0
    assert sorted(r["status"] for r in served.rollouts()) == ["completed", "pending", "pending"]
    (released,) = [rollout for rollout in served.rollouts() if rollout["id"] == running["id"]]
    assert (released["attempt"], released["retries_left"]) == (2, 2)
    assert served.alive() == []
