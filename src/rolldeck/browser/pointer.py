"""The mouse pointer, drawn over the page where screenshots show it and the page cannot see it."""

from playwright.async_api import CDPSession

from rolldeck.browser.mouse import Mouse

_ARROW = ((0, 0), (5, 18), (8, 11), (15, 10))  # pixels from the tip
_INSIDE = {"r": 0, "g": 0, "b": 0, "a": 1}
_OUTLINE = {"r": 255, "g": 255, "b": 255, "a": 1}


class Pointer:
    """Follows one page's mouse."""

    def __init__(self, cdp: CDPSession, mouse: Mouse) -> None:
        self._cdp = cdp
        self._mouse = mouse
        self._enabled = False

    async def draw(self) -> None:
        """Draw the pointer where the mouse is; nothing before its first move. A new document has lost it."""
        if (at := self._mouse.at) is None:
            return
        if not self._enabled:
            await self._cdp.send("DOM.enable")
            await self._cdp.send("Overlay.enable")
            self._enabled = True
        quad = [coordinate for x, y in _ARROW for coordinate in (at[0] + x, at[1] + y)]
        await self._cdp.send("Overlay.highlightQuad", {"quad": quad, "color": _INSIDE, "outlineColor": _OUTLINE})
