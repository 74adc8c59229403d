"""What an agent of Anthropic's models can be told per rollout."""

from typing import Annotated, Literal

from pydantic import Field

from rolldeck.agents.anthropic.tools import ToolName
from rolldeck.agents.models.parameters import ModelParameters

Budget = Annotated[int, Field(ge=1024, le=1_000_000)]


class AnthropicParameters(ModelParameters):
    """The parameters of all models, and those of Anthropic's."""

    temperature: None = Field(default=None, description="there is none: Anthropic's API has removed it")
    tool: ToolName | None = Field(
        default=None, description="variant of computer use; default: the known model's, else computer_toolset_20260801"
    )
    thinking: Literal["adaptive", "disabled"] | Budget | None = Field(
        default=None,
        description="how the model thinks, or tokens that it may think with; default: adaptive with the toolsets, else none",
    )
    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = Field(
        default=None, description="how thorough the model is; default: its own"
    )
    screenshots_slack: int = Field(
        default=16,
        ge=0,
        le=100,
        description="older screenshots are removed when there are so many, all at once: each removal empties the cache",
    )
    longest_side: int | None = Field(
        default=1568, ge=200, le=8000, description="pixels; larger screenshots are shown smaller"
    )
