"""Single questions to Gemini, answered in a given form.

Source: https://ai.google.dev/gemini-api/docs/structured-output
"""

from collections.abc import Mapping

from google.genai import types
from pydantic import JsonValue

from rolldeck.agents.gemini.client import client_of
from rolldeck.agents.gemini.replies import candidate_of, refuse_useless, text_of, usage_of
from rolldeck.agents.models.conversation import Reply
from rolldeck.agents.models.provider import Setup


class GeminiQuestions:
    """``Questions`` of ``models.generate_content``."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._client = client_of(setup)

    async def ask(self, question: str, schema: Mapping[str, JsonValue]) -> Reply:
        """Return the reply. Raises ``MalformedReply`` and ``ModelError``."""
        given = self._setup.parameters
        config = types.GenerateContentConfig(
            temperature=given.temperature,
            max_output_tokens=given.max_output_tokens,
            response_mime_type="application/json",
            response_json_schema=dict(schema),
        )
        asking = self._client.aio.models.generate_content(
            model=self._setup.model,
            contents=[types.Content(role="user", parts=[types.Part.from_text(text=question)])],
            config=config,
        )
        response = await self._setup.transport.result_of(asking)
        usage = usage_of(response.usage_metadata)
        candidate = candidate_of(response)
        parts = (candidate.content or types.Content()).parts or []
        text = text_of(part for part in parts if not part.thought)
        refuse_useless(candidate, text=text, usage=usage)
        return Reply(text=text, usage=usage)

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._setup.client.aclose()
