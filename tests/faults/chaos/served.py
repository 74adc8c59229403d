"""``rolldeck serve`` with everything real, in processes that can be found and killed one by one."""

import asyncio
import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from uuid import uuid4

import httpx2
import psutil
from pydantic import JsonValue

from chaos.audit import Auditor
from chaos.figures import Figures
from chaos.fleet import until
from rolldeck.domain.event import EventKind, LoggedEvent, RolloutChange
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Event, Status
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.storage.port import RolloutFilter

WORKERS = 2
LEASE_SECONDS = 5
_PARALLEL = 2
_START_SECONDS = 120
_STOP_SECONDS = 60
_MAX_ATTEMPTS = 20
_MARK = "CHAOS_MARK"
_PAGES = {"Datasets": "/tablemodelview/list/", "Charts": "/chart/list/", "Dashboards": "/dashboard/list/"}
_ORDERS = "SELECT count(*) FROM orders WHERE date_part('year', created_at) = 2024"
_SKEW = timedelta(seconds=1)
_LONGEST_NOTICE = timedelta(seconds=30)  # what is thrown back later was so by something else
_PATIENT = 40  # seconds that a step waits for its page, on a machine that has much else to do

Kind = Callable[[psutil.Process], bool]


class Server:
    """One installation's server; started, killed and started again on the same data."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.run_dir = _short_directory()
        self.run_dir.chmod(0o711)
        self._mark = uuid4().hex
        self._log = (data_dir.parent / "server.log").open("a")
        self._process: subprocess.Popen[str] | None = None
        self._address = ""

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = self._launched()
        assert self._process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            line = await asyncio.to_thread(self._process.stdout.readline)
        assert line, "the server did not start; see server.log"
        self._address = json.loads(line)["address"]

    def _launched(self) -> subprocess.Popen[str]:
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ROLLDECK_")},
            _MARK: self._mark,
            "ROLLDECK_DATA_DIR": str(self.data_dir),
            "ROLLDECK_RUN_DIR": str(self.run_dir),
            "ROLLDECK_WORKERS": str(WORKERS),
            "ROLLDECK_PARALLEL": str(_PARALLEL),
            "ROLLDECK_LEASE_SECONDS": str(LEASE_SECONDS),
            "ROLLDECK_DRAIN_SECONDS": "3",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "rolldeck.cli.main", "serve", "--port", "0", "--json"],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,
        )

    async def end(self, how: signal.Signals) -> None:
        """End it with a signal, and wait for that."""
        assert self._process is not None
        self._process.send_signal(how)
        await asyncio.to_thread(self._process.wait, _STOP_SECONDS)

    async def post(self, path: str, content: object) -> dict[str, object]:
        """Ask the API for something."""
        async with httpx2.AsyncClient(base_url=self._address, trust_env=False, timeout=30) as http:
            response = await http.post(path, json=content)
        assert response.is_success, response.text
        answer: dict[str, object] = response.json()
        return answer

    def processes(self, *kinds: Kind) -> list[psutil.Process]:
        """All processes that were started for this installation, whoever their parent is now, of these kinds."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if self._is_ours(process) and all(kind(process) for kind in kinds):
                    found.append(process)
        return found

    def _is_ours(self, process: psutil.Process) -> bool:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        named = any(str(self.run_dir) in argument for argument in process.cmdline())
        return named or process.environ().get(_MARK) == self._mark

    def remove(self) -> None:
        """End what there still is, and remove the scratch space."""
        for process in self.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        shutil.rmtree(self.run_dir, ignore_errors=True)
        self._log.close()


def is_chromium(process: psutil.Process) -> bool:
    """A browser's main process."""
    return "chrom" in process.name() and not any(part.startswith("--type=") for part in process.cmdline())


def is_renderer(process: psutil.Process) -> bool:
    """What draws a page."""
    return "--type=renderer" in process.cmdline()


