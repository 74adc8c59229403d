"""What the API takes and gives, where that is not a domain model itself."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from rolldeck.domain.rollout import ActionResult, PhaseTiming, RolloutError, StopReason
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict


class Counts(BaseModel):
    """A task's rollouts by outcome. ``success_rate`` is succeeded of completed; failed and cancelled count in no rate."""

    total: int
    live: int
    completed: int
    succeeded: int
    failed: int
    cancelled: int
    success_rate: float | None


class TaskSummary(BaseModel):
    """A task in a list."""

    id: str
    version: str
    task: str
    environment: str
    tags: list[str]
    has_solution: bool
    counts: Counts
    updated_at: datetime


class TaskList(BaseModel):
    """Tasks in the order of their ids; ``next`` is the ``after`` of the following page, null on the last one."""

    tasks: list[TaskSummary]
    next: str | None


class TaskDetail(BaseModel):
    """One task, whole."""

    task: Task
    version: str
    counts: Counts
    created_at: datetime
    updated_at: datetime


class UploadResult(BaseModel):
    """What an upload did, in tasks."""

    added: int
    changed: int
    unchanged: int
    total: int
    task_ids: list[str] = Field(description="ids of the uploaded tasks, in the file's order")


class RolloutRequest(BaseModel):
    """Rollouts to start: ``repeats`` of each task."""

    model_config = ConfigDict(extra="forbid")

    task_ids: list[str] = Field(min_length=1, max_length=10_000)
    agent: str = Field(min_length=1)
    repeats: int = Field(default=1, ge=1, le=1000)


class RolloutView(BaseModel):
    """One rollout. ``expected`` is the answer that its version of the task expects; ``video_url`` is null without a video."""

    id: str
    task_id: str
    task_version: str
    agent: str
    status: Status
    stop_reason: StopReason | None
    success: bool | None = Field(description="the verdict; null unless completed")
    reward: float | None
    answer_text: str | None
    expected: JsonValue
    verdict: Verdict | None
    errors: list[RolloutError]
    timings: list[PhaseTiming]
    steps: int
    seconds: float | None
    cancel_requested: bool
    video_url: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RolloutList(BaseModel):
    """Rollouts, newest first; ``next`` is the ``after`` of the following page, null on the last one."""

    rollouts: list[RolloutView]
    next: str | None


class RolloutsCreated(BaseModel):
    """The rollouts that were queued."""

    rollouts: list[RolloutView]


class DeleteResult(BaseModel):
    """What a deletion did: a live rollout is ``cancelling``, a finished one is ``deleted`` with its files."""

    id: str
    outcome: Literal["cancelling", "cancelled", "deleted"]
    freed_bytes: int = 0


class StepView(BaseModel):
    """One step of a trajectory. ``offset`` is where in the video it is, in seconds."""

    index: int
    offset: float
    url: str
    screenshot_url: str
    message: str
    actions: list[ActionResult]
    agent_seconds: float
    action_seconds: float
    at: datetime


class StepList(BaseModel):
    """All steps of a rollout, in order."""

    steps: list[StepView]


class AgentView(BaseModel):
    """An agent that can be chosen; ``unavailable`` says why it cannot here."""

    name: str
    title: str
    description: str
    unavailable: str | None


class EnvironmentView(BaseModel):
    """An environment that tasks can name."""

    name: str
    title: str
    runtime: str
    content_hash: str
    built: bool


class Health(BaseModel):
    """Whether the server works. ``database`` is checked by a query."""

    status: Literal["ok", "degraded"]
    version: str
    database: Literal["ok", "unreachable"]
    live_rollouts: int


class ProblemField(BaseModel):
    """One reason why an input was refused."""

    field: str
    message: str
    index: int | None = None
    item_id: str | None = None


class Problem(BaseModel):
    """An error, as RFC 9457 (problem+json) has it; ``errors`` names every offending field."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[ProblemField] = []
