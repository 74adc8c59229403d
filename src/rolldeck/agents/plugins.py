"""Agents that other packages bring: entry points of the group ``rolldeck.agents`` (see docs/agents.md)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import structlog

from rolldeck.agents.port import Agent, AgentInfo, AgentKind, Surroundings
from rolldeck.domain.batch import AgentChoice
from rolldeck.domain.errors import AgentError, FieldProblem
from rolldeck.domain.task import Task

GROUP = "rolldeck.agents"

_METHODS = ("info", "problems", "refusal", "knows_cost", "create")

_log = structlog.get_logger(__name__)


def plug_ins(found: Callable[[], Iterable[EntryPoint]] = lambda: entry_points(group=GROUP)) -> Sequence[AgentKind]:
    """Return the agents that are installed beside Rolldeck; one that cannot be loaded is there as unavailable."""
    return [_load(entry) for entry in found()]


def _load(entry: EntryPoint) -> AgentKind:
    try:
        kind: AgentKind = entry.load()()
        missing = [name for name in _METHODS if not callable(getattr(kind, name, None))]
        if missing:
            raise TypeError(f"it has no {', '.join(missing)}")
        if (name := kind.info().name) != entry.name:
            raise ValueError(f"it names itself {name!r}")
    except Exception as error:  # noqa: BLE001 - whatever a foreign package does wrong, the others are not to suffer
        reason = f"its plug-in {entry.value} cannot be loaded ({type(error).__name__}: {error})"
        _log.warning("an agent's plug-in cannot be loaded", agent=entry.name, plug_in=entry.value, exc_info=True)
        return _Broken(entry.name, reason)
    return kind


@dataclass(frozen=True)
class _Broken:
    """Stands in the list for an agent that cannot be loaded."""

    name: str
    reason: str

    def info(self) -> AgentInfo:
        return AgentInfo(self.name, self.name, "A plug-in.", unavailable=self.reason)

    def problems(self, choice: AgentChoice) -> Sequence[FieldProblem]:  # noqa: ARG002
        return [FieldProblem("agent", self.reason)]

    def refusal(self, task: Task) -> str | None:  # noqa: ARG002
        return self.reason

    def knows_cost(self, choice: AgentChoice) -> bool:  # noqa: ARG002
        return False

    def create(self, choice: AgentChoice, task: Task, surroundings: Surroundings) -> Agent:  # noqa: ARG002
        raise AgentError(self.reason)
