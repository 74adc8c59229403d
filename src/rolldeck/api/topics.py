"""What a listener of the stream can ask for."""

import re
from dataclasses import dataclass

from rolldeck.api.identifiers import ULID
from rolldeck.domain.errors import FieldProblem, InvalidInput
from rolldeck.domain.event import EventKind, LoggedEvent

_ULID = re.compile(ULID)
_LONGEST_TASK_ID = 200
_ABOUT = {"batch", "task", "rollout", "frames"}


@dataclass(frozen=True)
class Topic:
    """A part of what happens. ``log`` is all of it, ``changes`` all but steps; the others are about one ``id``.

    ``frames`` has no events: it is the live picture of a rollout.
    """

    name: str
    id: str | None = None

    def __str__(self) -> str:
        return self.name if self.id is None else f"{self.name}:{self.id}"

    def has(self, event: LoggedEvent) -> bool:
        """Whether an event belongs to it."""
        match self.name:
            case "log":
                return True
            case "changes":
                return event.kind is not EventKind.ROLLOUT_STEP
            case "batch":
                return event.batch_id == self.id
            case "task":
                return event.task_id == self.id
            case "rollout":
                return event.rollout_id == self.id
        return False


def read_topic(text: str) -> Topic:
    """Read a topic. Raises ``InvalidInput``."""
    name, colon, about = text.partition(":")
    if not colon and name in {"log", "changes"}:
        return Topic(name)
    is_id = 0 < len(about) <= _LONGEST_TASK_ID if name == "task" else _ULID.fullmatch(about) is not None
    if name in _ABOUT and is_id:
        return Topic(name, about)
    known = "log, changes, batch:ID, task:ID, rollout:ID and frames:ID"
    raise InvalidInput(f"{text[:100]!r} is no topic: there are {known}", (FieldProblem("topic", f"choose of {known}"),))
