"""The keyboard of one page."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from playwright.async_api import Page

from rolldeck.browser.clipboard import Clipboard, is_paste
from rolldeck.browser.keys import MODIFIERS, chord, modifiers, single, split
from rolldeck.browser.no_effect import NoEffect
from rolldeck.domain.action import HoldKey, KeyDown, KeyUp, PressKey, TypeText

_PASTE_FROM = 2000  # characters of a text: a person would paste it
_LONG_LINE = 60  # characters: each key costs a rich editor 25 to 90 ms
_REPEATS_AFTER = 0.5  # seconds that a key is held; what keyboards do
_REPEATS_EVERY = 0.04


class Keyboard:
    """Types and presses; knows which keys are down, since a step may leave them so."""

    def __init__(self, page: Page, clipboard: Clipboard) -> None:
        self._keyboard = page.keyboard
        self._clipboard = clipboard
        self._down: list[str] = []

    async def perform(self, action: TypeText | PressKey | KeyDown | KeyUp | HoldKey) -> None:
        """Perform an action. Raises ``NoEffect``."""
        match action:
            case TypeText():
                await self._type(action.text)
            case PressKey():
                await self._press(chord(action.keys))
            case KeyDown():
                await self._press_down(single(action.key))
            case KeyUp():
                await self._release(single(action.key))
            case HoldKey():
                await self._hold(chord(action.keys), action.seconds)

    @asynccontextmanager
    async def holding(self, keys: str) -> AsyncIterator[None]:
        """Hold modifier keys meanwhile. Raises ``UnknownKey`` for others."""
        async with self._pressed(modifiers(keys)):
            yield

    async def _type(self, text: str) -> None:
        """Type key by key, but for the inside of long lines: it arrives at once, and a last key press tells the page."""
        if "ControlOrMeta" in self._down:  # what is pressed now are commands, not characters
            for key in text:
                await self._press(key)
            return
        if len(text) > _PASTE_FROM:
            await self._keyboard.insert_text(text)
            return
        for line in text.splitlines(keepends=True):
            if len(line) > _LONG_LINE:
                inside = line.rstrip("\r\n")[:-1]
                await self._keyboard.insert_text(inside)
                line = line[len(inside) :]
            await self._keyboard.type(line)

    async def _press(self, keys: str) -> None:
        if self._pastes(keys):
            await self._keyboard.insert_text(self._clipboard.text)
            return
        *held, key = split(keys)
        await self._keyboard.press("+".join([*self._not_down(held), key]))

    async def _press_down(self, key: str) -> None:
        if self._pastes(key):
            await self._press(key)
            return
        await self._keyboard.down(key)
        self._down += self._not_down([key])

    async def _release(self, key: str) -> None:
        if key not in self._down:
            raise NoEffect(f"{key!r} is not held down")
        self._down.remove(key)
        await self._keyboard.up(key)

    async def _hold(self, keys: str, seconds: float) -> None:
        if self._pastes(keys):
            await self._press(keys)
            return
        *held, key = split(keys)
        end = time.monotonic() + seconds
        async with self._pressed([*held, key]):
            await asyncio.sleep(min(_REPEATS_AFTER, seconds))
            while (left := end - time.monotonic()) > 0:
                if key not in MODIFIERS:
                    await self._keyboard.down(key)
                await asyncio.sleep(min(_REPEATS_EVERY, left))

    @asynccontextmanager
    async def _pressed(self, keys: Sequence[str]) -> AsyncIterator[None]:
        """Press keys, but those that are down already, and release them afterwards in the opposite order."""
        pressed: list[str] = []
        try:
            for key in self._not_down(keys):
                pressed.append(key)
                await self._keyboard.down(key)
            yield
        finally:
            for key in reversed(pressed):
                await self._keyboard.up(key)

    def _not_down(self, keys: Sequence[str]) -> list[str]:
        return [key for key in keys if key not in self._down]

    def _pastes(self, keys: str) -> bool:
        """Whether the keys paste, together with those that are down: Chromium's own clipboard is never read."""
        return is_paste([*self._down, *split(keys)])
