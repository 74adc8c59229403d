"""``rolldeck run``: rollouts of a task file, without the dashboard."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from rolldeck.cli.batch import build_templates, execute, read_tasks, refuse_impossible, say_where
from rolldeck.cli.progress import make_console
from rolldeck.cli.report import Report, RolloutLine, Summary, table_of
from rolldeck.cli.running import INTERRUPTED, NOT_ALL_COMPLETED, OK, say
from rolldeck.settings import Settings
from rolldeck.wiring import open_deck


@dataclass(frozen=True)
class RunTasks:
    """The command with its options."""

    tasks_file: Path
    agent: str
    only: Sequence[str]
    repeats: int
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Run, and return the exit code."""
        console = make_console()
        async with open_deck(settings, beside_if_used=True) as deck:
            say_where(deck, settings)
            tasks = await read_tasks(self.tasks_file, self.only, deck, settings)
            refuse_impossible(tasks, self.agent, deck)
            await build_templates(deck.adapters.environments, {task.environment for task in tasks}, console)
            await deck.start()
            await deck.tasks.upload(tasks)
            queued = await deck.adapters.rollouts.create([task.id for task in tasks], self.agent, self.repeats)
            result = await execute(deck, queued, settings.parallel, console)

        report = Report(
            rollouts=[RolloutLine.of(rollout, deck.artifacts_dir) for rollout in result.rollouts],
            summary=Summary.of(result.rollouts, result.seconds),
        )
        if self.as_json:
            print(report.model_dump_json(indent=2))
        else:
            Console().print(table_of(result.rollouts))
            say(f"\n{report.summary}")
        if result.interrupted:
            return INTERRUPTED
        return OK if result.all_completed else NOT_ALL_COMPLETED
