"""``rolldeck demo``: what ``make demo`` starts."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import rolldeck
from rolldeck.cli.batch import build_templates, queue, read_tasks, rollouts_of
from rolldeck.cli.progress import make_console
from rolldeck.cli.report import Summary, result_of
from rolldeck.cli.running import INTERRUPTED, NOT_ALL_COMPLETED, OK, say
from rolldeck.cli.serve import print_address
from rolldeck.cli.serving import Serving, listening, serving
from rolldeck.domain.batch import AgentChoice, Batch, BatchSpec
from rolldeck.domain.errors import InvalidInput
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.settings import Settings
from rolldeck.wiring import Deck, Use, open_deck

AGENT = AgentChoice(agent="oracle")
_ROLLOUTS = 6
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Demo:
    """The command with its options."""

    port_must_be_free: bool
    exit_when_done: bool
    as_json: bool

    async def __call__(self, settings: Settings) -> int:
        """Serve with rollouts of the example tasks, until interrupted or, if asked for, until those have ended."""
        async with open_deck(settings, Use.OWN) as deck:
            with listening(settings.host, settings.port, must_be_free=self.port_must_be_free) as listener:
                tasks = await read_tasks(example_tasks(), (), deck)
                await build_templates(deck.environments, {task.environment for task in tasks}, make_console())
                batch = await _queue_once(tasks, deck)
                async with serving(deck, listener) as served:
                    print_address(served.address, as_json=self.as_json)
                    if self.exit_when_done:
                        await _until_ended(batch, deck, served)
                    else:
                        await served.ended.wait()
            if served.interrupted:
                return INTERRUPTED
            return await _tell_the_end(batch, deck)


def example_tasks() -> Path:
    """Return the example tasks of this checkout. Raises ``InvalidInput`` where there are none."""
    path = Path(rolldeck.__file__).parents[2] / "examples" / "shop" / "tasks.json"
    if not path.is_file():
        raise InvalidInput("the demo needs the example tasks, which are in Rolldeck's source checkout")
    return path


async def _queue_once(tasks: Sequence[Task], deck: Deck) -> Batch:
    """Queue the demo's rollouts, unless there are some from an earlier start: those go on."""
    await deck.database.tasks.upload(tasks)
    there = await deck.database.batches.list(limit=1)
    if there.batches:
        return there.batches[0]
    chosen = _spread([task for task in tasks if task.solution], _ROLLOUTS)
    batch = await queue(deck, BatchSpec(task_ids=tuple(task.id for task in chosen), agents=(AGENT,), name="Demo"))
    say(f"{batch.counts.total} rollouts of {len(tasks)} example tasks are queued.")
    return batch


def _spread(tasks: Sequence[Task], count: int) -> Sequence[Task]:
    """Take so many tasks, evenly over all of them, so that every kind is among them."""
    if len(tasks) <= count:
        return tasks
    return [tasks[index * len(tasks) // count] for index in range(count)]


async def _until_ended(batch: Batch, deck: Deck, served: Serving) -> None:
    """Wait until the batch has ended, or the server."""
    while not served.ended.is_set() and (await deck.database.batches.get(batch.id)).counts.live:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await served.ended.wait()


async def _tell_the_end(batch: Batch, deck: Deck) -> int:
    rollouts = await rollouts_of(deck, batch)
    for rollout in rollouts:
        say(f"{rollout.task_id}: {rollout.status.value} {result_of(rollout)[0]}".rstrip())
    say(str(Summary.of(rollouts, sum(rollout.seconds or 0 for rollout in rollouts))))
    return OK if all(rollout.status is Status.COMPLETED for rollout in rollouts) else NOT_ALL_COMPLETED
