"""The agent of OpenAI's models."""

from rolldeck.agents.models.conversation import Conversation
from rolldeck.agents.models.provider import ModelAccess, ModelProvider, Setup, needs_key
from rolldeck.agents.models.questions import Questions
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
        question=_question,
        unavailable=needs_key("OPENAI_API_KEY"),
        parameters=OpenAIParameters,
    )


def _converse(setup: Setup) -> Conversation:
    from rolldeck.agents.openai.conversation import OpenAIConversation  # noqa: PLC0415 - the SDK is slow to import

    return OpenAIConversation(setup)


def _question(setup: Setup) -> Questions:
    from rolldeck.agents.openai.questions import OpenAIQuestions  # noqa: PLC0415 - the SDK is slow to import

    return OpenAIQuestions(setup)
