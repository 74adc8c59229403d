"""Performs the canonical actions on a page."""

import asyncio
import re
import time
from urllib.parse import urlsplit

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from rolldeck.browser.clipboard import Clipboard, is_paste
from rolldeck.browser.keys import UnknownKey, chord
from rolldeck.domain.action import (
    Action,
    Back,
    Click,
    DoubleClick,
    Drag,
    Forward,
    Move,
    Navigate,
    PressKey,
    Screenshot,
    Scroll,
    TypeText,
    Wait,
)

NAVIGATION_SECONDS = 30.0
_PASTE_FROM = 2000  # characters of a text: a person would paste it
_LONG_LINE = 60  # characters: each key costs a rich editor 25 to 90 ms
_MOVES_PER_LEG = 10


class NoEffect(Exception):
    """The action could not be done; the text says why, for the agent."""


class Hands:
    """Mouse, keyboard and address bar of one page."""

    def __init__(
        self, page: Page, cdp: CDPSession, *, clipboard: Clipboard, origin: str, width: int, height: int
    ) -> None:
        self._page = page
        self._clipboard = clipboard
        self._cdp = cdp
        self._origin = origin
        self._width = width
        self._height = height

    async def perform(self, action: Action) -> None:
        """Perform an action. Raises ``NoEffect``, and Playwright's ``Error`` where the page is gone."""
        match action:
            case Click() | DoubleClick() | Move() | Drag() | Scroll():
                await self._use_mouse(action)
            case TypeText():
                await self._type(action.text)
            case PressKey():
                await self._press(action.keys)
            case Navigate() | Back() | Forward():
                await self._travel(action)
            case Wait():
                await asyncio.sleep(action.seconds)
            case Screenshot():
                pass

    async def _use_mouse(self, action: Click | DoubleClick | Move | Drag | Scroll) -> None:
        mouse = self._page.mouse
        match action:
            case Click():
                await mouse.click(*self._point(action.x, action.y), button=action.button)
            case DoubleClick():
                await mouse.dblclick(*self._point(action.x, action.y))
            case Move():
                await mouse.move(*self._point(action.x, action.y))
            case Drag():
                await self._drag([self._point(x, y) for x, y in action.path])
            case Scroll():
                await mouse.move(*self._point(action.x, action.y))
                await mouse.wheel(action.dx, action.dy)

    def _point(self, x: int, y: int) -> tuple[int, int]:
        """The point itself; one on the far edge is the last pixel before it. Raises ``NoEffect`` outside of the page."""
        if not (0 <= x <= self._width and 0 <= y <= self._height):
            raise NoEffect(f"({x}, {y}) is outside of the page, which is {self._width} × {self._height} pixels")
        return min(x, self._width - 1), min(y, self._height - 1)

    async def _drag(self, points: list[tuple[int, int]]) -> None:
        mouse = self._page.mouse
        await mouse.move(*points[0])
        await mouse.down()
        try:
            for point in points[1:]:
                await mouse.move(*point, steps=_MOVES_PER_LEG)
        finally:
            await mouse.up()

    async def _type(self, text: str) -> None:
        """Type key by key, but for the inside of long lines: it arrives at once, and a last key press tells the page."""
        keyboard = self._page.keyboard
        if len(text) > _PASTE_FROM:
            await keyboard.insert_text(text)
            return
        for line in text.splitlines(keepends=True):
            if len(line) > _LONG_LINE:
                inside = line.rstrip("\r\n")[:-1]
                await keyboard.insert_text(inside)
                line = line[len(inside) :]
            await keyboard.type(line)

    async def _press(self, keys: str) -> None:
        try:
            keyboard_chord = chord(keys)
        except UnknownKey as error:
            raise NoEffect(str(error)) from error
        if is_paste(keyboard_chord):
            await self._page.keyboard.insert_text(self._clipboard.text)
        else:
            await self._page.keyboard.press(keyboard_chord)

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


def resolve(address: str, origin: str) -> str:
    """The absolute address that a person means who types ``address``. Raises ``NoEffect`` where it leaves the origin."""
    text = address.strip()
    if text.startswith("/") and not text.startswith("//"):
        url = origin + text
    elif re.match(r"https?://", text, re.IGNORECASE):
        url = text
    elif re.match(
        r"(localhost|\[[0-9a-f:]+\]|[\w-]+(\.[\w-]+)+)(:\d+)?([/?#]|$)|[\w-]+:\d+([/?#]|$)", text, re.IGNORECASE
    ):
        url = f"{urlsplit(origin).scheme}://{text}"
    elif re.match(r"[a-z][a-z0-9+.-]*:", text, re.IGNORECASE) or text.startswith("//"):
        raise NoEffect(f"{text} cannot be opened here: only addresses of {origin} can")
    else:
        url = f"{origin}/{text}"
    if not _same_origin(url, origin):
        raise NoEffect(f"{text} is outside of this environment: only addresses of {origin} can be opened")
    return url


def _same_origin(url: str, origin: str) -> bool:
    try:
        one, other = urlsplit(url), urlsplit(origin)
        ports = {"http": 80, "https": 443}
        return (one.scheme, one.hostname, one.port or ports[one.scheme]) == (
            other.scheme,
            other.hostname,
            other.port or ports[other.scheme],
        )
    except (ValueError, KeyError):
        return False
