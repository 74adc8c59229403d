"""A rollout's story, with every way in which it can end."""

from typing import TYPE_CHECKING

import pytest

from rolldeck.agents.port import Turn
from rolldeck.domain.action import Click
from rolldeck.domain.errors import (
    AgentError,
    BrowserError,
    EnvironmentFailure,
    InvalidInput,
    ModelError,
    RecordingError,
    StorageError,
    VerificationError,
)
from rolldeck.domain.rollout import Phase, Rollout, StopReason
from rolldeck.domain.status import Status
from rolldeck.execution import rollout as rollout_module

if TYPE_CHECKING:
    from .conftest import Scene


async def test_a_rollout_goes_through_every_status_and_is_completed_with_its_verdict(scene: "Scene") -> None:
    rollout = await scene.run()
    assert scene.queue.history == [Status.PROVISIONING, Status.RUNNING, Status.VERIFYING, Status.COMPLETED]
    assert rollout.verdict is not None
    assert rollout.verdict.success
    assert (rollout.stop_reason, rollout.answer_text) == (StopReason.ANSWERED, "42")
    assert rollout.errors == ()
    assert scene.answer_verified == "42"


async def test_every_phase_is_timed_once_in_order(scene: "Scene") -> None:
    rollout = await scene.run()
    assert [timing.phase for timing in rollout.timings] == list(Phase)


async def test_everything_is_given_back_before_the_final_status_is_written(scene: "Scene") -> None:
    claim = await scene.queued_and_claimed()
    open_at_the_end: list[list[str]] = []

    def look(rollout: Rollout) -> None:
        if rollout.status.is_final:
            open_at_the_end.append(list(scene.open))

    await rollout_module.run_rollout(claim, scene.adapters, look)
    assert open_at_the_end == [[]]


async def test_each_turn_is_a_step_also_the_answering_one(scene: "Scene") -> None:
    await scene.run()
    first, last = scene.queue.trajectory
    assert (first.index, first.message, len(first.actions), first.offset) == (0, "I click", 1, 1.5)
    assert (last.index, last.message, last.actions) == (1, "Done", ())


async def test_the_agent_is_shown_what_became_of_its_actions(scene: "Scene") -> None:
    await scene.run()
    assert scene.seen[0].results == ()
    assert [result.action for result in scene.seen[1].results] == [Click(x=1, y=2)]


async def test_the_video_and_each_different_screenshot_are_kept_once(scene: "Scene") -> None:
    rollout = await scene.run()
    screens = [key for key in scene.artifacts.keys if "/screens/" in key]
    assert len(screens) == 1
    assert screens[0].startswith(f"{rollout.id}/screens/")
    assert {step.screenshot for step in scene.queue.trajectory} == set(screens)
    assert rollout.video == f"{rollout.id}/video.mp4"


async def test_the_step_limit_truncates_and_the_rest_is_verified(scene: "Scene") -> None:
    scene.turns = [Turn(actions=(Click(x=0, y=0),))]
    scene.limit(steps=3)
    rollout = await scene.run()
    assert (rollout.status, rollout.stop_reason) == (Status.COMPLETED, StopReason.STEP_LIMIT)
    assert len(scene.queue.trajectory) == 3
    assert scene.answer_verified is None


@pytest.mark.parametrize("point", ["act", "perform", "view"])
async def test_the_time_limit_truncates_and_the_rest_is_verified(scene: "Scene", point: str) -> None:
    scene.limit(seconds=0.001)
    scene.hangs.add(point)
    rollout = await scene.run()
    assert (rollout.status, rollout.stop_reason) == (Status.COMPLETED, StopReason.TIME_LIMIT)


async def test_a_truncated_rollouts_final_state_is_in_the_video(scene: "Scene") -> None:
    scene.turns = [Turn(actions=(Click(x=0, y=0),))]
    scene.limit(steps=1)
    scene.screens = [b"before the click", b"after the click"]
    await scene.run()
    assert scene.filmed == [b"before the click", b"after the click"]


FAILURES = [
    ("provision", EnvironmentFailure, Phase.PROVISION),
    ("open", BrowserError, Phase.BROWSER),
    ("record", RecordingError, Phase.BROWSER),
    ("create", InvalidInput, Phase.AGENT),
    ("view", BrowserError, Phase.AGENT),
    ("act", AgentError, Phase.AGENT),
    ("act", ModelError, Phase.AGENT),
    ("perform", BrowserError, Phase.AGENT),
    ("put", StorageError, Phase.AGENT),
    ("verify", VerificationError, Phase.VERIFY),
    ("verify", ZeroDivisionError, Phase.VERIFY),
    ("act", TimeoutError, Phase.AGENT),
]


