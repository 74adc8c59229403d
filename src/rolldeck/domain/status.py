"""What can happen to a rollout, as one pure function. No other code decides a status."""

from enum import StrEnum

from rolldeck.domain.errors import InvalidTransition


class Status(StrEnum):
    """What happened to a rollout; says nothing of whether its answer was right (see ``Verdict``)."""

    PENDING = "pending"
    PROVISIONING = "provisioning"
    RUNNING = "running"
    VERIFYING = "verifying"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether no event can change this status any more."""
        return self in _FINAL


class Event(StrEnum):
    """What changes a rollout's status."""

    CLAIMED = "claimed"
    ENVIRONMENT_READY = "environment_ready"
    AGENT_STOPPED = "agent_stopped"
    VERIFIED = "verified"
    ERROR = "error"
    CANCEL = "cancel"


_FINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})

_NEXT: dict[tuple[Status, Event], Status] = {
    (Status.PENDING, Event.CLAIMED): Status.PROVISIONING,
    (Status.PROVISIONING, Event.ENVIRONMENT_READY): Status.RUNNING,
    (Status.RUNNING, Event.AGENT_STOPPED): Status.VERIFYING,
    (Status.VERIFYING, Event.VERIFIED): Status.COMPLETED,
}


def next_status(status: Status, event: Event) -> Status:
    """Return the status that follows ``status`` when ``event`` happens.

    Raises ``InvalidTransition`` where the event cannot happen in that status, which names both.
    """
    if not status.is_final:
        if event is Event.ERROR:
            return Status.FAILED
        if event is Event.CANCEL:
            return Status.CANCELLED
    following = _NEXT.get((status, event))
    if following is None:
        raise InvalidTransition(f"a rollout that is {status.value} cannot take the event {event.value!r}")
    return following
