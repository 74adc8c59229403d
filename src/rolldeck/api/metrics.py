"""Figures for Prometheus."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from rolldeck.api.services import Needs, Services
from rolldeck.api.situation import live_batches
from rolldeck.domain.errors import StorageError
from rolldeck.domain.status import Status
from rolldeck.events.metrics import Situation
from rolldeck.storage.port import RolloutFilter

router = APIRouter(tags=["health"])

_CLAIMED = (Status.PROVISIONING, Status.RUNNING, Status.VERIFYING)


@router.get("/metrics", include_in_schema=False)
async def get_metrics(services: Needs) -> Response:
    """All figures in Prometheus' text format; see docs/metrics.md."""
    try:
        situation = await _situation(services)
    except StorageError:
        situation = None
    return Response(services.metrics.render(situation), media_type=CONTENT_TYPE_LATEST)


async def _situation(services: Services) -> Situation:
    batches = await live_batches(services.batches)
    claimed = {status: await _count(services, status) for status in _CLAIMED}
    live = await services.rollouts.count_live()
    # Not all of it is read in one moment: a rollout that is claimed meanwhile must not make this negative.
    pending = max(0, live - sum(claimed.values()))
    return Situation(
        live={Status.PENDING: pending, **claimed},
        demand=await services.rollouts.demand(),
        live_batches=len(batches),
        workers=await services.workers.list(),
    )


async def _count(services: Services, status: Status) -> int:
    page = await services.rollouts.list(RolloutFilter(statuses=frozenset({status})), limit=1, count=True)
    return page.total or 0
