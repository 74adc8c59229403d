"""Rollouts: start, list, read, cancel, retry, delete."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from rolldeck.api.filters import Where
from rolldeck.api.identifiers import Cursor, IdempotencyKey, RolloutId
from rolldeck.api.schemas import (
    DeleteResult,
    NeighboursView,
    RolloutDetail,
    RolloutList,
    RolloutRequest,
    RolloutsCreated,
    RolloutView,
)
from rolldeck.api.services import Needs, Services
from rolldeck.api.starting import start_batch, with_key
from rolldeck.api.views import batch_view, rollout_views
from rolldeck.domain.batch import MOST_ROLLOUTS, AgentChoice, BatchSpec
from rolldeck.domain.errors import FieldProblem, InvalidInput, NotFound
from rolldeck.domain.rollout import Rollout
from rolldeck.storage.port import RolloutFilter, RolloutSort

router = APIRouter(prefix="/api/rollouts", tags=["rollouts"])

_LISTED = 200  # rollouts that the answer to their start shows; their batch has all


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": RolloutsCreated, "description": "What this idempotency key has made before"}},
)
async def create_rollouts(
    wanted: RolloutRequest, services: Needs, response: Response, idempotency_key: IdempotencyKey = None
) -> RolloutsCreated:
    """Queue rollouts of one agent as a batch: all of them or, where the agent cannot try one of the tasks, none."""
    made = await start_batch(with_key(_spec(wanted), idempotency_key), services, agent_field="agent")
    if not made.created:
        response.status_code = HTTPStatus.OK
    where = RolloutFilter(batch_id=made.batch.id)
    page = await services.rollouts.list(where, sort=RolloutSort.OLDEST, limit=_LISTED)
    return RolloutsCreated(batch=batch_view(made.batch), rollouts=await rollout_views(page.rollouts, services.tasks))


def _spec(wanted: RolloutRequest) -> BatchSpec:
    """Return the batch that is asked for. Raises with the fields as the request has them."""
    if len(wanted.task_ids) * wanted.repeats > MOST_ROLLOUTS:
        raise InvalidInput(
            f"{len(wanted.task_ids) * wanted.repeats} rollouts are more than one batch may hold ({MOST_ROLLOUTS})",
            (FieldProblem("repeats", f"at most {MOST_ROLLOUTS // len(wanted.task_ids)} for so many tasks"),),
        )
    try:
        return BatchSpec(
            task_ids=tuple(wanted.task_ids),
            agents=(AgentChoice(agent=wanted.agent, model=wanted.model, parameters=wanted.parameters),),
            repeats=wanted.repeats,
            seed=wanted.seed,
            limits=wanted.limits,
            **wanted.model_dump(include={"extraction"}, exclude_unset=True),
            max_attempts=wanted.max_attempts,
            reuse=wanted.reuse,
        )
    except ValidationError as error:
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in error.errors()]) from error


@router.get("")
async def list_rollouts(
    *,
    services: Needs,
    where: Where,
    sort: Annotated[RolloutSort, Query(description="those without the value come last")] = RolloutSort.NEWEST,
    count: Annotated[bool, Query(description="also say how many match")] = False,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> RolloutList:
    """Rollouts that match everything given, newest first if not asked for otherwise."""
    page = await services.rollouts.list(where, sort=sort, after=after, limit=limit, count=count)
    views = await rollout_views(page.rollouts, services.tasks)
    return RolloutList(rollouts=views, next=page.next, total=page.total)


@router.get("/{rollout_id}")
async def get_rollout(rollout_id: RolloutId, services: Needs) -> RolloutDetail:
    """One rollout without its steps; a reused one with the rollout that answered for it."""
    rollout = await services.rollouts.get(rollout_id)
    origin = await _origin(rollout, services)
    views = await rollout_views([rollout] if origin is None else [rollout, origin], services.tasks)
    return RolloutDetail(**dict(views[0]), origin=None if origin is None else views[1])


@router.get("/{rollout_id}/neighbours")
async def get_neighbours(
    *, rollout_id: RolloutId, services: Needs, where: Where, sort: RolloutSort = RolloutSort.NEWEST
) -> NeighboursView:
    """What stands before and after a rollout in the list that the same parameters ask for."""
    found = await services.rollouts.neighbours(rollout_id, where, sort)
    return NeighboursView(previous=found.previous, following=found.following)


async def _origin(rollout: Rollout, services: Services) -> Rollout | None:
    if rollout.reused_from is None:
        return None
    try:
        return await services.rollouts.get(rollout.reused_from)
    except NotFound:  # deleted since: its verdict stays true of this one
        return None


@router.post("/{rollout_id}/retry")
async def retry_rollout(rollout_id: RolloutId, services: Needs) -> RolloutView:
    """Queue a failed rollout once more. What was tried before is kept."""
    rollout = await services.rollouts.retry(rollout_id)
    services.queue_changed()
    return (await rollout_views([rollout], services.tasks))[0]


@router.delete(
    "/{rollout_id}",
    responses={202: {"model": DeleteResult, "description": "The rollout is live and was asked to stop"}},
)
async def delete_rollout(rollout_id: RolloutId, services: Needs, response: Response) -> DeleteResult:
    """Cancel a rollout that is not final yet; delete a final one with all that belongs to it."""
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
    services.queue_changed()
    if asked.status.is_final:
        return DeleteResult(id=rollout_id, outcome="cancelled")
    response.status_code = HTTPStatus.ACCEPTED
    return DeleteResult(id=rollout_id, outcome="cancelling")


async def _delete(rollout_id: str, services: Services) -> DeleteResult:
    removed = await services.rollouts.delete(rollout_id)
    services.feed.wake()
    freed = await services.artifacts.delete_rollout(rollout_id)
    return DeleteResult(
        id=rollout_id, outcome="deleted", attempts=removed.attempts, steps=removed.steps, freed_bytes=freed
    )
