"""The one page of a rollout: a Chromium page behind the port."""

import asyncio
import base64
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TypeVar

from playwright.async_api import BrowserContext, CDPSession, Page
from playwright.async_api import Error as PlaywrightError
from pydantic import BaseModel

from rolldeck.browser.acting import NAVIGATION_SECONDS, Hands
from rolldeck.browser.clipboard import Clipboard
from rolldeck.browser.egress_proxy import Traffic
from rolldeck.browser.interruptions import Interruptions
from rolldeck.browser.no_effect import NoEffect
from rolldeck.browser.port import PageView
from rolldeck.browser.reading import Reader
from rolldeck.browser.scripts import QUIET
from rolldeck.domain.action import Action, Back, Forward, HoldKey, Navigate, TypeText, Wait
from rolldeck.domain.errors import AgentError, BrowserError
from rolldeck.domain.page import Box
from rolldeck.domain.rollout import ActionResult
from rolldeck.domain.solution import Target

_VIEW_SECONDS = 10.0
_FRAME_SECONDS = 1.0
_ACTION_SECONDS = 30.0
_KEY_SECONDS = 0.2  # of an editor on a busy machine
_READ_GRACE_SECONDS = 5.0  # beyond the caller's own time-out: for what comes after the element was found
_JPEG_QUALITY = 80

T = TypeVar("T")

_SETTLE_SECONDS = 2.0  # the longest that a screenshot waits for the page
_QUIET_SECONDS = 0.08  # without a change of the DOM and without network
_REQUEST_PATIENCE = 2.0  # a request that is answered later than that is a poll, not a part of the page's loading


@dataclass(frozen=True)
class Viewport:
    """The page's size in CSS pixels, which are the screenshot's."""

    width: int
    height: int


class _Quiet(BaseModel):
    """What the ``QUIET`` script resolves to."""

    seconds: float
    loaded: bool


class Overdue(Exception):
    """The page did not answer in time; it may still be alive."""


