"""What the API takes and gives, where that is not a domain model itself."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from rolldeck.analytics.intervals import Interval
from rolldeck.domain.action import Action
from rolldeck.domain.batch import AgentChoice, ModelChoice, Quota
from rolldeck.domain.event import LoggedEvent
from rolldeck.domain.limits import Budget, RolloutLimits
from rolldeck.domain.log import Log
from rolldeck.domain.person import Order, TakeoverState
from rolldeck.domain.rollout import ActionResult, Actor, Confirmation, PhaseTiming, RolloutError, StopReason, Usage
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict
from rolldeck.domain.worker import WorkerReport, WorkerState
from rolldeck.effective_settings import Source
from rolldeck.environments.builds import BuildState


class Counts(BaseModel):
    """A task's rollouts by outcome. ``success_rate`` is succeeded of completed; failed and cancelled count in no rate."""

    total: int
    live: int
    completed: int
    succeeded: int
    failed: int
    cancelled: int
    success_rate: float | None


class EndedView(BaseModel):
    """How a rollout ended; ``success`` is null where it has no verdict."""

    id: str
    status: Status
    success: bool | None


class TaskSummary(BaseModel):
    """A task in a list. ``interval`` is Wilson's of its success rate (95 %), null where none is completed.

    ``recent`` tells how its newest rollouts ended, newest first, of as many as were asked for.
    """

    id: str
    version: str
    task: str
    environment: str
    tags: list[str]
    has_solution: bool
    counts: Counts
    interval: Interval | None
    recent: list[EndedView]
    updated_at: datetime


class TaskList(BaseModel):
    """Tasks in the order of their ids; ``next`` is the ``after`` of the following page, null on the last one."""

    tasks: list[TaskSummary]
    next: str | None


class TaskVersionView(BaseModel):
    """A version of a task, and when it was uploaded first."""

    version: str
    created_at: datetime


class TaskDetail(BaseModel):
    """One task, whole. ``interval`` as in ``TaskSummary``; ``versions`` are all that there are, newest first."""

    task: Task
    version: str
    versions: list[TaskVersionView]
    counts: Counts
    interval: Interval | None
    created_at: datetime
    updated_at: datetime


class UploadEntry(BaseModel):
    """A task of a file that is new, or different from the stored one. ``before`` is null for a new one."""

    id: str
    line: int = Field(description="on which it begins, from 1")
    before: Task | None
    after: Task


class UploadPreview(BaseModel):
    """What an upload of a file would do, in tasks; nothing of it was done.

    ``entries`` are those that would be added or changed, in the file's order: as many of them as fit into an answer, of
    which ``more`` says how many do not.
    """

    added: int
    changed: int
    unchanged: int
    total: int
    entries: list[UploadEntry]
    more: int


class UploadResult(BaseModel):
    """What an upload did, in tasks."""

    added: int
    changed: int
    unchanged: int
    total: int
    task_ids: list[str] = Field(description="ids of the uploaded tasks, in the file's order")


class BatchCountsView(BaseModel):
    """A batch's rollouts by outcome.

    ``live`` are not final yet, ``claimed`` of them are being executed. ``success_rate`` is succeeded of completed; the
    ``left_out`` ones (failed and cancelled) count in no rate. ``reused`` of the completed ones were answered by an
    earlier rollout, ``retryable`` of the failed ones failed for their infrastructure.
    """

    total: int
    live: int
    claimed: int
    completed: int
    succeeded: int
    reused: int
    failed: int
    retryable: int
    cancelled: int
    left_out: int
    success_rate: float | None


class BatchView(BaseModel):
    """A batch and how far it is. ``progress`` is the share of its rollouts that have ended, in [0, 1].

    ``tokens`` and ``cost`` (US dollars) are what its attempts spent that have ended; the cost is null where the price of some
    of it is not known. With ``budget_spent`` it is paused until its budget is raised.

    ``interval`` is Wilson's of its success rate (95 %), null where none is completed. ``tasks`` says how many it has; ``eta_seconds`` is null where nothing can be said yet, or nothing of it is executed.
    """

    id: str
    name: str | None
    tags: list[str]
    priority: int
    agents: list[AgentChoice]
    tasks: int
    repeats: int
    limits: RolloutLimits
    budget: Budget
    budget_spent: bool
    tokens: int
    cost: float | None
    extraction: ModelChoice | None = Field(description="who reads answers that are not written as asked")
    max_attempts: int
    reuse: bool
    paused: bool
    counts: BatchCountsView
    interval: Interval | None
    progress: float = Field(ge=0, le=1)
    mean_seconds: float | None = Field(description="of its rollouts that were executed to an end")
    eta_seconds: float | None
    created_at: datetime
    finished_at: datetime | None


