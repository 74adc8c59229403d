"""``rolldeck demo``: what ``make demo`` starts."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import rolldeck
from rolldeck.cli.batch import build_templates, read_tasks
from rolldeck.cli.progress import make_console
from rolldeck.cli.report import Summary, result_of
from rolldeck.cli.running import NOT_ALL_COMPLETED, OK, say
from rolldeck.cli.serve import print_address
from rolldeck.cli.serving import Serving, listening, serving
from rolldeck.domain.errors import InvalidInput
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.settings import Settings
from rolldeck.storage.port import RolloutFilter
from rolldeck.wiring import Deck, open_deck

AGENT = "oracle"
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
        async with open_deck(settings) as deck:
            with listening(settings.host, settings.port, must_be_free=self.port_must_be_free) as listener:
                tasks = await read_tasks(example_tasks(), (), deck, settings)
                wanted = {task.environment for task in tasks}
                await build_templates(deck.adapters.environments, wanted, make_console())
                async with serving(deck, listener, settings) as served:
                    rollouts = await _spawn_once(tasks, deck, served)
                    print_address(served.address, as_json=self.as_json)
                    if not self.exit_when_done:
                        await served.ended.wait()
                        return NOT_ALL_COMPLETED
                    return await _until_all_ended(rollouts, deck, served)


def example_tasks() -> Path:
    """Return the example tasks of this checkout. Raises ``InvalidInput`` where there are none."""
    path = Path(rolldeck.__file__).parents[2] / "examples" / "shop" / "tasks.json"
    if not path.is_file():
        raise InvalidInput("the demo needs the example tasks, which are in Rolldeck's source checkout")
    return path


async def _spawn_once(tasks: Sequence[Task], deck: Deck, served: Serving) -> Sequence[Rollout]:
    """Queue the demo's rollouts, unless there are rollouts from an earlier start: those go on."""
    await deck.tasks.upload(tasks)
    rollouts = deck.adapters.rollouts
    there = await rollouts.list(RolloutFilter(), limit=_ROLLOUTS)
    if there.rollouts:
        return there.rollouts
    chosen = _spread([task for task in tasks if task.solution], _ROLLOUTS)
    queued = await rollouts.create([task.id for task in chosen], AGENT, 1)
    served.worker.wake()
    say(f"{len(queued)} rollouts of {len(tasks)} example tasks are queued.")
    return queued


def _spread(tasks: Sequence[Task], count: int) -> Sequence[Task]:
    """Take so many tasks, evenly over all of them, so that every kind is among them."""
    if len(tasks) <= count:
        return tasks
    return [tasks[index * len(tasks) // count] for index in range(count)]


async def _until_all_ended(started: Sequence[Rollout], deck: Deck, served: Serving) -> int:
    while True:
        now = [await deck.adapters.rollouts.get(rollout.id) for rollout in started]
        if all(rollout.status.is_final for rollout in now) or served.ended.is_set():
            break
        await asyncio.sleep(_POLL_SECONDS)
    for rollout in now:
        say(f"{rollout.task_id}: {rollout.status.value} {result_of(rollout)[0]}".rstrip())
    say(str(Summary.of(now, sum(rollout.seconds or 0 for rollout in now))))
    return OK if all(rollout.status is Status.COMPLETED for rollout in now) else NOT_ALL_COMPLETED
