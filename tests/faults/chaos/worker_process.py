"""A worker in a process of its own: the product's Worker on a real database, with doubles of what it starts."""

import asyncio
import os
import signal
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

from chaos.doubles import (
    SteadyAgents,
    TracedBrowsers,
    TracedEnvironments,
    TracedRecorder,
    WatchedRollouts,
    WatchedVerifier,
)
from chaos.points import Halt, Points
from rolldeck.domain.worker import Worker as WorkerRecord
from rolldeck.domain.worker import WorkerReport
from rolldeck.execution.rollout import Adapters
from rolldeck.execution.worker import Worker
from rolldeck.logs import configure_logs
from rolldeck.storage.artifacts import LocalArtifacts
from rolldeck.storage.database import Database
from rolldeck.storage.port import Rollouts
from rolldeck.verification.verifier import AnswerVerifier


@dataclass(frozen=True)
class Station:
    """Where workers work, and how."""

    database: str
    artifacts_dir: Path
    run_dir: Path
    log: Path
    clock: Path
    """Holds how many seconds the wall clock is wrong by; may change at any time."""
    installation_id: str
    lease_seconds: float = 2
    parallel: int = 2
    pace_seconds: float = 0.1


def work(station: Station, worker_id: str, halt: Halt | None, injector: Connection) -> None:
    """Be a worker until a signal says otherwise: SIGTERM to drain, SIGINT to release what runs."""
    log = os.open(station.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    configure_logs("info")
    asyncio.run(_work(station, worker_id, Points(injector, halt)))


async def _work(station: Station, worker_id: str, points: Points) -> None:
    database = await Database.open(station.database, installation_id=station.installation_id, now=clock(station))
    environments = TracedEnvironments(station.run_dir, station.installation_id, points)
    try:
        await environments.start()
        adapters = Adapters(
            rollouts=cast("Rollouts", WatchedRollouts(database.rollouts, points)),
            workers=database.workers,
            quotas=database.quotas,
            people=database.people,
            artifacts=LocalArtifacts(station.artifacts_dir),
            environments=environments,
            browsers=TracedBrowsers(points),
            recorder=TracedRecorder(),
            agents=SteadyAgents(station.pace_seconds),
            verifier=WatchedVerifier(AnswerVerifier(), points),
        )
        worker = Worker(
            adapters,
            _me(worker_id, station, clock(station)()),
            parallel=station.parallel,
            lease_seconds=station.lease_seconds,
            headroom=lambda: None,
            poll_seconds=0.1,
            reap_seconds=station.lease_seconds,
        )
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, lambda: worker.stop(drain=True))
        loop.add_signal_handler(signal.SIGINT, lambda: worker.stop(drain=False))
        await worker.run()
    finally:
        await environments.close()
        await database.close()


def _me(worker_id: str, station: Station, now: datetime) -> WorkerRecord:
    return WorkerRecord(
        id=worker_id,
        host=socket.gethostname(),
        pid=os.getpid(),
        version="chaos",
        report=WorkerReport(parallel=station.parallel),
        started_at=now,
        seen_at=now,
    )


class clock:  # noqa: N801 - a function with something to remember
    """The wall clock of a station, which may be wrong and may jump."""

    def __init__(self, station: Station) -> None:
        self._wrong_by = station.clock

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._wrong_by.read_text() or 0))
