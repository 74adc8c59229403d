"""The agents that rollouts can name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from rolldeck.agents.human import HumanAgent
from rolldeck.agents.noop import NoopAgent
from rolldeck.agents.oracle import OracleAgent
from rolldeck.agents.port import Agent, AgentInfo, AgentKind, ModelKind, Questioner, Surroundings
from rolldeck.domain.batch import AgentChoice, ModelChoice
from rolldeck.domain.errors import FieldProblem, InvalidInput
from rolldeck.domain.task import Task


@dataclass(frozen=True)
class Modelless:
    """An ``AgentKind`` that asks no model. ``because`` says why a task is refused, None where it is not."""

    about: AgentInfo
    because: Callable[[Task], str | None]
    make: Callable[[Task, Surroundings], Agent]

    def info(self) -> AgentInfo:
        """What is said of it."""
        return self.about

    def problems(self, choice: AgentChoice) -> Sequence[FieldProblem]:
        """Why it cannot act with this model and these parameters: it has none."""
        given = (("model", choice.model), ("parameters", choice.parameters))
        message = f"the agent {self.about.name!r} has no model: leave out the model and its parameters"
        return [FieldProblem(field, message) for field, value in given if value]

    def refusal(self, task: Task) -> str | None:
        """Why it cannot try this task; None where it can."""
        return self.because(task)

    def knows_cost(self, choice: AgentChoice) -> bool:  # noqa: ARG002 - it has no model
        """Say yes: it costs nothing."""
        return True

    def create(self, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Agent:  # noqa: ARG002 - it has no model
        """Return an agent for one rollout."""
        return self.make(task, surroundings)


def _oracle_refusal(task: Task) -> str | None:
    if task.solution:
        return None
    return f"task {task.id!r} has no solution, which is all that the oracle can perform"


ORACLE = Modelless(
    AgentInfo("oracle", "Oracle", "Performs the task's own solution and answers with what it reads from the page."),
    _oracle_refusal,
    # The solution only: what the oracle is not given, its answer cannot come from.
    lambda task, surroundings: OracleAgent(task.solution, surroundings.page),
)

NOOP = Modelless(
    AgentInfo("noop", "No-op", "Does nothing and answers nothing: a task that it solves measures nothing."),
    lambda _task: None,
    lambda _task, _surroundings: NoopAgent(),
)

HUMAN = Modelless(
    AgentInfo("human", "Human", "A person acts in the dashboard or over the API, and types the answer."),
    lambda _task: None,
    lambda _task, surroundings: HumanAgent(surroundings.orders),
)


class AgentRegistry:
    """All agents of this installation, by name."""

    def __init__(self, kinds: Sequence[AgentKind] = (ORACLE, NOOP, HUMAN)) -> None:
        self._known = {kind.info().name: kind for kind in kinds}

    def list(self) -> Sequence[AgentInfo]:
        """All agents, in the order in which they are offered."""
        return [kind.info() for kind in self._known.values()]

    def problems(self, choice: AgentChoice) -> Sequence[FieldProblem]:
        """Why this choice is impossible whatever the task is; ``field`` is ``agent``, ``model``, ``parameters.…``."""
        name = choice.agent
        kind = self._known.get(name)
        if kind is None:
            close = get_close_matches(name, self._known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            return [FieldProblem("agent", f"there is no agent {name!r}{hint} (known: {', '.join(self._known)})")]
        if (reason := kind.info().unavailable) is not None:
            return [FieldProblem("agent", f"the agent {name!r} cannot be used here: {reason}")]
        return kind.problems(choice)

    def refusal(self, choice: AgentChoice, task: Task) -> str | None:
        """Why this agent cannot try this task, in words for the user; None where it can. Covers ``problems``."""
        problems = self.problems(choice)
        if problems:
            return "; ".join(dict.fromkeys(_in_words(problem) for problem in problems))
        return self._known[choice.agent].refusal(task)

    def knows_cost(self, choice: AgentChoice) -> bool:
        """Whether what rollouts of a choice without ``problems`` cost is known, so that a limit of it can be kept."""
        return self._known[choice.agent].knows_cost(choice)

    def create(self, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Agent:
        """Return an agent for one rollout. Raises ``InvalidInput`` where ``refusal`` is not None."""
        refusal = self.refusal(choice, task)
        if refusal is not None:
            raise InvalidInput(refusal, (FieldProblem("agent", refusal),))
        return self._known[choice.agent].create(choice, task, surroundings)

    def reader_problems(self, reader: ModelChoice) -> Sequence[FieldProblem]:
        """Why this model cannot be asked beside an agent; ``field`` is ``provider`` or ``model``."""
        if problems := self.problems(AgentChoice(agent=reader.provider, model=reader.model)):
            fields = {"agent": "provider"}
            return [FieldProblem(fields.get(each.field, each.field), each.message) for each in problems]
        return [] if self._kind_of(reader) else [_without_models(reader)]

    def questioner(
        self, reader: ModelChoice, choice: AgentChoice, task: Task, surroundings: Surroundings
    ) -> Questioner:
        """Return who asks this model in one rollout. Raises ``InvalidInput`` where there are ``reader_problems``."""
        problems, kind = self.reader_problems(reader), self._kind_of(reader)
        if problems or kind is None:
            raise InvalidInput(f"{reader} cannot be asked: {problems[0].message}", tuple(problems))
        return kind.questioner(reader.model, choice, task, surroundings)

    def _kind_of(self, reader: ModelChoice) -> ModelKind | None:
        kind = self._known.get(reader.provider)
        return kind if isinstance(kind, ModelKind) else None


def _without_models(reader: ModelChoice) -> FieldProblem:
    return FieldProblem("provider", f"the agent {reader.provider!r} has no models that could be asked")


def _in_words(problem: FieldProblem) -> str:
    return problem.message if problem.field == "agent" else f"{problem.field}: {problem.message}"
