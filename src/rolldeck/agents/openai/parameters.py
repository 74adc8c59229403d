"""What an agent of OpenAI's models can be told per rollout."""

from typing import Literal

from pydantic import Field

from rolldeck.agents.models.parameters import ModelParameters

ToolName = Literal["computer", "computer_use_preview"]


class OpenAIParameters(ModelParameters):
    """The parameters of all models, and those of OpenAI's.

    Screenshots are kept by the API itself, as many as the model's context holds: ``screenshots`` means nothing here.
    """

    tool: ToolName | None = Field(
        default=None, description="variant of computer use; default: the known model's, else computer"
    )
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = Field(
        default=None, description="how much the model thinks; default: its own"
    )
    summary: Literal["auto", "concise", "detailed"] | None = Field(
        default="auto",
        description="how the model sums its thoughts up; null: not at all (the API wants a verified organisation for it)",
    )
    store: bool = Field(
        default=True, description="the API keeps the conversation; false: it is sent anew each time, thoughts encrypted"
    )
    longest_side: int | None = Field(
        default=None, ge=200, le=8000, description="pixels; larger screenshots are shown smaller; default: as they are"
    )
