"""The agent of Google's Gemini models."""

from rolldeck.agents.gemini.parameters import GeminiParameters
from rolldeck.agents.models.conversation import Conversation
from rolldeck.agents.models.provider import ModelAccess, ModelProvider, Setup
from rolldeck.agents.models.questions import Questions


def gemini_agent(access: ModelAccess) -> ModelProvider:
    """Return the agent ``gemini``: with a key or, with the option ``project``, through Vertex AI."""
    return ModelProvider(
        name="gemini",
        title="Gemini",
        description="Gemini, with Google's computer use tool.",
        service="Gemini",
        package="google.genai",
        access=access,
        converse=_converse,
        question=_question,
        unavailable=_missing,
        parameters=GeminiParameters,
    )


def _converse(setup: Setup) -> Conversation:
    from rolldeck.agents.gemini.conversation import GeminiConversation  # noqa: PLC0415 - the SDK is slow to import

    return GeminiConversation(setup)


def _missing(access: ModelAccess) -> str | None:
    if access.key or access.option("project"):
        return None
    return "there is no key for it: set GEMINI_API_KEY or, for Vertex AI, ROLLDECK_GEMINI_PROJECT"


def _question(setup: Setup) -> Questions:
    from rolldeck.agents.gemini.questions import GeminiQuestions  # noqa: PLC0415 - the SDK is slow to import

    return GeminiQuestions(setup)
