"""Statistics: success rates, pass@k, effort and failures. Every rate says how many rollouts it leaves out."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from rolldeck.analytics.attempts import FlakyTasks, PassCurves, flaky_tasks, pass_curves
from rolldeck.analytics.causes import Causes, causes
from rolldeck.analytics.effort import Efforts, Failures, efforts, failures
from rolldeck.analytics.success import (
    SuccessByDay,
    SuccessMatrix,
    SuccessRates,
    success_by_day,
    success_matrix,
    success_rates,
)
from rolldeck.api.identifiers import AgentQuery, BatchQuery, ModelQuery, TaskQuery, TaskTagQuery
from rolldeck.api.services import Needs
from rolldeck.domain.status import Status
from rolldeck.storage.port import RolloutFilter
from rolldeck.storage.tallies import Scope

router = APIRouter(prefix="/api/analytics", tags=["analytics"])

_SAMPLE = 1_000  # rollouts of an agent whose durations say how long such rollouts take
_DAY = timedelta(days=1)
_Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


async def _scope(
    *,
    batch_id: BatchQuery = None,
    task_id: TaskQuery = None,
    agent: AgentQuery = None,
    model: ModelQuery = None,
    tag: TaskTagQuery = None,
    since: Annotated[
        _Day | None, Query(description="only rollouts that were queued on this day (UTC) or later")
    ] = None,
    until: Annotated[
        _Day | None, Query(description="only rollouts that were queued on this day (UTC) or before")
    ] = None,
) -> Scope:
    return Scope(
        batch_id=batch_id,
        task_id=task_id,
        agent=agent,
        model=model,
        tag=tag,
        since=None if since is None else datetime.combine(since, time(), UTC),
        until=None if until is None else datetime.combine(until, time(), UTC) + _DAY,
    )


Wanted = Annotated[Scope, Depends(_scope)]


@router.get("/success")
async def get_success(services: Needs, scope: Wanted) -> SuccessRates:
    """Success rates, of all rollouts together and by agent and model, with intervals."""
    return await asyncio.to_thread(success_rates, await services.statistics.tallies(scope))


@router.get("/days")
async def get_success_by_day(
    services: Needs, scope: Wanted, days: Annotated[int, Query(ge=1, le=366, description="up to the newest one")] = 30
) -> SuccessByDay:
    """Success rates by the day on which rollouts were queued: the last days, or those up to `until`."""
    last = datetime.now(UTC).date() if scope.until is None else scope.until.date() - _DAY
    counted = await services.statistics.tallies_by_day(scope, last - (days - 1) * _DAY, last)
    return success_by_day(counted)


@router.get("/matrix")
async def get_success_matrix(services: Needs, scope: Wanted) -> SuccessMatrix:
    """Success rates by task and agent."""
    return await asyncio.to_thread(success_matrix, await services.statistics.tallies(scope))


@router.get("/pass-at-k")
async def get_pass_at_k(services: Needs, scope: Wanted) -> PassCurves:
    """How likely one of k rollouts of a task succeeds, by agent and model: unbiased, with intervals over tasks."""
    return await asyncio.to_thread(pass_curves, await services.statistics.tallies(scope))


@router.get("/flakiness")
async def get_flakiness(services: Needs, scope: Wanted, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> FlakyTasks:
    """The tasks whose rollouts by one agent disagree most."""
    return flaky_tasks(await services.statistics.tallies(scope), limit)


@router.get("/effort")
async def get_effort(services: Needs, scope: Wanted) -> Efforts:
    """What completed rollouts take: seconds, steps, tokens and cost of the newest 1,000 of each agent and model."""
    tallies, samples = await asyncio.gather(
        services.statistics.tallies(scope), services.statistics.taken(scope, _SAMPLE)
    )
    return efforts(tallies, samples)


@router.get("/failures")
async def get_failures(services: Needs, scope: Wanted) -> Failures:
    """What rollouts failed for, by the kind of the error and the agent."""
    return failures(await services.statistics.tallies(scope))


@router.get("/causes")
async def get_causes(
    services: Needs,
    *,
    batch_id: BatchQuery = None,
    task_id: TaskQuery = None,
    agent: AgentQuery = None,
    model: ModelQuery = None,
    newest: Annotated[int, Query(ge=1, le=500, description="failed rollouts that are looked at")] = 200,
) -> Causes:
    """What the newest failed rollouts failed for: those that are alike but for numbers, ids and addresses, together."""
    where = RolloutFilter(
        batch_id=batch_id, task_id=task_id, agent=agent, model=model, statuses=frozenset({Status.FAILED})
    )
    page = await services.rollouts.list(where, limit=newest)
    return causes(page.rollouts, more=page.next is not None)
