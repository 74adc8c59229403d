"""What Gemini can be told per rollout."""

from typing import Literal

from pydantic import Field

from rolldeck.agents.models.parameters import ModelParameters


class GeminiParameters(ModelParameters):
    """Parameters of Gemini's agent."""

    thinking: Literal["minimal", "low", "medium", "high"] | None = Field(
        default=None, description="how much the model thinks; default: as much as its provider thinks best"
    )
    prompt_injection_detection: bool = Field(
        default=False, description="let the provider look for instructions hidden in screenshots (from Gemini 3.5 on)"
    )
    longest_side: int | None = Field(
        default=None, ge=200, le=8000, description="pixels; larger screenshots are shown smaller; default: as they are"
    )
