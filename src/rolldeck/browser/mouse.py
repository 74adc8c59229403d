"""The mouse of one page."""

from playwright.async_api import Page

from rolldeck.browser.keyboard import Keyboard
from rolldeck.browser.no_effect import NoEffect
from rolldeck.domain.action import Button, Click, Drag, MouseDown, MouseUp, Move, Scroll

_MOVES_PER_LEG = 10


class Mouse:
    """Points, clicks, drags and scrolls; knows which buttons are down, since a step may leave them so."""

    def __init__(self, page: Page, keyboard: Keyboard, *, width: int, height: int) -> None:
        self._mouse = page.mouse
        self._keyboard = keyboard
        self._width = width
        self._height = height
        self._down: set[Button] = set()
        self.at: tuple[int, int] | None = None
        """Where the pointer is; None before its first move."""

    async def perform(self, action: Click | MouseDown | MouseUp | Move | Drag | Scroll) -> None:
        """Perform an action. Raises ``NoEffect``."""
        match action:
            case MouseDown():
                await self._press(action.button)
            case MouseUp():
                await self._release(action.button)
            case Click() | Move() | Drag() | Scroll():
                async with self._keyboard.holding(action.held):
                    await self._point_and_act(action)

    async def _point_and_act(self, action: Click | Move | Drag | Scroll) -> None:
        match action:
            case Click():
                x, y = self._point(action.x, action.y)
                await self._mouse.click(x, y, button=action.button, click_count=action.count)
                self._down.discard(action.button)
            case Move():
                await self._mouse.move(*self._point(action.x, action.y))
            case Drag():
                await self._drag([self._point(x, y) for x, y in action.path])
            case Scroll():
                await self._mouse.move(*self._point(action.x, action.y))
                await self._mouse.wheel(action.dx, action.dy)

    def _point(self, x: int, y: int) -> tuple[int, int]:
        """The point itself; one on the far edge is the last pixel before it. The pointer will be there, of a path at the last.

        Raises ``NoEffect`` outside of the page.
        """
        if not (0 <= x <= self._width and 0 <= y <= self._height):
            raise NoEffect(f"({x}, {y}) is outside of the page, which is {self._width} × {self._height} pixels")
        self.at = min(x, self._width - 1), min(y, self._height - 1)
        return self.at

    async def _press(self, button: Button) -> None:
        if button in self._down:
            raise NoEffect(f"the {button} mouse button is down already")
        self._down.add(button)
        await self._mouse.down(button=button)

    async def _release(self, button: Button) -> None:
        if button not in self._down:
            raise NoEffect(f"the {button} mouse button is not down")
        self._down.remove(button)
        await self._mouse.up(button=button)

    async def _drag(self, points: list[tuple[int, int]]) -> None:
        await self._mouse.move(*points[0])
        await self._mouse.down()
        try:
            for point in points[1:]:
                await self._mouse.move(*point, steps=_MOVES_PER_LEG)
        finally:
            self._down.discard("left")
            await self._mouse.up()
