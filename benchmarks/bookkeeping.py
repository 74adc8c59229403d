"""What a rollout costs Rolldeck itself: the CPU of its claim, its status changes, their events, and 20 stored steps.

python benchmarks/bookkeeping.py [--rollouts 300] [--only sqlite] [--profile]

Prints one JSON document, in CPU milliseconds of this process for one rollout (``with_server``: and of PostgreSQL's):

- ``bookkeeping``: claimed, four changes of status and 20 steps through the port, as the worker's journal makes them.
  The target is 15 ms.
- ``executed``: the same by the real worker, with doubles for environment, browser, recorder, agent and verifier: also its
  tasks, logs, timings, screenshots and the video in a real directory.
- ``bare``: the same rows written by bare statements, each transaction as Rolldeck makes it.
"""

import argparse
import asyncio
import cProfile
import json
import pstats
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psutil
from local_postgresql import postgresql

from doubles import STEPS, adapters_on, verdict, worker
from rolldeck.domain.action import Click
from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.rollout import ActionResult, Phase, PhaseTiming, Step, StopReason, Usage
from rolldeck.domain.status import Event
from rolldeck.domain.task import Task
from rolldeck.execution.worker import Worker
from rolldeck.logs import configure_logs
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.storage.port import Change

TARGET_MS = 15
ANSWER = '{"count": 42, "name": "dora"}'
TASK = Task(id="q1", task="How many orders did dora handle?", answer={"count": 42, "name": "dora"})
WARM_UP = 20


class CpuClock:
    """CPU of this process, and of the processes that it started."""

    def __init__(self) -> None:
        self._servers = [each for each in psutil.Process().children(recursive=True) if "postgres" in each.name()]

    async def per_rollout(self, work: Callable[[], Awaitable[None]], rollouts: int) -> dict[str, float]:
        """Run something that handles so many rollouts; returns milliseconds of each."""
        own, servers = time.process_time(), self._of_servers()
        await work()
        own = time.process_time() - own
        both = own + self._of_servers() - servers
        figures = {"cpu": own, "with_server": both} if self._servers else {"cpu": own}
        return {name: round(seconds / rollouts * 1000, 2) for name, seconds in figures.items()}

    def _of_servers(self) -> float:
        return sum(sum(each.cpu_times()[:2]) for each in self._servers if each.is_running())


async def queue(database: Database, rollouts: int) -> str:
    """Queue a batch, and return its id."""
    choice = AgentChoice(agent="gemini", model="flash")
    made = await database.batches.create(BatchSpec(task_ids=(TASK.id,), agents=(choice,), repeats=rollouts), {})
    return made.batch.id


def step(rollout_id: str, index: int) -> Step:
    """Return a step of usual size."""
    return Step(
        index=index,
        offset=index * 1.5,
        url="http://127.0.0.1:40000/chart/list/?page=1",
        screenshot=f"{rollout_id}/screens/{'5e1f' * 16}.png",
        message="The chart shows the months one after the other; I open the next one to read its value.",
        actions=(ActionResult(action=Click(x=index, y=2)),),
        agent_seconds=1.25,
        action_seconds=0.5,
        usage=Usage(input_tokens=1500, output_tokens=80),
        at=datetime.now(UTC),
    )


async def keep_books(database: Database, rollouts: int) -> None:
    """Do with each rollout what the journal does."""
    timings = {phase: (PhaseTiming(phase=phase, seconds=0.125),) for phase in Phase}
    for _ in range(rollouts):
        (claim,) = await database.rollouts.claim("books")
        rollout_id, token = claim.rollout.id, claim.token
        change = Change(timings=timings[Phase.PROVISION], template="5e1f" * 8)
        await database.rollouts.advance(rollout_id, token, Event.ENVIRONMENT_READY, change)
        for index in range(STEPS):
            await database.rollouts.add_step(rollout_id, token, step(rollout_id, index))
        change = Change(timings=timings[Phase.AGENT], stop_reason=StopReason.ANSWERED, answer_text=ANSWER)
        await database.rollouts.advance(rollout_id, token, Event.AGENT_STOPPED, change)
        change = Change(timings=timings[Phase.VERIFY], verdict=verdict(), video=f"{rollout_id}/video-1.mp4")
        await database.rollouts.advance(rollout_id, token, Event.VERIFIED, change)


async def execute(database: Database, artifacts: Path, rollouts: int) -> None:
    """Execute so many by a real worker."""
    batch_id = await queue(database, rollouts)
    me = worker(f"worker of {batch_id}")
    adapters = adapters_on(database, LocalArtifacts(artifacts))
    await Worker(adapters, me, parallel=1, lease_seconds=15, headroom=lambda: None, batch_id=batch_id).run(
        until_idle=True
    )


async def measure(address: str, directory: Path, rollouts: int, *, profile: bool) -> dict[str, object]:
    database = await Database.open(address)
    cpu = CpuClock()
    await database.tasks.upload([TASK])
    await database.workers.register(worker("books"))
    await queue(database, rollouts + WARM_UP)
    await keep_books(database, WARM_UP)
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    books = await cpu.per_rollout(lambda: keep_books(database, rollouts), rollouts)
    if profile:
        profiler.disable()
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(40)
    await execute(database, directory, WARM_UP)
    executed = await cpu.per_rollout(lambda: execute(database, directory, rollouts), rollouts)
    await database.close()
    return {
        "bookkeeping": books | {"target": TARGET_MS, "met": books["cpu"] <= TARGET_MS},
        "executed": executed,
    }


# --- the baseline ---------------------------------------------------------------------------------------------------

