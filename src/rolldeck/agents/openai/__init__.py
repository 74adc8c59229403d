"""The agent of OpenAI's models."""

from rolldeck.agents.models.conversation import Conversation
from rolldeck.agents.models.provider import ModelAccess, ModelProvider, Setup, needs_key
from rolldeck.agents.openai.parameters import OpenAIParameters


def openai_agent(access: ModelAccess) -> ModelProvider:
    """Return the agent ``openai``."""
    return ModelProvider(
        name="openai",
        title="OpenAI",
        description="GPT, with OpenAI's computer use tool.",
        service="OpenAI's API",
        package="openai",
        access=access,
        converse=_converse,
        unavailable=needs_key("OPENAI_API_KEY"),
        parameters=OpenAIParameters,
    )


def _converse(setup: Setup) -> Conversation:
    from rolldeck.agents.openai.conversation import OpenAIConversation  # noqa: PLC0415 - the SDK is slow to import

    return OpenAIConversation(setup)
