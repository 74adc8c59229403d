"""The errors of Rolldeck, named after the boundary that was crossed.

An adapter classifies a foreign exception once, where it catches it, raises one of these ``from`` it, and says in the
message what happened and what a person can do. ``retryable`` says whether the same rollout could succeed if tried
again unchanged: true for infrastructure, false for a wrong configuration or a wrong input.
"""

from dataclasses import dataclass
from typing import ClassVar


class RolldeckError(Exception):
    """Base of all errors that Rolldeck raises on purpose; its text is meant for a user."""

    retryable: ClassVar[bool] = False


class InvalidInput(RolldeckError):
    """What a user gave cannot be accepted; ``problems`` holds every reason, each with the field it is about."""

    def __init__(self, message: str, problems: "tuple[FieldProblem, ...]" = ()) -> None:
        super().__init__(message)
        self.problems = problems


@dataclass(frozen=True)
class TextPlace:
    """Where in a text file something stands; ``line`` and ``column`` count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class FieldProblem:
    """One reason why an input was refused.

    ``field`` is the path inside the item, dotted (``verifier.fields.total.decimals``); ``index`` the position of the
    item in the upload, counted from 0, and ``line`` where in the file that begins, counted from 1; ``item_id`` its id,
    where it has a readable one; ``place`` where it stands, in a file that people write by hand.
    """

    def __init__(
        self,
        field: str,
        message: str,
        *,
        index: int | None = None,
        item_id: str | None = None,
        place: TextPlace | None = None,
        line: int | None = None,
    ) -> None:
        self.field = field
        self.line = line
        self.message = message
        self.index = index
        self.item_id = item_id
        self.place = place

    def __str__(self) -> str:
        words = [] if self.index is None else [f"task {self.index}"]
        if self.item_id is not None:
            words.append(f"id {self.item_id!r}")
        if self.field:
            words.append(f"field {self.field!r}")
        said = f"{', '.join(words)}: {self.message}" if words else self.message
        return said if self.place is None else f"{self.place}: {said}"

    def __repr__(self) -> str:
        return f"FieldProblem({str(self)!r})"


class InputTooLarge(InvalidInput):
    """The input exceeds a size limit and was not read to its end."""


class NotFound(RolldeckError):
    """No such task, rollout, step or artifact."""


class Conflict(RolldeckError):
    """The request contradicts the present state, for example cancelling a rollout that has ended."""


class EnvironmentFailure(RolldeckError):
    """An environment or its template could not be built, started, reached or torn down."""

    retryable = True


class TemplateError(EnvironmentFailure):
    """A template could not be built; trying again unchanged will not help until its cause is removed."""

    retryable = False


class BrowserError(RolldeckError):
    """Chromium could not be started, died, or a page crashed."""

    retryable = True


class RecordingError(RolldeckError):
    """The video could not be written."""

    retryable = True


class AgentError(RolldeckError):
    """The agent broke its own protocol, or could not go on (the oracle: a target of its solution is not on the page)."""


class ModelError(RolldeckError):
    """A model's API failed, and went on failing when it was asked again."""

    retryable = True


class ModelRefused(ModelError):
    """A model's API refused the request itself (key, model, parameters, contents): the same one again will not help."""

    retryable = False


class VerificationError(RolldeckError):
    """The verifier itself failed: no verdict exists. Never counted as a wrong answer."""


class StorageError(RolldeckError):
    """The database or the artifact store failed."""

    retryable = True


class WorkerLost(RolldeckError):
    """The process that executed a rollout died, or gave no sign of life for longer than its lease."""

    retryable = True


class InvalidTransition(RolldeckError):
    """A status change that the state machine refuses."""
