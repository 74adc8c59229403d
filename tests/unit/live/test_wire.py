"""What a server and its workers say to each other, over real pipes."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from rolldeck.live.outlet import Outlet
from rolldeck.live.wire import NEWS, WAKE, Told, frame_message, read_told, watch_order, watched_in

ONE, TWO = "01m8000000000000000000000a", "01m8000000000000000000000b"


def test_an_order_names_all_that_is_watched() -> None:
    assert watched_in(watch_order({TWO, ONE})) == {ONE, TWO}
    assert watched_in(watch_order(())) == frozenset()
    assert watched_in(WAKE) is None


async def read_all(*messages: bytes) -> list[Told]:
    reader = asyncio.StreamReader()
    reader.feed_data(b"".join(messages))
    reader.feed_eof()
    told = []
    while (each := await read_told(reader)) is not None:
        told.append(each)
    return told


async def test_messages_are_read_as_they_were_written() -> None:
    jpeg = bytes(range(256)) * 300
    assert await read_all(frame_message(ONE, jpeg), NEWS, frame_message(TWO, b"")) == [
        Told(ONE, jpeg),
        Told(None),
        Told(TWO, b""),
    ]


@pytest.mark.parametrize("end", [b"x", frame_message(ONE, b"jpeg")[:-1], ONE.encode() + b"\xff\xff\xff\xff"])
async def test_what_breaks_off_or_is_no_message_ends_the_reading(end: bytes) -> None:
    assert await read_all(NEWS, end) == [Told(None)]


@asynccontextmanager
async def piped(outlet: Outlet) -> AsyncIterator[asyncio.StreamReader]:
    """Let an outlet write into a pipe, and give its other end."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    read_end, write_end = os.pipe()
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", 0)
    )
    writing, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(write_end, "wb", 0))
    task = asyncio.create_task(outlet.write_to(asyncio.StreamWriter(writing, protocol, None, loop)))
    try:
        yield reader
    finally:
        task.cancel()
        reading.close()
        writing.close()


async def test_a_server_that_reads_slowly_gets_the_newest_frame_of_each_rollout() -> None:
    outlet = Outlet()
    for number in range(100):
        outlet.show(ONE, f"one {number}".encode())
    outlet.show(TWO, b"two")
    outlet.tell_news()
    async with piped(outlet) as reader, asyncio.timeout(10):
        assert [await read_told(reader) for _ in range(3)] == [Told(None), Told(ONE, b"one 99"), Told(TWO, b"two")]
        outlet.show(ONE, b"next")
        assert await read_told(reader) == Told(ONE, b"next")


async def test_an_outlet_ends_when_nobody_is_left_to_read() -> None:
    outlet, loop = Outlet(), asyncio.get_running_loop()
    read_end, write_end = os.pipe()
    writing, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(write_end, "wb", 0))
    task = asyncio.create_task(outlet.write_to(asyncio.StreamWriter(writing, protocol, None, loop)))
    os.close(read_end)
    async with asyncio.timeout(10):
        while not task.done():
            outlet.show(ONE, b"x")
            await asyncio.sleep(0)
    assert task.exception() is None
    writing.close()
