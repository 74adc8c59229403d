"""Performs the canonical actions on a page."""

import asyncio
import re
import time

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from rolldeck.browser.addresses import resolve
from rolldeck.browser.clipboard import Clipboard
from rolldeck.browser.keyboard import Keyboard
from rolldeck.browser.mouse import Mouse
from rolldeck.browser.no_effect import NoEffect
from rolldeck.domain.action import (
    Action,
    Back,
    Click,
    Drag,
    Forward,
    HoldKey,
    KeyDown,
    KeyUp,
    MouseDown,
    MouseUp,
    Move,
    Navigate,
    PressKey,
    Screenshot,
    Scroll,
    TypeText,
    Wait,
)

NAVIGATION_SECONDS = 30.0


class Hands:
    """Mouse, keyboard and address bar of one page."""

    def __init__(
        self, page: Page, cdp: CDPSession, *, clipboard: Clipboard, origin: str, width: int, height: int
    ) -> None:
        self._page = page
        self._cdp = cdp
        self._origin = origin
        self._keyboard = Keyboard(page, clipboard)
        self.mouse = Mouse(page, self._keyboard, width=width, height=height)

    async def perform(self, action: Action) -> None:
        """Perform an action. Raises ``NoEffect``, and Playwright's ``Error`` where the page is gone."""
        match action:
            case Click() | MouseDown() | MouseUp() | Move() | Drag() | Scroll():
                await self.mouse.perform(action)
            case TypeText() | PressKey() | KeyDown() | KeyUp() | HoldKey():
                await self._keyboard.perform(action)
            case Navigate() | Back() | Forward():
                await self._travel(action)
            case Wait():
                await asyncio.sleep(action.seconds)
            case Screenshot():
                pass

    async def _travel(self, action: Navigate | Back | Forward) -> None:
        if isinstance(action, Navigate):
            await self.go_to(resolve(action.url, self._origin))
            return
        step, where = (-1, "back") if isinstance(action, Back) else (1, "forward")
        entry = await self._history_entry(step)
        if entry is None:
            raise NoEffect(f"there is no page to go {where} to")
        if step < 0:
            await self._page.go_back(wait_until="commit", timeout=NAVIGATION_SECONDS * 1000)
        else:
            await self._page.go_forward(wait_until="commit", timeout=NAVIGATION_SECONDS * 1000)

    async def go_to(self, url: str) -> int | None:
        """Open an address and wait until it is loaded; returns the HTTP status, if any. Raises ``NoEffect``."""
        started = time.monotonic()
        try:
            response = await self._page.goto(url, wait_until="load", timeout=NAVIGATION_SECONDS * 1000)
        except PlaywrightTimeout as error:
            raise NoEffect(f"{url} was still loading after {time.monotonic() - started:.0f} s") from error
        except PlaywrightError as error:
            if "Download is starting" in error.message:
                return None
            network_error = re.search(r"net::ERR_\w+", error.message)
            if network_error is None:
                raise
            if network_error[0] == "net::ERR_ABORTED":  # by the page's own answer or script, or by the origin's guard
                raise NoEffect(f"{url} opened no page: the one before is still there") from error
            raise NoEffect(f"{url} could not be opened ({network_error[0]})") from error
        return response.status if response is not None else None

    async def _history_entry(self, step: int) -> str | None:
        """The address that many steps away in the history; the empty page that every tab begins with is none."""
        history = await self._cdp.send("Page.getNavigationHistory")
        index = history["currentIndex"] + step
        if not 0 <= index < len(history["entries"]):
            return None
        url = str(history["entries"][index]["url"])
        return None if url == "about:blank" else url
