"""The event log as JSON; as it grows, it is in the stream."""

from typing import Annotated

from fastapi import APIRouter, Query

from rolldeck.api.identifiers import EventNumber
from rolldeck.api.schemas import EventList
from rolldeck.api.services import Needs

router = APIRouter(prefix="/api/events", tags=["events"])


@router.get("")
async def list_events(
    services: Needs, after: EventNumber = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> EventList:
    """The events that follow the number `after`, in order; without it the newest ones."""
    last = await services.events.last()
    events = await services.events.after(max(0, last - limit) if after is None else after, limit=limit)
    return EventList(events=list(events), last=max(last, events[-1].seq if events else 0))
