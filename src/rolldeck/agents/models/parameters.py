"""What a model's agent can be told per rollout: ``parameters`` of the choice of an agent."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from rolldeck.agents.models.prompt import DEFAULT_TEMPLATE, TASK


class ModelParameters(BaseModel):
    """Parameters that all models' agents know; a provider's own are a subclass. Unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str = Field(
        default=DEFAULT_TEMPLATE, max_length=20_000, description=f"what the model is told first; {TASK} is the task"
    )
    safety: Literal["deny", "allow", "ask"] = Field(
        default="deny",
        description="what happens where the model's provider wants a person to confirm an action; ask: one is asked",
    )
    ask_seconds: float = Field(
        default=300, gt=0, le=86_400, description="how long a person may take to confirm; then it is denied"
    )
    temperature: float | None = Field(default=None, ge=0, le=2, description="default: the model's own")
    max_output_tokens: int = Field(default=8192, ge=1, le=1_000_000, description="tokens of one reply")
    screenshots: int = Field(default=3, ge=1, le=100, description="the model is shown those of so many newest turns")
    retries: int = Field(default=8, ge=0, le=100, description="how often a request that fails is made again")
    request_seconds: float = Field(default=180, gt=0, le=3600, description="how long one request may take")
    malformed_replies: int = Field(
        default=1, ge=0, le=20, description="how many useless replies in a row the model is asked again after"
    )

    @field_validator("prompt")
    @classmethod
    def _names_the_task(cls, prompt: str) -> str:
        if TASK not in prompt:
            raise ValueError(f"must contain {TASK}, which stands for the task")
        return prompt
