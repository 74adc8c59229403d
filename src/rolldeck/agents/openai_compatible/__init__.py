"""The agent of models on any server that speaks as OpenAI's chat completions do."""

from rolldeck.agents.models.conversation import Conversation
from rolldeck.agents.models.provider import ModelAccess, ModelProvider, Setup
from rolldeck.agents.models.questions import Questions
from rolldeck.agents.openai_compatible.parameters import CompatibleParameters


def openai_compatible_agent(access: ModelAccess) -> ModelProvider:
    """Return the agent ``openai-compatible``."""
    return ModelProvider(
        name="openai-compatible",
        title="OpenAI-compatible",
        description="Any model that sees images and calls functions, on a server of your own or another's: vLLM, Ollama …",
        service="the OpenAI-compatible server",
        package="openai",
        access=access,
        converse=_converse,
        question=_question,
        unavailable=_needs_address,
        parameters=CompatibleParameters,
    )


def _needs_address(access: ModelAccess) -> str | None:
    if access.base_url:
        return None
    return "there is no server for it: set ROLLDECK_OPENAI_COMPATIBLE_BASE_URL, e.g. http://localhost:8000/v1"


def _converse(setup: Setup) -> Conversation:
    from rolldeck.agents.openai_compatible.conversation import (  # noqa: PLC0415 - the SDK is slow to import
        CompatibleConversation,
    )

    return CompatibleConversation(setup)


def _question(setup: Setup) -> Questions:
    from rolldeck.agents.openai_compatible.questions import CompatibleQuestions  # noqa: PLC0415 - the SDK is slow to import

    return CompatibleQuestions(setup)
