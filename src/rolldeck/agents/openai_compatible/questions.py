"""Single questions to a model on a server that speaks as OpenAI's does, answered in a given form.

Source: https://developers.openai.com/api/reference/chat-completions (``response_format``; vLLM, Ollama and llama.cpp know it).
"""

from collections.abc import Mapping
from typing import Any, cast

from openai import omit
from pydantic import JsonValue

from rolldeck.agents.models.conversation import MalformedReply, Reply
from rolldeck.agents.models.openai_sdk import client_of
from rolldeck.agents.models.provider import Setup
from rolldeck.agents.openai_compatible.replies import read_completion


class CompatibleQuestions:
    """``Questions`` of chat completions."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._client = client_of(setup)

    async def ask(self, question: str, schema: Mapping[str, JsonValue]) -> Reply:
        """Return the reply. Raises ``MalformedReply``, ``ModelError`` and ``AgentError``."""
        said = read_completion(await self._setup.transport.result_of(self._create(question, schema)))
        if not said.text:
            raise MalformedReply("it said nothing", said.usage)
        return Reply(text=said.text, thoughts=said.thoughts, usage=said.usage)

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._client.close()

    async def _create(self, question: str, schema: Mapping[str, JsonValue]) -> Mapping[str, Any]:
        given = self._setup.parameters
        completion = await self._client.chat.completions.create(
            model=self._setup.model,
            messages=[{"role": "user", "content": question}],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "reply", "schema": dict(schema), "strict": True},
            },
            max_tokens=given.max_output_tokens,
            temperature=omit if given.temperature is None else given.temperature,
        )
        return cast("Mapping[str, Any]", completion.to_dict(mode="json", warnings=False))
