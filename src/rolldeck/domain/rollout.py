"""A rollout: one agent's try at one task; and the steps of its trajectory."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from rolldeck.domain.action import Action
from rolldeck.domain.status import Status
from rolldeck.domain.verdict import Verdict


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class StopReason(StrEnum):
    """Why the agent stopped acting. The limits truncate: what was done until then is still verified."""

    ANSWERED = "answered"
    STEP_LIMIT = "step_limit"
    TIME_LIMIT = "time_limit"


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


class Step(_Record):
    """One observation, and what the agent did on it.

    ``index`` counts from 0. ``screenshot`` is the artifact key of what the agent saw *before* it acted. Times are in
    seconds: ``offset`` from the start of the video; ``agent_seconds`` the agent thought, ``action_seconds`` the
    browser acted.
    """

    index: int = Field(ge=0)
    offset: float = Field(ge=0)
    url: str
    screenshot: str
    message: str = ""
    actions: tuple[ActionResult, ...] = ()
    agent_seconds: float = Field(default=0, ge=0)
    action_seconds: float = Field(default=0, ge=0)
    at: datetime


class Rollout(_Record):
    """The whole record of a rollout, without its steps. Times are UTC; ``seconds`` is wall time from claim to end."""

    id: str
    task_id: str
    task_version: str
    agent: str
    status: Status
    stop_reason: StopReason | None = None
    answer_text: str | None = Field(default=None, description="the agent's answer as it gave it")
    verdict: Verdict | None = None
    errors: tuple[RolloutError, ...] = ()
    timings: tuple[PhaseTiming, ...] = ()
    steps: int = 0
    video: str | None = Field(default=None, description="artifact key")
    cancel_requested: bool = False
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def seconds(self) -> float | None:
        """Wall time in seconds from the claim to the end; None while either is missing."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()
