"""What a command tells at the end."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from rolldeck.cli.report import RolloutLine, Summary, table_of
from rolldeck.domain.status import Status

if TYPE_CHECKING:
    from .conftest import MakeRollout

ARTIFACTS = Path("/data/artifacts")


def test_a_completed_rollout_has_its_verdict_and_an_absolute_path_of_its_video(make_rollout: "MakeRollout") -> None:
    line = RolloutLine.of(make_rollout(Status.COMPLETED), ARTIFACTS)
    assert (line.success, line.reward, line.seconds, line.error) == (True, 1.0, 2.0, None)
    assert line.video == Path("/data/artifacts/id of q1/video.mp4")


def test_a_failed_rollout_is_neither_right_nor_wrong_and_says_why(make_rollout: "MakeRollout") -> None:
    line = RolloutLine.of(make_rollout(Status.FAILED), ARTIFACTS)
    assert (line.success, line.reward) == (None, None)
    assert line.error == "AgentError in agent: no [button]"


def test_the_success_rate_is_of_the_completed_ones_only(make_rollout: "MakeRollout") -> None:
    rollouts = [
        make_rollout(Status.COMPLETED),
        make_rollout(Status.COMPLETED, right=False),
        make_rollout(Status.FAILED),
        make_rollout(Status.CANCELLED),
    ]
    summary = Summary.of(rollouts, 9.0)
    assert summary.success_rate == 0.5
    assert str(summary) == "2 of 4 completed, 1 of them right, 1 failed, 1 cancelled, in 9.0 s"


def test_without_a_completed_rollout_there_is_no_success_rate(make_rollout: "MakeRollout") -> None:
    assert Summary.of([make_rollout(Status.FAILED)], 1.0).success_rate is None


def test_the_table_shows_what_pages_and_agents_say_as_it_is(make_rollout: "MakeRollout") -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table_of([make_rollout(Status.FAILED), make_rollout(Status.COMPLETED, right=False)]))
    assert "no [button]" in captured.get()
    assert "wrong: total is 1, not 2" in captured.get()
