"""Rollouts that one command starts and waits for."""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from rolldeck.cli.progress import RolloutsListener, build_progress, rollouts_progress
from rolldeck.cli.running import say
from rolldeck.domain.errors import FieldProblem, InvalidInput
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.domain.task_file import parse_task_file
from rolldeck.environments.port import Environments
from rolldeck.execution.worker import Worker
from rolldeck.settings import Settings
from rolldeck.wiring import Deck


@dataclass(frozen=True)
class BatchResult:
    """How a batch ended. ``interrupted``: a signal came, and what had not ended by then is cancelled."""

    rollouts: Sequence[Rollout]
    seconds: float
    interrupted: bool

    @property
    def all_completed(self) -> bool:
        """Whether every rollout has a verdict."""
        return all(rollout.status is Status.COMPLETED for rollout in self.rollouts)


async def read_tasks(path: Path, wanted: Sequence[str], deck: Deck, settings: Settings) -> Sequence[Task]:
    """Read a task file, and take the wanted ones of it (none named: all). Raises ``InvalidInput``."""
    environments = {template.name for template in await deck.adapters.environments.templates()}
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    max_bytes = settings.max_upload_mb * 1_000_000
    tasks = await asyncio.to_thread(parse_task_file, content, environments=environments, max_bytes=max_bytes)
    unknown = sorted(set(wanted) - {task.id for task in tasks})
    if unknown:
        known = ", ".join(task.id for task in tasks[:20]) + (" …" if len(tasks) > 20 else "")
        raise InvalidInput(f"{path} has no task {', '.join(unknown)}; it has {known}")
    return [task for task in tasks if not wanted or task.id in wanted]


def refuse_impossible(tasks: Sequence[Task], agent: str, deck: Deck) -> None:
    """Raise ``InvalidInput`` that names every task that the agent cannot try."""
    refusals = [
        FieldProblem("agent", refusal, index=index, item_id=task.id)
        for index, task in enumerate(tasks)
        if (refusal := deck.adapters.agents.refusal(agent, task)) is not None
    ]
    if len(refusals) == len(tasks) and len({problem.message for problem in refusals}) == 1:
        raise InvalidInput(refusals[0].message)
    if refusals:
        raise InvalidInput(f"the agent {agent!r} cannot try {len(refusals)} of {len(tasks)} tasks", tuple(refusals))


async def build_templates(environments: Environments, wanted: Collection[str], console: Console) -> None:
    """Build what these environments are cloned from, where it is missing."""
    for template in await environments.templates():
        if template.name in wanted and not template.built:
            with build_progress(console, template.title) as on_progress:
                await environments.build(template.name, on_progress)


async def execute(deck: Deck, queued: Sequence[Rollout], parallel: int, console: Console) -> BatchResult:
    """Execute these rollouts, which are the newest of the queue, and show how they go on.

    A cancellation of the caller cancels those that have not ended, and is told in the result.
    """
    started = time.monotonic()
    interrupted = False
    latest = {rollout.id: rollout for rollout in queued}
    with rollouts_progress(console, queued) as show:
        listener = _Listener(latest, show)
        worker = Worker(
            deck.adapters, parallel=parallel, on_change=listener, created_from=min(r.created_at for r in queued)
        )
        try:
            await worker.run(until_idle=True)
        except asyncio.CancelledError:
            interrupted = True
            for rollout in [one for one in latest.values() if one.status is Status.PENDING]:
                listener(await deck.adapters.rollouts.request_cancel(rollout.id))
    seconds = time.monotonic() - started
    # Read anew: the store has what the listener was not told of, such as the time of the end.
    rollouts = [await deck.adapters.rollouts.get(rollout_id) for rollout_id in latest]
    return BatchResult(rollouts, seconds, interrupted)


@dataclass(frozen=True)
class _Listener:
    """Keeps the newest record of each rollout, and shows it."""

    latest: dict[str, Rollout]
    show: RolloutsListener

    def __call__(self, rollout: Rollout) -> None:
        self.latest[rollout.id] = rollout
        self.show(rollout)


def say_where(deck: Deck, settings: Settings) -> None:
    """Tell where the results are, where that is not where a person would look for them."""
    if deck.installation.data_dir != settings.data_dir:
        say(
            f"Another process uses {settings.data_dir}: the results of this one are in {deck.installation.data_dir} "
            f"(rolldeck serve --data-dir {deck.installation.data_dir} shows them)."
        )
