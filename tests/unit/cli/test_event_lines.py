"""Events as lines that a person reads."""

from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from rolldeck.cli.event_lines import line_of
from rolldeck.domain.event import EventKind, LoggedEvent, Outcome, RolloutChange
from rolldeck.domain.status import Event, Status

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def shown(kind: EventKind, rollout_id: str | None = None, batch_id: str | None = None, **data: JsonValue) -> str:
    event = LoggedEvent(seq=1, at=NOW, kind=kind, rollout_id=rollout_id, batch_id=batch_id, task_id="7", data=data)
    return line_of(event).plain[9:]


def status(change: RolloutChange) -> str:
    return shown(EventKind.ROLLOUT_STATUS, "r1", **change.model_dump(mode="json", exclude_none=True))


def change(status: Status, event: Event, **more: object) -> RolloutChange:
    return RolloutChange.model_validate({"status": status, "event": event, "attempt": 1, "agent": "noop", **more})


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (change(Status.COMPLETED, Event.VERIFIED, outcome=Outcome(success=True), seconds=2.04), "completed, right"),
        (change(Status.COMPLETED, Event.VERIFIED, outcome=Outcome(success=False)), "completed, wrong"),
        (change(Status.COMPLETED, Event.REUSED, outcome=Outcome(success=True)), "completed, right, reused"),
        (change(Status.FAILED, Event.ERROR, outcome=Outcome(error="AgentError")), "failed: AgentError"),
        (
            change(Status.PENDING, Event.REQUEUED, outcome=Outcome(error="BrowserError")),
            "failed: BrowserError, another attempt follows",
        ),
        (change(Status.PENDING, Event.RELEASED, outcome=Outcome()), "released by its worker, another attempt follows"),
        (change(Status.PENDING, Event.RETRIED), "queued once more"),
        (change(Status.RUNNING, Event.ENVIRONMENT_READY), "running"),
    ],
)
def test_a_status_is_told_in_words(told: RolloutChange, words: str) -> None:
    assert status(told).startswith("rollout r1")
    assert f" {words}  task 7, noop" in status(told)


def test_figures_and_model_follow_what_happened() -> None:
    told = change(
        Status.COMPLETED, Event.VERIFIED, attempt=2, model="m", outcome=Outcome(success=True), seconds=2.04, steps=3, tokens=12345
    )  # fmt: skip
    assert status(told).endswith("task 7, noop (m), attempt 2, 2.0 s, 3 steps, 12,345 tokens")


def test_other_events_are_told_in_words() -> None:
    assert shown(EventKind.TASKS_UPLOADED, added=2, changed=0, unchanged=1).endswith("added 2, changed 0, unchanged 1")
    created = shown(EventKind.BATCH_CREATED, batch_id="b", name="nightly", total=5, reused=1)
    assert created.endswith("nightly: 5 rollouts queued, 1 of them reused")
    assert shown(EventKind.BATCH_CHANGED, batch_id="b", paused=True, tags=["x", "y"]).endswith("paused yes, tags x y")
    assert shown(EventKind.BATCH_DELETED, batch_id="b", rollouts=5).endswith("deleted with 5 rollouts")
    worker = shown(EventKind.WORKER_CHANGED, worker_id="w", host="h", pid=1, state="working", blocked="disk full")
    assert worker.endswith("w (h, process 1) is working, and claims nothing: disk full")
    assert shown(EventKind.QUOTA_CHANGED, name="m", max_running=None).endswith("name m, max_running none")


@pytest.mark.parametrize("kind", list(EventKind))
def test_an_event_without_what_is_expected_in_it_is_still_a_line(kind: EventKind) -> None:
    if kind is not EventKind.ROLLOUT_STATUS:
        assert shown(kind)


def test_names_cannot_steer_the_terminal() -> None:
    created = shown(EventKind.BATCH_CREATED, batch_id="b", name="\x1b[2Jgone\r\n\x9b", total=1, reused=0)
    assert all(character.isprintable() for character in created)


def test_persons_are_told_of_in_words() -> None:
    asked = shown(EventKind.QUESTION_ASKED, "r1", question_id="q", attempt=1, action="click", seconds=300.0)
    assert asked.endswith("asks a person to confirm 'click' within 300.0 s")
    answered = shown(EventKind.QUESTION_ANSWERED, "r1", question_id="q", attempt=1, decision="allowed_by_person")
    assert answered.endswith("the question is closed: allowed by person")
    ended = shown(EventKind.TAKEOVER_CHANGED, "r1", attempt=1, state="ended", reason="the person did nothing for 300 s")
    assert ended.endswith("the page was handed back to the agent: the person did nothing for 300 s")
