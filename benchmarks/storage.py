"""How fast the API answers with a million rollouts stored, on SQLite and on PostgreSQL.

python benchmarks/storage.py [--rollouts 1000000] [--repeat 100] [--directory DIR] [--only sqlite] [--cases REGEX]

Builds each database once (kept in ``--directory``, where one is given): 500 tasks, batches of some 8,000 rollouts one
after the other, each by one or two of six models, answers and errors of real length. Then asks the real application, in
a process of its own under uvicorn, over one connection that is kept, and prints one JSON document: p50 and p95 of every
case in milliseconds, with its target and whether that was met; and the CPU milliseconds that the server and the database
took for one answer, which is what can be compared where others use the processors too.

Every repetition of a case asks for something else (another task, batch, page, ...). The baseline, in the same run: the
server's answer to ``/health``; and on the same database, without Rolldeck, the newest 50 rollouts by their primary
key, the same by OFFSET from the middle, and a whole count.
"""

import argparse
import asyncio
import gc
import http.client
import json
import math
import multiprocessing
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg
import psutil
import uvicorn
from alembic import command
from alembic.config import Config
from api_alone import services_on
from local_postgresql import free_port, postgresql
from sqlalchemy import Connection, Table, column, func, insert, inspect, select, table, update
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from ulid import ULID

from rolldeck.api.app import create_app
from rolldeck.domain.rollout import Phase, PhaseTiming, RolloutError
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.domain.verdict import Evidence, Match, Verdict
from rolldeck.storage.database import Database
from rolldeck.storage.database.engine import open_transactions
from rolldeck.storage.database.listed import listed
from rolldeck.storage.database.models import batches, rollouts, task_versions, tasks
from rolldeck.storage.database.repositories.list_order import Cursor
from rolldeck.storage.port import RolloutSort

TASKS = 500
OF_A_BATCH = 8_000
AT_ONCE = 20_000
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS_APART = 20
MODELS = (
    ("gemini", "flash"),
    ("gemini", "pro"),
    ("openai", "gpt-mini"),
    ("openai", "gpt"),
    ("anthropic", "sonnet"),
    ("oracle", None),
)
FAILURES = ("EnvironmentFailure", "ModelError", "AgentError", "BrowserError", "WorkerLost")
NOUNS = [
    "orders",
    "revenue",
    "customers",
    "refunds",
    "products",
    "regions",
    "discounts",
    "subscriptions",
    "invoices",
    "returns",
    "visits",
    "carts",
]
NAMES = [
    a + b
    for a in ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "za"]
    for b in ["bert", "dora", "fina", "gorn", "hild", "jana", "kas", "lund", "mira", "nert"]
]


# --- what is stored -------------------------------------------------------------------------------------------------


def the_tasks() -> list[Task]:
    """Return tasks with instructions of some 200 characters."""
    chance = random.Random(1)
    return [
        Task(
            id=f"shop-{number}",
            task=f"In the shop's data of {2019 + number % 7}, how many {chance.choice(NOUNS)} with more than"
            f" {chance.randrange(100)} {chance.choice(NOUNS)} did {chance.choice(NAMES)} handle in the {number % 12 + 1}th"
            " month? Answer with a JSON object that has the fields count and name, nothing else.",
            answer={"count": number, "name": chance.choice(NAMES)},
        )
        for number in range(TASKS)
    ]