class ChromiumPage:
    """Implements ``BrowserPage``. Every call ends at once with ``BrowserError`` when the page or its browser dies."""

    def __init__(
        self,
        *,
        context: BrowserContext,
        page: Page,
        cdp: CDPSession,
        clipboard: Clipboard,
        origin: str,
        viewport: Viewport,
        interruptions: Interruptions,
        traffic: Traffic,
        resources: AsyncExitStack,
    ) -> None:
        """``resources`` is what ``close`` lets go of: interruptions, the context, the place in the browser, the proxy."""
        self._page = page
        self._cdp = cdp
        self._viewport = viewport
        self._hands = Hands(page, cdp, clipboard=clipboard, origin=origin, width=viewport.width, height=viewport.height)
        self._reader = Reader(page)
        self._interruptions = interruptions
        self._traffic = traffic
        self._resources = resources
        self._lost: str | None = None
        self._lost_event = asyncio.Event()
        page.on("crash", lambda _: self._lose("the page crashed"))
        page.on("close", lambda _: self._lose("the page was closed"))
        context.on("close", lambda _: self._lose("the browser died"))

    async def open(self, url: str) -> None:
        """Open the first address. Raises ``BrowserError``, also where the environment only answers with an error."""
        try:
            status = await self._alive(self._hands.go_to(url), NAVIGATION_SECONDS + 1, "open its first address")
        except (NoEffect, Overdue) as error:
            raise BrowserError(f"the environment's first page cannot be opened: {error}") from error
        if status is not None and status >= 500:
            raise BrowserError(f"the environment's first page cannot be opened: {url} answers with status {status}")

    async def view(self) -> PageView:
        """Return what the page shows once it is quiet, at the latest after some seconds."""
        try:
            return await self._alive(self._settled_view(), _VIEW_SECONDS, "be looked at")
        except Overdue as error:
            raise BrowserError(str(error)) from error

    async def frame(self) -> bytes:
        """Return a JPEG of this moment; ``BrowserError`` also where the page is too busy for one."""
        try:
            return await self._alive(
                self._capture({"format": "jpeg", "quality": _JPEG_QUALITY}), _FRAME_SECONDS, "give a frame"
            )
        except Overdue as error:
            raise BrowserError(str(error)) from error

    async def perform(self, action: Action) -> ActionResult:
        """Perform an action; returns in words what kept it from its effect, and what the page did meanwhile."""
        error: str | None = None
        try:
            await self._alive(self._hands.perform(action), _allowed_seconds(action), f"finish the action {action.kind}")
        except (NoEffect, Overdue) as trouble:
            error = str(trouble)
        return ActionResult(action=action, error=error, notice=self._interruptions.told())

    async def locate(self, target: Target, timeout: float) -> Box:
        """Return where a visible element is."""
        return await self._read(self._reader.locate(target, timeout), timeout)

    async def wait_gone(self, target: Target, timeout: float) -> None:
        """Return once no such element is visible."""
        await self._read(self._reader.wait_gone(target, timeout), timeout)

    async def read_text(self, target: Target, timeout: float) -> str:
        """Return an element's visible text or a control's value."""
        return await self._read(self._reader.read_text(target, timeout), timeout)

    async def read_table(self, target: Target | None, timeout: float) -> list[dict[str, str]]:
        """Return a table's rows by column header."""
        return await self._read(self._reader.read_table(target, timeout), timeout)

    async def close(self) -> None:
        """Let go of everything. Bounded; idempotent; never raises for a page that is gone already."""
        self._lose("the page was closed")
        await self._resources.aclose()

    async def _read(self, reading: Coroutine[object, object, T], timeout: float) -> T:
        try:
            return await self._alive(reading, timeout + _READ_GRACE_SECONDS, "be read")
        except Overdue as error:
            raise AgentError(str(error)) from error

    async def _alive(self, work: Coroutine[object, object, T], seconds: float, doing: str) -> T:
        """Await ``work``, but no longer than the page lives.

        Raises ``BrowserError`` when it dies, ``Overdue`` when ``seconds`` pass (the work is then cancelled).
        """
        if self._lost is not None:
            work.close()
            raise BrowserError(self._lost)
        task = asyncio.ensure_future(work)
        lost = asyncio.ensure_future(self._lost_event.wait())
        try:
            await asyncio.wait({task, lost}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            if self._lost is not None:
                raise BrowserError(self._lost)
            raise Overdue(f"the page could not {doing} within {seconds:g} s")
        except PlaywrightError as error:
            raise BrowserError(f"the page could not {doing}: {error.message}") from error
        finally:
            lost.cancel()
            task.cancel()

    def _lose(self, why: str) -> None:
        if self._lost is None:
            self._lost = why
            self._lost_event.set()

    async def _settled_view(self) -> PageView:
        started = time.monotonic()
        await self._settle()
        waited = time.monotonic() - started
        screenshot = await self._capture({"format": "png"})
        return PageView(
            screenshot=screenshot,
            url=self._page.url,
            width=self._viewport.width,
            height=self._viewport.height,
            waited_seconds=waited,
            notice=self._interruptions.told(),
        )

    async def _capture(self, how: dict[str, str | int]) -> bytes:
        answer = await self._cdp.send("Page.captureScreenshot", {**how, "optimizeForSpeed": True})
        return base64.b64decode(answer["data"])

    async def _settle(self) -> None:
        """Wait until the page is loaded and neither its DOM nor its network has changed for a moment. Bounded."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            unquiet = await self._seconds_until_quiet()
            if unquiet <= 0:
                return
            await asyncio.sleep(min(unquiet, left))

    async def _seconds_until_quiet(self) -> float:
        try:
            async with asyncio.timeout(_QUIET_SECONDS + 0.5):
                tree = await self._cdp.send("Page.getFrameTree")
                world = await self._cdp.send(
                    "Page.createIsolatedWorld",
                    {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "rolldeck"},
                )
                answer = await self._cdp.send(
                    "Runtime.evaluate",
                    {"expression": QUIET, "contextId": world["executionContextId"], "awaitPromise": True},
                )
            page = _Quiet.model_validate_json(answer["result"]["value"])
        except (TimeoutError, PlaywrightError, KeyError):
            return _QUIET_SECONDS  # busy, or on its way to another document: look again
        if not page.loaded:
            return _QUIET_SECONDS
        return _QUIET_SECONDS - min(page.seconds, self._traffic.quiet_seconds(patience=_REQUEST_PATIENCE))


def _allowed_seconds(action: Action) -> float:
    """How long an action may take: its own waiting, typing or loading, and the page's reaction."""
    match action:
        case Wait() | HoldKey():
            return action.seconds + _ACTION_SECONDS
        case TypeText():
            return len(action.text) * _KEY_SECONDS + _ACTION_SECONDS
        case Navigate() | Back() | Forward():
            return NAVIGATION_SECONDS + 1
        case _:
            return _ACTION_SECONDS
