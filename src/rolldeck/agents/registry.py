"""The agents that rollouts can name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from rolldeck.agents.noop import NoopAgent
from rolldeck.agents.oracle import OracleAgent
from rolldeck.agents.port import Agent, AgentInfo, PageReader
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import FieldProblem, InvalidInput
from rolldeck.domain.task import Task


@dataclass(frozen=True)
class _Known:
    """An agent: what is said of it, why it refuses a task (None: it does not), and how it is made."""

    info: AgentInfo
    refusal: Callable[[Task], str | None]
    create: Callable[[Task, PageReader], Agent]


def _oracle_refusal(task: Task) -> str | None:
    if task.solution:
        return None
    return f"task {task.id!r} has no solution, which is all that the oracle can perform"


_ORACLE = _Known(
    AgentInfo("oracle", "Oracle", "Performs the task's own solution and answers with what it reads from the page."),
    _oracle_refusal,
    # The solution only: what the oracle is not given, its answer cannot come from.
    lambda task, page: OracleAgent(task.solution, page),
)

_NOOP = _Known(
    AgentInfo("noop", "No-op", "Does nothing and answers nothing: a task that it solves measures nothing."),
    lambda _task: None,
    lambda _task, _page: NoopAgent(),
)


class AgentRegistry:
    """All agents of this installation, by name."""

    def __init__(self) -> None:
        self._known = {known.info.name: known for known in (_ORACLE, _NOOP)}

    def list(self) -> Sequence[AgentInfo]:
        """All agents, in the order in which they are offered."""
        return [known.info for known in self._known.values()]

    def refusal(self, choice: AgentChoice, task: Task) -> str | None:
        """Why this agent cannot try this task, in words for the user; None where it can. Also for unknown names."""
        name = choice.agent
        known = self._known.get(name)
        if known is None:
            close = get_close_matches(name, self._known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            return f"there is no agent {name!r}{hint} (known: {', '.join(self._known)})"
        if known.info.unavailable is not None:
            return f"the agent {name!r} cannot be used here: {known.info.unavailable}"
        if choice.model is not None or choice.parameters:
            return f"the agent {name!r} has no model: leave out the model and its parameters"
        return known.refusal(task)

    def create(self, choice: AgentChoice, task: Task, page: PageReader) -> Agent:
        """Return an agent for one rollout. Raises ``InvalidInput`` where ``refusal`` is not None."""
        refusal = self.refusal(choice, task)
        if refusal is not None:
            raise InvalidInput(refusal, (FieldProblem("agent", refusal),))
        return self._known[choice.agent].create(task, page)
