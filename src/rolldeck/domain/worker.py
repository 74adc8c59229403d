"""A worker: a process that executes rollouts, and what it tells of itself."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class WorkerState(StrEnum):
    """``working`` and ``draining`` ones beat; ``lost`` ones stopped doing so, and own nothing any more."""

    WORKING = "working"
    DRAINING = "draining"
    STOPPED = "stopped"
    LOST = "lost"

    @property
    def is_alive(self) -> bool:
        """Whether it may own rollouts."""
        return self in {WorkerState.WORKING, WorkerState.DRAINING}


class ShelfReport(_Record):
    """What a warm pool has of one environment: ``ready`` and being made, and how many of both there should be.

    ``demand`` is how many rollouts wait for one, as far as the worker was told. ``bytes_each`` is memory, an estimate until
    one was measured.
    """

    name: str
    ready: int = 0
    making: int = 0
    target: int = 0
    demand: int = 0
    bytes_each: int = 0


class PoolReport(_Record):
    """A warm pool: environments ready now; and since its start those taken from it, not there when wanted, thrown away.

    ``budget_bytes`` is the memory that those which are ready may take; 0: the pool is off.
    """

    ready: int = 0
    hits: int = 0
    misses: int = 0
    discarded: int = 0
    budget_bytes: int = 0
    shelves: tuple[ShelfReport, ...] = ()


class WorkerReport(_Record):
    """What a worker tells with its heartbeat. ``blocked`` says why it claims nothing, in words; None where it does."""

    parallel: int = Field(ge=1)
    running: int = Field(default=0, ge=0)
    blocked: str | None = None
    pool: PoolReport = PoolReport()
    reaped: int = Field(default=0, ge=0, description="leftovers removed since its start")


class Worker(_Record):
    """A worker as it is stored. Whether it lives is judged by ``beats`` going on, never by comparing clocks."""

    id: str
    host: str
    pid: int
    version: str
    state: WorkerState = WorkerState.WORKING
    beats: int = 0
    report: WorkerReport
    started_at: datetime
    seen_at: datetime
