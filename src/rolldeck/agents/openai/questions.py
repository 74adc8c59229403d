"""Single questions to OpenAI's models, answered in a given form.

Source: https://developers.openai.com/api/docs/guides/structured-outputs
"""

from collections.abc import Mapping
from typing import Any, cast

from openai import omit
from pydantic import JsonValue

from rolldeck.agents.models.conversation import Reply
from rolldeck.agents.models.openai_sdk import client_of
from rolldeck.agents.models.provider import Setup
from rolldeck.agents.openai.replies import read_response


class OpenAIQuestions:
    """``Questions`` of the Responses API, which keeps nothing of them."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._client = client_of(setup)

    async def ask(self, question: str, schema: Mapping[str, JsonValue]) -> Reply:
        """Return the reply. Raises ``MalformedReply``, ``ModelError`` and ``AgentError``."""
        said = read_response(await self._setup.transport.result_of(self._create(question, schema)))
        return Reply(text=said.text, thoughts=said.thoughts, usage=said.usage)

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._client.close()

    async def _create(self, question: str, schema: Mapping[str, JsonValue]) -> Mapping[str, Any]:
        given = self._setup.parameters
        response = await self._client.responses.create(
            model=self._setup.model,
            input=[{"role": "user", "content": [{"type": "input_text", "text": question}]}],
            text={"format": {"type": "json_schema", "name": "reply", "schema": dict(schema), "strict": True}},
            max_output_tokens=given.max_output_tokens,
            temperature=omit if given.temperature is None else given.temperature,
            store=False,
        )
        return cast("Mapping[str, Any]", response.to_dict(mode="json", warnings=False))
