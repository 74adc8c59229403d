"""The providers whose models can be agents. Their modules, and the SDKs, are imported once an agent is made."""
# ruff: noqa: PLC0415

from typing import Literal

from pydantic import Field

from rolldeck.agents.models.conversation import Conversation
from rolldeck.agents.models.parameters import ModelParameters
from rolldeck.agents.models.provider import ModelAccess, ModelProvider, Setup


class GeminiParameters(ModelParameters):
    """What Gemini can be told beside."""

    thinking: Literal["minimal", "low", "medium", "high"] | None = Field(
        default=None, description="how much the model thinks; default: as much as its provider thinks best"
    )
    longest_side: int | None = Field(
        default=None, ge=200, le=8000, description="pixels; larger screenshots are shown smaller; default: as they are"
    )
    prompt_injection_detection: bool = Field(
        default=False, description="let the provider look for instructions hidden in screenshots (from Gemini 3.5 on)"
    )


def gemini(access: ModelAccess) -> ModelProvider:
    """Return Google's Gemini: with a key or, with the option ``project``, through Vertex AI."""
    return ModelProvider(
        name="gemini",
        title="Gemini",
        description="Google's models with the computer use tool.",
        service="Gemini",
        package="google.genai",
        access=access,
        converse=_with_gemini,
        unavailable=_missing_for_gemini,
        parameters=GeminiParameters,
    )


def _with_gemini(setup: Setup) -> Conversation:
    from rolldeck.agents.gemini import GeminiConversation

    return GeminiConversation(setup)


def _missing_for_gemini(access: ModelAccess) -> str | None:
    if access.key or access.option("project"):
        return None
    return "there is no key for it: set ROLLDECK_GEMINI_API_KEY or, for Vertex AI, ROLLDECK_GEMINI_PROJECT"