@dataclass
class Contents:
    """Makes rows of rollouts, in their order, and counts them as the tables of tasks and batches do."""

    versions: Mapping[str, str]
    total: int
    of_task: dict[str, Counter[str]] = field(default_factory=dict)
    of_batch: dict[str, Counter[str]] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(2))
    verdicts: dict[tuple[bool, int], str] = field(default_factory=dict)

    def rows(self) -> Iterator[dict[str, Any]]:
        task_ids = list(self.versions)
        for number in range(self.total):
            batch = number // OF_A_BATCH
            agent, model = MODELS[(batch + (batch % 3) * (number % 2)) % len(MODELS)]
            # Some tasks are tried more often than others.
            task_id = task_ids[
                min(int(self.chance.paretovariate(1.2) * 40) - 40, TASKS - 1) if number % 2 else number % TASKS
            ]
            row = self._row(number, task_id, batch_id(batch), agent, model)
            self._count(row)
            yield row

    def _row(self, number: int, task_id: str, batch: str, agent: str, model: str | None) -> dict[str, Any]:
        created = FIRST_DAY + timedelta(seconds=SECONDS_APART * number)
        status = self._status(number)
        row: dict[str, Any] = {
            "id": ulid_at(created, number), "batch_id": batch, "task_id": task_id, "task_version": self.versions[task_id],
            "environment": "superset", "agent": agent, "model": model, "parameters": '{"temperature": 0.7}',
            "quota": model or agent, "seed": number % 7, "status": status.value, "attempt": 1, "retries_left": 2,
            "token": None, "worker_id": None, "cancel_requested": False, "template": "5e1f" * 8, "stop_reason": None,
            "answer_text": None, "success": None, "verdict": None, "errors": "[]", "failure": None,
            "failure_retryable": False, "timings": TIMINGS, "steps": 0, "tokens": 0, "video": None, "reuse_key": None,
            "reused_from": None, "created_at": created, "started_at": None, "finished_at": None, "seconds": None,
        }  # fmt: skip
        if status.is_final:
            seconds = round(self.chance.lognormvariate(4, 0.8), 3)
            row |= {"started_at": created, "finished_at": created + timedelta(seconds=seconds), "seconds": seconds}
            row |= {"steps": min(int(self.chance.expovariate(0.08)) + 1, 50), "video": f"{row['id']}/video-1.mp4"}
        if status is Status.COMPLETED:
            self._complete(row, number)
        if status is Status.FAILED:
            kind = self.chance.choices(FAILURES, weights=(40, 30, 20, 9, 1))[0]
            message = (
                f"{kind}: {self.chance.choice(NAMES)} did not answer within {self.chance.randrange(100)} s; try again"
            )
            error = RolloutError(phase=Phase.AGENT, kind=kind, message=message, retryable=kind != "AgentError")
            row |= {"failure": kind, "failure_retryable": error.retryable, "errors": f"[{error.model_dump_json()}]"}
        return row

    def _status(self, number: int) -> Status:
        if number >= self.total - 3000:  # the newest ones are still to be done
            return Status.RUNNING if number < self.total - 2936 else Status.PENDING
        return self.chance.choices((Status.COMPLETED, Status.FAILED, Status.CANCELLED), weights=(87, 10, 3))[0]

    def _complete(self, row: dict[str, Any], number: int) -> None:
        success = self.chance.random() < 0.45
        count = self.chance.randrange(1000)
        found = " ".join(self.chance.choices(NAMES, k=4))
        answer = f'I looked at the chart of {found} for a while. {{"count": {count}, "name": "{self.chance.choice(NAMES)}-{number}"}}'
        verdict = self.verdicts.setdefault((success, count), verdict_of(success=success, count=count))
        row |= {
            "stop_reason": "answered",
            "answer_text": answer,
            "success": success,
            "verdict": verdict,
            "tokens": 40_000,
        }

    def _count(self, row: Mapping[str, Any]) -> None:
        status = Status(row["status"])
        counts = Counter({status.value if status.is_final else "live": 1, "succeeded": int(row["success"] or 0)})
        self.of_task.setdefault(row["task_id"], Counter()).update(counts)
        executed = int(status in {Status.COMPLETED, Status.FAILED})
        counts.update(total=1, executed=executed, retryable=int(row["failure_retryable"]))
        counts["seconds"] = row["seconds"] or 0 if executed else 0
        self.of_batch.setdefault(row["batch_id"], Counter()).update(counts)


TIMINGS = json.dumps(
    [PhaseTiming(phase=phase, seconds=1.25).model_dump(mode="json") for phase in Phase], separators=(",", ":")
)


def verdict_of(*, success: bool, count: int) -> str:
    evidence = tuple(
        Evidence(path=path, expected=count, got=count, verdict=Match.MATCH if success else Match.MISMATCH)
        for path in ("count", "name")
    )
    parsed = {"count": count, "name": "somebody"}
    return Verdict(
        reward=float(success), success=success, parsed=parsed, evidence=evidence, reason="Compared field by field"
    ).model_dump_json()


def ulid_at(moment: datetime, number: int) -> str:
    """Return an id that follows time, always the same for the same moment and number."""
    milliseconds = int(moment.timestamp() * 1000)
    return str(ULID.from_bytes(milliseconds.to_bytes(6, "big") + number.to_bytes(10, "big"))).lower()