def is_application(process: psutil.Process) -> bool:
    """A Superset that serves one environment, or stands ready to."""
    if not _is_forkserver(process):
        return False
    if os.geteuid() == 0:  # each runs as a user of its own then
        return process.uids().real != 0
    parents = process.parents()[:2]  # a fork server, and the nursery that it was forked from
    return len(parents) == 2 and all(map(_is_forkserver, parents))


def is_fork_server(process: psutil.Process) -> bool:
    """What Supersets are forked from, or the nursery that this is forked from."""
    return _is_forkserver(process) and not is_application(process)


def _is_forkserver(process: psutil.Process) -> bool:
    return any(part.endswith("forkserver.py") for part in process.cmdline())


def is_postgres(process: psutil.Process) -> bool:
    """The main process of the environments' PostgreSQL."""
    parent = process.parent()
    return process.name() == "postgres" and (parent is None or parent.name() != "postgres")


def is_worker(process: psutil.Process) -> bool:
    """A worker process."""
    command = process.cmdline()
    return "rolldeck.cli.main" in command and "worker" in command


def _short_directory() -> Path:
    """Make a directory with a path so short that sockets below it have a name."""
    place = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path("/tmp")
    directory = place / f"c{secrets.token_hex(1)}"
    directory.mkdir()
    return directory


