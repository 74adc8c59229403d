"""What an agent is to the rest of Rolldeck: from an observation to a message and actions, until an answer."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from pydantic import JsonValue

from rolldeck.domain.action import Action
from rolldeck.domain.batch import AgentChoice, ModelChoice
from rolldeck.domain.errors import AgentError, FieldProblem
from rolldeck.domain.page import Box
from rolldeck.domain.person import Order
from rolldeck.domain.rollout import ActionResult, Actor, Confirmation, Usage
from rolldeck.domain.solution import Target
from rolldeck.domain.task import Task
from rolldeck.domain.usage import ModelAnswer


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

    ``usage`` is what its model's requests took, None for agents without a model. ``thoughts`` are kept beside the message,
    ``confirmations`` are what was decided of actions that the model's provider wanted confirmed. ``prompt`` is what the model
    was told before all else, to the letter, in its first turn. ``source`` tells whether it is a person's.
    """

    message: str = ""
    actions: tuple[Action, ...] = field(default=())
    answer: str | None = None
    usage: Usage | None = None
    thoughts: str = ""
    confirmations: tuple[Confirmation, ...] = ()
    prompt: str | None = None
    source: Actor = Actor.AGENT


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


@dataclass(frozen=True)
class ToConfirm:
    """What a person is asked to confirm: an action, by its provider's name, and why.

    ``explanation`` is what the model says of it, ``actions`` what it comes to on the page.
    """

    action: str
    concern: str
    explanation: str = ""
    actions: tuple[Action, ...] = ()


Confirm = Callable[[ToConfirm, float], Awaitable[bool | None]]
"""``(what, seconds) → answer``: asks a person to confirm an action; None where nobody answers in time."""

NextOrder = Callable[[Sequence[ActionResult]], Awaitable[Order]]
"""``results of the order before → order``: waits for what the person who is the agent wants done.

Raises ``AgentError`` where no person comes.
"""


async def nobody_confirms(_what: ToConfirm, _seconds: float) -> bool | None:
    """Answer for nobody, at once."""
    return None


async def nobody_orders(_results: Sequence[ActionResult]) -> Order:
    """Raise ``AgentError``: no person can be reached."""
    raise AgentError("no person can act in this rollout")


@dataclass(frozen=True)
class Surroundings:
    """What an agent may use in its rollout beside what it is shown.

    ``pace`` returns when the quota has room for another request to the model; the rollout awaits it before each turn, so
    an agent does before any further request in it. ``pause`` lets seconds pass that are not the agent's own. ``confirm`` and
    ``orders`` are the way to persons. ``origin`` is
    that of the environment; ``task_version`` is the task's as it was uploaded, without what the environment adds to it. A
    ``cassette`` is a file that the agent keeps its model's traffic in.
    """

    page: PageReader
    pace: Callable[[], Awaitable[None]]
    pause: Callable[[float], Awaitable[None]]
    confirm: Confirm = nobody_confirms
    orders: NextOrder = nobody_orders
    origin: str = ""
    task_version: str = ""
    cassette: Path | None = None


class Agent(Protocol):
    """Acts in one rollout."""

    async def act(self, observation: Observation) -> Turn:
        """Return the next turn. Raises ``AgentError`` or ``ModelError``."""

    async def close(self) -> None:
        """Let go of connections. Idempotent."""


class Questioner(Protocol):
    """Puts single questions to a model, which sees no page and can do nothing but answer."""

    async def ask(self, question: str, schema: Mapping[str, JsonValue]) -> ModelAnswer:
        """Return the answer: JSON of this JSON Schema, as far as the model keeps to it. Raises ``ModelError``."""

    async def close(self) -> None:
        """Let go of connections. Idempotent."""


@dataclass(frozen=True)
class AgentInfo:
    """An agent that rollouts can name. ``unavailable`` says why it cannot be used here (no key …), None where it can.

    ``parameters`` is the JSON Schema of what it can be told per rollout, None where it has no model.
    """

    name: str
    title: str
    description: str
    unavailable: str | None = None
    parameters: Mapping[str, JsonValue] | None = None


class AgentKind(Protocol):
    """One agent that rollouts can name: what a plug-in registers (see docs/agents.md)."""

    def info(self) -> AgentInfo:
        """What is said of it."""

    def problems(self, choice: AgentChoice) -> Sequence[FieldProblem]:
        """Why it cannot act with this model and these parameters; ``field`` is ``model``, ``parameters.…``."""

    def refusal(self, task: Task) -> str | None:
        """Why it cannot try this task, in words for the user; None where it can."""

    def knows_cost(self, choice: AgentChoice) -> bool:
        """Whether what its rollouts cost is known, so that a limit of it can be kept; so for an agent without a model."""

    def create(self, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Agent:
        """Return an agent for one rollout, for a choice and a task that it has nothing against."""


@runtime_checkable
class ModelKind(AgentKind, Protocol):
    """An ``AgentKind`` whose models can be asked beside an agent's rollout, too."""

    def questioner(self, model: str, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Questioner:
        """Return who asks a model, in the rollout of a task by this choice."""


class Agents(Protocol):
    """The agents that are known, by name."""

    def list(self) -> Sequence[AgentInfo]:
        """All agents, in the order in which they are offered."""

    def problems(self, choice: AgentChoice) -> Sequence[FieldProblem]:
        """Why this choice is impossible whatever the task is; ``field`` is ``agent``, ``model``, ``parameters.…``."""

    def refusal(self, choice: AgentChoice, task: Task) -> str | None:
        """Why this agent cannot try this task, in words for the user; None where it can. Covers ``problems``."""

    def knows_cost(self, choice: AgentChoice) -> bool:
        """Whether what rollouts of a choice without ``problems`` cost is known, so that a limit of it can be kept."""

    def create(self, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Agent:
        """Return an agent for one rollout. Raises ``InvalidInput`` where ``refusal`` is not None."""

    def reader_problems(self, reader: ModelChoice) -> Sequence[FieldProblem]:
        """Why this model cannot be asked beside an agent; ``field`` is ``provider`` or ``model``."""

    def questioner(
        self, reader: ModelChoice, choice: AgentChoice, task: Task, surroundings: Surroundings
    ) -> Questioner:
        """Return who asks this model in one rollout. Raises ``InvalidInput`` where there are ``reader_problems``."""
