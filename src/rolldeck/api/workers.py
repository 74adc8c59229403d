"""The workers, and the limits that all of them keep."""

from typing import Annotated

from fastapi import APIRouter, Query

from rolldeck.api.identifiers import QuotaName
from rolldeck.api.schemas import QuotaLimits, QuotaList, WorkerList
from rolldeck.api.services import Needs
from rolldeck.api.views import worker_view
from rolldeck.domain.batch import Quota
from rolldeck.domain.errors import FieldProblem, InvalidInput, NotFound

router = APIRouter(prefix="/api", tags=["workers"])


@router.get("/workers")
async def list_workers(
    services: Needs, alive: Annotated[bool | None, Query(description="only those that are (not) alive")] = None
) -> WorkerList:
    """The workers of the last day, oldest first, with what each told last."""
    return WorkerList(workers=[worker_view(worker) for worker in await services.workers.list(alive=alive)])


@router.get("/quotas")
async def list_quotas(services: Needs) -> QuotaList:
    """The limits of models, and of agents that have none, for all rollouts together."""
    return QuotaList(quotas=list(await services.quotas.list()))


@router.put("/quotas/{name:path}")
async def set_quota(name: QuotaName, limits: QuotaLimits, services: Needs) -> Quota:
    """Make or replace the limits of a model; they hold at once, also for what runs."""
    quota = Quota(name=name, **limits.model_dump())
    if quota.max_running is None and quota.requests_per_minute is None:
        problem = FieldProblem("max_running", "give this one, requests_per_minute, or both; DELETE removes the quota")
        raise InvalidInput("A quota without any limit limits nothing", (problem,))
    await services.quotas.set(quota)
    services.queue_changed()
    return quota


@router.delete("/quotas/{name:path}")
async def delete_quota(name: QuotaName, services: Needs) -> Quota:
    """Remove the limits of a model; returns what they were."""
    quota = next((each for each in await services.quotas.list() if each.name == name), None)
    if quota is None:
        raise NotFound(f"There is no quota of {name!r}")
    await services.quotas.set(Quota(name=name))
    services.queue_changed()
    return quota
