"""What an agent is to the rest of Rolldeck: from an observation to a message and actions, until an answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rolldeck.domain.action import Action
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.page import Box
from rolldeck.domain.rollout import ActionResult, Usage
from rolldeck.domain.solution import Target
from rolldeck.domain.task import Task


@dataclass(frozen=True)
class Observation:
    """What an agent is shown: the page now, and what became of the actions of its last turn.

    ``screenshot`` is a PNG of ``width`` × ``height`` pixels, the same pixels that actions are given in. ``notice`` is
    what the page did since then that no screenshot shows, in words.
    """

    screenshot: bytes
    url: str
    width: int
    height: int
    results: tuple[ActionResult, ...] = ()
    notice: str | None = None


@dataclass(frozen=True)
class Turn:
    """What an agent says and does on an observation. With an ``answer`` it is done, and ``actions`` must be empty.

    ``usage`` is what its model's requests took, None for agents without a model.
    """

    message: str = ""
    actions: tuple[Action, ...] = field(default=())
    answer: str | None = None
    usage: Usage | None = None


class PageReader(Protocol):
    """The page's contents by role and text: for agents that are not models. Reads only; acting goes through actions."""

    async def locate(self, target: Target, timeout: float) -> Box:
        """Wait until the target is visible and in view, return its box. Raises ``AgentError``."""

    async def wait_gone(self, target: Target, timeout: float) -> None:
        """Wait until no element matches the target. Raises ``AgentError``."""

    async def read_text(self, target: Target, timeout: float) -> str:
        """Return the target's visible text, or a form control's value. Raises ``AgentError``."""

    async def read_table(self, target: Target | None, timeout: float) -> list[dict[str, str]]:
        """Return a table's rows by column header. Raises ``AgentError``."""


class Agent(Protocol):
    """Acts in one rollout."""

    async def act(self, observation: Observation) -> Turn:
        """Return the next turn. Raises ``AgentError`` or ``ModelError``."""

    async def close(self) -> None:
        """Let go of connections. Idempotent."""


@dataclass(frozen=True)
class AgentInfo:
    """An agent that rollouts can name. ``unavailable`` says why it cannot be used here (no key …), None where it can."""

    name: str
    title: str
    description: str
    unavailable: str | None = None


class Agents(Protocol):
    """The agents that are known, by name."""

    def list(self) -> Sequence[AgentInfo]:
        """All agents, in the order in which they are offered."""

    def refusal(self, choice: AgentChoice, task: Task) -> str | None:
        """Why this agent cannot try this task, in words for the user; None where it can. Also for unknown names."""

    def create(self, choice: AgentChoice, task: Task, page: PageReader) -> Agent:
        """Return an agent for one rollout. Raises ``InvalidInput`` where ``refusal`` is not None."""
