"""Live frames of a page in a real Chromium."""

import asyncio
import io
from collections.abc import Awaitable, Callable

import pytest
from PIL import Image

from rolldeck.browser.page import ChromiumPage
from rolldeck.domain.action import Click
from rolldeck.domain.errors import BrowserError

pytestmark = pytest.mark.asyncio(loop_scope="session")

OpenPage = Callable[[str], Awaitable[ChromiumPage]]

SWITCH = """<style>body{margin:0;height:100vh;background:#f00}</style><script>
    addEventListener("click", () => { document.body.style.background = "#00f"; });</script>"""


class Screen:
    """What a viewer sees."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    async def until(self, channel: int) -> None:
        """Wait for a frame that is full of red (0), green (1) or blue (2)."""
        async with asyncio.timeout(20):
            while not self.frames or max(range(3), key=lambda each: self.colour()[each]) != channel:
                await asyncio.sleep(0.01)

    def colour(self) -> tuple[int, ...]:
        image = Image.open(io.BytesIO(self.frames[-1]))
        assert image.format == "JPEG"
        colour = image.convert("RGB").getpixel((image.width // 2, image.height // 2))
        assert isinstance(colour, tuple)
        return tuple(int(part) for part in colour)


async def test_who_watches_sees_the_page_at_once_and_its_last_change(show: OpenPage) -> None:
    page, screen = await show(SWITCH), Screen()
    async with page.watched(screen.frames.append):
        await screen.until(0)
        await page.perform(Click(x=200, y=200))
        await screen.until(2)
    seen = len(screen.frames)
    await page.frame()
    assert len(screen.frames) == seen


async def test_a_page_can_be_watched_again_and_looked_at_meanwhile(show: OpenPage) -> None:
    page = await show(SWITCH)
    for _ in range(2):
        screen = Screen()
        async with page.watched(screen.frames.append):
            await screen.until(0)
            assert (await page.view()).screenshot


async def test_a_page_that_moves_all_the_time_gives_ten_frames_a_second_at_most(show: OpenPage) -> None:
    page, screen = (
        await show("<script>setInterval(() => { document.body.textContent = performance.now(); }, 5)</script><body>"),
        Screen(),
    )
    loop = asyncio.get_running_loop()
    async with page.watched(screen.frames.append):
        began = loop.time()
        async with asyncio.timeout(20):
            while len(screen.frames) < 5:
                await asyncio.sleep(0.01)
        assert loop.time() - began >= 0.4


async def test_a_page_that_is_gone_cannot_be_watched(show: OpenPage) -> None:
    page = await show(SWITCH)
    await page.close()
    with pytest.raises(BrowserError, match="cannot be watched"):
        async with page.watched(lambda _: None):
            pass
