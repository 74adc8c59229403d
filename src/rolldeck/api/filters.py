"""Which rollouts are meant: the same query parameters wherever rollouts are listed, counted or exported."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import AfterValidator

from rolldeck.api.identifiers import (
    AgentQuery,
    BatchQuery,
    EnvironmentQuery,
    ErrorQuery,
    ModelQuery,
    TaskQuery,
    TaskTagQuery,
    TaskVersion,
    TextQuery,
)
from rolldeck.domain.status import Status
from rolldeck.storage.port import RolloutFilter


def _in_utc(moment: datetime) -> datetime:
    """Return a moment as storage takes it. Raises ``ValueError`` for one that no id can have."""
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    if not 1970 <= utc.year < 10_000:
        raise ValueError("should be a moment since 1970")
    return utc


_Moment = Annotated[datetime, AfterValidator(_in_utc)]
_Amount = Annotated[float, Query(ge=0, le=1e9, allow_inf_nan=False)]


async def _where(
    *,
    batch_id: BatchQuery = None,
    task_id: TaskQuery = None,
    task_version: TaskVersion = None,
    environment: EnvironmentQuery = None,
    tag: TaskTagQuery = None,
    status: Annotated[list[Status] | None, Query(description="only rollouts in one of these statuses")] = None,
    agent: AgentQuery = None,
    model: ModelQuery = None,
    success: Annotated[bool | None, Query(description="only completed rollouts with this verdict")] = None,
    error: ErrorQuery = None,
    since: Annotated[_Moment | None, Query(description="only rollouts that were queued then (UTC) or later")] = None,
    until: Annotated[_Moment | None, Query(description="only rollouts that were queued before (UTC)")] = None,
    min_seconds: Annotated[_Amount | None, Query(description="only rollouts that took so long or longer")] = None,
    max_seconds: Annotated[_Amount | None, Query(description="only rollouts that took so long or shorter")] = None,
    min_cost: Annotated[_Amount | None, Query(description="only rollouts that cost so many US dollars or more")] = None,
    max_cost: Annotated[_Amount | None, Query(description="only rollouts that cost so many US dollars or less")] = None,
    q: TextQuery = None,
) -> RolloutFilter:
    return RolloutFilter(
        task_id=task_id,
        task_version=task_version,
        batch_id=batch_id,
        environment=environment,
        tag=tag,
        statuses=frozenset(status or ()),
        agent=agent,
        model=model,
        success=success,
        error=error,
        since=since,
        until=until,
        min_seconds=min_seconds,
        max_seconds=max_seconds,
        min_cost=min_cost,
        max_cost=max_cost,
        text=q,
    )


Where = Annotated[RolloutFilter, Depends(_where)]
