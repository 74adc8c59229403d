"""Views, frames, deaths and ends of pages and browsers."""

import asyncio
import io
import os
import signal
import socket
import time
from pathlib import Path

import psutil
import pytest
from fastapi import Request, Response
from PIL import Image
from tests.integration.browser.conftest import OpenPage, Site

from rolldeck.browser.page import ChromiumPage
from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.domain.action import Click, Screenshot
from rolldeck.domain.errors import BrowserError
from rolldeck.domain.page import Cookie
from rolldeck.domain.solution import Target

pytestmark = pytest.mark.asyncio(loop_scope="session")


def pixel(image: bytes, x: int, y: int) -> tuple[int, ...]:
    colour = Image.open(io.BytesIO(image)).convert("RGB").getpixel((x, y))
    assert isinstance(colour, tuple)
    return colour


def browser_processes() -> list[psutil.Process]:
    """Chromium's main processes below this one."""
    return [process for process in psutil.Process().children(recursive=True) if is_browser(process)]


def is_browser(process: psutil.Process) -> bool:
    try:
        command = " ".join(process.cmdline())
    except psutil.Error:  # it just ended
        return False
    return "--remote-debugging-pipe" in command and "--type=" not in command


async def open_in(
    browsers: ChromiumBrowsers, site: Site, tmp_path: Path, cookies: list[Cookie] | None = None
) -> ChromiumPage:
    return await browsers.open(origin=site.origin, start_path="/", cookies=cookies or [], downloads=tmp_path)


async def test_a_view_is_a_png_of_the_pages_size_with_its_address(show: OpenPage, site: Site) -> None:
    page = await show("<body style='background:#0a0'>")
    view = await page.view()
    assert Image.open(io.BytesIO(view.screenshot)).size == (1440, 900) == (view.width, view.height)
    assert Image.open(io.BytesIO(view.screenshot)).format == "PNG"
    assert view.url == f"{site.origin}/"
    assert pixel(view.screenshot, 700, 400) == (0, 170, 0)


async def test_a_frame_is_a_jpeg(show: OpenPage) -> None:
    page = await show("<body style='background:#0a0'>")
    assert Image.open(io.BytesIO(await page.frame())).format == "JPEG"


async def test_a_hanging_page_gives_no_frame_but_an_error_within_its_time(show: OpenPage) -> None:
    page = await show("<button onclick='setTimeout(() => { while (true) {} }, 0)'>Go</button>")
    await page.perform(Click(x=25, y=20))
    started = time.monotonic()
    with pytest.raises(BrowserError, match="could not give a frame within"):
        await look_until_it_fails(page)
    assert time.monotonic() - started < 8


async def look_until_it_fails(page: ChromiumPage) -> None:
    """The page hangs a moment after the click."""
    while True:
        await page.frame()


async def test_each_page_has_cookies_of_its_own(browsers: ChromiumBrowsers, site: Site, tmp_path: Path) -> None:
    async def cookies(request: Request) -> Response:
        return Response(f"<p>{sorted(request.cookies.items())}</p>", media_type="text/html")

    site.pages["/"] = cookies
    one = await open_in(browsers, site, tmp_path, [Cookie("session", "secret-1"), Cookie("other", "x", path="/deep")])
    two = await open_in(browsers, site, tmp_path)
    assert await one.read_text(Target(css="p"), 5) == "[('session', 'secret-1')]"
    assert await two.read_text(Target(css="p"), 5) == "[]"
    assert await one._page.evaluate("document.cookie") == "", "no script can read it"
    for page in (one, two):
        await page.close()


async def test_a_crashed_page_ends_every_call_at_once_and_leaves_the_others_alone(show: OpenPage) -> None:
    page, other = await show("one"), await show("two")
    waiting = asyncio.create_task(page.locate(Target(text="never"), 60))
    await asyncio.sleep(0)
    crash = asyncio.create_task(page._cdp.send("Page.crash"))
    async with asyncio.timeout(10):
        with pytest.raises(BrowserError, match="crashed"):
            await waiting
        for call in (page.view(), page.frame(), page.perform(Screenshot()), page.read_table(None, 60)):
            with pytest.raises(BrowserError, match="crashed"):
                await call
    crash.cancel()
    await other.view()
    await page.close()


