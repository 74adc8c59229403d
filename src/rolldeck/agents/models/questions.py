"""Single questions to a model, beside what an agent's model is told: it sees no page, and can do nothing but answer."""

from collections.abc import Mapping
from typing import Protocol

from pydantic import JsonValue

from rolldeck.agents.models.accounts import NOTHING, Accounts
from rolldeck.agents.models.cassette import ReplayDiffers
from rolldeck.agents.models.conversation import MalformedReply, Reply
from rolldeck.domain.errors import AgentError
from rolldeck.domain.usage import ModelAnswer, Usage


class Questions(Protocol):
    """What a provider's module implements: one question, without tools, in the provider's own protocol."""

    async def ask(self, question: str, schema: Mapping[str, JsonValue]) -> Reply:
        """Return the reply, which the provider holds to a JSON Schema. Raises ``MalformedReply``, ``ModelError``, ``AgentError``."""

    async def close(self) -> None:
        """Let go of connections. Idempotent."""


class ModelQuestioner:
    """A ``Questioner`` of one model. A reply of no use is asked for again ``tries - 1`` times."""

    def __init__(self, questions: Questions, accounts: Accounts, *, tries: int) -> None:
        self._questions = questions
        self._accounts = accounts
        self._tries = tries

    async def ask(self, question: str, schema: Mapping[str, JsonValue]) -> ModelAnswer:
        """Return the answer; one that the model refuses to give, or gives in no useful form, is a ``problem``. Raises ``ModelError``."""
        usage, problem = NOTHING, ""
        for _ in range(self._tries):
            try:
                reply = await self._questions.ask(question, schema)
            except MalformedReply as malformed:
                usage = self._with(usage, malformed.usage)
                problem = str(malformed)
            except ReplayDiffers:
                raise
            except AgentError as refusal:
                problem = str(refusal)
                break
            else:
                return ModelAnswer(text=reply.text, usage=self._accounts.timed(self._with(usage, reply.usage)))
        return ModelAnswer(text="", usage=self._accounts.timed(usage), problem=problem)

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
        await self._questions.close()

    def _with(self, usage: Usage, tokens: Usage) -> Usage:
        return usage.with_tokens_of(self._accounts.priced(tokens))
