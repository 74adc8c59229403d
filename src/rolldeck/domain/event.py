"""What happened, in the order in which it became true: the records of the append-only log."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class EventKind(StrEnum):
    """What a logged event is about, and what its ``data`` holds."""

    TASKS_UPLOADED = "tasks.uploaded"
    """added, changed, unchanged"""
    BATCH_CREATED = "batch.created"
    """name, total, reused; its rollouts that are pending have no event of their own"""
    BATCH_CHANGED = "batch.changed"
    """what changed: paused, priority, name, tags; or cancelled, retried (how many rollouts)"""
    BATCH_DELETED = "batch.deleted"
    """rollouts"""
    ROLLOUT_STATUS = "rollout.status"
    """status, event, attempt, agent, model, worker_id; at an attempt's end also outcome (success, reward, stop_reason,
    error: the deciding error's kind), seconds, timings (seconds by phase), steps, tokens"""
    ROLLOUT_STEP = "rollout.step"
    """attempt, index"""
    ROLLOUT_DELETED = "rollout.deleted"
    """nothing"""
    WORKER_CHANGED = "worker.changed"
    """worker_id, host, pid, state, blocked"""
    QUOTA_CHANGED = "quota.changed"
    """name, max_running, requests_per_minute"""


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
