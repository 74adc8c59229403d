"""``rolldeck run``: rollouts of a task file, without the dashboard."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue, ValidationError
from rich.console import Console

from rolldeck.agents.models.cassette import Cassette
from rolldeck.api.starting import refuse_unfit_reader, refuse_unknown_costs
from rolldeck.cli.attendance import Attendance, needs_person
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
from rolldeck.domain.batch import AgentChoice, BatchSpec, ModelChoice
from rolldeck.domain.errors import InvalidInput
from rolldeck.domain.limits import Budget, RolloutLimits
from rolldeck.domain.task import Task
from rolldeck.settings import Settings
from rolldeck.wiring import Deck, Use, open_adapters, open_deck


@dataclass(frozen=True)
class RunTasks:
    """The command with its options."""

    tasks_file: Path
    agent: str
    model: str | None
    parameters: Sequence[str]
    cassettes: Sequence[Path]
    only: Sequence[str]
    repeats: int
    max_attempts: int
    max_tokens: int | None
    max_cost: float | None
    budget_tokens: int | None
    budget_cost: float | None
    extract_with: str | None
    reuse: bool
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Run, and return the exit code."""
        console = make_console()
        cassettes = [Cassette.read(path) for path in self.cassettes] or None
        choice = self._choice() if cassettes is None else choice_of(cassettes)
        async with open_deck(settings, Use.BESIDE, cassettes=cassettes) as deck:
            say_where(deck)
            only = self.only or [cassette.label.task_id for cassette in cassettes or ()]
            tasks = await read_tasks(self.tasks_file, only, deck)
            refuse_impossible(tasks, choice, deck)
            spec = self._spec(tasks, choice, self._reader(cassettes or (), settings))
            refuse_unfit_reader(spec, deck.agents)
            refuse_unknown_costs(spec, deck.agents)
            await build_templates(deck.environments, {task.environment for task in tasks}, console)
            await deck.database.tasks.upload(tasks)
            attendance = Attendance()
            async with open_adapters(deck, attendance.audience) as adapters:
                attended = attendance.serving(deck, adapters, console) if needs_person(choice) else nullcontext()
                async with attended:
                    result = await execute(deck, adapters, await queue(deck, spec), console)
        self._print(result, deck)
        if result.interrupted:
            return INTERRUPTED
        return OK if result.all_completed else NOT_ALL_COMPLETED

    def _choice(self) -> AgentChoice:
        return AgentChoice(agent=self.agent, model=self.model, parameters=dict(map(parameter_of, self.parameters)))

    def _reader(self, cassettes: Sequence[Cassette], settings: Settings) -> ModelChoice | None:
        """Return the model that reads answers; in a replay, the one that did. Raises ``InvalidInput``."""
        if cassettes:
            return reader_of(cassettes)
        if self.extract_with is None:
            return settings.extract_with
        try:
            return None if self.extract_with == "none" else ModelChoice.parse(self.extract_with)
        except ValueError as error:
            raise InvalidInput(f"--extract-with: {error}") from error

    def _spec(self, tasks: Sequence[Task], choice: AgentChoice, reader: ModelChoice | None) -> BatchSpec:
        try:
            return BatchSpec(
                task_ids=tuple(task.id for task in tasks),
                agents=(choice,),
                limits=RolloutLimits(tokens=self.max_tokens, cost=self.max_cost),
                budget=Budget(tokens=self.budget_tokens, cost=self.budget_cost),
                extraction=reader,
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
        if result.unbegun:
            say(f"The budget is spent: {result.unbegun} rollouts were cancelled before they began.")


def parameter_of(option: str) -> tuple[str, JsonValue]:
    """Return a parameter's name and value from ``name=value``; a value that is no JSON is a text. Raises ``InvalidInput``."""
    name, equals, value = option.partition("=")
    if not equals or not name:
        raise InvalidInput(f"--set {option}: write it as NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def choice_of(cassettes: Sequence[Cassette]) -> AgentChoice:
    """Return who made the traffic of cassettes. Raises ``InvalidInput`` where that was not the same for all."""
    labels = [cassette.label for cassette in cassettes]
    choices = [AgentChoice(agent=each.agent, model=each.model or None, parameters=each.parameters) for each in labels]
    if any(choice != choices[0] for choice in choices):
        raise InvalidInput(
            "the cassettes are of different agents, models or parameters: play those in runs of their own"
        )
    return choices[0]


def reader_of(cassettes: Sequence[Cassette]) -> ModelChoice | None:
    """Return the model that read answers in cassettes. Raises ``InvalidInput`` where that was not the same one in all."""
    readers = {reader for cassette in cassettes for reader in cassette.readers}
    if len(readers) > 1:
        raise InvalidInput("different models read the answers in the cassettes: play those in runs of their own")
    return ModelChoice.parse(readers.pop()) if readers else None
