"""Which rollouts are meant: the same query parameters wherever rollouts are listed, counted or exported."""

from typing import Annotated

from fastapi import Depends, Query

from rolldeck.api.identifiers import AgentQuery, BatchQuery, ErrorQuery, ModelQuery, TaskQuery, TextQuery
from rolldeck.domain.status import Status
from rolldeck.storage.port import RolloutFilter


async def _where(
    *,
    batch_id: BatchQuery = None,
    task_id: TaskQuery = None,
    status: Annotated[list[Status] | None, Query(description="only rollouts in one of these statuses")] = None,
    agent: AgentQuery = None,
    model: ModelQuery = None,
    success: Annotated[bool | None, Query(description="only completed rollouts with this verdict")] = None,
    error: ErrorQuery = None,
    q: TextQuery = None,
) -> RolloutFilter:
    return RolloutFilter(
        task_id=task_id,
        batch_id=batch_id,
        statuses=frozenset(status or ()),
        agent=agent,
        model=model,
        success=success,
        error=error,
        text=q,
    )


Where = Annotated[RolloutFilter, Depends(_where)]
