"""What goes on now, at a glance."""

import asyncio

from fastapi import APIRouter
from pydantic import BaseModel, Field

from rolldeck.api.services import Needs
from rolldeck.api.situation import live_batches, look_at_claiming
from rolldeck.domain.worker import WorkerState
from rolldeck.events.throughput import Throughput

router = APIRouter(prefix="/api/overview", tags=["overview"])


class Slots(BaseModel):
    """Rollouts that the workers that claim can execute at once: ``total``, of which ``free`` are free."""

    total: int
    free: int


class Overview(BaseModel):
    """How the installation is.

    ``running`` rollouts are being executed; ``queued`` ones wait, ``held`` of them in batches that are paused. ``claiming``
    says whether what waits will be executed; ``blocked``, why some or all of it will not. ``eta_seconds`` is when what is
    not held will have ended, at the present throughput; null where that says nothing.
    """

    running: int
    queued: int
    held: int
    live_batches: int
    workers: int
    slots: Slots
    claiming: bool
    blocked: list[str]
    throughput: Throughput
    eta_seconds: float | None = Field(description="0 where nothing waits or runs")


@router.get("")
async def get_overview(services: Needs) -> Overview:
    """What runs and waits, how much room there is, why nothing is claimed, and how fast it goes."""
    batches, workers, claiming = await asyncio.gather(
        live_batches(services.batches), services.workers.list(alive=True), look_at_claiming(services)
    )
    running = sum(batch.counts.claimed for batch in batches)
    live = sum(batch.counts.live for batch in batches)
    held = sum(batch.counts.live - batch.counts.claimed for batch in batches if batch.paused)
    slots = sum(worker.report.parallel for worker in workers if worker.state is WorkerState.WORKING)
    throughput = services.pace.throughput()
    return Overview(
        running=running,
        queued=live - running,
        held=held,
        live_batches=len(batches),
        workers=claiming.workers,
        slots=Slots(total=slots, free=max(0, slots - running)),
        claiming=claiming.goes_on,
        blocked=claiming.blocked,
        throughput=throughput,
        eta_seconds=_eta_seconds(live - held, throughput),
    )


def _eta_seconds(rollouts: int, throughput: Throughput) -> float | None:
    if rollouts == 0:
        return 0.0
    return None if throughput.per_hour == 0 else rollouts * 3600 / throughput.per_hour
