"""What a provider's module implements: the conversation with a model, in the provider's own protocol."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rolldeck.agents.port import Observation
from rolldeck.domain.action import Action
from rolldeck.domain.rollout import Usage


@dataclass(frozen=True)
class Call:
    """Something that a model asked to be done, in canonical actions.

    ``problem`` says why it cannot be, in words for the model; there are no actions then. ``concern`` is set where the
    provider wants a person to confirm the call first, and says why. ``intent`` is what the model says it is for.
    ``id`` and ``name`` are the provider's.
    """

    name: str
    id: str | None = None
    actions: tuple[Action, ...] = ()
    problem: str | None = None
    concern: str | None = None
    intent: str = ""


@dataclass(frozen=True)
class Outcome:
    """What became of a call: it was done, unless there is a ``problem``. ``notices`` say what no screenshot shows."""

    call: Call
    problem: str | None = None
    notices: tuple[str, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True)
class Reply:
    """What a model said. Without calls it is done, and ``text`` is its answer; ``thoughts`` are never part of it.

    ``usage`` holds tokens only.
    """

    text: str = ""
    thoughts: str = ""
    calls: tuple[Call, ...] = ()
    usage: Usage = field(default_factory=Usage)


class MalformedReply(Exception):
    """What a model said is of no use, and it was not taken into the conversation: it may be asked again."""

    def __init__(self, reason: str, usage: Usage | None = None) -> None:
        super().__init__(reason)
        self.usage = usage or Usage()


class Conversation(Protocol):
    """What was said between a model and its agent so far; begins with the prompt."""

    def begin(self, prompt: str, observation: Observation) -> None:
        """Say the task, and show the page."""

    def respond(self, outcomes: Sequence[Outcome], observation: Observation) -> None:
        """Say what became of the last reply's calls, all of them in their order, and show the page."""

    async def ask(self) -> Reply:
        """Return what the model says to that. Raises ``MalformedReply`` and ``ModelError``."""

    async def close(self) -> None:
        """Let go of connections. Idempotent."""