class ServedInstallation:
    """An installation whose server is hurt, and what it has to do."""

    def __init__(self, server: Server, choices: random.Random) -> None:
        self.server = server
        self.faults = 0
        self._random = choices
        self._batch_ids: list[str] = []
        self._struck: list[datetime] = []

    async def spawn(self, rollouts: int, agents: Sequence[str] = ("oracle",)) -> None:
        """Queue at least so many rollouts of each agent."""
        stored = [_walk(list(titles)) for titles in permutations(_PAGES)]
        await self.server.post("/api/tasks/upload", stored)
        chosen = [task["id"] for task in self._random.sample(stored, min(rollouts, len(stored)))]
        batch = await self.server.post(
            "/api/batches",
            {
                "task_ids": chosen,
                "agents": [{"agent": agent} for agent in agents],
                "repeats": -(-rollouts // len(chosen)),
                "max_attempts": _MAX_ATTEMPTS,
            },
        )
        self._batch_ids.append(str(batch["id"]))

    async def strike(self, kind: Kind, how: signal.Signals = signal.SIGKILL) -> None:
        """Wait until agents act and there is such a process, then a random moment; then hit one of them."""
        await self.acting()
        await until(lambda: bool(self.server.processes(kind)), _START_SECONDS, "something to kill")
        await asyncio.sleep(self._random.uniform(0, 2))
        victims = self.server.processes(kind)
        if victims:
            self.note_fault()
            with contextlib.suppress(psutil.NoSuchProcess):
                self._random.choice(victims).send_signal(how)

    def note_fault(self) -> None:
        """Count a fault that is injected now."""
        self.faults += 1
        self._struck.append(datetime.now(UTC))

    async def acting(self) -> None:
        """Wait until an agent acts."""
        async with self._database() as database:
            where = RolloutFilter(statuses=frozenset({Status.RUNNING}))
            deadline = time.monotonic() + _START_SECONDS
            while not (await database.rollouts.list(where, limit=1)).rollouts:
                assert time.monotonic() < deadline, "no agent has begun to act"
                await asyncio.sleep(0.1)

    async def ended(self, seconds: float) -> None:
        """Wait until no rollout goes on, or the time is up."""
        async with self._database() as database:
            deadline = time.monotonic() + seconds
            while await database.rollouts.count_live() and time.monotonic() < deadline:
                await asyncio.sleep(0.2)

    async def account(self, *, stopped: bool = False) -> Figures:
        """Say what became of it, a lease later. ``stopped``: and nothing at all may be left of the installation."""
        await asyncio.sleep(LEASE_SECONDS + 1)
        async with self._database() as database:
            findings = await Auditor(
                database, LocalArtifacts(self.server.data_dir / "artifacts"), _knows_the_answer
            ).audit(self._batch_ids)
            recovery = _recovery(await database.events.after(0, limit=1_000_000), self._struck)
            orphans = self._left_of_all() if stopped else await self._left_at_last(database)
        return findings.account(faults=self.faults, orphans=orphans, recovery=recovery)

    async def _left_at_last(self, database: Database) -> dict[str, list[str]]:
        """Name what rollouts have left and nobody removes: a pool makes and discards meanwhile, and says so a moment later."""
        deadline = time.monotonic() + 2 * LEASE_SECONDS
        while True:
            workers = await database.workers.list(alive=True)
            left = self._left_of_rollouts(sum(worker.report.pool.ready for worker in workers))
            if not any(left.values()) or time.monotonic() > deadline:
                return left
            await asyncio.sleep(0.5)

    def _left_of_rollouts(self, ready: int) -> dict[str, list[str]]:
        """What rollouts have left; each worker may keep its servers and what stands ready in its pool."""
        applications = [f"application {process.pid}" for process in self.server.processes(is_application)]
        renderers = [f"renderer {process.pid}" for process in self.server.processes(is_renderer)]
        workspaces = (self.server.data_dir / "artifacts").glob(".work/*")
        return {
            "processes": applications[ready:] + renderers[WORKERS:],  # Chromium keeps one in reserve
            "directories": [str(path) for path in workspaces],
        }

    def _left_of_all(self) -> dict[str, list[str]]:
        left = {
            "processes": [f"{process.pid} {process.name()}" for process in self.server.processes()],
            "directories": [str(path) for path in self.server.run_dir.iterdir()],
            "databases": [str(path) for path in self.server.run_dir.rglob("PG_VERSION")],
        }
        left["directories"] += [str(path) for path in (self.server.data_dir / "artifacts").glob(".work/*")]
        return left

    @contextlib.asynccontextmanager
    async def _database(self):  # type: ignore[no-untyped-def]
        database = await Database.open(self.server.data_dir / "rolldeck.db", installation_id="auditor")
        try:
            yield database
        finally:
            await database.close()


def _walk(titles: Sequence[str]) -> dict[str, JsonValue]:
    """A task that takes a while: go from page to page and say their titles. It needs the application to its end, and
    PostgreSQL after that. Where it clicks nothing, a busy machine cannot make it fail."""
    solution: list[JsonValue] = []
    for number, title in enumerate(titles):
        found: dict[str, JsonValue] = {"text": title, "nth": -1}
        solution += [
            {"do": "goto", "path": _PAGES[title], "timeout": _PATIENT},
            {"do": "read_text", "target": found, "into": str(number), "timeout": _PATIENT},
            {"do": "pause", "seconds": 1.5},
        ]
    return {
        "id": " → ".join(titles),
        "task": "What are the titles of these pages?",
        "answer": list(titles),
        "solution": solution,
        "verifier": {"state": [{"name": "orders are there", "database": "data", "sql": _ORDERS, "expect": 5392}]},
    }


def _knows_the_answer(rollout: Rollout) -> bool:
    return rollout.agent == "oracle"


def _recovery(log: Sequence[LoggedEvent], struck: Sequence[datetime]) -> list[float]:
    """Seconds from a fault until each rollout that it threw back was claimed again."""
    thrown_back: dict[str, datetime] = {}
    seconds = []
    for event in log:
        if event.kind is not EventKind.ROLLOUT_STATUS or event.rollout_id is None:
            continue
        what = RolloutChange.model_validate(event.data).event
        if what in {Event.REQUEUED, Event.RELEASED}:
            causes = [moment for moment in struck if -_SKEW <= event.at - moment <= _LONGEST_NOTICE]
            if causes:
                thrown_back[event.rollout_id] = causes[-1]
        elif what is Event.CLAIMED and event.rollout_id in thrown_back:
            seconds.append(max(0.0, (event.at - thrown_back.pop(event.rollout_id)).total_seconds()))
    return seconds
