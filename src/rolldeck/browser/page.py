"""The one page of a rollout: a Chromium page behind the port."""

import asyncio
import base64
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from typing import TypeVar

from playwright.async_api import BrowserContext, CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from rolldeck.browser.acting import NAVIGATION_SECONDS, Hands
from rolldeck.browser.clipboard import Clipboard
from rolldeck.browser.egress_proxy import Traffic
from rolldeck.browser.interruptions import Interruptions
from rolldeck.browser.no_effect import NoEffect
from rolldeck.browser.pointer import Pointer
from rolldeck.browser.port import PageView
from rolldeck.browser.reading import Reader
from rolldeck.browser.screencast import OnFrame, screencast
from rolldeck.browser.settling import USUAL_PATIENCE, Patience, Settling
from rolldeck.browser.witness import Witness
from rolldeck.domain.action import Action, Back, Forward, HoldKey, Navigate, TypeText, Wait
from rolldeck.domain.errors import AgentError, BrowserError
from rolldeck.domain.log import Log
from rolldeck.domain.page import Box
from rolldeck.domain.rollout import ActionResult
from rolldeck.domain.solution import Target

_CAPTURE_SECONDS = 8.0
_FRAME_SECONDS = 1.0
_ACTION_SECONDS = 30.0
_KEY_SECONDS = 0.2  # of an editor on a busy machine
_READ_GRACE_SECONDS = 5.0  # beyond the caller's own time-out: for what comes after the element was found
_JPEG_QUALITY = 80

T = TypeVar("T")


@dataclass(frozen=True)
class Viewport:
    """The page's size in CSS pixels, which are the screenshot's."""

    width: int
    height: int


@dataclass(frozen=True)
class PageSettings:
    """How a page looks, and how it is looked at."""

    viewport: Viewport = Viewport(1440, 900)
    patience: Patience = USUAL_PATIENCE
    shows_pointer: bool = False


USUAL_PAGE = PageSettings()


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
        settings: PageSettings,
        interruptions: Interruptions,
        traffic: Traffic,
        witness: Witness,
        resources: AsyncExitStack,
    ) -> None:
        """``resources`` is what ``close`` lets go of: interruptions, the context, the place in the browser, the proxy."""
        self._page = page
        self._cdp = cdp
        self._viewport = viewport = settings.viewport
        self._hands = Hands(page, cdp, clipboard=clipboard, origin=origin, width=viewport.width, height=viewport.height)
        self._view_seconds = settings.patience.longest + _CAPTURE_SECONDS
        self._reader = Reader(page)
        self._interruptions = interruptions
        self._witness = witness
        self._pointer = Pointer(cdp, self._hands.mouse) if settings.shows_pointer else None
        self._settling = Settling(cdp, traffic, settings.patience)
        self._resources = resources
        self._unseen: frozenset[str] = frozenset()
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
            return await self._alive(self._settled_view(), self._view_seconds, "be looked at")
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

    def watched(self, on_frame: OnFrame) -> AbstractAsyncContextManager[None]:
        """Within the block pass on a JPEG of what the page shows, now and whenever that changes."""
        return screencast(self._cdp, on_frame)

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

    def logs(self) -> Sequence[Log]:
        """Return what the page wrote to its console, and asked of the network."""
        return self._witness.logs()

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
        settled = await self._settling.wait()
        self._note_unseen(settled.unseen)
        if self._pointer is not None:
            await self._pointer.draw()
        screenshot = await self._capture({"format": "png"})
        return PageView(
            screenshot=screenshot,
            url=self._page.url,
            width=self._viewport.width,
            height=self._viewport.height,
            waited_seconds=settled.seconds,
            notice=self._interruptions.told(),
        )

    def _note_unseen(self, unseen: frozenset[str]) -> None:
        """Tell what no screenshot shows, once for as long as it stays."""
        for words in sorted(unseen - self._unseen):
            self._interruptions.note(words)
        self._unseen = unseen

    async def _capture(self, how: dict[str, str | int]) -> bytes:
        answer = await self._cdp.send("Page.captureScreenshot", {**how, "optimizeForSpeed": True})
        return base64.b64decode(answer["data"])


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
