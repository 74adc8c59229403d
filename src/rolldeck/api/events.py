"""The event log: as JSON, and as it grows over a WebSocket."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import TypeAdapter

from rolldeck.api.identifiers import BatchQuery, EventNumber, RolloutQuery
from rolldeck.api.schemas import EventList
from rolldeck.api.services import Needs
from rolldeck.domain.event import LoggedEvent

router = APIRouter(prefix="/api/events", tags=["events"])

_EVENTS = TypeAdapter(list[LoggedEvent])


@router.get("")
async def list_events(
    services: Needs, after: EventNumber = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> EventList:
    """The events that follow the number `after`, in order; without it the newest ones."""
    last = await services.events.last()
    events = await services.events.after(max(0, last - limit) if after is None else after, limit=limit)
    return EventList(events=list(events), last=max(last, events[-1].seq if events else 0))


@router.websocket("")
async def follow_events(
    websocket: WebSocket,
    services: Needs,
    after: EventNumber = None,
    batch_id: BatchQuery = None,
    rollout_id: RolloutQuery = None,
) -> None:
    """Send the events that follow the number ``after`` (without it those from now on), for ever, in arrays."""
    pieces = await services.feed.follow(after)
    await websocket.accept()
    sending = asyncio.create_task(_send(websocket, pieces, batch_id, rollout_id))
    listening = asyncio.create_task(_until_gone(websocket))
    try:
        await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, listening):
            task.cancel()
        for task in (sending, listening):
            with suppress(asyncio.CancelledError, WebSocketDisconnect):
                await task


async def _send(
    websocket: WebSocket, pieces: AsyncIterator[Sequence[LoggedEvent]], batch_id: str | None, rollout_id: str | None
) -> None:
    async for piece in pieces:
        wanted = [event for event in piece if _is_about(event, batch_id, rollout_id)]
        if wanted:
            await websocket.send_text(_EVENTS.dump_json(wanted).decode())


def _is_about(event: LoggedEvent, batch_id: str | None, rollout_id: str | None) -> bool:
    return batch_id in {None, event.batch_id} and rollout_id in {None, event.rollout_id}


async def _until_gone(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass  # there is nothing that a listener could say
