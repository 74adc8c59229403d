"""Filming for whoever watches: a page is filmed exactly as long as somebody does."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from rolldeck.browser.port import BrowserPage
from rolldeck.domain.errors import BrowserError
from rolldeck.execution.audience import Audience


class FilmedPage:
    """Stands for a page: says when it is filmed, and gives frames when told to."""

    def __init__(self, error: BrowserError | None = None) -> None:
        self.error = error
        self.filmed = 0
        self.on_frame: Callable[[bytes], None] | None = None

    @asynccontextmanager
    async def watched(self, on_frame: Callable[[bytes], None]) -> AsyncIterator[None]:
        if self.error is not None:
            raise self.error
        self.filmed += 1
        self.on_frame = on_frame
        try:
            yield
        finally:
            self.on_frame = None

    async def until(self, *, is_filmed: bool) -> None:
        async with asyncio.timeout(10):
            while (self.on_frame is not None) is not is_filmed:
                await asyncio.sleep(0)


def page_of(page: FilmedPage) -> BrowserPage:
    return cast("BrowserPage", page)


async def test_a_page_is_filmed_while_its_rollout_is_watched() -> None:
    frames: list[tuple[str, bytes]] = []
    audience, page = Audience(lambda rollout_id, jpeg: frames.append((rollout_id, jpeg))), FilmedPage()
    async with audience.watching("r1", page_of(page)):
        audience.watch(frozenset({"r2"}))
        await asyncio.sleep(0)
        assert page.filmed == 0
        audience.watch(frozenset({"r1", "r2"}))
        await page.until(is_filmed=True)
        assert page.on_frame is not None
        page.on_frame(b"jpeg")
        audience.watch(frozenset({"r2"}))
        await page.until(is_filmed=False)
        audience.watch(frozenset({"r1"}))
        await page.until(is_filmed=True)
    assert page.on_frame is None
    assert frames == [("r1", b"jpeg")]
    assert page.filmed == 2


async def test_who_watches_before_the_page_is_there_sees_it_from_its_beginning() -> None:
    audience, page = Audience(), FilmedPage()
    audience.watch(frozenset({"r1"}))
    async with audience.watching("r1", page_of(page)):
        await page.until(is_filmed=True)


async def test_a_page_that_cannot_be_filmed_ends_nothing() -> None:
    audience, page = Audience(), FilmedPage(BrowserError("the page crashed"))
    async with audience.watching("r1", page_of(page)):
        audience.watch(frozenset({"r1"}))
        for _ in range(5):
            await asyncio.sleep(0)
