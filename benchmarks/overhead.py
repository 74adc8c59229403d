"""What Rolldeck itself costs a rollout, how many it does a minute, and what it leaves behind.

python benchmarks/overhead.py [--rollouts 6] [--parallel 4]

Prints one JSON document:

- ``overhead_seconds`` of rollouts that run alone: wall time from claim to final status, less the time that the environment
  took to provision, that the page took (to open, settle, be looked at and act), and that the agent thought. What is left is
  Rolldeck's own: the database, the artifacts, the recorder, the verifier, and all of the teardown.
- ``throughput``: 8 rollouts of noop at once in 4 places, in rollouts a minute, with the median of each phase.
- ``leftovers`` after 20 rollouts, against the state after the first one; and after the end, against nothing.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from rolldeck.browser.port import BrowserPage, Browsers, PageView
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.page import Cookie
from rolldeck.domain.rollout import Phase, Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.execution.adapters import Adapters
from rolldeck.logs import configure_logs
from rolldeck.settings import Settings
from rolldeck.storage.port import RolloutFilter
from rolldeck.wiring import Deck, Use, open_adapters, open_deck

BATCH = 8
ROLLOUTS_UNTIL_COUNTED = 20
SETTLE_SECONDS = 5  # Chromium ends its renderers a moment after their pages

TASK = Task.model_validate(
    {
        "id": "overhead",
        "task": "Which databases are there?",
        "answer": ["none of them"],
        "solution": [
            {"do": "goto", "path": "/tablemodelview/list/"},
            {"do": "goto", "path": "/chart/list/"},
        ],
    }
)


class PageTime:
    """Browsers whose pages add up the time that it takes to look at them."""

    def __init__(self, browsers: Browsers) -> None:
        self._browsers = browsers
        self.view_seconds = 0.0

    def __getattr__(self, name: str) -> object:
        return getattr(self._browsers, name)

    async def open(self, *, origin: str, start_path: str, cookies: Sequence[Cookie], downloads: Path) -> BrowserPage:
        page = await self._browsers.open(origin=origin, start_path=start_path, cookies=cookies, downloads=downloads)
        looks_at = page.view

        async def timed_view() -> PageView:
            started = time.perf_counter()
            try:
                return await looks_at()
            finally:
                self.view_seconds += time.perf_counter() - started

        page.view = timed_view  # type: ignore[method-assign]
        return page


async def execute(deck: Deck, adapters: Adapters, agent: str, count: int, parallel: int) -> list[Rollout]:
    spec = BatchSpec(task_ids=(TASK.id,), agents=(AgentChoice(agent=agent),), repeats=count)
    batch = (await deck.database.batches.create(spec, {})).batch
    deck = replace(deck, settings=deck.settings.model_copy(update={"parallel": parallel}))
    await deck.worker(adapters, batch_id=batch.id).run(until_idle=True)
    page = await deck.database.rollouts.list(RolloutFilter(batch_id=batch.id), limit=count)
    for rollout in page.rollouts:
        if rollout.status is not Status.COMPLETED:
            sys.exit(f"a rollout is {rollout.status.value}: {rollout.errors}")
    return list(page.rollouts)


async def overhead_of_one(deck: Deck, adapters: Adapters) -> float:
    page_time = PageTime(adapters.browsers)
    (rollout,) = await execute(deck, replace(adapters, browsers=page_time), "oracle", 1, parallel=1)
    steps = await adapters.rollouts.steps(rollout.id)
    phases = {timing.phase: timing.seconds for timing in rollout.timings}
    agent_and_actions = sum(step.agent_seconds + step.action_seconds for step in steps)
    assert rollout.seconds is not None
    others = phases[Phase.PROVISION] + phases[Phase.BROWSER] + agent_and_actions + page_time.view_seconds
    return rollout.seconds - others


@dataclass(frozen=True)
class Traces:
    """What can be counted of what runs: of this process and its descendants, and in the sessions' directories."""

    processes: int
    databases: int
    directories: int
    sockets: int

    @classmethod
    def now(cls, run_dir: Path) -> "Traces":
        descendants = psutil.Process().children(recursive=True)
        pids = {os.getpid(), *(process.pid for process in descendants)}
        sessions = list(run_dir.glob("rolldeck-*"))
        return cls(
            processes=len(descendants),
            databases=sum(1 for session in sessions for base in session.rglob("base") for _ in base.iterdir()),
            directories=sum(1 for session in sessions for entry in session.iterdir() if entry.is_dir()),
            sockets=sum(
                connection.status == psutil.CONN_LISTEN and connection.pid in pids
                for connection in psutil.net_connections("tcp")
            ),
        )

    def less(self, other: "Traces") -> dict[str, int]:
        return {name: count - getattr(other, name) for name, count in vars(self).items()}


def _median(values: Sequence[float]) -> float:
    return round(statistics.median(values), 3)


def _phases(rollouts: Sequence[Rollout]) -> dict[str, float]:
    return {
        phase.value: _median([t.seconds for rollout in rollouts for t in rollout.timings if t.phase is phase])
        for phase in Phase
    }


async def measure(settings: Settings, count: int, parallel: int, run_dir: Path) -> dict[str, object]:
    async with open_deck(settings, Use.OWN) as deck:
        await deck.environments.build("superset", lambda _: None)
        await deck.database.tasks.upload([TASK])
        async with open_adapters(deck) as adapters:
            await execute(deck, adapters, "noop", 1, parallel=1)  # warms the fork server up
            await asyncio.sleep(SETTLE_SECONDS)
            before = Traces.now(run_dir)
            overheads = [await overhead_of_one(deck, adapters) for _ in range(count)]
            started = time.perf_counter()
            batch = await execute(deck, adapters, "noop", BATCH, parallel=parallel)
            batch_seconds = time.perf_counter() - started
            rest = max(0, ROLLOUTS_UNTIL_COUNTED - count - BATCH)
            if rest:
                await execute(deck, adapters, "noop", rest, parallel=parallel)
            await asyncio.sleep(SETTLE_SECONDS)
            after = Traces.now(run_dir)
    return {
        "overhead_seconds": {
            "p50": _median(overheads),
            "max": round(max(overheads), 3),
            "n": len(overheads),
        },
        "throughput": {
            "rollouts": BATCH,
            "parallel": parallel,
            "rollouts_per_minute": round(BATCH * 60 / batch_seconds, 1),
            "seconds": round(batch_seconds, 2),
            "phase_seconds_p50": _phases(batch),
        },
        "leftovers": {
            "rollouts": count + BATCH + rest,
            **after.less(before),
            "after_the_end": vars(Traces.now(run_dir)),
        },
        "machine": {"processors": os.cpu_count(), "load_1m": round(os.getloadavg()[0], 2)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rollouts", type=int, default=6, help="rollouts that run alone (default 6)")
    parser.add_argument("--parallel", type=int, default=4, help="places of the batch (default 4)")
    arguments = parser.parse_args()
    configure_logs("warning")  # stdout is the figures'
    memory = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory() as data_dir,
        tempfile.TemporaryDirectory(prefix="b", dir=memory if memory.is_dir() else None) as run,
    ):
        run_dir = Path(run)
        run_dir.chmod(0o711)  # the environments' own user passes through it
        # No warm pool: what is ready ahead is no leftover.
        settings = Settings.model_validate({"data_dir": data_dir, "run_dir": run_dir, "pool_mb": 0})
        print(json.dumps(asyncio.run(measure(settings, arguments.rollouts, arguments.parallel, run_dir)), indent=2))


if __name__ == "__main__":
    main()
