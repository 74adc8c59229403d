"""A finished video in the player that people will use: Chromium's, over HTTP with Range requests."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, HTMLResponse
from PIL import Image
from playwright.async_api import Page, async_playwright

from rolldeck.browser.chromium import find_chromium
from rolldeck.recorder.mp4 import Mp4Writer

# Irregular times, as a recording has them: a burst, a long stillness, single frames.
TIMES_MS = (0, 400, 410, 430, 900, 2000, 2010, 9000, 9500, 16_250, 16_700)
END_MS = 21_300

SEEK = """
async (seconds) => {
  const video = document.querySelector("video");
  const seeked = new Promise((done) => video.addEventListener("seeked", done, { once: true }));
  video.currentTime = seconds;
  await seeked;
}
"""

SHOWN = """
() => {
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  return [...context.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data.slice(0, 3)];
}
"""


def colour(number: int) -> tuple[int, int, int]:
    """A colour that no other frame is near to."""
    return 20 + number % 4 * 70, 20 + number // 4 % 3 * 100, 40 + number % 2 * 150


def alike(shown: Sequence[int], wanted: Sequence[int]) -> bool:
    """Tell whether a frame has its colour, as near as an encoder keeps it."""
    return max(abs(a - b) for a, b in zip(shown, wanted, strict=True)) <= 8


def picture(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (1440, 900), colour(number)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
async def player(tmp_path: Path) -> AsyncIterator[Page]:
    writer = Mp4Writer(tmp_path / "video.mp4")
    for number, at_ms in enumerate(TIMES_MS):
        writer.write(picture(number), at_ms)
    writer.finish(END_MS)
    app = FastAPI()

    @app.get("/")
    def page() -> HTMLResponse:
        return HTMLResponse("<video src=/video.mp4 muted preload=auto>")

    @app.get("/video.mp4")
    def video() -> FileResponse:
        return FileResponse(tmp_path / "video.mp4")

    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server, sockets = uvicorn.Server(config), [config.bind_socket()]
    serving = asyncio.create_task(server.serve(sockets))
    chromium = await asyncio.to_thread(find_chromium)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium.path)
        page_ = await browser.new_page()
        await page_.goto(f"http://127.0.0.1:{sockets[0].getsockname()[1]}/")
        await page_.wait_for_function("document.querySelector('video').readyState >= 2")
        yield page_
        await browser.close()
    server.should_exit = True
    await serving


async def test_chromium_knows_the_duration(player: Page) -> None:
    duration = float(await player.evaluate("document.querySelector('video').duration"))
    assert abs(duration - END_MS / 1000) < 0.1


async def test_chromium_seeks_to_exactly_the_frame_of_a_moment_forwards_and_backwards(player: Page) -> None:
    moments_ms = [*(at_ms + 2 for at_ms in TIMES_MS), 5000, 15_000, 21_000, 20_000, 12_345]
    for moment_ms in [*moments_ms, *reversed(moments_ms)]:
        number = max(index for index, at_ms in enumerate(TIMES_MS) if at_ms <= moment_ms)
        await player.evaluate(SEEK, moment_ms / 1000)
        async with asyncio.timeout(10):
            while not alike(await player.evaluate(SHOWN), colour(number)):
                pass  # a busy machine paints a frame later than it says that it has it


async def test_chromium_plays_to_the_end(player: Page) -> None:
    await player.evaluate(
        """async () => {
            const video = document.querySelector("video");
            video.currentTime = video.duration - 0.3;
            const ended = new Promise((done) => video.addEventListener("ended", done, { once: true }));
            await video.play();
            await ended;
        }"""
    )