class BatchList(BaseModel):
    """Batches, newest first; ``next`` is the ``after`` of the following page, null on the last one."""

    batches: list[BatchView]
    next: str | None


class BatchAction(BaseModel):
    """A batch after it was cancelled or retried, and how many of its rollouts that concerned."""

    batch: BatchView
    rollouts: int


class BatchDeleted(BaseModel):
    """What the deletion of a batch removed."""

    id: str
    rollouts: int
    attempts: int = Field(description="attempts at its rollouts, all that began")
    steps: int
    freed_bytes: int


class RolloutRequest(BaseModel):
    """Rollouts to start: ``repeats`` of each task by one agent. They make a batch of their own; see ``BatchSpec``."""

    model_config = ConfigDict(extra="forbid")

    task_ids: list[str] = Field(min_length=1, max_length=10_000)
    agent: str = Field(min_length=1, max_length=200)
    model: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    parameters: dict[str, JsonValue] = Field(
        default_factory=dict, max_length=100, description="what the model is asked with"
    )
    repeats: int = Field(default=1, ge=1, le=1000)
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="of the first repeat; each has one more")
    limits: RolloutLimits = RolloutLimits()
    extraction: ModelChoice | None = Field(
        default=None, description="who reads answers that are not written as asked; default: the server's, null: nobody"
    )
    max_attempts: int = Field(default=3, ge=1, le=20)
    reuse: bool = False


class RolloutView(BaseModel):
    """One rollout. ``expected`` is the answer that its version of the task expects; ``video_url`` is null without a video.

    What happened (errors, timings, steps, video, times) is that of the attempt ``attempt``, the one that goes on or
    that decided. One with ``reused_from`` was answered by that rollout and has no steps and no video of its own.
    """

    id: str
    batch_id: str
    task_id: str
    task_version: str
    agent: str
    model: str | None
    parameters: dict[str, JsonValue]
    extraction: ModelChoice | None = Field(description="who reads an answer that is not written as asked")
    seed: int
    status: Status
    attempt: int
    retries_left: int = Field(description="attempts that may still follow a failure of infrastructure")
    worker_id: str | None = Field(description="who executes it, or did last")
    template: str | None = Field(description="content hash of what its environment was made from")
    stop_reason: StopReason | None
    success: bool | None = Field(description="the verdict; null unless completed")
    reward: float | None
    answer_text: str | None
    expected: JsonValue
    verdict: Verdict | None
    errors: list[RolloutError]
    timings: list[PhaseTiming]
    steps: int
    tokens: int
    cost: float | None = Field(description="US dollars; null where it is not known, and without a model")
    seconds: float | None
    cancel_requested: bool
    reused_from: str | None = Field(description="id of the rollout that answered for this one")
    video_url: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class RolloutDetail(RolloutView):
    """One rollout, with the one that answered for it.

    ``origin`` is null where it was executed itself, and where ``reused_from`` has been deleted since.
    """

    origin: RolloutView | None


class RolloutList(BaseModel):
    """Rollouts in the order asked for; ``next`` is the ``after`` of the following page, null on the last one.

    A page of a text search may be short, or empty, and yet have a ``next``: for one page only so many rollouts are looked
    at. ``total`` counts all that match where that was asked for; 10,001 means more than 10,000, null that too many would
    have to be looked at to say it.
    """

    rollouts: list[RolloutView]
    next: str | None
    total: int | None


class NeighboursView(BaseModel):
    """The ids of the rollouts beside one in a list; null where it is the first or the last."""

    previous: str | None
    following: str | None


class RolloutsCreated(BaseModel):
    """The batch that the rollouts make, and the rollouts themselves as they are queued: the first 200 of them."""

    batch: BatchView
    rollouts: list[RolloutView]


class AttemptView(BaseModel):
    """One attempt of a rollout, ``number`` from 1. ``present`` is the one that goes on, or that decided.

    ``errors`` of an earlier one say why it ended; they are empty where its worker was stopped on purpose.
    """

    number: int
    present: bool
    worker_id: str | None
    errors: list[RolloutError]
    timings: list[PhaseTiming]
    steps: int
    tokens: int
    cost: float | None
    video_url: str | None
    started_at: datetime | None
    ended_at: datetime | None


class AttemptList(BaseModel):
    """All attempts of a rollout, in order; the last one is the present one."""

    attempts: list[AttemptView]


class DeleteResult(BaseModel):
    """What a deletion did: a live rollout is ``cancelling``, a final one is ``deleted`` with all that belonged to it.

    ``attempts`` are all that began, ``steps`` those of all of them.
    """

    id: str
    outcome: Literal["cancelling", "cancelled", "deleted"]
    attempts: int = 0
    steps: int = 0
    freed_bytes: int = 0