@pytest.mark.parametrize(("point", "kind", "phase"), FAILURES, ids=[f"{p}-{k.__name__}" for p, k, _ in FAILURES])
async def test_an_error_fails_the_rollout_without_a_verdict_and_everything_is_given_back(
    scene: "Scene", point: str, kind: type[Exception], phase: Phase
) -> None:
    scene.failures[point] = kind("what happened")
    rollout = await scene.run()
    assert rollout.status is Status.FAILED
    assert rollout.verdict is None
    assert [(e.phase, e.kind, e.message) for e in rollout.errors] == [(phase, kind.__name__, "what happened")]
    assert rollout.errors[0].retryable is getattr(kind, "retryable", False)
    assert scene.open == []


async def test_a_browser_that_dies_in_an_action_leaves_the_step_and_the_video(scene: "Scene") -> None:
    scene.failures["perform"] = BrowserError("the page crashed")
    rollout = await scene.run()
    (step,) = scene.queue.trajectory
    assert step.actions[0].error == "the page crashed"
    assert rollout.video is not None


async def test_errors_of_every_phase_are_kept_and_the_first_decides(scene: "Scene") -> None:
    scene.failures["act"] = AgentError("lost")
    scene.failures["close the page"] = BrowserError("stuck")
    scene.failures["close the environment"] = EnvironmentFailure("still there")
    rollout = await scene.run()
    assert rollout.status is Status.FAILED
    assert [error.message for error in rollout.errors] == ["lost", "stuck", "still there"]


@pytest.mark.parametrize("point", ["close the page", "close the environment", "close the agent", "finish", "adopt"])
async def test_an_error_of_the_teardown_is_kept_and_takes_no_verdict_away(scene: "Scene", point: str) -> None:
    scene.failures[point] = RecordingError("what happened")
    rollout = await scene.run()
    assert rollout.status is Status.COMPLETED
    assert rollout.verdict is not None
    assert [(error.phase, error.message) for error in rollout.errors] == [(Phase.TEARDOWN, "what happened")]
    assert (rollout.video is None) == (point in {"finish", "adopt"})


@pytest.mark.parametrize("point", ["close the page", "close the environment", "close the agent", "finish"])
async def test_a_teardown_that_hangs_is_bounded_and_hinders_no_other(
    scene: "Scene", point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_module, "_TEARDOWN_SECONDS", 0.01)
    scene.hangs.add(point)
    rollout = await scene.run()
    assert rollout.status is Status.COMPLETED
    assert "did not close within" in rollout.errors[0].message
    assert len(scene.open) == 1


CANCEL_POINTS = [
    "provision",
    "open",
    "write environment_ready",
    "view",
    "act",
    "perform",
    "write agent_stopped",
    "verify",
    "close the page",
    "finish",
    "adopt",
]


@pytest.mark.parametrize("point", CANCEL_POINTS)
async def test_a_cancelled_rollout_is_cancelled_in_whatever_phase_and_everything_is_given_back(
    scene: "Scene", point: str
) -> None:
    rollout = await scene.run_and_cancel_at(point)
    assert rollout.status is Status.CANCELLED
    assert rollout.verdict is None
    assert scene.open == []


async def test_a_claim_that_was_lost_ends_without_a_record(scene: "Scene") -> None:
    claim = await scene.queued_and_claimed()
    stored = scene.queue.rollouts[claim.rollout.id]
    scene.queue.rollouts[claim.rollout.id] = stored.model_copy(update={"status": Status.FAILED})
    await rollout_module.run_rollout(claim, scene.adapters, lambda _: None)
    assert scene.queue.trajectory == []
    assert scene.open == []


async def test_a_rollout_deleted_meanwhile_leaves_no_files(scene: "Scene") -> None:
    claim = await scene.queued_and_claimed()
    del scene.queue.rollouts[claim.rollout.id]
    await rollout_module.run_rollout(claim, scene.adapters, lambda _: None)
    assert scene.artifacts.deleted == [claim.rollout.id]
    assert scene.open == []


async def test_an_end_that_cannot_be_written_is_raised_after_the_clean_up(scene: "Scene") -> None:
    scene.failures["write verified"] = StorageError("disk full")
    with pytest.raises(StorageError, match="disk full"):
        await scene.run()
    assert scene.open == []
