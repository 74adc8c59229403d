"""A web site of the test's own, and a page on it in a real Chromium."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Request, Response

from rolldeck.browser.page import ChromiumPage
from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.domain.rollout import ActionResult

Answer = Callable[[Request], Awaitable[Response]]


class Site:
    """Serves what a test puts into ``pages``: HTML, or a function of the request."""

    def __init__(self) -> None:
        self.pages: dict[str, str | Answer] = {}
        self.requests: list[str] = []
        self.origin = ""

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        self.requests.append(f"{request.method} {path}")
        page = self.pages.get(path)
        if page is None:
            return Response(status_code=404)
        if not isinstance(page, str):
            return await page(request)
        return Response(f"<!doctype html><meta charset=utf-8><title>{path}</title>{page}", media_type="text/html")


@pytest_asyncio.fixture(loop_scope="session")
async def site() -> AsyncIterator[Site]:
    served = Site()
    app = FastAPI(openapi_url=None)
    app.add_api_route("/{path:path}", served.answer, methods=["GET", "POST"])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1
    )
    server, listening = uvicorn.Server(config), config.bind_socket()
    served.origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    serving = asyncio.create_task(server.serve([listening]))
    yield served
    server.should_exit = True
    await serving


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browsers() -> AsyncIterator[ChromiumBrowsers]:
    shared = ChromiumBrowsers()
    await shared.start()
    yield shared
    await shared.close()


OpenPage = Callable[[str], Awaitable[ChromiumPage]]


@pytest_asyncio.fixture(loop_scope="session")
async def show(browsers: ChromiumBrowsers, site: Site, tmp_path: Path) -> AsyncIterator[OpenPage]:
    """Opens a page with the given HTML; its downloads go to ``tmp_path/downloads``."""
    opened: list[ChromiumPage] = []

    async def open_page(html: str) -> ChromiumPage:
        site.pages["/"] = html
        page = await browsers.open(origin=site.origin, start_path="/", cookies=[], downloads=tmp_path / "downloads")
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        await page.close()


def words_of(result: ActionResult) -> str | None:
    """All that the agent is told of an action."""
    return "\n".join(words for words in (result.error, result.notice) if words) or None