class StepView(BaseModel):
    """One step of a trajectory. ``offset`` is where in the video it is, in seconds."""

    index: int
    source: Actor = Field(description="who acted: the agent, or a person")
    offset: float
    url: str
    screenshot_url: str
    prompt: str | None = Field(description="what the model was told first, to the letter; null but in the first step")
    notice: str | None = Field(description="what the page did before that no screenshot shows, as the agent was told")
    message: str
    thoughts: str = Field(description="what the model said to itself; never part of its answer")
    actions: list[ActionResult]
    confirmations: list[Confirmation] = Field(description="actions that the model's provider wanted confirmed")
    wait_seconds: float = Field(description="until the page had settled for the screenshot")
    agent_seconds: float
    action_seconds: float
    usage: Usage | None = Field(description="what the model's requests took; null without a model")
    at: datetime


class StepList(BaseModel):
    """All steps of one attempt of a rollout, in order."""

    attempt: int
    steps: list[StepView]


class QuestionView(BaseModel):
    """What a model's provider wants a person to confirm, open until it is answered or ``seconds_left`` have passed.

    ``explanation`` is what the model said, ``actions`` what it would do on the page, ``screenshot_url`` what it saw.
    """

    id: str
    rollout_id: str
    task_id: str
    agent: str
    model: str | None
    attempt: int
    action: str = Field(description="the provider's name for it")
    concern: str = Field(description="why it is to be confirmed")
    explanation: str
    actions: list[Action]
    screenshot_url: str | None
    asked_at: datetime
    seconds_left: float = Field(description="until it is denied, when this was answered")
    allowed: bool | None = Field(description="the answer; null as long as there is none")


class TakeoverView(BaseModel):
    """A person's control of a running rollout's page; with ``is_agent`` the rollout has no other agent."""

    rollout_id: str
    task_id: str
    agent: str
    attempt: int
    state: TakeoverState
    is_agent: bool
    waiting: int = Field(description="orders that were placed and not carried out yet")
    since: datetime


class PeopleView(BaseModel):
    """What persons are asked, and which pages they have or are awaited at, oldest first."""

    questions: list[QuestionView]
    takeovers: list[TakeoverView]


class AnswerToQuestion(BaseModel):
    """What a person answers."""

    model_config = ConfigDict(extra="forbid")

    allow: bool


class HolderRequest(BaseModel):
    """Names whoever takes a page over: a secret of its own choice, the same in all its requests."""

    model_config = ConfigDict(extra="forbid")

    holder: str = Field(min_length=16, max_length=64, pattern="^[0-9A-Za-z_-]+$")


class OrderRequest(Order):
    """What a person wants done, by whoever has taken the page over."""

    holder: str = Field(min_length=16, max_length=64, pattern="^[0-9A-Za-z_-]+$")


class OrderView(BaseModel):
    """An order, and what became of it once it is ``done``: the results of its actions, and the step that it is."""

    number: int
    done: bool
    results: list[ActionResult]
    step: int | None = Field(description="the newest step then; null as long as it is not done")


class LogList(BaseModel):
    """What was written in one attempt, by whom; none while it goes on."""

    attempt: int
    logs: list[Log]


class AgentView(BaseModel):
    """An agent that can be chosen; ``unavailable`` says why it cannot here.

    ``parameters`` is the JSON Schema of what it can be told per rollout, null where it has no model.
    """

    name: str
    title: str
    description: str
    unavailable: str | None
    parameters: dict[str, JsonValue] | None


class StageView(BaseModel):
    """A part of a template that is kept by itself; what is null is not made yet."""

    name: str
    made_at: datetime | None
    size_bytes: int | None


class BuildView(BaseModel):
    """The newest build of a template that the server was asked for. ``error`` says why it failed, and what to do.

    ``step`` of ``steps`` (from 1) is called ``doing``; ``fraction`` of it is done, in [0, 1]. All are null where that is not known.
    """

    name: str = Field(description="the environment's")
    state: BuildState
    step: int | None
    steps: int | None
    doing: str | None
    fraction: float | None
    error: str | None
    started_at: datetime
    ended_at: datetime | None


class BuildLog(BaseModel):
    """A build, with the last lines that it wrote, oldest first; hostile text."""

    build: BuildView
    lines: list[str]


