"""``rolldeck check``: whether tasks can be done as their solution says, and not by doing nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rolldeck.cli.batch import build_templates, execute, queue, read_tasks, say_where
from rolldeck.cli.progress import make_console
from rolldeck.cli.report import first_error
from rolldeck.cli.running import INTERRUPTED, NOT_ALL_COMPLETED, OK, say
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.task import Task
from rolldeck.settings import Settings
from rolldeck.wiring import Deck, Use, open_adapters, open_deck

ORACLE = AgentChoice(agent="oracle")
NOOP = AgentChoice(agent="noop")


class TaskCheck(BaseModel):
    """What was found of a task. ``oracle`` and ``noop`` say what became of their rollouts; ``problem`` is null if all is well."""

    task_id: str
    oracle: str
    noop: str
    problem: str | None


class CheckReport(BaseModel):
    """The document that ``rolldeck check --json`` prints."""

    tasks: list[TaskCheck]
    problems: int


@dataclass(frozen=True)
class CheckTasks:
    """The command with its options."""

    tasks_file: Path
    only: Sequence[str]
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Check, and return the exit code."""
        console = make_console()
        rollouts: list[Rollout] = []
        async with open_deck(settings, Use.BESIDE) as deck:
            say_where(deck)
            tasks = await read_tasks(self.tasks_file, self.only, deck)
            await build_templates(deck.environments, {task.environment for task in tasks}, console)
            await deck.database.tasks.upload(tasks)
            async with open_adapters(deck) as adapters:
                for spec in _specs(tasks, deck, self.tasks_file.name):
                    result = await execute(deck, adapters, await queue(deck, spec), console)
                    rollouts += result.rollouts
                    if result.interrupted:
                        return INTERRUPTED
        by_task = {(rollout.task_id, rollout.agent): rollout for rollout in rollouts}
        checks = [_check(task, by_task) for task in tasks]
        report = CheckReport(tasks=checks, problems=sum(check.problem is not None for check in checks))
        self._print(report)
        return OK if report.problems == 0 else NOT_ALL_COMPLETED

    def _print(self, report: CheckReport) -> None:
        if self.as_json:
            print(report.model_dump_json(indent=2))
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("task", "oracle", "noop", "problem"):
            table.add_column(column, overflow="fold")
        for check in report.tasks:
            table.add_row(Text(check.task_id), Text(check.oracle), Text(check.noop), Text(check.problem or "", "red"))
        Console().print(table)
        say(f"\n{len(report.tasks)} tasks checked, {report.problems} with a problem")


def _specs(tasks: Sequence[Task], deck: Deck, name: str) -> Iterator[BatchSpec]:
    """Yield what to execute: the tasks that the oracle can try by both agents, the others by the one that does nothing."""
    with_oracle = [task.id for task in tasks if deck.agents.refusal(ORACLE, task) is None]
    without = [task.id for task in tasks if task.id not in set(with_oracle)]
    for task_ids, agents in ((with_oracle, (ORACLE, NOOP)), (without, (NOOP,))):
        if task_ids:
            yield BatchSpec(task_ids=tuple(task_ids), agents=agents, name=f"check of {name}")


def _check(task: Task, by_task: Mapping[tuple[str, str], Rollout]) -> TaskCheck:
    oracle, noop = by_task.get((task.id, ORACLE.agent)), by_task[task.id, NOOP.agent]
    if oracle is None:
        problem = "it has no solution: the oracle cannot try it"
    elif not _is_right(oracle):
        problem = f"its solution does not solve it: {_why(oracle)}"
    elif noop.verdict is None:
        problem = f"doing nothing could not be tried: {_why(noop)}"
    elif _is_right(noop):
        problem = "doing nothing solves it"
    else:
        problem = None
    return TaskCheck(task_id=task.id, oracle=_outcome(oracle), noop=_outcome(noop), problem=problem)


def _is_right(rollout: Rollout) -> bool:
    return rollout.verdict is not None and rollout.verdict.success


def _outcome(rollout: Rollout | None) -> str:
    if rollout is None:
        return "no solution"
    if rollout.verdict is None:
        return rollout.status.value
    return "right" if rollout.verdict.success else "wrong"


def _why(rollout: Rollout) -> str:
    if rollout.verdict is not None:
        return rollout.verdict.reason
    return first_error(rollout) or rollout.status.value