def batch_id(number: int) -> str:
    return ulid_at(FIRST_DAY + timedelta(seconds=SECONDS_APART * number * OF_A_BATCH), number)


# --- building -------------------------------------------------------------------------------------------------------


async def build(address: str, total: int) -> float:
    """Fill the tables as they were before those of the lists, and have a migration make these; returns seconds."""
    started = time.perf_counter()
    transactions = open_transactions(address)
    await transactions.write(_upgrade_to_plain_tables)
    stored = the_tasks()
    await transactions.write(lambda connection: _store_tasks(connection, stored))
    contents = Contents({task.id: task.version for task in stored}, total)
    await transactions.write(lambda connection: _store_batches(connection, -(-total // OF_A_BATCH)))
    if address.startswith("sqlite"):
        await transactions.write(lambda connection: _insert(connection, contents.rows()))
    else:
        await _copy(address, contents.rows())
    await transactions.write(lambda connection: _store_counts(connection, contents))
    await transactions.close()
    await (await Database.open(address)).close()
    if not address.startswith("sqlite"):
        connection = await asyncpg.connect(address)
        await connection.execute("VACUUM ANALYZE")
        await connection.close()
    return time.perf_counter() - started


def _upgrade_to_plain_tables(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "rolldeck.storage.database:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, "0002")


def _store_tasks(connection: Connection, stored: Sequence[Task]) -> None:
    stamps = {"created_at": FIRST_DAY, "updated_at": FIRST_DAY}
    connection.execute(
        insert(tasks),
        [
            {"id": task.id, "order_key": f"{number:05d}", "version": task.version, **stamps}
            for number, task in enumerate(stored)
        ],
    )
    connection.execute(
        insert(task_versions),
        [
            {"task_id": task.id, "version": task.version, "content": task.model_dump_json(by_alias=True)}
            | {"created_at": FIRST_DAY}
            for task in stored
        ],
    )


def _store_batches(connection: Connection, count: int) -> None:
    fixed = {"tags": '["nightly"]', "priority": 0, "tasks": TASKS, "repeats": 16, "limits": "{}", "max_attempts": 3}
    rows = [
        {"id": batch_id(number), "name": f"Night {number}", "agents": '[{"agent":"gemini","model":"flash"}]'}
        | {"reuse": False, "created_at": FIRST_DAY, **fixed}
        for number in range(count)
    ]
    _insert_into(batches, connection, rows)


def _insert(connection: Connection, rows: Iterator[dict[str, Any]]) -> None:
    for some in _pieces(rows):
        _insert_into(rollouts, connection, some)


def _insert_into(stored: Table, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, with the defaults of columns that the table has already: it is older than what describes it."""
    there = {each["name"] for each in inspect(connection).get_columns(stored.name)}
    columns = [column(each.name, each.type) for each in stored.c if each.name in there]
    defaults = {
        each.name: each.default.arg
        for each in stored.c
        if each.name in there and isinstance(each.default, ScalarElementColumnDefault)
    }
    connection.execute(insert(table(stored.name, *columns)), [defaults | row for row in rows])


async def _copy(address: str, rows: Iterator[dict[str, Any]]) -> None:
    connection = await asyncpg.connect(address)
    for some in _pieces(rows):
        records = [tuple(row.values()) for row in some]
        await connection.copy_records_to_table("rollouts", records=records, columns=list(some[0]))
    await connection.close()


def _pieces(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    piece: list[dict[str, Any]] = []
    for number, row in enumerate(rows, 1):
        piece.append(row)
        if len(piece) == AT_ONCE:
            print(f"\r{number:,} rollouts", end="", file=sys.stderr, flush=True)
            yield piece
            piece = []
    if piece:
        yield piece
    print("\r", end="", file=sys.stderr)


def _store_counts(connection: Connection, contents: Contents) -> None:
    for stored, counted in ((tasks, contents.of_task), (batches, contents.of_batch)):
        for key, counts in counted.items():
            connection.execute(update(stored).where(stored.c.id == key).values(dict(counts)))


# --- the server -----------------------------------------------------------------------------------------------------


def serve(address: str, port: int, directory: Path) -> None:
    """Serve the application on a database, until the process is ended."""
    asyncio.run(_serve(address, port, directory))


async def _serve(address: str, port: int, directory: Path) -> None:
    database = await Database.open(address)
    config = uvicorn.Config(
        create_app(services_on(database, directory)), host="127.0.0.1", port=port, log_level="warning", access_log=False
    )
    gc.collect()
    gc.freeze()  # as ``rolldeck serve`` does
    await uvicorn.Server(config).serve()
    await database.close()


class Cpu:
    """CPU seconds of the server, and of the PostgreSQL behind it."""

    def __init__(self, server: int, address: str) -> None:
        self._processes = [psutil.Process(server)]
        if not address.startswith("sqlite"):
            self._processes += [each for each in psutil.Process().children(recursive=True) if "postgres" in each.name()]

    def seconds(self) -> float:
        with suppress(psutil.NoSuchProcess):
            return sum(sum(process.cpu_times()[:2]) for process in self._processes)
        return math.nan  # one of its background processes has ended


@contextmanager
def served(address: str, directory: Path) -> Iterator["Client"]:
    """Serve a database in a process of its own."""
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(address, port, directory))
    process.start()
    try:
        client = Client(port)
        client.wait()
        client.cpu = Cpu(process.pid or 0, address)
        yield client
        client.close()
    finally:
        process.terminate()
        process.join(20)
        process.kill()


class Client:
    """One connection that is kept."""

    cpu: "Cpu"

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def close(self) -> None:
        self._connection.close()

    def wait(self) -> None:
        """Return once the server answers."""
        deadline = time.monotonic() + 60
        while True:
            try:
                self.get("/health")
            except ConnectionRefusedError:
                self._connection.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def get(self, path: str) -> tuple[float, Any]:
        """Return the milliseconds until the whole answer was there, and the answer."""
        started = time.perf_counter()
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        body = response.read()
        milliseconds = (time.perf_counter() - started) * 1000
        if response.status != http.client.OK:
            raise RuntimeError(f"{path}: {response.status} {body[:500]!r}")
        return milliseconds, json.loads(body)


# --- cases ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """What is asked, the n-th time, and within how many milliseconds 95 % of the answers should be there."""

    name: str
    path: Callable[[int], str]
    target: float


def query(**parameters: object) -> str:
    return "/api/rollouts?" + urlencode({"limit": 50, **parameters}, doseq=True)


@dataclass(frozen=True)
class Places:
    """Cursors from the beginning to the end of a database's lists, by their order."""

    cursors: Mapping[RolloutSort, Sequence[str]]

    def cursor(self, sort: RolloutSort, number: int) -> str:
        cursors = self.cursors[sort]
        return cursors[number * 7 % len(cursors)]


async def places(address: str, total: int) -> Places:
    """Find rollouts all over the lists."""
    transactions = open_transactions(address)

    def find(connection: Connection) -> Places:
        first = connection.scalar(select(func.min(listed.c.number))) or 0
        numbers = [first + number for number in range(total // 200, total - 3000, max(1, total // 100))]
        rows = connection.execute(select(listed).where(listed.c.number.in_(numbers))).all()
        values: dict[RolloutSort, Callable[[Any], float | None]] = {sort: lambda _: None for sort in RolloutSort}
        values |= dict.fromkeys((RolloutSort.LONGEST, RolloutSort.SHORTEST), lambda row: row.seconds)
        values |= dict.fromkeys((RolloutSort.MOST_STEPS, RolloutSort.FEWEST_STEPS), lambda row: row.steps)
        return Places(
            {
                sort: [Cursor(sort=sort, value=value(row), number=row.number).encode() for row in rows]
                for sort, value in values.items()
            }
        )

    found = await transactions.read(find)
    await transactions.close()
    return found


def cases(total: int, found: Places) -> list[Case]:
    """Return everything that has a target."""
    count_of_batches = total // OF_A_BATCH
    kinds = [*FAILURES]
    single: dict[str, Callable[[int], object]] = {
        "task_id": lambda n: f"shop-{n * 13 % TASKS}",
        "batch_id": lambda n: batch_id(n * 11 % count_of_batches),
        "status": lambda n: list(Status)[n % len(Status)].value,
        "agent": lambda n: MODELS[n % len(MODELS)][0],
        "model": lambda n: MODELS[n % 5][1],
        "success": lambda n: "true" if n % 2 else "false",
        "error": lambda n: kinds[n % len(kinds)],
    }
    made = [
        Case("first page", lambda _: query(), 10),
        Case("first page, 200 rollouts", lambda _: query(limit=200), 50),
        Case("tasks with success rates", lambda _: "/api/tasks?limit=1000", 10),
        Case("batches", lambda _: "/api/batches?limit=50", 10),
    ]
    for sort in RolloutSort:
        made.append(Case(f"sort {sort.value}", lambda _, sort=sort: query(sort=sort.value), 10))
        made.append(
            Case(
                f"any page, sort {sort.value}",
                lambda n, sort=sort: query(sort=sort.value, after=found.cursor(sort, n)),
                10,
            )
        )
    for name, value in single.items():
        made.append(Case(f"filter {name}", lambda n, name=name, value=value: query(**{name: value(n)}), 10))
        made.extend(
            Case(
                f"filter {name}, sort {sort.value}",
                lambda n, name=name, value=value, sort=sort: query(**{name: value(n)}, sort=sort.value),
                10,
            )
            for sort in RolloutSort
            if sort is not RolloutSort.NEWEST
        )
        made.append(
            Case(
                f"filter {name}, any page",
                lambda n, name=name, value=value: query(**{name: value(n)}, after=found.cursor(RolloutSort.NEWEST, n)),
                10,
            )
        )
        made.append(
            Case(
                f"filter {name}, counted", lambda n, name=name, value=value: query(**{name: value(n)}, count="true"), 50
            )
        )
    made += combined(single)
    return made


def combined(single: Mapping[str, Callable[[int], object]]) -> list[Case]:
    """Return the cases with several filters, and with text."""

    def several(*names: str, **more: object) -> Callable[[int], str]:
        return lambda n: query(**{name: single[name](n) for name in names}, **more)

    searched: dict[str, Callable[[int], str]] = {
        "in every task": lambda _: "JSON object",
        "in some tasks": lambda n: f"{n % 12 + 1}th month",
        "in half of the answers": lambda _: "for a while",
        "in some answers": lambda n: f"{NAMES[n % len(NAMES)]} {NAMES[n * 3 % len(NAMES)]}",
        "in one answer": lambda n: f"-{n * 991 + 10_000}",
        "in some errors": lambda n: f"within {n % 100} s",
        "in none": lambda n: f"no answer has this {n}",
        "in none, of common trigrams": lambda _: "chart of a while look",
    }
    made = [
        Case("whole list, counted", lambda _: query(count="true"), 50),
        Case("task and success", several("task_id", "success"), 50),
        Case("task, status and model", several("task_id", "status", "model", count="true"), 50),
        Case("batch and error, longest", several("batch_id", "error", sort="longest", count="true"), 50),
        Case("batch and task", several("batch_id", "task_id", count="true"), 50),
        Case("agent and error, most steps", several("agent", "error", sort="most_steps", count="true"), 50),
        Case("never: model of another agent", lambda _: query(agent="oracle", model="flash", count="true"), 50),
        Case("never: failed and successful", lambda _: query(status="failed", success="true", count="true"), 50),
        Case(
            "never: batch without the model",
            lambda n: query(batch_id=batch_id(6 * n % 100), model="gpt", count="true"),
            50,
        ),
        Case("never: unknown task", lambda _: query(task_id="nothing", count="true"), 50),
    ]
    for name, words in searched.items():
        made.append(Case(f"text {name}", lambda n, words=words: query(q=words(n)), 50))
        made.append(Case(f"text {name}, counted", lambda n, words=words: query(q=words(n), count="true"), 50))
        made.append(Case(f"text {name}, longest", lambda n, words=words: query(q=words(n), sort="longest"), 50))
        made.append(Case(f"text {name}, of failed ones", lambda n, words=words: query(q=words(n), status="failed"), 50))
        made.append(
            Case(f"text {name}, of a task", lambda n, words=words: query(q=words(n), task_id=single["task_id"](n)), 50)
        )
    return made


# --- measuring ------------------------------------------------------------------------------------------------------


def measured(milliseconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {"p50": round(statistics.median(ordered), 2), "p95": round(ordered[int(len(ordered) * 0.95)], 2)}


def measure(client: Client, case: Case, repeat: int) -> dict[str, object]:
    for number in range(8):
        client.get(case.path(number))
    times, rows = [], []
    cpu = client.cpu.seconds()
    for number in range(repeat):
        milliseconds, answer = client.get(case.path(number))
        times.append(milliseconds)
        rows.append(len(answer.get("rollouts", answer.get("tasks", answer.get("batches")))))
    figures = measured(times) | {"cpu": round((client.cpu.seconds() - cpu) / repeat * 1000, 2)}
    return {**figures, "target": case.target, "met": figures["p95"] <= case.target, "rows": statistics.median(rows)}


def sqlite_baseline(file: Path) -> Callable[[str], object]:
    connection = sqlite3.connect(file)
    return lambda statement: connection.execute(statement).fetchall()


def baseline(run: Callable[[str], object], total: int) -> dict[str, object]:
    """Time statements without anything of Rolldeck's around them."""
    statements = {
        "newest 50": ("SELECT * FROM rollouts ORDER BY id DESC LIMIT 50", 50),
        "50 by OFFSET": (f"SELECT * FROM rollouts ORDER BY id DESC LIMIT 50 OFFSET {total // 2}", 3),
        "count(*)": ("SELECT count(*) FROM rollouts WHERE status = 'completed'", 3),
    }
    figures: dict[str, object] = {}
    for name, (statement, repeat) in statements.items():
        times = []
        for _ in range(repeat):
            started = time.perf_counter()
            run(statement)
            times.append((time.perf_counter() - started) * 1000)
        figures[name] = measured(times)
    return figures


def measure_database(address: str, directory: Path, options: argparse.Namespace) -> dict[str, object]:
    """Measure every case on a database that is built."""
    found = asyncio.run(places(address, options.rollouts))
    with served(address, directory) as client:
        health = measured([client.get("/health")[0] for _ in range(options.repeat)])
        figures: dict[str, dict[str, object]] = {}
        for case in cases(options.rollouts, found):
            if re.search(options.cases, case.name):
                figures[case.name] = measure(client, case, options.repeat)
                print(f"{case.name:48} {figures[case.name]}", file=sys.stderr)
    missed = [name for name, figure in figures.items() if not figure["met"]]
    return {"health_over_http": health, "cases": figures, "missed": missed}


def on_sqlite(directory: Path, options: argparse.Namespace) -> dict[str, object]:
    file = directory / f"{options.rollouts}.db"
    seconds = None
    if not file.exists():
        being_built = file.with_suffix(".building")
        being_built.unlink(missing_ok=True)
        seconds = asyncio.run(build(f"sqlite:///{being_built}", options.rollouts))
        being_built.rename(file)
    run = sqlite_baseline(file)
    return {
        "build_seconds": seconds,
        "megabytes": round(file.stat().st_size / 1e6),
        "baseline": baseline(run, options.rollouts),
        **measure_database(f"sqlite:///{file}", directory, options),
    }


def on_postgresql(directory: Path, options: argparse.Namespace) -> dict[str, object]:
    place = directory / f"{options.rollouts}.postgresql"
    done = directory / f"{options.rollouts}.postgresql.built"
    with postgresql(place) as address:
        seconds = None
        if not done.exists():
            seconds = asyncio.run(build(address, options.rollouts))
            done.touch()
        with asyncio.Runner() as runner:
            connection = runner.run(asyncpg.connect(address))
            size = runner.run(connection.fetchval("SELECT pg_database_size(current_database())"))
            bare = baseline(lambda statement: runner.run(connection.fetch(statement)), options.rollouts)
            runner.run(connection.close())
        return {
            "build_seconds": seconds,
            "megabytes": round(size / 1e6),
            "baseline": bare,
            **measure_database(address, directory, options),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rollouts", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=100)
    parser.add_argument("--directory", type=Path)
    parser.add_argument("--only", choices=("sqlite", "postgresql"))
    parser.add_argument("--cases", default="", help="only those whose name has this regular expression")
    options = parser.parse_args()
    with ExitStack() as stack:
        directory = options.directory
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rolldeck-storage-")))
            directory.chmod(0o755)
        directory.mkdir(parents=True, exist_ok=True)
        result = {
            name: measure_on(directory, options)
            for name, measure_on in (("sqlite", on_sqlite), ("postgresql", on_postgresql))
            if options.only in {None, name}
        }
    print(json.dumps({"rollouts": options.rollouts, "repeat": options.repeat, **result}, indent=2))


if __name__ == "__main__":
    main()
