"""What happened, in the order in which it became true: the records of the append-only log."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from rolldeck.domain.rollout import Phase, StopReason
from rolldeck.domain.status import Event, Status


class EventKind(StrEnum):
    """What a logged event is about, and what its ``data`` holds."""

    TASKS_UPLOADED = "tasks.uploaded"
    """added, changed, unchanged"""
    BATCH_CREATED = "batch.created"
    """name, total, reused; its rollouts that are pending have no event of their own"""
    BATCH_CHANGED = "batch.changed"
    """what changed: paused, priority, name, tags; or cancelled, retried (how many rollouts)"""
    BATCH_ENDED = "batch.ended"
    """name, total, completed, succeeded, failed, cancelled: its last rollout has ended; once more where some are retried"""
    BATCH_DELETED = "batch.deleted"
    """rollouts"""
    ROLLOUT_STATUS = "rollout.status"
    """the fields of ``RolloutChange``, without those that are None"""
    ROLLOUT_STEP = "rollout.step"
    """attempt, index"""
    ROLLOUT_DELETED = "rollout.deleted"
    """nothing"""
    QUESTION_ASKED = "question.asked"
    """question_id, attempt, action, seconds"""
    QUESTION_ANSWERED = "question.answered"
    """question_id, attempt, decision"""
    TAKEOVER_CHANGED = "takeover.changed"
    """attempt, state, and where it ended by itself, reason"""
    WORKER_CHANGED = "worker.changed"
    """worker_id, host, pid, state, blocked"""
    QUOTA_CHANGED = "quota.changed"
    """name, max_running, requests_per_minute"""
    TEMPLATE_BUILD = "template.build"
    """name, state; while it goes on also step, steps, doing, fraction; where it failed error"""


class LoggedEvent(BaseModel):
    """One event. ``seq`` counts from 1 without a gap, in the order in which the events became visible."""

    model_config = ConfigDict(frozen=True)

    seq: int = Field(ge=1)
    at: datetime
    kind: EventKind
    batch_id: str | None = None
    task_id: str | None = None
    rollout_id: str | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict)


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)


class Outcome(_Data):
    """How an attempt ended. ``error`` is the kind of the error that decided it: the first one's, where it failed."""

    success: bool | None = None
    reward: float | None = None
    stop_reason: StopReason | None = None
    error: str | None = None


class RolloutChange(_Data):
    """What a ``ROLLOUT_STATUS`` event tells. At an attempt's end (also one that another attempt follows) ``outcome`` is given.

    ``attempt``, ``worker_id``, ``seconds``, ``timings`` (seconds by phase), ``steps``, ``tokens`` and ``cost`` are then those of
    the attempt that ended.
    """

    status: Status
    event: Event
    attempt: int
    agent: str
    model: str | None = None
    worker_id: str | None = None
    outcome: Outcome | None = None
    seconds: float | None = None
    timings: dict[Phase, float] | None = None
    steps: int | None = None
    tokens: int | None = None
    cost: float | None = None
