"""Rollouts that one command starts and waits for."""

import asyncio
import signal
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from rolldeck.cli.progress import build_progress, rollouts_progress
from rolldeck.cli.running import let_signals_end_the_process, reacting, say, say_error
from rolldeck.domain.batch import AgentChoice, Batch, BatchSpec
from rolldeck.domain.errors import EnvironmentFailure, FieldProblem, InvalidInput
from rolldeck.domain.limits import Budget
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.domain.task_file import parse_task_file
from rolldeck.environments.port import Environments
from rolldeck.execution.adapters import Adapters
from rolldeck.execution.worker import Worker
from rolldeck.settings import Settings
from rolldeck.storage.port import RolloutFilter, RolloutSort
from rolldeck.wiring import Deck, known_recipes_of

_PAGE = 200
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class BatchResult:
    """How a batch ended.

    ``interrupted``: a signal came, and what had not ended by then is cancelled. ``unbegun`` were cancelled because the
    batch had spent its budget.
    """

    rollouts: Sequence[Rollout]
    seconds: float
    interrupted: bool
    unbegun: int = 0

    @property
    def all_completed(self) -> bool:
        """Whether every rollout has a verdict."""
        return all(rollout.status is Status.COMPLETED for rollout in self.rollouts)


async def read_tasks(path: Path, wanted: Sequence[str], deck: Deck) -> Sequence[Task]:
    """Read a task file, and take the wanted ones of it (none named: all). Raises ``InvalidInput``."""
    environments = {template.name for template in await deck.environments.templates()}
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    max_bytes = deck.settings.max_upload_mb * 1_000_000
    tasks = await asyncio.to_thread(parse_task_file, content, environments=environments, max_bytes=max_bytes)
    unknown = sorted(set(wanted) - {task.id for task in tasks})
    if unknown:
        known = ", ".join(task.id for task in tasks[:20]) + (" …" if len(tasks) > 20 else "")
        raise InvalidInput(f"{path} has no task {', '.join(unknown)}; it has {known}")
    return [task for task in tasks if not wanted or task.id in wanted]


def refuse_impossible(tasks: Sequence[Task], choice: AgentChoice, deck: Deck) -> None:
    """Raise ``InvalidInput`` that names every task that the agent cannot try."""
    refusals = [
        FieldProblem("agent", refusal, index=index, item_id=task.id)
        for index, task in enumerate(tasks)
        if (refusal := deck.agents.refusal(choice, task)) is not None
    ]
    if len(refusals) == len(tasks) and len({problem.message for problem in refusals}) == 1:
        raise InvalidInput(refusals[0].message)
    if refusals:
        message = f"the agent {choice.agent!r} cannot try {len(refusals)} of {len(tasks)} tasks"
        raise InvalidInput(message, tuple(refusals))


async def build_templates(environments: Environments, wanted: Collection[str], console: Console) -> None:
    """Build what these environments are cloned from, where it is missing."""
    for template in await environments.templates():
        if template.name in wanted and not template.built:
            with build_progress(console, template.title) as on_progress:
                await environments.build(template.name, on_progress)


async def build_known_templates(environments: Environments, settings: Settings, console: Console) -> None:
    """Build what is missing of all environments but those on demand.

    A user's recipe, or one of Docker's, that cannot be built is only told.
    """
    known = known_recipes_of(settings)
    for broken in known.broken:
        say_error(broken.error)
    needed = {recipe.name for recipe in known.own if recipe.forked is not None}
    await build_templates(environments, needed, console)
    for name in (recipe.name for recipe in known.all if recipe.name not in known.on_demand):
        try:
            await build_templates(environments, {name}, console)
        except EnvironmentFailure as error:
            say(f"Rollouts in {name} will fail: {error}")


async def queue(deck: Deck, spec: BatchSpec) -> Batch:
    """Queue a batch."""
    templates = {template.name: template.content_hash for template in await deck.environments.templates()}
    return (await deck.database.batches.create(spec, templates)).batch


async def rollouts_of(deck: Deck, batch: Batch) -> Sequence[Rollout]:
    """Return all rollouts of a batch, oldest first."""
    rollouts: list[Rollout] = []
    cursor: str | None = None
    while True:
        page = await deck.database.rollouts.list(
            RolloutFilter(batch_id=batch.id), sort=RolloutSort.OLDEST, after=cursor, limit=_PAGE
        )
        rollouts += page.rollouts
        if (cursor := page.next) is None:
            return rollouts


async def execute(deck: Deck, adapters: Adapters, batch: Batch, console: Console) -> BatchResult:
    """Execute a batch, and show how it goes on. A signal cancels what of it has not ended, and is told in the result."""
    started = time.monotonic()
    with rollouts_progress(console, await rollouts_of(deck, batch)) as show:
        worker = deck.worker(adapters, batch_id=batch.id, on_change=show)
        budget = _BudgetWatch(deck, batch)
        watching = asyncio.create_task(budget.keep())
        try:
            interrupted = await _to_its_end(deck, worker, batch)
        finally:
            watching.cancel()
            await asyncio.wait({watching})
    return BatchResult(await rollouts_of(deck, batch), time.monotonic() - started, interrupted, budget.cancelled)


class _BudgetWatch:
    """Cancels what a batch could not begin any more, since it has spent its budget: nobody will raise that here."""

    def __init__(self, deck: Deck, batch: Batch) -> None:
        self._deck = deck
        self._batch = batch
        self.cancelled = 0

    async def keep(self) -> None:
        """Watch until cancelled. What runs goes on."""
        if self._batch.budget == Budget():
            return
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if (await self._deck.database.batches.get(self._batch.id)).budget_spent:
                await self._cancel_pending()

    async def _cancel_pending(self) -> None:
        where = RolloutFilter(batch_id=self._batch.id, statuses=frozenset({Status.PENDING}))
        while pending := (await self._deck.database.rollouts.list(where, limit=_PAGE)).rollouts:
            for rollout in pending:
                await self._deck.database.rollouts.request_cancel(rollout.id)
                self.cancelled += 1


async def _to_its_end(deck: Deck, worker: Worker, batch: Batch) -> bool:
    """Execute until the batch has ended; returns whether a signal made it end."""
    asked_to_stop = asyncio.Event()

    def stop(_: signal.Signals) -> None:
        say("\nStopping: what runs is cancelled and cleaned up. Once more stops at once.")
        asked_to_stop.set()
        let_signals_end_the_process()

    working = asyncio.create_task(worker.run(until_idle=True))
    asking = asyncio.create_task(asked_to_stop.wait())
    with reacting(stop):
        await asyncio.wait({working, asking}, return_when=asyncio.FIRST_COMPLETED)
        asking.cancel()
        if asked_to_stop.is_set():
            await deck.database.batches.cancel(batch.id)
            worker.wake()
        await working
        await _until_others_ended(deck, batch)
    return asked_to_stop.is_set()


async def _until_others_ended(deck: Deck, batch: Batch) -> None:
    """Wait until a batch has ended: on a database that others use, too, their workers may execute a part of it."""
    while True:
        if not (await deck.database.batches.get(batch.id)).counts.live:
            return
        await asyncio.sleep(_POLL_SECONDS)


def say_where(deck: Deck) -> None:
    """Tell where the results are, where that is not where a person would look for them."""
    if deck.data_dir != deck.settings.data_dir:
        say(
            f"Another process uses {deck.settings.data_dir}: the results of this one are in {deck.data_dir} "
            f"(rolldeck serve --data-dir {deck.data_dir} shows them)."
        )
