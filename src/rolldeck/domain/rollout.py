"""A rollout: one agent's try at one task; its attempts, and the steps of its trajectory."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from rolldeck.domain.action import Action
from rolldeck.domain.batch import AgentChoice, ModelChoice
from rolldeck.domain.status import Event, Status
from rolldeck.domain.usage import Usage as Usage
from rolldeck.domain.verdict import Verdict


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class StopReason(StrEnum):
    """Why the agent stopped acting. The limits truncate: what was done until then is still verified."""

    ANSWERED = "answered"
    STEP_LIMIT = "step_limit"
    TIME_LIMIT = "time_limit"
    TOKEN_LIMIT = "token_limit"  # noqa: S105 - a reason, not a secret
    STALLED = "stalled"
    COST_LIMIT = "cost_limit"


class Phase(StrEnum):
    """A stretch of a rollout's time, for its timings and for saying where an error happened."""

    PROVISION = "provision"
    BROWSER = "browser"
    AGENT = "agent"
    VERIFY = "verify"
    TEARDOWN = "teardown"


class RolloutError(_Record):
    """One error of a rollout. All are kept, in the order in which they happened.

    Of a failed rollout the first one decided its status. A completed one may have errors of its teardown, which came
    after its verdict and changed nothing of it.
    """

    phase: Phase
    kind: str = Field(description="name of the error's class, e.g. EnvironmentFailure")
    message: str
    retryable: bool


class PhaseTiming(_Record):
    """Seconds of wall time that a phase took."""

    phase: Phase
    seconds: float = Field(ge=0)


class ActionResult(_Record):
    """What became of one action, in words that the agent is shown.

    ``error`` says why it had no effect; ``notice`` what the page did meanwhile that no screenshot shows (a dialog was
    answered, a file was downloaded).
    """

    action: Action
    error: str | None = None
    notice: str | None = None


class Decision(StrEnum):
    """What was decided of an action that a model's provider wanted a person to confirm; only the allowed ones are done."""

    ALLOWED_BY_POLICY = "allowed_by_policy"
    DENIED_BY_POLICY = "denied_by_policy"
    ALLOWED_BY_PERSON = "allowed_by_person"
    DENIED_BY_PERSON = "denied_by_person"
    UNANSWERED = "unanswered"


class Confirmation(_Record):
    """An action that was to be confirmed, by the provider's name for it, and why; and what was decided."""

    action: str
    concern: str
    decision: Decision


class Actor(StrEnum):
    """Who acted in a step."""

    AGENT = "agent"
    HUMAN = "human"
    """A person: one who took over from the agent, or who is the agent."""


class Step(_Record):
    """One observation, and what the agent did on it, or a person (``source``).

    ``index`` counts from 0. ``screenshot`` is the artifact key of what the agent saw *before* it acted, ``notice`` what
    it was told of the page beside. Times are in seconds: ``offset`` from the start of the video; ``wait_seconds`` until
    the page had settled for the screenshot, ``agent_seconds`` the agent thought, ``action_seconds`` the browser acted.
    """

    index: int = Field(ge=0)
    source: Actor = Actor.AGENT
    offset: float = Field(ge=0)
    url: str
    screenshot: str
    prompt: str | None = Field(
        default=None, description="what the model was told first, to the letter; first step only"
    )
    notice: str | None = None
    message: str = ""
    thoughts: str = Field(default="", description="what the model said to itself; never part of its answer")
    actions: tuple[ActionResult, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    wait_seconds: float = Field(default=0, ge=0)
    agent_seconds: float = Field(default=0, ge=0)
    action_seconds: float = Field(default=0, ge=0)
    usage: Usage | None = None
    at: datetime


class Attempt(_Record):
    """An attempt of a rollout that did not decide it: what is known of it. ``number`` counts from 1.

    ``errors`` says why it ended; it is empty where its worker was stopped on purpose. Its steps are stored under its
    number.
    """

    number: int = Field(ge=1)
    worker_id: str | None = None
    errors: tuple[RolloutError, ...] = ()
    timings: tuple[PhaseTiming, ...] = ()
    steps: int = 0
    tokens: int = 0
    cost: float | None = None
    video: str | None = Field(default=None, description="artifact key")
    started_at: datetime
    ended_at: datetime


class Rollout(_Record):
    """The whole record of a rollout, without its steps and earlier attempts. Times are UTC.

    What happened (``errors``, ``timings``, ``steps``, ``video``, ``started_at`` …) is that of the attempt ``attempt``,
    the one that goes on or that decided. ``seed`` tells the repeats of a task in a batch apart.
    """

    id: str
    batch_id: str
    task_id: str
    task_version: str
    agent: str
    model: str | None = None
    parameters: dict[str, JsonValue] = Field(default_factory=dict, description="what the model is asked with")
    extraction: ModelChoice | None = Field(default=None, description="who reads an answer that is not written as asked")
    seed: int = 0
    status: Status
    attempt: int = Field(default=1, ge=1)
    retries_left: int = Field(default=0, ge=0, description="attempts that may follow a failure of infrastructure")
    worker_id: str | None = Field(default=None, description="who executes it, or did last")
    template: str | None = Field(default=None, description="content hash of what its environment was made from")
    stop_reason: StopReason | None = None
    answer_text: str | None = Field(default=None, description="the agent's answer as it gave it")
    verdict: Verdict | None = None
    errors: tuple[RolloutError, ...] = ()
    timings: tuple[PhaseTiming, ...] = ()
    steps: int = 0
    tokens: int = 0
    cost: float | None = Field(default=None, description="US dollars; None: not known, or no model")
    video: str | None = Field(default=None, description="artifact key")
    reused_from: str | None = Field(default=None, description="id of the rollout that answered for this one")
    cancel_requested: bool = False
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def seconds(self) -> float | None:
        """Wall time in seconds from the attempt's claim to the end; None while either is missing."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def choice(self) -> AgentChoice:
        """Who tries the task."""
        return AgentChoice(agent=self.agent, model=self.model, parameters=self.parameters)

    @property
    def quota(self) -> str:
        """Name of the limits that it is under: its model's or, without one, its agent's."""
        return self.model or self.agent


def event_of_failure(errors: Sequence[RolloutError], retries_left: int) -> Event:
    """Return what a failed attempt means: another one, where the error that decided it was not the agent's or the user's."""
    if errors and errors[0].retryable and retries_left > 0:
        return Event.REQUEUED
    return Event.ERROR
