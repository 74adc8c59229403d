"""The stream over real WebSockets, served by a real server: events as they happen, and live frames."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from rolldeck.api import stream
from rolldeck.domain.event import EventKind, LoggedEvent
from rolldeck.domain.task import Task
from rolldeck.events.feed import EventFeed
from rolldeck.live.frames import LiveFrames

from .conftest import Deck, serving

Message = dict[str, Any]
UNKNOWN = "0" * 26


class LongLog:
    """Stands for a stored log of very many events, which would take minutes to write: each has a kilobyte of data."""

    def __init__(self, length: int) -> None:
        self.length = length

    async def after(self, seq: int, *, limit: int = 1000) -> Sequence[LoggedEvent]:
        numbers = range(seq + 1, min(seq + limit, self.length) + 1)
        at, data = datetime.now(UTC), {"name": "x" * 1000}
        return [LoggedEvent(seq=number, at=at, kind=EventKind.BATCH_CHANGED, data=data) for number in numbers]

    async def last(self) -> int:
        return self.length


@pytest.fixture
async def port(deck: Deck) -> AsyncIterator[int]:
    await deck.services.tasks.upload([Task(id="1", task="?", answer=1)])
    async with serving(deck.services) as served:
        yield served


def follow(port: int, query: str = "?topic=log", **headers: str) -> AbstractAsyncContextManager[ClientConnection]:
    return connect(f"ws://127.0.0.1:{port}/api/stream{query}", additional_headers=headers, max_size=None)


async def read(websocket: ClientConnection, kind: str) -> Message:
    """Read until a message of this kind."""
    async with asyncio.timeout(20):
        while True:
            message = await websocket.recv()
            if isinstance(message, str) and (read := json.loads(message))["type"] == kind:
                return dict(read)


async def read_frame(websocket: ClientConnection, rollout_id: str) -> bytes:
    """Read until a frame, which must be of this rollout."""
    async with asyncio.timeout(20):
        while isinstance(message := await websocket.recv(), str):
            pass
    assert message[:26].decode() == rollout_id
    return message[26:]


async def take(websocket: ClientConnection, count: int) -> list[Message]:
    """Read that many events or more."""
    events: list[Message] = []
    while len(events) < count:
        events += (await read(websocket, "events"))["events"]
    return events


async def say(websocket: ClientConnection, **message: str) -> None:
    await websocket.send(json.dumps(message))


async def test_what_happens_is_sent_as_it_happens(port: int, deck: Deck) -> None:
    async with follow(port) as websocket:
        rollout = await deck.finish_a_rollout("1")
        events = await take(websocket, 7)
    kinds = [event["kind"] for event in events if event["kind"] != "worker.changed"]
    assert kinds[0] == "batch.created"
    assert kinds.count("rollout.step") == 1
    statuses = [event["data"]["status"] for event in events if event["kind"] == "rollout.status"]
    assert statuses == ["provisioning", "running", "verifying", "completed"]
    assert {event["rollout_id"] for event in events if event["kind"] == "rollout.status"} == {rollout.id}
    assert [event["seq"] for event in events] == list(range(events[0]["seq"], events[0]["seq"] + len(events)))


async def test_a_listener_that_was_away_misses_nothing_also_over_a_restart(deck: Deck) -> None:
    await deck.services.tasks.upload([Task(id="1", task="?", answer=1)])
    async with serving(deck.services) as port, follow(port, "?after=0&topic=log") as websocket:
        await deck.start_a_batch("1")
        seen = await take(websocket, 2)
    await deck.start_a_batch("1")
    again = replace(deck.services, feed=EventFeed(deck.services.events, poll_seconds=0.02))
    async with serving(again) as port, follow(port, f"?after={seen[-1]['seq']}&topic=log") as websocket:
        await deck.start_a_batch("1")
        seen += await take(websocket, 2)
    assert [event["seq"] for event in seen] == [1, 2, 3, 4]


async def test_a_listener_is_sent_only_what_it_asks_for(port: int, deck: Deck) -> None:
    first = await deck.finish_a_rollout("1")
    await deck.finish_a_rollout("1")
    async with follow(port, f"?after=0&topic=batch:{first.batch_id}") as of_batch:
        events = await take(of_batch, 6)
        assert {event["batch_id"] for event in events} == {first.batch_id}
    async with follow(port, f"?after=0&topic=rollout:{first.id}") as of_rollout:
        assert {event["rollout_id"] for event in await take(of_rollout, 5)} == {first.id}
    async with follow(port, "?after=0&topic=task:1") as of_task:
        assert {event["task_id"] for event in await take(of_task, 10)} == {"1"}
    async with follow(port, "?after=0&topic=changes") as changes:
        assert "rollout.step" not in {event["kind"] for event in await take(changes, 13)}


async def test_hundred_listeners_get_the_same(port: int, deck: Deck) -> None:
    websockets = [await follow(port).__aenter__() for _ in range(100)]
    await deck.start_a_batch("1")
    heard = await asyncio.gather(*(take(websocket, 1) for websocket in websockets))
    assert all(events == heard[0] for events in heard)
    await asyncio.gather(*(websocket.close() for websocket in websockets))


async def test_a_listener_that_does_not_read_slows_no_other(deck: Deck) -> None:
    services = replace(deck.services, feed=EventFeed(LongLog(20_000), keep=1000))
    request = (
        "GET /api/stream?after=0&topic=log HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    )
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    async with serving(services) as port:
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        silent.write((request + key).encode())
        async with follow(port, "?after=0&topic=log") as websocket:
            events = await take(websocket, 20_000)
        assert [event["seq"] for event in events] == list(range(1, 20_001))
        silent.close()


async def test_listeners_are_told_when_the_server_ends(deck: Deck) -> None:
    async with serving(deck.services) as port:
        websocket = await follow(port).__aenter__()
    with pytest.raises(ConnectionClosed):
        await read(websocket, "events")


@pytest.mark.parametrize(
    "query",
    [
        "?after=1000",
        "?after=-1",
        "?after=x",
        "?topic=batch:x",
        "?topic=rollout:%00",
        "?topic=everything",
        "?topic=task:",
    ],
)
async def test_what_cannot_be_followed_is_a_problem(port: int, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await follow(port, query).__aenter__()
    response = refused.value.response
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert json.loads(response.body or b"")["detail"]


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null"])
async def test_a_page_of_another_origin_cannot_follow(port: int, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await follow(port, Origin=origin).__aenter__()
    assert refused.value.response.status_code == 403


async def test_a_name_that_is_rebound_to_this_machine_cannot_follow(port: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect("ws://evil.example/api/stream", host="127.0.0.1", port=port)
    assert refused.value.response.status_code == 403


async def test_our_own_pages_can_follow(port: int, deck: Deck) -> None:
    async with follow(port, Origin=f"http://127.0.0.1:{port}") as websocket:
        await deck.start_a_batch("1")
        assert await take(websocket, 1)


async def test_topics_are_asked_for_and_given_up_while_connected(port: int, deck: Deck) -> None:
    async with follow(port, "") as websocket:
        await say(websocket, type="subscribe", topic="changes")
        assert (await read(websocket, "subscribed"))["topic"] == "changes"
        batch_id = await deck.start_a_batch("1")
        assert [event["batch_id"] for event in await take(websocket, 1)] == [batch_id]
        await say(websocket, type="unsubscribe", topic="changes")
        await say(websocket, type="subscribe", topic="task:1")
        await read(websocket, "subscribed")
        rollout = await deck.finish(await deck.claim(batch_id))
        assert {event["rollout_id"] for event in await take(websocket, 4)} == {rollout.id}


async def test_what_is_subscribed_to_is_told_from_then_on_without_a_gap(port: int, deck: Deck) -> None:
    async with follow(port, "") as websocket:
        await deck.start_a_batch("1")
        await say(websocket, type="subscribe", topic="log")
        last = (await read(websocket, "subscribed"))["last"]
        await deck.start_a_batch("1")
        known = await deck.services.events.after(0)
        events = await take(websocket, known[-1].seq - last)
        assert [event["seq"] for event in events] == [event.seq for event in known if event.seq > last]


@pytest.mark.parametrize(
    "said",
    [
        *("", "{", "[]", '{"type": "dance"}', '{"type": "subscribe"}', '{"type": "subscribe", "topic": "all"}'),
        *('{"type": "subscribe", "topic": "log", "more": 1}', '{"type": "ack"}'),
    ],
)
async def test_what_cannot_be_understood_is_refused_and_the_connection_goes_on(
    port: int, deck: Deck, said: str
) -> None:
    async with follow(port) as websocket:
        await websocket.send(said)
        assert (await read(websocket, "problem"))["detail"]
        await deck.start_a_batch("1")
        assert await take(websocket, 1)


async def test_a_connection_has_so_many_topics_and_no_more(port: int) -> None:
    async with follow(port, "") as websocket:
        for number in range(65):
            await say(websocket, type="subscribe", topic=f"task:{number}")
        assert "at most 64 topics" in (await read(websocket, "problem"))["detail"]


async def test_a_listener_hears_that_its_connection_lives(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_TICK_SECONDS", 0.01)
    async with follow(port, "") as websocket:
        assert (await read(websocket, "tick"))["last"] == 1


class Camera:
    """Stands for the workers: frames of rollouts, and what was watched, in order."""

    def __init__(self) -> None:
        self.watched: list[frozenset[str]] = []
        self.frames = LiveFrames(self.watched.append)

    async def until_watched(self, *rollout_ids: str) -> None:
        async with asyncio.timeout(20):
            while not self.watched or self.watched[-1] != frozenset(rollout_ids):
                await asyncio.sleep(0)


@pytest.fixture
def camera() -> Camera:
    return Camera()


@pytest.fixture
async def live_port(deck: Deck, camera: Camera) -> AsyncIterator[int]:
    await deck.services.tasks.upload([Task(id="1", task="?", answer=1)])
    async with serving(replace(deck.services, frames=camera.frames)) as served:
        yield served


async def test_frames_are_made_for_those_who_watch_and_only_as_long(live_port: int, camera: Camera) -> None:
    rollout_id = UNKNOWN
    async with follow(live_port, f"?topic=frames:{rollout_id}") as websocket:
        await camera.until_watched(rollout_id)
        camera.frames.show(rollout_id, b"first")
        assert await read_frame(websocket, rollout_id) == b"first"
        async with follow(live_port, f"?topic=frames:{rollout_id}") as second:
            assert await read_frame(second, rollout_id) == b"first"
        await say(websocket, type="unsubscribe", topic=f"frames:{rollout_id}")
        await camera.until_watched()
    assert camera.watched == [frozenset({rollout_id}), frozenset()]


async def test_a_slow_viewer_misses_frames_and_never_sees_an_old_one(live_port: int, camera: Camera) -> None:
    async with follow(live_port, f"?topic=frames:{UNKNOWN}") as websocket:
        await camera.until_watched(UNKNOWN)
        camera.frames.show(UNKNOWN, b"0")
        assert await read_frame(websocket, UNKNOWN) == b"0"
        for number in range(1, 500):
            camera.frames.show(UNKNOWN, str(number).encode())
        await say(websocket, type="ack", rollout_id=UNKNOWN)
        assert await read_frame(websocket, UNKNOWN) == b"499"
        await say(websocket, type="ack", rollout_id=UNKNOWN)
        camera.frames.show(UNKNOWN, b"last")
        assert await read_frame(websocket, UNKNOWN) == b"last"


async def test_events_reach_a_viewer_that_shows_no_frames(live_port: int, deck: Deck, camera: Camera) -> None:
    async with follow(live_port, f"?topic=frames:{UNKNOWN}&topic=changes") as websocket:
        await camera.until_watched(UNKNOWN)
        camera.frames.show(UNKNOWN, b"never acknowledged")
        batch_id = await deck.start_a_batch("1")
        assert [event["batch_id"] for event in await take(websocket, 1)] == [batch_id]


async def test_why_there_are_no_frames_is_said(
    live_port: int, deck: Deck, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_PATIENCE_SECONDS", 0.01)
    running = await deck.claim(await deck.start_a_batch("1"))
    ended = await deck.finish_a_rollout("1")
    reasons = {}
    for rollout_id in (UNKNOWN, running.rollout.id, ended.id):
        async with follow(live_port, f"?topic=frames:{rollout_id}") as websocket:
            said = await read(websocket, "frames")
            assert said["live"] is False
            reasons[rollout_id] = said["reason"]
    assert reasons[ended.id] == "it has ended"
    assert "There is no rollout" in reasons[UNKNOWN]
    assert "being made ready" in reasons[running.rollout.id]
    async with follow(live_port, f"?topic=frames:{running.rollout.id}") as websocket:
        await read(websocket, "frames")
        await camera.until_watched(running.rollout.id)
        camera.frames.show(running.rollout.id, b"at last")
        assert (await read(websocket, "frames"))["live"] is True
        assert await read_frame(websocket, running.rollout.id) == b"at last"
