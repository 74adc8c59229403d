"""What is seen while something goes on."""

import io
from typing import TYPE_CHECKING

from rich.console import Console

from rolldeck.cli.progress import build_progress, rollouts_progress
from rolldeck.domain.status import Status
from rolldeck.environments.port import BuildProgress

if TYPE_CHECKING:
    from .conftest import MakeRollout


def console(*, terminal: bool, height: int = 20) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=120, height=height, highlight=False)


def shown(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


def test_without_a_terminal_each_rollout_that_ends_is_a_line(make_rollout: "MakeRollout") -> None:
    out = console(terminal=False)
    with rollouts_progress(out, [make_rollout(Status.PENDING)] * 2) as listener:
        for status in (Status.RUNNING, Status.COMPLETED, Status.FAILED):
            listener(make_rollout(status))
    assert shown(out).splitlines() == [
        "[1/2] q1: completed, 3 steps, 2.0 s: right",
        "[2/2] q1: failed, 3 steps, 2.0 s: AgentError in agent: no [button]",
    ]


def test_on_a_terminal_the_live_table_shows_every_rollouts_status(make_rollout: "MakeRollout") -> None:
    out = console(terminal=True)
    rollouts = [make_rollout(Status.PENDING, task_id=f"q{number}") for number in range(3)]
    with rollouts_progress(out, rollouts) as listener:
        listener(make_rollout(Status.RUNNING, task_id="q1"))
    for word in ("pending", "running", "0 of 3 rollouts have ended"):
        assert word in shown(out)


def test_of_more_rollouts_than_fit_the_live_ones_are_shown(make_rollout: "MakeRollout") -> None:
    out = console(terminal=True, height=12)
    rollouts = [make_rollout(Status.COMPLETED, task_id=f"ended{number}") for number in range(50)]
    rollouts += [make_rollout(Status.RUNNING, task_id="live")]
    rollouts += [make_rollout(Status.PENDING, task_id=f"next{number}") for number in range(50)]
    with rollouts_progress(out, rollouts):
        pass
    for task in ("ended49", "live", "next0"):
        assert task in shown(out)
    assert "ended0 " not in shown(out)


def test_without_a_terminal_each_step_of_a_build_is_a_line() -> None:
    out = console(terminal=False)
    with build_progress(out, "Superset") as listener:
        listener(BuildProgress(1, 2, "Installing", 0.1))
        listener(BuildProgress(1, 2, "Installing", 0.9))
        listener(BuildProgress(2, 2, "Loading data"))
    assert shown(out).splitlines() == ["Superset: step 1 of 2: Installing", "Superset: step 2 of 2: Loading data"]


def test_on_a_terminal_each_step_of_a_build_has_a_bar() -> None:
    out = console(terminal=True)
    with build_progress(out, "Superset") as listener:
        listener(BuildProgress(1, 2, "Installing", 0.5))
        listener(BuildProgress(2, 2, "Loading data"))
    assert "1/2 Installing" in shown(out)
    assert "2/2 Loading data" in shown(out)
