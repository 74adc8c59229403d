"""Where a rollout is truncated, or given up."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rolldeck.domain.task import Limits

_PROVISION_SECONDS = 120.0
_BROWSER_SECONDS = 60.0
_VERIFY_SECONDS = 120.0
_LONGEST_SECONDS = 86_400


class RolloutLimits(BaseModel):
    """Limits that whoever starts rollouts sets; what is None is the task's, or the default.

    ``steps``, ``tokens``, ``cost``, ``agent_seconds`` and ``total_seconds`` truncate the agent: what it did until then is still
    verified, within ``verify_seconds`` of its own. ``provision_seconds`` and ``browser_seconds`` are for making ready:
    where they do not suffice, the attempt failed. ``stall_steps``: an agent that does the same on the same screen so many
    times is given a hint; one that does it twice as many times is truncated too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    steps: int | None = Field(default=None, ge=1, le=1000, description="steps of the agent")
    tokens: int | None = Field(default=None, ge=1, description="tokens that the agent's model may take, in and out")
    cost: float | None = Field(default=None, gt=0, description="US dollars that the agent's model may cost")
    stall_steps: int | None = Field(
        default=None, ge=2, le=100, description="the same on the same screen: a hint, after twice as many the end"
    )
    provision_seconds: float | None = Field(default=None, gt=0, le=_LONGEST_SECONDS)
    browser_seconds: float | None = Field(default=None, gt=0, le=_LONGEST_SECONDS)
    agent_seconds: float | None = Field(default=None, gt=0, le=_LONGEST_SECONDS, description="seconds to act in")
    verify_seconds: float | None = Field(default=None, gt=0, le=_LONGEST_SECONDS)
    total_seconds: float | None = Field(
        default=None, gt=0, le=_LONGEST_SECONDS, description="seconds from the claim until the agent must have stopped"
    )

    @model_validator(mode="after")
    def _do_not_contradict(self) -> Self:
        if self.total_seconds is None:
            return self
        ready = (self.provision_seconds or 0) + (self.browser_seconds or 0)
        if ready >= self.total_seconds:
            raise ValueError(
                f"total_seconds ({self.total_seconds:g}) leaves the agent no time beside provision_seconds and "
                f"browser_seconds ({ready:g} together)"
            )
        if self.agent_seconds is not None and self.agent_seconds > self.total_seconds:
            raise ValueError(
                f"agent_seconds ({self.agent_seconds:g}) is more than total_seconds ({self.total_seconds:g}) allows"
            )
        return self

    def on(self, task: Limits) -> "EffectiveLimits":
        """Return what holds for a rollout of a task."""
        return EffectiveLimits(
            steps=self.steps or task.steps,
            tokens=self.tokens,
            cost=self.cost,
            stall_steps=self.stall_steps,
            provision_seconds=self.provision_seconds or _PROVISION_SECONDS,
            browser_seconds=self.browser_seconds or _BROWSER_SECONDS,
            agent_seconds=self.agent_seconds or task.seconds,
            verify_seconds=self.verify_seconds or _VERIFY_SECONDS,
            total_seconds=self.total_seconds,
        )


class EffectiveLimits(BaseModel):
    """The limits that hold for one rollout; see ``RolloutLimits``."""

    model_config = ConfigDict(frozen=True)

    steps: int
    tokens: int | None
    cost: float | None = None
    stall_steps: int | None = None
    provision_seconds: float
    browser_seconds: float
    agent_seconds: float
    verify_seconds: float
    total_seconds: float | None

    def within(self, left: "Budget") -> "EffectiveLimits":
        """Return these limits, narrowed to what is left of a budget."""
        tokens = [each for each in (self.tokens, left.tokens) if each is not None]
        cost = [each for each in (self.cost, left.cost) if each is not None]
        return self.model_copy(update={"tokens": min(tokens, default=None), "cost": min(cost, default=None)})


class Budget(BaseModel):
    """What the models of several rollouts may take together; None: any amount."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: int | None = Field(default=None, ge=1, le=10**15, description="in and out")
    cost: float | None = Field(default=None, gt=0, le=10**9, description="US dollars")

    def is_spent_by(self, tokens: int, cost: float) -> bool:
        """Whether nothing is left once so much is spent."""
        return (self.tokens is not None and tokens >= self.tokens) or (self.cost is not None and cost >= self.cost)

    def left_after(self, tokens: int, cost: float) -> "Budget":
        """Return what is left once so much is spent; where nothing is, a trifle, for a limit of nothing is none."""
        return Budget(
            tokens=None if self.tokens is None else max(1, self.tokens - tokens),
            cost=None if self.cost is None else max(1e-9, self.cost - cost),
        )
