"""The event log over HTTP and over WebSockets, served by a real server."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime

import httpx2
import pytest
from pydantic import JsonValue
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from rolldeck.domain.event import EventKind, LoggedEvent
from rolldeck.domain.task import Task
from rolldeck.events.feed import EventFeed

from .conftest import Deck, serving

Event = dict[str, JsonValue]


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


def follow(port: int, query: str = "", **headers: str) -> AbstractAsyncContextManager[ClientConnection]:
    return connect(f"ws://127.0.0.1:{port}/api/events{query}", additional_headers=headers, max_size=None)


async def take(websocket: ClientConnection, count: int) -> list[Event]:
    """Read that many events or more."""
    events: list[Event] = []
    async with asyncio.timeout(20):
        while len(events) < count:
            events += json.loads(await websocket.recv())
    return events


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
    async with serving(deck.services) as port, follow(port, "?after=0") as websocket:
        await deck.start_a_batch("1")
        seen = await take(websocket, 2)
    await deck.start_a_batch("1")
    again = replace(deck.services, feed=EventFeed(deck.services.events, poll_seconds=0.02))
    async with serving(again) as port, follow(port, f"?after={seen[-1]['seq']}") as websocket:
        await deck.start_a_batch("1")
        seen += await take(websocket, 2)
    assert [event["seq"] for event in seen] == [1, 2, 3, 4]


async def test_a_listener_is_sent_only_what_it_asks_for(port: int, deck: Deck) -> None:
    first = await deck.finish_a_rollout("1")
    await deck.finish_a_rollout("1")
    async with follow(port, f"?after=0&batch_id={first.batch_id}") as of_batch:
        events = await take(of_batch, 6)
        assert {event["batch_id"] for event in events} == {first.batch_id}
    async with follow(port, f"?after=0&rollout_id={first.id}") as of_rollout:
        assert {event["rollout_id"] for event in await take(of_rollout, 5)} == {first.id}


async def test_hundred_listeners_get_the_same(port: int, deck: Deck) -> None:
    websockets = [await follow(port).__aenter__() for _ in range(100)]
    await deck.start_a_batch("1")
    heard = await asyncio.gather(*(take(websocket, 1) for websocket in websockets))
    assert all(events == heard[0] for events in heard)
    await asyncio.gather(*(websocket.close() for websocket in websockets))


async def test_a_listener_that_does_not_read_slows_no_other(deck: Deck) -> None:
    services = replace(deck.services, feed=EventFeed(LongLog(20_000), keep=1000))
    request = "GET /api/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    async with serving(services) as port:
        _, silent = await asyncio.open_connection("127.0.0.1", port)
        silent.write((request + key).encode())
        async with follow(port, "?after=0") as websocket:
            events = await take(websocket, 20_000)
        assert [event["seq"] for event in events] == list(range(1, 20_001))
        silent.close()


async def test_listeners_are_told_when_the_server_ends(deck: Deck) -> None:
    async with serving(deck.services) as port:
        websocket = await follow(port).__aenter__()
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(10):
            await websocket.recv()


@pytest.mark.parametrize("query", ["?after=1000", "?after=-1", "?after=x", "?batch_id=x", "?rollout_id=%00"])
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
        await connect("ws://evil.example/api/events", host="127.0.0.1", port=port)
    assert refused.value.response.status_code == 403


async def test_our_own_pages_can_follow(port: int, deck: Deck) -> None:
    async with follow(port, Origin=f"http://127.0.0.1:{port}") as websocket:
        await deck.start_a_batch("1")
        assert await take(websocket, 1)


async def test_the_log_is_read_in_pieces_or_from_its_end(client: httpx2.AsyncClient, deck: Deck) -> None:
    await client.post("/api/tasks/upload", json=[{"id": "1", "task": "?", "answer": "1"}])
    for _ in range(3):
        await deck.start_a_batch("1")

    async def numbers(query: str) -> list[int]:
        found = (await client.get(f"/api/events?{query}")).json()
        assert found["last"] == 4
        return [event["seq"] for event in found["events"]]

    assert await numbers("after=0") == [1, 2, 3, 4]
    assert await numbers("after=1&limit=2") == [2, 3]
    assert await numbers("limit=2") == [3, 4]
    assert await numbers("after=99") == []
    assert (await client.get("/api/events?after=-1")).status_code == 422


async def test_the_server_counts_what_happens_while_it_serves(deck: Deck) -> None:
    await deck.services.tasks.upload([Task(id="1", task="?", answer=1)])
    await deck.finish_a_rollout("1")
    async with serving(deck.services) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        await deck.finish_a_rollout("1", success=False)
        last = await deck.services.events.last()
        text = ""
        async with asyncio.timeout(10):
            while f"rolldeck_last_event {float(last)}" not in text:
                text = (await client.get("/metrics")).text
    ended = [line for line in text.splitlines() if line.startswith("rolldeck_rollouts_ended_total")]
    labels = '{agent="noop",model="",status="completed",success="false"}'
    assert ended == [f"rolldeck_rollouts_ended_total{labels} 1.0"]
    assert 'rolldeck_phase_seconds_count{phase="agent"} 1.0' in text
    assert "rolldeck_steps_total 1.0" in text
