"""Single questions to Anthropic's models, answered in a given form.

Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs
"""

from collections.abc import Mapping
from typing import Any, cast

from pydantic import JsonValue

from rolldeck.agents.anthropic.client import client_of
from rolldeck.agents.anthropic.replies import read_message
from rolldeck.agents.models.conversation import Reply
from rolldeck.agents.models.provider import Setup


class AnthropicQuestions:
    """``Questions`` of the Messages API."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._client = client_of(setup)

    async def ask(self, question: str, schema: Mapping[str, JsonValue]) -> Reply:
        """Return the reply. Raises ``MalformedReply``, ``ModelError`` and ``AgentError``."""
        said = read_message(await self._setup.transport.result_of(self._create(question, schema)))
        return Reply(text=said.text, thoughts=said.thoughts, usage=said.usage)

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._client.close()

    async def _create(self, question: str, schema: Mapping[str, JsonValue]) -> Mapping[str, Any]:
        message = await self._client.messages.create(
            model=self._setup.model,
            max_tokens=self._setup.parameters.max_output_tokens,
            messages=[{"role": "user", "content": question}],
            output_config={"format": {"type": "json_schema", "schema": dict(schema)}},
        )
        return cast("Mapping[str, Any]", message.to_dict(mode="json", warnings=False))
