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
        """Whether the rollout has ended; only ``Event.RETRIED`` begins a failed one anew."""
        return self in _FINAL


class Event(StrEnum):
    """What changes a rollout's status."""

    CLAIMED = "claimed"
    ENVIRONMENT_READY = "environment_ready"
    AGENT_STOPPED = "agent_stopped"
    VERIFIED = "verified"
    ERROR = "error"
    CANCEL = "cancel"
    REQUEUED = "requeued"
    """Its attempt failed for a reason that is not the agent's, and another one is allowed."""
    RELEASED = "released"
    """Its worker stopped on purpose; the attempt does not count against it."""
    RETRIED = "retried"
    """A person asked for another attempt at a failed one."""
    REUSED = "reused"
    """An identical rollout that had completed before answers for it."""


_FINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})

_NEXT: dict[tuple[Status, Event], Status] = {
    (Status.PENDING, Event.CLAIMED): Status.PROVISIONING,
    (Status.PROVISIONING, Event.ENVIRONMENT_READY): Status.RUNNING,
    (Status.RUNNING, Event.AGENT_STOPPED): Status.VERIFYING,
    (Status.VERIFYING, Event.VERIFIED): Status.COMPLETED,
    (Status.PENDING, Event.REUSED): Status.COMPLETED,
    (Status.FAILED, Event.RETRIED): Status.PENDING,
} | {
    (status, event): Status.PENDING
    for status in (Status.PROVISIONING, Status.RUNNING, Status.VERIFYING)
    for event in (Event.REQUEUED, Event.RELEASED)
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
