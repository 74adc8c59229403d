"""``rolldeck run``: rollouts of a task file, without the dashboard."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console

from rolldeck.cli.batch import (
    BatchResult,
    build_templates,
    execute,
    queue,
    read_tasks,
    refuse_impossible,
    say_where,
)
from rolldeck.cli.progress import make_console
from rolldeck.cli.report import Report, RolloutLine, Summary, table_of
from rolldeck.cli.running import INTERRUPTED, NOT_ALL_COMPLETED, OK, say
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.errors import InvalidInput
from rolldeck.domain.task import Task
from rolldeck.settings import Settings
from rolldeck.wiring import Deck, Use, open_adapters, open_deck


@dataclass(frozen=True)
class RunTasks:
    """The command with its options."""

    tasks_file: Path
    choice: AgentChoice
    only: Sequence[str]
    repeats: int
    max_attempts: int
    reuse: bool
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Run, and return the exit code."""
        console = make_console()
        async with open_deck(settings, Use.BESIDE) as deck:
            say_where(deck)
            tasks = await read_tasks(self.tasks_file, self.only, deck)
            refuse_impossible(tasks, self.choice, deck)
            spec = self._spec(tasks)
            await build_templates(deck.environments, {task.environment for task in tasks}, console)
            await deck.database.tasks.upload(tasks)
            async with open_adapters(deck) as adapters:
                result = await execute(deck, adapters, await queue(deck, spec), console)
        self._print(result, deck)
        if result.interrupted:
            return INTERRUPTED
        return OK if result.all_completed else NOT_ALL_COMPLETED

    def _spec(self, tasks: Sequence[Task]) -> BatchSpec:
        try:
            return BatchSpec(
                task_ids=tuple(task.id for task in tasks),
                agents=(self.choice,),
                repeats=self.repeats,
                name=self.tasks_file.name,
                max_attempts=self.max_attempts,
                reuse=self.reuse,
            )
        except ValidationError as error:
            raise InvalidInput("; ".join(problem["msg"] for problem in error.errors())) from error

    def _print(self, result: BatchResult, deck: Deck) -> None:
        report = Report(
            rollouts=[RolloutLine.of(rollout, deck.artifacts_dir) for rollout in result.rollouts],
            summary=Summary.of(result.rollouts, result.seconds),
        )
        if self.as_json:
            print(report.model_dump_json(indent=2))
        else:
            Console().print(table_of(result.rollouts))
            say(f"\n{report.summary}")
