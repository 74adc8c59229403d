"""Rollouts: start, list, read, cancel, delete."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from rolldeck.agents.port import Agents
from rolldeck.api.identifiers import AgentQuery, RolloutCursor, RolloutId, TaskQuery
from rolldeck.api.schemas import DeleteResult, RolloutList, RolloutRequest, RolloutsCreated, RolloutView
from rolldeck.api.services import Needs, Services
from rolldeck.api.views import rollout_views
from rolldeck.domain.errors import FieldProblem, InvalidInput
from rolldeck.domain.status import Status
from rolldeck.domain.task import Task
from rolldeck.storage.port import RolloutFilter

router = APIRouter(prefix="/api/rollouts", tags=["rollouts"])

_MOST_AT_ONCE = 10_000  # rollouts that one request may queue; their answer is some 10 MB then


@router.post("", status_code=HTTPStatus.CREATED)
async def create_rollouts(wanted: RolloutRequest, services: Needs) -> RolloutsCreated:
    """Queue rollouts: all of them or, where the agent cannot try one of the tasks, none."""
    _refuse_too_many(wanted)
    tasks = [stored.task for stored in await services.tasks.get_many(wanted.task_ids)]
    _refuse_unfit_agent(services.agents, wanted.agent, tasks)
    created = await services.rollouts.create(wanted.task_ids, wanted.agent, wanted.repeats)
    services.wake()
    return RolloutsCreated(rollouts=await rollout_views(created, services.tasks, known=tasks))


def _refuse_too_many(wanted: RolloutRequest) -> None:
    if len(set(wanted.task_ids)) < len(wanted.task_ids):
        raise InvalidInput(
            "A task is named more than once", (FieldProblem("task_ids", "name each task once, and use repeats"),)
        )
    count = len(wanted.task_ids) * wanted.repeats
    if count > _MOST_AT_ONCE:
        raise InvalidInput(
            f"{count} rollouts are more than one request may queue ({_MOST_AT_ONCE}); use several requests",
            (FieldProblem("repeats", f"at most {_MOST_AT_ONCE // len(wanted.task_ids)} for so many tasks"),),
        )


def _refuse_unfit_agent(agents: Agents, agent: str, tasks: Sequence[Task]) -> None:
    """Raise ``InvalidInput`` that names every task which the agent cannot try, and why."""
    known = {info.name: info for info in agents.list()}
    if agent not in known:
        raise InvalidInput(
            f"There is no agent {agent!r}", (FieldProblem("agent", f"choose one of {', '.join(known)}"),)
        )
    if (reason := known[agent].unavailable) is not None:
        raise InvalidInput(f"The agent {agent!r} cannot be used here", (FieldProblem("agent", reason),))
    refusals = [(index, task.id, agents.refusal(agent, task)) for index, task in enumerate(tasks)]
    problems = tuple(
        FieldProblem("task_ids", reason, index=index, item_id=task_id)
        for index, task_id, reason in refusals
        if reason is not None
    )
    if problems:
        raise InvalidInput(f"The agent {agent!r} cannot try {len(problems)} of the {len(tasks)} tasks", problems)


@router.get("")
async def list_rollouts(
    *,
    services: Needs,
    task_id: TaskQuery = None,
    status: Annotated[list[Status] | None, Query(description="only rollouts in one of these statuses")] = None,
    agent: AgentQuery = None,
    success: Annotated[bool | None, Query(description="only completed rollouts with this verdict")] = None,
    after: RolloutCursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RolloutList:
    """Rollouts, newest first."""
    where = RolloutFilter(task_id=task_id, statuses=frozenset(status or ()), agent=agent, success=success)
    page = await services.rollouts.list(where, after=after, limit=limit)
    return RolloutList(rollouts=await rollout_views(page.rollouts, services.tasks), next=page.next)


@router.get("/{rollout_id}")
async def get_rollout(rollout_id: RolloutId, services: Needs) -> RolloutView:
    """One rollout, without its steps."""
    rollout = await services.rollouts.get(rollout_id)
    return (await rollout_views([rollout], services.tasks))[0]


@router.delete(
    "/{rollout_id}",
    responses={202: {"model": DeleteResult, "description": "The rollout is live and was asked to stop"}},
)
async def delete_rollout(rollout_id: RolloutId, services: Needs, response: Response) -> DeleteResult:
    """Cancel a rollout that is not final yet; delete a final one with its files."""
    rollout = await services.rollouts.get(rollout_id)
    if rollout.status.is_final:
        return await _delete(rollout_id, services)
    # A rollout that ends in this moment is a conflict, and stays: what was asked for was to stop it, not to lose it.
    return await _cancel(rollout_id, services, response)


@router.post(
    "/{rollout_id}/cancel",
    responses={202: {"model": DeleteResult, "description": "The rollout is live and was asked to stop"}},
)
async def cancel_rollout(rollout_id: RolloutId, services: Needs, response: Response) -> DeleteResult:
    """Cancel a rollout that is not final yet; a final one is a conflict, and stays."""
    return await _cancel(rollout_id, services, response)


async def _cancel(rollout_id: str, services: Services, response: Response) -> DeleteResult:
    asked = await services.rollouts.request_cancel(rollout_id)
    services.wake()
    if asked.status.is_final:
        return DeleteResult(id=rollout_id, outcome="cancelled")
    response.status_code = HTTPStatus.ACCEPTED
    return DeleteResult(id=rollout_id, outcome="cancelling")


async def _delete(rollout_id: str, services: Services) -> DeleteResult:
    await services.rollouts.delete(rollout_id)
    freed = await services.artifacts.delete_rollout(rollout_id)
    return DeleteResult(id=rollout_id, outcome="deleted", freed_bytes=freed)
