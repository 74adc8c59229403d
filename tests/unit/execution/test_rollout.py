"""A rollout's story, with every way in which it can end."""

import asyncio
import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from rolldeck.agents.port import Turn
from rolldeck.domain.action import Click
from rolldeck.domain.batch import ModelChoice
from rolldeck.domain.errors import (
    AgentError,
    BrowserError,
    EnvironmentFailure,
    InvalidInput,
    ModelError,
    RecordingError,
    RolldeckError,
    StorageError,
    VerificationError,
)
from rolldeck.domain.log import LOGS, Log, LogSource
from rolldeck.domain.rollout import Phase, Rollout, StopReason, Usage
from rolldeck.domain.status import Status
from rolldeck.execution import interruption, phases, teardown
from rolldeck.execution import rollout as rollout_module
from rolldeck.execution.interruption import Interrupt, Interruption

if TYPE_CHECKING:
    from .conftest import Scene


def _blank() -> bytes:
    with io.BytesIO() as file:
        Image.new("L", (40, 30)).save(file, "PNG")
        return file.getvalue()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what hangs be waited for no longer than a moment."""
    monkeypatch.setattr(teardown, "_SECONDS_INTERRUPTED", 0.01)
    monkeypatch.setattr(interruption, "_CANCELLING_SECONDS", 0.01)


async def test_a_rollout_goes_through_every_status_and_is_completed_with_its_verdict(scene: "Scene") -> None:
    rollout = await scene.run()
    assert scene.database.history == [Status.PROVISIONING, Status.RUNNING, Status.VERIFYING, Status.COMPLETED]
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
            assert not (scene.folder / rollout.id / "1").exists()

    await rollout_module.run_rollout(claim, scene.adapters, Interrupt(), look)
    assert open_at_the_end == [[]]


async def test_what_page_and_services_wrote_is_kept_with_the_attempt(scene: "Scene") -> None:
    scene.logs = {"web": "ready\n"}
    scene.page_logs = [
        Log(source=LogSource.CONSOLE, name="console", text="error: <script>"),
        Log(source=LogSource.NETWORK, name="network", text=""),
    ]
    rollout = await scene.run()
    stored = LOGS.validate_json(scene.artifacts.contents[f"{rollout.id}/logs-1.json"])
    kept = [(log.source, log.text) for log in stored if log.source is not LogSource.WORKER]
    assert kept == [(LogSource.CONSOLE, "error: <script>"), (LogSource.SERVICE, "ready\n")]


async def test_logs_that_cannot_be_had_hinder_nothing(scene: "Scene") -> None:
    scene.failures["logs"] = EnvironmentFailure("the Docker engine does not answer")
    rollout = await scene.run()
    assert (rollout.status, rollout.errors) == (Status.COMPLETED, ())
    assert scene.open == []


async def test_each_turn_is_a_step_also_the_answering_one(scene: "Scene") -> None:
    await scene.run()
    first, last = scene.database.trajectory
    assert (first.index, first.message, len(first.actions), first.offset) == (0, "I click", 1, 1.5)
    assert (last.index, last.message, last.actions) == (1, "Done", ())


async def test_the_agent_is_shown_what_became_of_its_actions(scene: "Scene") -> None:
    await scene.run()
    assert scene.seen[0].results == ()
    assert [result.action for result in scene.seen[1].results] == [Click(x=1, y=2)]


async def test_actions_after_one_without_effect_are_not_done_and_the_agent_is_told(scene: "Scene") -> None:
    done, futile, left = Click(x=1, y=2), Click(x=3, y=4), Click(x=5, y=6)
    scene.turns = [Turn(actions=(done, futile, left, left)), Turn(answer="42")]
    scene.futile = futile
    await scene.run()
    skipped = "was not done, because the action before it had no effect"
    told = [(result.action, result.error) for result in scene.seen[1].results]
    assert told == [(done, None), (futile, "is not there"), (left, skipped), (left, skipped)]
    assert scene.database.trajectory[0].actions == scene.seen[1].results


async def test_what_the_page_did_unseen_is_told_and_kept_as_is_the_wait_until_it_had_settled(scene: "Scene") -> None:
    scene.notice = "“orders.csv” was downloaded."
    await scene.run()
    assert [observation.notice for observation in scene.seen] == [scene.notice] * 2
    assert [(step.notice, step.wait_seconds) for step in scene.database.trajectory] == [(scene.notice, 0.25)] * 2


async def test_the_video_and_each_different_screenshot_are_kept_once(scene: "Scene") -> None:
    rollout = await scene.run()
    screens = [key for key in scene.artifacts.keys if "/screens/" in key]
    assert len(screens) == 1
    assert screens[0].startswith(f"{rollout.id}/screens/")
    assert {step.screenshot for step in scene.database.trajectory} == set(screens)
    assert rollout.video == f"{rollout.id}/video-1.mp4"


async def test_the_step_limit_truncates_and_the_rest_is_verified(scene: "Scene") -> None:
    scene.turns = [Turn(actions=(Click(x=0, y=0),))]
    scene.limit(steps=3)
    rollout = await scene.run()
    assert (rollout.status, rollout.stop_reason) == (Status.COMPLETED, StopReason.STEP_LIMIT)
    assert len(scene.database.trajectory) == 3
    assert scene.answer_verified is None


@pytest.mark.parametrize("point", ["act", "perform", "view"])
async def test_the_time_limit_truncates_and_the_rest_is_verified(scene: "Scene", point: str) -> None:
    scene.limit(agent_seconds=0.001)
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
    ("open", OSError, Phase.BROWSER),
]


@pytest.mark.parametrize(("point", "kind", "phase"), FAILURES, ids=[f"{p}-{k.__name__}" for p, k, _ in FAILURES])
async def test_an_error_fails_the_last_attempt_without_a_verdict_and_everything_is_given_back(
    scene: "Scene", point: str, kind: type[Exception], phase: Phase
) -> None:
    scene.retries = 0
    scene.failures[point] = kind("what happened")
    rollout = await scene.run()
    assert rollout.status is Status.FAILED
    assert rollout.verdict is None
    assert [(e.phase, e.kind, e.message) for e in rollout.errors] == [(phase, kind.__name__, "what happened")]
    assert rollout.errors[0].retryable is _is_retryable(kind)
    assert scene.open == []


@pytest.mark.parametrize(("point", "kind", "phase"), FAILURES, ids=[f"{p}-{k.__name__}" for p, k, _ in FAILURES])
async def test_a_retryable_error_gives_another_attempt_as_long_as_retries_are_left(
    scene: "Scene", point: str, kind: type[Exception], phase: Phase
) -> None:
    scene.failures[point] = kind("what happened")
    rollout = await scene.run()
    if not _is_retryable(kind):
        assert rollout.status is Status.FAILED
        return
    assert (rollout.status, rollout.attempt, rollout.retries_left) == (Status.PENDING, 2, 1)
    (attempt,) = scene.database.earlier[rollout.id]
    assert [(e.phase, e.kind) for e in attempt.errors] == [(phase, kind.__name__)]
    assert attempt.timings
    assert scene.open == []


def _is_retryable(kind: type[Exception]) -> bool:
    """So is what the worker's own system did: a full disk is no agent's fault."""
    return kind.retryable if issubclass(kind, RolldeckError) else issubclass(kind, OSError)


async def test_each_attempt_has_a_video_and_a_workspace_of_its_own(scene: "Scene") -> None:
    scene.failures_once["act"] = [ModelError("overloaded")]
    rollout = await scene.run()
    (attempt,) = scene.database.earlier[rollout.id]
    assert attempt.video == f"{rollout.id}/video-1.mp4"
    assert not (scene.folder / rollout.id / "1").exists()
    (claim,) = await scene.database.claim("w1")
    await rollout_module.run_rollout(claim, scene.adapters, Interrupt(), lambda _: None, scene.sleep)
    rollout = scene.database.rollouts[rollout.id]
    assert (rollout.status, rollout.video) == (Status.COMPLETED, f"{rollout.id}/video-2.mp4")
    assert rollout.errors == ()


async def test_the_template_of_the_environment_is_in_the_record(scene: "Scene") -> None:
    assert (await scene.run()).template == "0123456789abcdef"


@pytest.mark.parametrize("point", ["act", "perform", "verify"])
async def test_where_the_environment_is_dead_its_error_decides_and_the_one_that_follows_from_it_is_kept(
    scene: "Scene", point: str
) -> None:
    scene.failures[point] = AgentError("there is no such button")
    scene.failures["check the environment"] = EnvironmentFailure("the application has died")
    if point == "verify":
        scene.passes["check the environment"] = 1
    rollout = await scene.run()
    assert rollout.status is Status.PENDING
    (attempt,) = scene.database.earlier[rollout.id]
    assert [error.kind for error in attempt.errors] == ["EnvironmentFailure", "AgentError"]


async def test_an_agent_is_ended_when_its_environment_dies_under_it(
    scene: "Scene", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phases, "_WATCH_SECONDS", 0.001)
    scene.hangs.add("act")
    scene.failures["watch the environment"] = EnvironmentFailure("the application has died")
    rollout = await scene.run()
    assert rollout.status is Status.PENDING
    (attempt,) = scene.database.earlier[rollout.id]
    assert [error.message for error in attempt.errors] == ["the application has died"]
    assert scene.open == []


async def test_an_answer_given_in_a_dead_environment_is_not_judged(scene: "Scene") -> None:
    scene.failures["check the environment"] = EnvironmentFailure("the application has died")
    rollout = await scene.run()
    assert (rollout.status, rollout.verdict) == (Status.PENDING, None)
    assert scene.answer_verified == "nothing was verified"
    (attempt,) = scene.database.earlier[rollout.id]
    assert [(error.phase, error.kind) for error in attempt.errors] == [(Phase.VERIFY, "EnvironmentFailure")]


async def test_an_environment_that_does_not_say_whether_it_is_well_is_not(
    scene: "Scene", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phases, "_CHECK_SECONDS", 0.01)
    scene.failures["act"] = AgentError("lost")
    scene.hangs.add("check the environment")
    rollout = await scene.run()
    (attempt,) = scene.database.earlier[rollout.id]
    assert [error.kind for error in attempt.errors] == ["EnvironmentFailure", "AgentError"]


DEADLINES = [
    ("provision", {"provision_seconds": 0.01}, EnvironmentFailure, Phase.PROVISION),
    ("open", {"browser_seconds": 0.01}, BrowserError, Phase.BROWSER),
    ("verify", {"verify_seconds": 0.01}, VerificationError, Phase.VERIFY),
    ("provision", {"total_seconds": 0.01}, EnvironmentFailure, Phase.PROVISION),
    ("open", {"total_seconds": 0.01}, BrowserError, Phase.BROWSER),
]


@pytest.mark.parametrize(("point", "limits", "kind", "phase"), DEADLINES)
async def test_a_phase_that_takes_too_long_fails_and_says_which_limit_it_was(
    scene: "Scene", point: str, limits: dict[str, float], kind: type[Exception], phase: Phase
) -> None:
    scene.limit(**limits)
    scene.hangs.add(point)
    rollout = await scene.run()
    errors = rollout.errors or scene.database.earlier[rollout.id][0].errors
    (limit,) = limits
    assert (errors[0].phase, errors[0].kind) == (phase, kind.__name__)
    assert limit in errors[0].message
    assert scene.open == []


async def test_the_token_limit_truncates_and_the_rest_is_verified(scene: "Scene") -> None:
    scene.limit(tokens=25)
    scene.turns = [Turn(actions=(Click(x=0, y=0),), usage=Usage(input_tokens=8, output_tokens=2))]
    rollout = await scene.run()
    assert (rollout.status, rollout.stop_reason) == (Status.COMPLETED, StopReason.TOKEN_LIMIT)
    assert [step.usage.tokens for step in scene.database.trajectory if step.usage] == [10, 10, 10]


async def test_an_agent_that_does_the_same_again_and_again_is_given_a_hint_and_then_stopped(scene: "Scene") -> None:
    scene.limit(steps=20, stall_steps=3)
    scene.screens = [_blank()]
    scene.turns = [Turn(actions=(Click(x=7, y=0),))]
    rollout = await scene.run()
    assert (rollout.status, rollout.stop_reason) == (Status.COMPLETED, StopReason.STALLED)
    notices = [step.notice for step in scene.database.trajectory]
    assert notices[:3] == [None] * 3
    assert all(notice is not None and "looks the same" in notice for notice in notices[3:])
    assert len(notices) == 6


async def test_an_answer_that_takes_the_last_tokens_counts(scene: "Scene") -> None:
    scene.limit(tokens=5)
    scene.turns = [Turn(answer="42", usage=Usage(input_tokens=8))]
    assert (await scene.run()).stop_reason is StopReason.ANSWERED


async def test_what_total_seconds_leave_is_the_agents_time(scene: "Scene") -> None:
    scene.limit(total_seconds=0.05)
    scene.hangs.add("act")
    rollout = await scene.run()
    assert (rollout.status, rollout.stop_reason) == (Status.COMPLETED, StopReason.TIME_LIMIT)


async def test_before_each_turn_it_waits_for_as_long_as_the_quota_of_its_model_says(scene: "Scene") -> None:
    scene.quotas.wait = 7.5
    await scene.run()
    assert scene.quotas.reserved == ["some-model"] * 2
    assert scene.slept == [7.5] * 2


@pytest.mark.parametrize("point", ["reserve", "put", "write a step"])
async def test_waiting_for_the_quota_or_for_the_store_takes_none_of_the_agents_time(scene: "Scene", point: str) -> None:
    scene.limit(agent_seconds=0.05)
    scene.hangs.add(point)
    claim = await scene.queued_and_claimed()
    running = asyncio.create_task(
        rollout_module.run_rollout(claim, scene.adapters, Interrupt(), lambda _: None, scene.sleep)
    )
    await scene.reached[point].wait()
    await asyncio.wait({running}, timeout=0.1)  # more than the agent has
    scene.released.set()
    await running
    assert scene.database.rollouts[claim.rollout.id].stop_reason is StopReason.ANSWERED


async def test_a_browser_that_dies_in_an_action_leaves_the_step_and_the_video(scene: "Scene") -> None:
    scene.retries = 0
    scene.failures["perform"] = BrowserError("the page crashed")
    rollout = await scene.run()
    (step,) = scene.database.trajectory
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
    monkeypatch.setattr(teardown, "_SECONDS", 0.01)
    scene.hangs.add(point)
    rollout = await scene.run()
    assert rollout.status is Status.COMPLETED
    assert "did not close in time" in rollout.errors[0].message
    assert len(scene.open) == 1


POINTS = [
    "provision",
    "open",
    "write environment_ready",
    "reserve",
    "view",
    "act",
    "perform",
    "put",
    "write a step",
    "write agent_stopped",
    "check the environment",
    "verify",
]
CLOSING_POINTS = ["close the page", "close the environment", "close the agent", "finish"]


@pytest.mark.parametrize("point", [*POINTS, *CLOSING_POINTS])
async def test_cancelled_in_whatever_phase_it_is_cancelled_and_everything_is_given_back(
    scene: "Scene", point: str, hasty: None
) -> None:
    rollout = await scene.run_and_interrupt_at(point, Interruption.CANCEL)
    assert rollout.status is Status.CANCELLED
    assert rollout.verdict is None
    assert len(scene.open) == (point in CLOSING_POINTS)
    assert not (scene.folder / rollout.id / "1").exists()


@pytest.mark.parametrize("point", POINTS)
async def test_released_in_whatever_phase_it_is_queued_again_and_the_attempt_is_not_counted(
    scene: "Scene", point: str, hasty: None
) -> None:
    rollout = await scene.run_and_interrupt_at(point, Interruption.RELEASE)
    assert (rollout.status, rollout.attempt, rollout.retries_left) == (Status.PENDING, 2, 2)
    (attempt,) = scene.database.earlier[rollout.id]
    assert attempt.errors == ()
    assert scene.open == []


@pytest.mark.parametrize("point", CLOSING_POINTS)
async def test_a_verdict_that_was_there_before_the_release_is_recorded(scene: "Scene", point: str, hasty: None) -> None:
    rollout = await scene.run_and_interrupt_at(point, Interruption.RELEASE)
    assert rollout.status is Status.COMPLETED


@pytest.mark.parametrize("point", [*POINTS, *CLOSING_POINTS])
async def test_abandoned_in_whatever_phase_it_writes_nothing_more(scene: "Scene", point: str, hasty: None) -> None:
    rollout = await scene.run_and_interrupt_at(point, Interruption.ABANDON)
    assert not rollout.status.is_final
    assert rollout.video is None
    assert scene.database.earlier == {}
    assert not (scene.folder / rollout.id / "1").exists()
    assert len(scene.open) == (point in CLOSING_POINTS)


async def test_being_cancelled_itself_releases_the_rollout_and_raises_that(scene: "Scene") -> None:
    scene.hangs.add("act")
    claim = await scene.queued_and_claimed()
    running = asyncio.create_task(rollout_module.run_rollout(claim, scene.adapters, Interrupt(), lambda _: None))
    await scene.reached["act"].wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert scene.database.statuses == [Status.PENDING]
    assert scene.open == []


@pytest.mark.parametrize("point", [*POINTS, *CLOSING_POINTS])
async def test_what_hangs_though_it_is_cancelled_does_not_hold_a_cancellation(
    scene: "Scene", point: str, hasty: None
) -> None:
    scene.ignores_cancelling.add(point)
    rollout = await scene.run_and_interrupt_at(point, Interruption.CANCEL)
    assert rollout.status is Status.CANCELLED
    scene.released.set()
    await asyncio.wait({asyncio.create_task(asyncio.sleep(0)), *interruption._going_on_alone})
    assert scene.open == []


async def test_an_environment_that_comes_after_the_rollout_was_given_up_is_closed(scene: "Scene", hasty: None) -> None:
    scene.ignores_cancelling.add("provision")
    await scene.run_and_interrupt_at("provision", Interruption.CANCEL)
    scene.released.set()
    await scene.reached["close the environment"].wait()
    assert scene.open == []


async def test_the_bounds_of_an_interruption_add_up_to_less_than_five_seconds() -> None:
    poll, trying, closing = 0.5, interruption._CANCELLING_SECONDS, interruption._CANCELLING_SECONDS
    assert poll + trying + teardown._SECONDS_INTERRUPTED + closing < 5


async def test_a_claim_that_was_lost_ends_without_a_record(scene: "Scene") -> None:
    claim = await scene.queued_and_claimed()
    scene.database.lose(claim.rollout.id)
    outcome = await rollout_module.run_rollout(claim, scene.adapters, Interrupt(), lambda _: None)
    assert outcome == rollout_module.Outcome(None)
    assert scene.database.trajectory == []
    assert scene.open == []


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_rollout_deleted_meanwhile_leaves_no_files(scene: "Scene", is_told: bool) -> None:
    claim = await scene.queued_and_claimed()
    del scene.database.rollouts[claim.rollout.id]
    interrupt = Interrupt()
    if is_told:
        interrupt(Interruption.ABANDON)
    await rollout_module.run_rollout(claim, scene.adapters, interrupt, lambda _: None)
    assert scene.artifacts.deleted == [claim.rollout.id]
    assert scene.open == []


WRITES = ["environment_ready", "agent_stopped", "verified", "a step"]


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_that_fails_for_a_while_is_tried_again(scene: "Scene", write: str) -> None:
    scene.failures_once[f"write {write}"] = [StorageError("locked"), StorageError("disk full")]
    rollout = await scene.run()
    assert rollout.status is Status.COMPLETED
    assert len(scene.database.trajectory) == 2


@pytest.mark.parametrize("write", WRITES)
async def test_a_write_whose_answer_was_lost_is_not_made_twice(scene: "Scene", write: str) -> None:
    scene.failures_once[f"answer of {write}"] = [StorageError("the connection broke")]
    rollout = await scene.run()
    assert rollout.status is Status.COMPLETED
    assert rollout.errors == ()
    assert [step.index for step in scene.database.trajectory] == [0, 1]
    assert [timing.phase for timing in rollout.timings] == list(Phase)


async def test_a_new_attempt_whose_answer_was_lost_is_given_once(scene: "Scene") -> None:
    scene.failures["act"] = ModelError("overloaded")
    scene.failures_once["answer of requeued"] = [StorageError("the connection broke")]
    rollout = await scene.run()
    assert (rollout.status, rollout.attempt) == (Status.PENDING, 2)


async def test_a_store_that_fails_for_too_long_while_it_runs_gives_another_attempt(scene: "Scene") -> None:
    scene.failures["write a step"] = StorageError("disk full")
    rollout = await scene.run()
    (attempt,) = scene.database.earlier[rollout.id]
    assert attempt.errors[0].kind == "StorageError"


async def test_an_end_that_cannot_be_written_before_the_workers_own_is_left_to_its_lease(
    scene: "Scene", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollout_module, "_RECORD_SECONDS_LEAVING", 0.01)
    scene.hangs.add("write verified")
    claim = await scene.queued_and_claimed()
    interrupt = Interrupt()
    running = asyncio.create_task(rollout_module.run_rollout(claim, scene.adapters, interrupt, lambda _: None))
    await scene.reached["write verified"].wait()
    interrupt(Interruption.RELEASE)
    assert (await running).still_claimed
    assert scene.open == []


async def test_the_chosen_model_reads_the_answer_in_a_time_of_its_own_and_is_let_go(scene: "Scene") -> None:
    scene.extraction = ModelChoice(provider="gemini", model="a-reader")
    scene.limit(verify_seconds=0.05)
    scene.hangs.add("ask the reader")
    asyncio.get_running_loop().call_later(0.2, scene.released.set)
    rollout = await scene.run()
    assert rollout.status is Status.COMPLETED
    assert scene.reading is not None
    assert scene.reading.text == "an answer to: what does it say?"
    assert scene.open == []


async def test_without_a_chosen_model_nobody_reads_the_answer(scene: "Scene") -> None:
    await scene.run()
    assert scene.reading is None


async def test_a_reader_that_cannot_be_asked_is_a_failure_and_no_wrong_answer(scene: "Scene") -> None:
    scene.extraction = ModelChoice(provider="gemini", model="a-reader")
    scene.failures["ask the reader"] = ModelError("away")
    scene.retries = 0
    rollout = await scene.run()
    assert (rollout.status, rollout.verdict) == (Status.FAILED, None)
    assert (rollout.errors[0].phase, rollout.errors[0].kind) == (Phase.VERIFY, "ModelError")
    assert scene.open == []
