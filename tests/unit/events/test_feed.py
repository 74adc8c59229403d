"""The feed: what each listener gets, and what it costs the others."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from rolldeck.domain.errors import InvalidInput
from rolldeck.domain.event import LoggedEvent
from rolldeck.events.feed import EventFeed

from .conftest import MemoryLog

NEVER = 3600.0  # seconds between looks: only being woken makes the feed look


async def take(pieces: AsyncIterator[Sequence[LoggedEvent]], count: int) -> list[int]:
    """Read that many events or more; returns their numbers."""
    numbers: list[int] = []
    async with asyncio.timeout(10):
        while len(numbers) < count:
            numbers += [event.seq for event in await anext(pieces)]
    return numbers


async def test_a_listener_without_a_number_hears_what_happens_from_now_on(log: MemoryLog) -> None:
    log.write(3)
    feed = EventFeed(log, poll_seconds=NEVER)
    async with feed.running():
        pieces = await feed.follow()
        log.write(2)
        feed.wake()
        assert await take(pieces, 2) == [4, 5]


async def test_a_listener_resumes_after_the_number_that_it_saw_last(log: MemoryLog) -> None:
    log.write(5)
    feed = EventFeed(log, poll_seconds=NEVER)
    async with feed.running():
        assert await take(await feed.follow(2), 3) == [3, 4, 5]
        log.write(1)
        feed.wake()
        assert await take(await feed.follow(5), 1) == [6]


async def test_events_are_found_without_being_woken(log: MemoryLog) -> None:
    feed = EventFeed(log, poll_seconds=0.001)
    async with feed.running():
        pieces = await feed.follow()
        log.write(1)
        assert await take(pieces, 1) == [1]


async def test_the_log_is_read_once_for_all_listeners(log: MemoryLog) -> None:
    feed = EventFeed(log, poll_seconds=NEVER)
    async with feed.running():
        listeners = [await feed.follow(0) for _ in range(100)]
        log.write(10)
        feed.wake()
        assert [await take(pieces, 10) for pieces in listeners] == [list(range(1, 11))] * 100
    assert len(log.reads) <= 3


async def test_a_slow_listener_misses_nothing_and_the_feed_keeps_only_the_newest_events(log: MemoryLog) -> None:
    feed = EventFeed(log, poll_seconds=NEVER, keep=50)
    async with feed.running():
        slow, quick = await feed.follow(0), await feed.follow(0)
        for _ in range(40):
            log.write(100)
            feed.wake()
            await take(quick, 100)
        assert len(feed._newest) <= 100
        assert await take(slow, 4000) == list(range(1, 4001))


async def test_a_burst_larger_than_a_piece_arrives_whole_after_one_look(log: MemoryLog) -> None:
    feed = EventFeed(log, poll_seconds=NEVER)
    async with feed.running():
        pieces = await feed.follow()
        log.write(2500)
        feed.wake()
        assert await take(pieces, 2500) == list(range(1, 2501))


async def test_while_the_log_is_away_listeners_wait_and_then_miss_nothing(log: MemoryLog) -> None:
    log.write(10)
    feed = EventFeed(log, poll_seconds=0.001)
    async with feed.running():
        old, new = await feed.follow(0), await feed.follow()
        log.away = True
        log.write(1)
        waiting = [asyncio.create_task(take(old, 11)), asyncio.create_task(take(new, 1))]
        while len(log.reads) < 20:
            await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        log.away = False
        assert await asyncio.gather(*waiting) == [list(range(1, 12)), [11]]


async def test_a_number_that_the_log_has_not_reached_is_refused(log: MemoryLog) -> None:
    log.write(3)
    feed = EventFeed(log, poll_seconds=NEVER)
    async with feed.running():
        with pytest.raises(InvalidInput, match="no event 4"):
            await feed.follow(4)


async def test_a_number_that_only_the_feed_has_not_reached_is_waited_for(log: MemoryLog) -> None:
    feed = EventFeed(log, poll_seconds=NEVER)
    async with feed.running():
        log.write(5)
        pieces = await feed.follow(4)
        feed.wake()
        assert await take(pieces, 1) == [5]
