"""An installation to hurt: a database, workers, batches; and at the end the account of what became of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import psutil

from chaos.audit import Auditor
from chaos.doubles import CLUELESS, READER, STRICT, processes_naming
from chaos.figures import Figures
from chaos.fleet import Fleet, Member
from chaos.holder import ANSWER
from chaos.worker_process import Station
from rolldeck.domain.batch import AgentChoice, Batch, BatchSpec
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.task import Task
from rolldeck.execution.lease import watch_leases
from rolldeck.execution.loss import Losses
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database

MAX_ATTEMPTS = 20
TASKS = [Task(id=f"question-{number}", task="What is the answer?", answer=ANSWER) for number in range(4)]
_SETTLE_SECONDS = 1.0  # for what is being torn down at the very end of a lease


class Installation:
    """One installation with its fleet of workers."""

    def __init__(self, station: Station, database: Database) -> None:
        self.station = station
        self.database = database
        self.fleet = Fleet(station)
        self.batch_ids: list[str] = []
        self.faults = 0

    async def spawn(
        self, rollouts: int, *, agents: tuple[str, ...] = (READER, STRICT), max_attempts: int = MAX_ATTEMPTS
    ) -> Batch:
        """Queue at least so many rollouts."""
        await self.database.tasks.upload(TASKS)
        spec = BatchSpec(
            task_ids=tuple(task.id for task in TASKS),
            agents=tuple(AgentChoice(agent=agent) for agent in agents),
            repeats=max(1, -(-rollouts // (len(TASKS) * len(agents)))),
            max_attempts=max_attempts,
        )
        batch = (await self.database.batches.create(spec, {})).batch
        self.batch_ids.append(batch.id)
        return batch

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Watch the workers' leases, as a server does, while the block goes on."""
        losses = Losses(self.database.workers, self.database.rollouts, LocalArtifacts(self.station.artifacts_dir))
        watching = asyncio.create_task(
            watch_leases(losses, self.database.workers, lease_seconds=self.station.lease_seconds)
        )
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.wait({watching})

    async def live(self) -> int:
        """How many rollouts have not ended."""
        return await self.database.rollouts.count_live()

    async def ended(self, seconds: float) -> None:
        """Wait until no rollout goes on, or the time is up: what is stuck then, the audit finds."""
        deadline = time.monotonic() + seconds
        while await self.live() and time.monotonic() < deadline:
            await asyncio.sleep(0.1)

    async def account(self) -> Figures:
        """Say what became of it all, one lease after the last rollout ended; prints what is wrong."""
        await asyncio.sleep(self.station.lease_seconds + _SETTLE_SECONDS)
        findings = await Auditor(self.database, LocalArtifacts(self.station.artifacts_dir), _knows_the_answer).audit(
            self.batch_ids
        )
        orphans = self._orphans()
        for member in await self.fleet.stop():
            findings.note("other_findings", f"the worker {member.worker_id} did not stop")
        orphans["processes"] += [str(process.pid) for process in processes_naming(self.station.run_dir)]
        return findings.account(faults=self.faults, orphans=orphans, recovery=self.fleet.recovery)

    def _orphans(self) -> dict[str, list[str]]:
        """Name what nothing needs any more, for no rollout goes on. Live workers may keep their session's directory."""
        alive = {str(member.pid) for member in self.fleet.members if member.is_alive}
        run_dir, artifacts = self.station.run_dir, self.station.artifacts_dir
        sessions = [session for session in run_dir.iterdir() if session.name.split("+")[1] not in alive]
        ours = {process.pid for process in processes_naming(run_dir)} | {member.pid for member in self.fleet.members}
        return {
            "processes": [str(process.pid) for process in processes_naming(run_dir)],
            "databases": [str(path) for path in run_dir.rglob("application.db")],
            "directories": [
                str(path) for path in (*sessions, *run_dir.glob("*/*"), *artifacts.glob(".work/*")) if path.is_dir()
            ],
            "ports": [str(port) for port in sorted(self.fleet.ports & _listened_on(ours))],
            "file_descriptors": [
                link for member in self.fleet.members if member.is_alive for link in _in_use(member, run_dir, artifacts)
            ],
        }


def _in_use(member: Member, *directories: Path) -> list[str]:
    return [link for link in member.open_files() if any(str(directory) in link for directory in directories)]


def _listened_on(pids: Collection[int]) -> set[int]:
    """Return the ports of these processes: what others on the machine listen on may have been ours before."""
    return {
        connection.laddr.port
        for connection in psutil.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.pid in pids
    }


def _knows_the_answer(rollout: Rollout) -> bool:
    return rollout.agent != CLUELESS


@asynccontextmanager
async def opened(directory: Path, database: str, log: Path) -> AsyncIterator[Installation]:
    """Make an installation in a directory, and its workers' log. They are ended with the block, if they still live."""
    (directory / "run").mkdir(parents=True)
    (directory / "clock").write_text("0")
    station = Station(
        database=database,
        artifacts_dir=directory / "artifacts",
        run_dir=directory / "run",
        log=log,
        clock=directory / "clock",
        installation_id=uuid4().hex,
    )
    (directory / "artifacts").mkdir()
    opened_database = await Database.open(database, installation_id=station.installation_id)
    installation = Installation(station, opened_database)
    try:
        yield installation
    finally:
        await installation.fleet.stop()
        await opened_database.close()
