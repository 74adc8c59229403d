"""What the rest of Rolldeck knows of verification."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from pydantic import JsonValue

from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Verdict

SqlReader = Callable[[str, str], Awaitable[list[dict[str, JsonValue]]]]
"""``(database, query) → rows`` of the rollout's environment; raises ``VerificationError`` for a bad query."""


class Verifier(Protocol):
    """Says whether a rollout did its task."""

    async def verify(self, task: Task, answer_text: str | None, sql: SqlReader) -> Verdict:
        """Return the verdict on the agent's answer (None: it gave none) and the environment's state.

        Raises ``VerificationError`` where the verifier itself fails; that is never a zero.
        """
