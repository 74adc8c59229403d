"""What the rest of Rolldeck knows of verification."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from rolldeck.domain.task import Task
from rolldeck.domain.usage import ModelAnswer
from rolldeck.domain.verdict import Verdict

SqlReader = Callable[[str, str], Awaitable[list[dict[str, JsonValue]]]]
"""``(database, query) → rows`` of the rollout's environment; raises ``VerificationError`` for a bad query."""


@dataclass(frozen=True)
class AnswerReader:
    """A model that reads answers, by its provider and name.

    ``ask`` puts a question to it, ``(question, JSON Schema of the answer) → answer``; raises ``ModelError`` where it cannot
    be asked.
    """

    provider: str
    model: str
    ask: Callable[[str, Mapping[str, JsonValue]], Awaitable[ModelAnswer]]


class Verifier(Protocol):
    """Says whether a rollout did its task."""

    async def verify(
        self, task: Task, answer_text: str | None, sql: SqlReader, reader: AnswerReader | None = None
    ) -> Verdict:
        """Return the verdict on the agent's answer (None: it gave none) and the environment's state.

        With a ``reader``, that is asked for an answer that cannot be read as the task wants it written. Raises
        ``VerificationError`` where the verifier itself fails, and what ``reader.ask`` raises; that is never a zero.
        """
