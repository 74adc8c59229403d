"""One WebSocket for all that goes on: events as they happen, and live frames. See docs/events.md."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from rolldeck.api.identifiers import EventNumber
from rolldeck.api.services import Needs, Services
from rolldeck.api.topics import Topic, read_topic
from rolldeck.domain.errors import InvalidInput, NotFound, RolldeckError
from rolldeck.domain.event import LoggedEvent
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.live.frames import Frame

router = APIRouter(tags=["events"])

_MOST_TOPICS = 64
_TICK_SECONDS = 5.0  # a page that hears nothing for longer knows that its connection is dead
_PATIENCE_SECONDS = 3.0  # for the first frame; who executes the rollout elsewhere sends none


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Subscribe(_Message):
    """Asks for a topic, from now on."""

    type: Literal["subscribe"]
    topic: str


class Unsubscribe(_Message):
    """Asks for a topic no longer."""

    type: Literal["unsubscribe"]
    topic: str


class Acknowledge(_Message):
    """Says that the frame before was shown, so that the next one may be sent."""

    type: Literal["ack"]
    rollout_id: str


_REQUEST: TypeAdapter[Subscribe | Unsubscribe | Acknowledge] = TypeAdapter(
    Annotated[Subscribe | Unsubscribe | Acknowledge, Field(discriminator="type")]
)


class EventsMessage(_Message):
    """Events of the topics, in order."""

    type: Literal["events"] = "events"
    events: list[LoggedEvent]


class SubscribedMessage(_Message):
    """The events that follow ``last`` and belong to the topic will be sent: what is read now has all before."""

    type: Literal["subscribed"] = "subscribed"
    topic: str
    last: int


class TickMessage(_Message):
    """The connection lives."""

    type: Literal["tick"] = "tick"
    last: int


class FramesMessage(_Message):
    """Whether a rollout's live frames arrive; if not, why."""

    type: Literal["frames"] = "frames"
    rollout_id: str
    live: bool
    reason: str | None = None


class ProblemMessage(_Message):
    """What was asked for is refused."""

    type: Literal["problem"] = "problem"
    detail: str


@router.websocket("/api/stream")
async def stream(
    websocket: WebSocket,
    services: Needs,
    after: EventNumber = None,
    topic: Annotated[list[str] | None, Query(max_length=_MOST_TOPICS)] = None,
) -> None:
    """Send what the topics have, those of the query after the event ``after``, and whatever is subscribed to later."""
    topics = [read_topic(each) for each in topic or ()]
    pieces = await services.feed.follow(after)
    await websocket.accept()
    await _Listener(websocket, services).serve(topics, pieces)


class _Listener:
    """One connection: what it asks for, and what is sent to it. A slow one is waited for by nobody but itself."""

    def __init__(self, websocket: WebSocket, services: Services) -> None:
        self._websocket = websocket
        self._services = services
        self._sending = asyncio.Lock()
        self._topics: set[Topic] = set()
        self._showing: dict[str, asyncio.Task[None]] = {}
        self._shown: dict[str, asyncio.Event] = {}

    async def serve(self, topics: Sequence[Topic], pieces: AsyncIterator[Sequence[LoggedEvent]]) -> None:
        """Serve until the connection ends."""
        for topic in topics:
            await self._subscribe(topic)
        tasks = {
            asyncio.create_task(self._send_events(pieces)),
            asyncio.create_task(self._tick()),
            asyncio.create_task(self._heed()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end([*tasks, *self._showing.values()])

    async def _send_events(self, pieces: AsyncIterator[Sequence[LoggedEvent]]) -> None:
        async for piece in pieces:
            wanted = [event for event in piece if any(topic.has(event) for topic in self._topics)]
            if wanted:
                await self._send(EventsMessage(events=wanted))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            await self._send(TickMessage(last=self._services.feed.last))

    async def _heed(self) -> None:
        while True:
            text = await self._websocket.receive_text()
            try:
                await self._obey(_REQUEST.validate_json(text))
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                place = ".".join(str(part) for part in first["loc"])
                await self._send(ProblemMessage(detail=f"{place}: {first['msg']}" if place else first["msg"]))
            except InvalidInput as error:
                await self._send(ProblemMessage(detail=str(error)))

    async def _obey(self, request: Subscribe | Unsubscribe | Acknowledge) -> None:
        match request:
            case Subscribe():
                await self._subscribe(read_topic(request.topic))
            case Unsubscribe():
                await self._unsubscribe(read_topic(request.topic))
            case Acknowledge():
                if (shown := self._shown.get(request.rollout_id)) is not None:
                    shown.set()

    async def _subscribe(self, topic: Topic) -> None:
        if topic in self._topics:
            return
        if len(self._topics) >= _MOST_TOPICS:
            raise InvalidInput(f"A connection has at most {_MOST_TOPICS} topics: unsubscribe from one, or open another")
        self._topics.add(topic)
        await self._send(SubscribedMessage(topic=str(topic), last=self._services.feed.last))
        if topic.name == "frames" and topic.id is not None:
            self._shown[topic.id] = asyncio.Event()
            self._showing[topic.id] = asyncio.create_task(self._show(topic.id), name=f"frames of {topic.id}")

    async def _unsubscribe(self, topic: Topic) -> None:
        self._topics.discard(topic)
        if topic.name == "frames" and topic.id in self._showing:
            del self._shown[topic.id]
            await _end([self._showing.pop(topic.id)])

    async def _show(self, rollout_id: str) -> None:
        """Send a rollout's frames, each when the one before was acknowledged: what is on its way is never old."""
        shown = self._shown[rollout_id]
        with self._services.frames.watching(rollout_id) as watcher:
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    frame = await watcher.next()
            except TimeoutError:
                reason = await self._why_there_is_no_frame(rollout_id)
                await self._send(FramesMessage(rollout_id=rollout_id, live=False, reason=reason))
                frame = await watcher.next()
            await self._send(FramesMessage(rollout_id=rollout_id, live=True))
            while True:
                shown.clear()
                await self._send_frame(rollout_id, frame)
                await shown.wait()
                frame = await watcher.next()

    async def _why_there_is_no_frame(self, rollout_id: str) -> str:
        try:
            return _why_not_live(await self._services.rollouts.get(rollout_id))
        except NotFound as error:
            return str(error)
        except RolldeckError:
            return "the database cannot be reached"

    async def _send_frame(self, rollout_id: str, frame: Frame) -> None:
        async with self._sending:
            await self._websocket.send_bytes(rollout_id.encode() + frame.jpeg)

    async def _send(self, message: _Message) -> None:
        async with self._sending:
            await self._websocket.send_text(message.model_dump_json())


def _why_not_live(rollout: Rollout) -> str:
    if rollout.status.is_final:
        return "it has ended"
    if rollout.status is Status.PENDING:
        return "it waits for a free worker"
    if rollout.status is Status.PROVISIONING:
        return "its environment and browser are being made ready"
    return (
        "its worker is not one of this server's own: there is no live picture from there; the video follows at the end"
    )


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel tasks, and raise what ended one of them, unless that was the connection's end."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError, WebSocketDisconnect):
            await task
