"""Batches: start, list, read, change, cancel, retry, delete."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from rolldeck.api.identifiers import BatchId, Cursor, IdempotencyKey
from rolldeck.api.schemas import BatchAction, BatchDeleted, BatchList, BatchView
from rolldeck.api.services import Needs
from rolldeck.api.starting import start_batch, with_key
from rolldeck.api.views import batch_view
from rolldeck.domain.batch import BatchSpec, BatchUpdate
from rolldeck.storage.port import Artifacts

router = APIRouter(prefix="/api/batches", tags=["batches"])

_AT_ONCE = 16  # rollouts whose files are deleted at once


@router.post(
    "",
    status_code=HTTPStatus.CREATED,
    responses={200: {"model": BatchView, "description": "The batch that this idempotency key has made before"}},
)
async def create_batch(
    wanted: BatchSpec, services: Needs, response: Response, idempotency_key: IdempotencyKey = None
) -> BatchView:
    """Queue a batch: all of its rollouts or, where an agent cannot try one of the tasks, none."""
    made = await start_batch(with_key(wanted, idempotency_key), services)
    if not made.created:
        response.status_code = HTTPStatus.OK
    return batch_view(made.batch)


@router.get("")
async def list_batches(
    services: Needs,
    live: Annotated[bool | None, Query(description="only batches with (without) rollouts that go on")] = None,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> BatchList:
    """Batches, newest first."""
    page = await services.batches.list(live=live, after=after, limit=limit)
    return BatchList(batches=[batch_view(batch) for batch in page.batches], next=page.next)


@router.get("/{batch_id}")
async def get_batch(batch_id: BatchId, services: Needs) -> BatchView:
    """One batch: its counts, how far it is, and when it may have ended."""
    return batch_view(await services.batches.get(batch_id))


@router.patch("/{batch_id}")
async def change_batch(batch_id: BatchId, changes: BatchUpdate, services: Needs) -> BatchView:
    """Pause or resume a batch, or give it another priority, name or tags. What is not given stays."""
    batch = await services.batches.update(batch_id, changes)
    services.queue_changed()
    return batch_view(batch)


@router.post("/{batch_id}/cancel")
async def cancel_batch(batch_id: BatchId, services: Needs) -> BatchAction:
    """Cancel its rollouts that are not final yet: the waiting ones at once, the others within seconds."""
    rollouts = await services.batches.cancel(batch_id)
    services.queue_changed()
    return BatchAction(batch=batch_view(await services.batches.get(batch_id)), rollouts=rollouts)


@router.post("/{batch_id}/retry")
async def retry_batch(batch_id: BatchId, services: Needs) -> BatchAction:
    """Queue its rollouts that failed for their infrastructure once more. What was tried before is kept."""
    rollouts = await services.batches.retry(batch_id)
    services.queue_changed()
    return BatchAction(batch=batch_view(await services.batches.get(batch_id)), rollouts=rollouts)


@router.delete("/{batch_id}")
async def delete_batch(batch_id: BatchId, services: Needs) -> BatchDeleted:
    """Delete a batch of which nothing goes on, with its rollouts and their files."""
    removed = await services.batches.delete(batch_id)
    services.feed.wake()
    return BatchDeleted(
        id=batch_id,
        rollouts=len(removed.rollout_ids),
        attempts=removed.attempts,
        steps=removed.steps,
        freed_bytes=await _delete_files(services.artifacts, removed.rollout_ids),
    )


async def _delete_files(artifacts: Artifacts, rollout_ids: Sequence[str]) -> int:
    freed = 0
    for start in range(0, len(rollout_ids), _AT_ONCE):
        some = rollout_ids[start : start + _AT_ONCE]
        freed += sum(await asyncio.gather(*(artifacts.delete_rollout(rollout_id) for rollout_id in some)))
    return freed
