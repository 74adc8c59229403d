"""A batch: rollouts that were started together, tasks × agents × repeats."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from rolldeck.domain.limits import Budget, RolloutLimits
from rolldeck.domain.storable import storable

MOST_ROLLOUTS = 10_000

_Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(storable)]
_Tag = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(storable)]
_Address = Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s/]"), AfterValidator(storable)]
_Parameters = Annotated[dict[str, JsonValue], Field(max_length=100), AfterValidator(storable)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AgentChoice(_Part):
    """Who tries the tasks: an agent, for some with the model and the parameters that the model is asked with."""

    agent: _Name
    model: _Name | None = None
    parameters: _Parameters = Field(default_factory=dict)

    @property
    def quota(self) -> str:
        """Name of the limits that it is under; see ``Rollout.quota``."""
        return self.model or self.agent


class ModelChoice(_Part):
    """A model that is asked beside the agent, by the name that its provider has among the agents."""

    provider: _Name = Field(description="who asks it: gemini, openai, anthropic, openai-compatible …")
    model: _Name

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``provider:model``. Raises ``ValueError``."""
        provider, colon, model = text.partition(":")
        if not (provider and colon and model):
            raise ValueError(f"{text!r} names no model: write it as PROVIDER:MODEL, e.g. gemini:gemini-3.5-flash")
        return cls(provider=provider, model=model)

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


class BatchSpec(_Part):
    """What is asked for: ``repeats`` rollouts of each task by each agent.

    Repeats have the seeds ``seed``, ``seed + 1`` …. With ``reuse``, a rollout whose identical one (same version of the
    task, template of the environment, agent, model, parameters and seed) has completed before is answered by that one
    at once. Once its attempts have spent the ``budget``, the batch is paused; each rollout may spend what is left of it when
    it begins. With an ``extraction``, that model reads answers that cannot be read as the task wants them written. The same
    ``idempotency_key`` again is the same batch again.
    """

    task_ids: tuple[_Name, ...] = Field(min_length=1, max_length=MOST_ROLLOUTS)
    agents: tuple[AgentChoice, ...] = Field(min_length=1, max_length=100)
    repeats: int = Field(default=1, ge=1, le=1000)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)
    name: _Name | None = None
    tags: tuple[_Tag, ...] = Field(default=(), max_length=100)
    priority: int = Field(default=0, ge=-100, le=100, description="higher ones go first")
    limits: RolloutLimits = RolloutLimits()
    budget: Budget = Budget()
    extraction: ModelChoice | None = Field(
        default=None, description="who reads answers that are not written as asked; default: the server's, null: nobody"
    )
    max_attempts: int = Field(default=3, ge=1, le=20, description="attempts at a rollout, first one included")
    reuse: bool = False
    idempotency_key: _Name | None = None
    webhook: _Address | None = Field(default=None, description="who is told of its end; an address the operator allows")

    @field_validator("task_ids")
    @classmethod
    def _are_different(cls, task_ids: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(task_ids)) < len(task_ids):
            raise ValueError("a task is named more than once; name each once, and use repeats")
        return task_ids

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.total > MOST_ROLLOUTS:
            raise ValueError(
                f"{self.total} rollouts are more than one batch may hold ({MOST_ROLLOUTS}): use several batches"
            )
        return self

    @property
    def total(self) -> int:
        """How many rollouts that is."""
        return len(self.task_ids) * len(self.agents) * self.repeats


class BatchCounts(_Part):
    """A batch's rollouts by outcome. ``live`` are not final yet, ``claimed`` of them are being executed.

    ``completed`` have a verdict, ``succeeded`` of them a right one, ``reused`` of them another rollout's; ``failed``
    and ``cancelled`` have none and count in no rate. ``retryable`` of the failed ones failed for their infrastructure.
    """

    total: int = 0
    live: int = 0
    claimed: int = 0
    completed: int = 0
    succeeded: int = 0
    reused: int = 0
    failed: int = 0
    retryable: int = 0
    cancelled: int = 0

    @property
    def success_rate(self) -> float | None:
        """Succeeded of completed, in [0, 1]; None where none is completed."""
        return self.succeeded / self.completed if self.completed else None


class Batch(_Part):
    """A batch as it is stored. ``mean_seconds`` is of its rollouts that were executed to an end; None before the first.

    ``tokens`` and ``cost`` (US dollars) are what its attempts spent that have ended; the cost is None where the price of
    some of it is not known.
    """

    id: str
    name: str | None
    tags: tuple[str, ...]
    priority: int
    agents: tuple[AgentChoice, ...]
    tasks: int
    repeats: int
    limits: RolloutLimits
    budget: Budget
    extraction: ModelChoice | None = None
    max_attempts: int
    reuse: bool
    paused: bool
    counts: BatchCounts
    tokens: int
    cost: float | None
    mean_seconds: float | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def budget_spent(self) -> bool:
        """Whether nothing is left of its budget."""
        return self.budget.is_spent_by(self.tokens, self.cost or 0)

    @property
    def eta_seconds(self) -> float | None:
        """Seconds until it will have ended, if it goes on as now; None where that cannot be said."""
        if self.counts.live == 0:
            return 0.0
        if self.mean_seconds is None or self.counts.claimed == 0:
            return None
        return self.mean_seconds * self.counts.live / self.counts.claimed


class BatchUpdate(_Part):
    """What of a batch can be changed while it runs; None leaves it as it is. A ``budget`` replaces the one before."""

    paused: bool | None = None
    priority: int | None = Field(default=None, ge=-100, le=100)
    name: _Name | None = None
    tags: tuple[_Tag, ...] | None = Field(default=None, max_length=100)
    budget: Budget | None = None


class Quota(_Part):
    """Limits of a model (or of an agent that has none), for all rollouts together. None: no limit."""

    name: _Name
    max_running: int | None = Field(default=None, ge=0, le=100_000, description="rollouts at once; 0 stops it")
    requests_per_minute: float | None = Field(default=None, gt=0, le=1_000_000)
