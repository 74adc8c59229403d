"""What an agent of any model with images and functions can be told per rollout."""

from typing import Literal

from pydantic import Field

from rolldeck.agents.models.parameters import ModelParameters


class CompatibleParameters(ModelParameters):
    """The parameters of all models, and those of a server that speaks as OpenAI's chat completions do."""

    coordinates: Literal["pixels", "thousandths"] = Field(
        default="pixels",
        description="what the model's coordinates mean: pixels of the screenshot, or 0 to 1000 across and down it",
    )
    longest_side: int | None = Field(
        default=None, ge=200, le=8000, description="pixels; larger screenshots are shown smaller; default: as they are"
    )