async def test_a_killed_browser_ends_every_call_and_the_next_page_gets_a_new_one(site: Site, tmp_path: Path) -> None:
    site.pages["/"] = "here"
    before = {process.pid for process in browser_processes()}
    browsers = ChromiumBrowsers()
    await browsers.start()
    page = await open_in(browsers, site, tmp_path)
    (mine,) = [process for process in browser_processes() if process.pid not in before]
    waiting = asyncio.create_task(page.locate(Target(text="never"), 60))
    await asyncio.sleep(0)
    os.kill(mine.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        with pytest.raises(BrowserError):
            await waiting
        with pytest.raises(BrowserError):
            await page.view()
        again = await open_in(browsers, site, tmp_path)
        assert await again.read_text(Target(css="body"), 5) == "here"
        await page.close()
        await browsers.close()


async def test_a_renderer_that_is_killed_ends_its_page_at_once_and_the_next_one_opens(
    site: Site, tmp_path: Path
) -> None:
    site.pages["/"] = "here"
    before = {process.pid for process in browser_processes()}
    browsers = ChromiumBrowsers()
    await browsers.start()
    page = await open_in(browsers, site, tmp_path)
    (mine,) = [process for process in browser_processes() if process.pid not in before]
    waiting = asyncio.create_task(page.locate(Target(text="never"), 60))
    await asyncio.sleep(0)
    for renderer in mine.children(recursive=True):
        if "--type=renderer" in renderer.cmdline():
            renderer.kill()
    async with asyncio.timeout(20):
        with pytest.raises(BrowserError) as failure:
            await waiting
        assert failure.value.retryable
        again = await open_in(browsers, site, tmp_path)
        assert await again.read_text(Target(css="body"), 5) == "here"
        await browsers.close()


async def test_when_the_driver_is_killed_calls_end_and_the_next_page_gets_another_one(
    site: Site, tmp_path: Path
) -> None:
    site.pages["/"] = "here"
    before = {process.pid for process in psutil.Process().children()}
    browsers = ChromiumBrowsers()
    await browsers.start()
    page = await open_in(browsers, site, tmp_path)
    waiting = asyncio.create_task(page.locate(Target(text="never"), 60))
    await asyncio.sleep(0)
    (driver,) = [process for process in psutil.Process().children() if process.pid not in before]
    driver.kill()
    async with asyncio.timeout(30):
        with pytest.raises(BrowserError):
            await waiting
        with pytest.raises(BrowserError):
            await page.view()
        await page.close()
        again = await open_in(browsers, site, tmp_path)
        assert await again.read_text(Target(css="body"), 5) == "here"
        await browsers.close()


async def test_pages_share_a_browser_up_to_the_limit_and_an_empty_one_is_closed(site: Site, tmp_path: Path) -> None:
    site.pages["/"] = "here"
    before = len(browser_processes())
    browsers = ChromiumBrowsers(contexts_per_browser=2)
    await browsers.start()
    pages = await asyncio.gather(*(open_in(browsers, site, tmp_path) for _ in range(3)))
    assert len(browser_processes()) - before == 2
    for page in pages:
        await page.close()
        await page.close()
    assert len(browser_processes()) - before == 1
    await browsers.close()
    await browsers.close()
    assert len(browser_processes()) == before


async def test_closing_the_browsers_closes_open_pages_and_leaves_no_process(site: Site, tmp_path: Path) -> None:
    site.pages["/"] = "here"
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    browsers = ChromiumBrowsers()
    await browsers.start()
    page = await open_in(browsers, site, tmp_path)
    await browsers.close()
    with pytest.raises(BrowserError):
        await page.view()
    left = [process for process in psutil.Process().children(recursive=True) if process.pid not in before]
    _, alive = await asyncio.to_thread(psutil.wait_procs, left, timeout=10)
    assert alive == []


async def test_an_environment_that_does_not_answer_or_fails_is_a_browser_error(
    browsers: ChromiumBrowsers, site: Site, tmp_path: Path
) -> None:
    async def failing(_: Request) -> Response:
        return Response("broken", status_code=500)

    site.pages["/"] = failing
    with pytest.raises(BrowserError, match="answers with status 500"):
        await open_in(browsers, site, tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(BrowserError, match="answers with status 502"):
            await browsers.open(origin=origin, start_path="/", cookies=[], downloads=tmp_path)


async def test_browsers_that_are_not_started_say_so(tmp_path: Path) -> None:
    with pytest.raises(BrowserError, match="not started"):
        await ChromiumBrowsers().open(origin="http://127.0.0.1:9", start_path="/", cookies=[], downloads=tmp_path)