_BARE_TABLES = (
    "CREATE TABLE bare_batches (id text PRIMARY KEY, live integer, claimed integer, completed integer)",
    (
        "CREATE TABLE bare_rollouts (id text PRIMARY KEY, batch_id text, status text, token text, steps integer,"
        " answer text, verdict text, timings text, started_at text, finished_at text)"
    ),
    "CREATE INDEX bare_pending ON bare_rollouts (batch_id, id) WHERE status = 'pending'",
    "CREATE TABLE bare_steps (rollout_id text, number integer, content text, PRIMARY KEY (rollout_id, number))",
    "CREATE TABLE bare_events (seq integer PRIMARY KEY, rollout_id text, kind text, data text)",
    "INSERT INTO bare_batches VALUES ('b', 0, 0, 0)",
)
_BARE_CLAIM = (
    "UPDATE bare_rollouts SET status = 'provisioning', token = ?, started_at = ? WHERE id = (SELECT id FROM bare_rollouts"
    " WHERE status = 'pending' AND batch_id = 'b' ORDER BY id LIMIT 1) RETURNING id"
)
_BARE_EVENT = "INSERT INTO bare_events VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM bare_events), ?, ?, ?)"
_BARE_STEP = "INSERT INTO bare_steps VALUES (?, ?, ?)"
_BARE_COUNT = "UPDATE bare_rollouts SET steps = ? WHERE id = ? AND token = ?"
_BARE_CHANGE = "UPDATE bare_rollouts SET status = ?, answer = ?, verdict = ?, timings = ?, finished_at = ? WHERE id = ? AND token = ?"
_BARE_BATCH = "UPDATE bare_batches SET claimed = claimed + ?, completed = completed + ? WHERE id = 'b'"
_EVENT_DATA = '{"status": "running", "event": "environment_ready", "attempt": 1, "agent": "gemini", "model": "flash"}'

Run = Callable[..., Awaitable[object]]
"""Runs statements with their parameters in one transaction, and returns the first value of the first one."""


async def keep_bare_books(run: Run, rollouts: int) -> None:
    now = "2026-11-01 12:00:00.000000"
    for _ in range(rollouts):
        key = await run((_BARE_CLAIM, ("t" * 32, now)), (_BARE_BATCH, (1, 0)), (_BARE_EVENT, ("", "s", _EVENT_DATA)))
        for status in ("running", "verifying", "completed"):
            change = (_BARE_CHANGE, (status, ANSWER, "{}" * 200, "[]" * 100, now, key, "t" * 32))
            await run(change, (_BARE_BATCH, (0, 1)), (_BARE_EVENT, (key, "status", _EVENT_DATA)))
            for index in range(STEPS if status == "running" else 0):
                content = step(str(key), index).model_dump_json()
                counted = (_BARE_COUNT, (index + 1, key, "t" * 32))
                await run(counted, (_BARE_STEP, (key, index, content)), (_BARE_EVENT, (key, "step", "{}")))


async def bare_sqlite(file: Path, rollouts: int) -> dict[str, float]:
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL", *_BARE_TABLES):
        connection.execute(statement)
    fill = "INSERT INTO bare_rollouts (id, batch_id, status) VALUES (?, 'b', 'pending')"
    connection.executemany(fill, [(f"{number:026d}",) for number in range(rollouts + WARM_UP)])

    async def run(*statements: tuple[str, tuple[object, ...]]) -> object:
        connection.execute("BEGIN IMMEDIATE")
        answers = [connection.execute(*statement).fetchall() for statement in statements]
        connection.execute("COMMIT")
        return answers[0][0][0] if answers[0] else None

    await keep_bare_books(run, WARM_UP)
    return await CpuClock().per_rollout(lambda: keep_bare_books(run, rollouts), rollouts)


async def bare_postgresql(address: str, rollouts: int) -> dict[str, float]:
    connection = await asyncpg.connect(address)
    for statement in _BARE_TABLES:
        await connection.execute(statement)
    fill = "INSERT INTO bare_rollouts (id, batch_id, status) VALUES ($1, 'b', 'pending')"
    await connection.executemany(fill, [(f"{number:026d}",) for number in range(rollouts + WARM_UP)])

    async def run(*statements: tuple[str, tuple[object, ...]]) -> object:
        first = None
        async with connection.transaction():
            for number, (statement, parameters) in enumerate(statements):
                rows = await connection.fetch(_numbered(statement), *parameters)
                first = rows[0][0] if number == 0 and rows else first
        return first

    await keep_bare_books(run, WARM_UP)
    figures = await CpuClock().per_rollout(lambda: keep_bare_books(run, rollouts), rollouts)
    await connection.close()
    return figures


def _numbered(statement: str) -> str:
    first, *rest = statement.split("?")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=300)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--profile", action="store_true", help="say on stderr where the time goes")
    options = parser.parse_args()
    configure_logs("warning")
    result: dict[str, object] = {}
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rolldeck-books-")))
        directory.chmod(0o755)
        if options.only != "postgresql":
            address = f"sqlite:///{directory / 'rolldeck.db'}"
            figures = asyncio.run(measure(address, directory / "a", options.rollouts, profile=options.profile))
            result["sqlite"] = figures | {"bare": asyncio.run(bare_sqlite(directory / "bare.db", options.rollouts))}
        if options.only != "sqlite":
            address = stack.enter_context(postgresql(directory / "postgresql"))
            figures = asyncio.run(measure(address, directory / "b", options.rollouts, profile=options.profile))
            result["postgresql"] = figures | {"bare": asyncio.run(bare_postgresql(address, options.rollouts))}
    print(json.dumps({"rollouts": options.rollouts, "steps": STEPS, "milliseconds_per_rollout": result}, indent=2))


if __name__ == "__main__":
    main()
