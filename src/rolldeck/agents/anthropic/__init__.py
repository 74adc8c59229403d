"""The agent of Anthropic's models."""

from rolldeck.agents.anthropic.parameters import AnthropicParameters
from rolldeck.agents.models.conversation import Conversation
from rolldeck.agents.models.provider import ModelAccess, ModelProvider, Setup, needs_key
from rolldeck.agents.models.questions import Questions


def anthropic_agent(access: ModelAccess) -> ModelProvider:
    """Return the agent ``anthropic``."""
    return ModelProvider(
        name="anthropic",
        title="Anthropic",
        description="Claude, with Anthropic's computer use or browser use tool.",
        service="Anthropic's API",
        package="anthropic",
        access=access,
        converse=_converse,
        question=_question,
        unavailable=needs_key("ANTHROPIC_API_KEY"),
        parameters=AnthropicParameters,
    )


def _converse(setup: Setup) -> Conversation:
    from rolldeck.agents.anthropic.conversation import AnthropicConversation  # noqa: PLC0415 - the SDK is slow to import

    return AnthropicConversation(setup)


def _question(setup: Setup) -> Questions:
    from rolldeck.agents.anthropic.questions import AnthropicQuestions  # noqa: PLC0415 - the SDK is slow to import

    return AnthropicQuestions(setup)
