"""What can happen to a rollout."""

import pytest

from rolldeck.domain.errors import InvalidTransition
from rolldeck.domain.status import Event, Status, next_status

WAY = [
    (Status.PENDING, Event.CLAIMED, Status.PROVISIONING),
    (Status.PROVISIONING, Event.ENVIRONMENT_READY, Status.RUNNING),
    (Status.RUNNING, Event.AGENT_STOPPED, Status.VERIFYING),
    (Status.VERIFYING, Event.VERIFIED, Status.COMPLETED),
]
RESTARTS = [
    (status, event, Status.PENDING)
    for status in (Status.PROVISIONING, Status.RUNNING, Status.VERIFYING)
    for event in (Event.REQUEUED, Event.RELEASED)
]
OTHERS = [(Status.PENDING, Event.REUSED, Status.COMPLETED), (Status.FAILED, Event.RETRIED, Status.PENDING)]
ENDS = [Status.COMPLETED, Status.FAILED, Status.CANCELLED]


@pytest.mark.parametrize(("status", "event", "following"), WAY + RESTARTS + OTHERS)
def test_a_rollout_goes_its_way(status, event, following):
    assert next_status(status, event) is following


@pytest.mark.parametrize("status", [status for status, _, _ in WAY])
def test_a_live_rollout_can_fail_and_be_cancelled(status):
    assert next_status(status, Event.ERROR) is Status.FAILED
    assert next_status(status, Event.CANCEL) is Status.CANCELLED
    assert not status.is_final


@pytest.mark.parametrize("status", ENDS)
@pytest.mark.parametrize("event", list(Event))
def test_nothing_happens_to_a_rollout_that_has_ended_unless_a_failed_one_is_retried(status, event):
    assert status.is_final
    if (status, event) == (Status.FAILED, Event.RETRIED):
        return
    with pytest.raises(InvalidTransition, match=f"{status.value} cannot take the event '{event.value}'"):
        next_status(status, event)


def test_every_other_event_is_refused():
    allowed = {(status, event) for status, event, _ in WAY + RESTARTS + OTHERS}
    for status in Status:
        for event in set(Event) - {Event.ERROR, Event.CANCEL}:
            if (status, event) not in allowed:
                with pytest.raises(InvalidTransition):
                    next_status(status, event)