class EnvironmentView(BaseModel):
    """An environment that tasks can name, and its template, in the ``stages`` that it is made in.

    ``recipe_file`` is null where the recipe is Rolldeck's own; one ``on_demand`` is not built when the server starts.
    ``build`` is null where the server was not asked for one since it started.
    """

    name: str
    title: str
    runtime: str
    content_hash: str
    built: bool
    built_at: datetime | None
    size_bytes: int | None
    stages: list[StageView]
    recipe_file: str | None
    on_demand: bool
    build: BuildView | None


class BrokenRecipeView(BaseModel):
    """A recipe file, or a file that a recipe needs, without which there is no environment."""

    file: str
    error: str
    todo: str


class RuntimeView(BaseModel):
    """Where environments run. ``away``: those of it cannot, and ``todo`` says what to do; ``unused``: there are none.

    ``memory_bytes`` is what it has for all of them together; null where that is not known.
    """

    name: Literal["process", "docker"]
    title: str
    state: Literal["ready", "away", "unused"]
    found: str
    todo: str | None
    environments: list[str]
    memory_bytes: int | None


class RuntimeList(BaseModel):
    """The runtimes, and the recipe files that say no environment."""

    runtimes: list[RuntimeView]
    broken_recipes: list[BrokenRecipeView]


class OccupiedView(BaseModel):
    """An environment in use: the rollout that has it, or is being given it, and the worker on whose machine it is."""

    rollout_id: str
    batch_id: str
    task_id: str
    environment: str
    agent: str
    model: str | None
    status: Status
    worker_id: str
    since: datetime


class OccupiedList(BaseModel):
    """The environments that rollouts have now, those of the oldest rollouts first: at most 500."""

    occupied: list[OccupiedView]


class SuperfluousView(BaseModel):
    """Something that is kept for a template of before, which no recipe needs now. What is ``in_use`` is not removed."""

    runtime: str
    what: str
    size_bytes: int
    in_use: bool


class SuperfluousList(BaseModel):
    """All of it; ``free_bytes`` is what removing it frees now."""

    superfluous: list[SuperfluousView]
    free_bytes: int


class PruneRequest(BaseModel):
    """What to remove: names as ``superfluous`` has them in ``what``."""

    model_config = ConfigDict(extra="forbid")

    what: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(min_length=1, max_length=1000)


class Pruned(BaseModel):
    """What was removed, and what that freed; what was in use by then was kept."""

    removed: list[SuperfluousView]
    freed_bytes: int


class SettingView(BaseModel):
    """A setting as it holds. ``value`` is null where none is set, and always where it is ``secret``: then ``is_set`` says so.

    ``variable`` is the environment variable that it was read from; ``variables`` are all that it can be read from.
    """

    name: str
    variables: list[str]
    description: str
    value: str | None
    secret: bool
    is_set: bool
    source: Source
    variable: str | None


class SettingGroup(BaseModel):
    """Settings that are about the same."""

    name: str
    settings: list[SettingView]


class SettingList(BaseModel):
    """The settings that the server runs with: read once when it started."""

    version: str
    groups: list[SettingGroup]


class WorkerView(BaseModel):
    """A worker. ``report.blocked`` says why it claims nothing; null where it does."""

    id: str
    host: str
    pid: int
    version: str
    state: WorkerState
    alive: bool
    report: WorkerReport
    started_at: datetime
    seen_at: datetime


class WorkerList(BaseModel):
    """The workers of the last day, oldest first."""

    workers: list[WorkerView]


class QuotaList(BaseModel):
    """All quotas, by name."""

    quotas: list[Quota]


class QuotaLimits(BaseModel):
    """The limits of a quota; at least one of them."""

    model_config = ConfigDict(extra="forbid")

    max_running: int | None = Field(default=None, ge=0, le=100_000, description="rollouts at once; 0 stops it")
    requests_per_minute: float | None = Field(default=None, gt=0, le=1_000_000)


class EventList(BaseModel):
    """Events in order; ``last`` is the number of the newest one there is, so that more follow where it is not the last here."""

    events: list[LoggedEvent]
    last: int


class Health(BaseModel):
    """Whether the server works. ``database`` is checked by a query.

    ``claiming``: whether what is queued will be executed; where not, ``blocked`` says why, one reason each.
    """

    status: Literal["ok", "degraded"]
    version: str
    database: Literal["ok", "unreachable"]
    live_rollouts: int
    workers: int = Field(description="workers alive")
    claiming: bool
    blocked: list[str]


class ProblemField(BaseModel):
    """One reason why an input was refused."""

    field: str
    message: str
    index: int | None = Field(default=None, description="position in an uploaded file, from 0")
    item_id: str | None = None
    line: int | None = Field(default=None, description="line of the file on which that begins, from 1")


class Problem(BaseModel):
    """An error, as RFC 9457 (problem+json) has it; ``errors`` names every offending field."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[ProblemField] = []
