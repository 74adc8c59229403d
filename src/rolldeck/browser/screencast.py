"""A page's pictures as they change, while somebody watches. Capturing costs: it is not done for nobody."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypedDict

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

from rolldeck.domain.errors import BrowserError

OnFrame = Callable[[bytes], None]
"""Is given a JPEG; returns at once."""

_QUALITY = 60
_PAUSE_SECONDS = 0.1  # between two frames that are passed on


class _ScreencastFrame(TypedDict):
    """https://chromedevtools.github.io/devtools-protocol/tot/Page/#event-screencastFrame"""

    data: str
    sessionId: int


@asynccontextmanager
async def screencast(cdp: CDPSession, on_frame: OnFrame) -> AsyncIterator[None]:
    """Pass on what the page shows now and whenever it changes, up to ten times a second, until the block ends.

    Raises ``BrowserError`` where the page is gone.
    """
    passing = _Passing(cdp, on_frame)
    cdp.on("Page.screencastFrame", passing.arrived)
    going_on = asyncio.create_task(passing.go_on(), name="screencast")
    try:
        await cdp.send("Page.startScreencast", {"format": "jpeg", "quality": _QUALITY})
        yield
    except PlaywrightError as error:
        raise BrowserError(f"the page cannot be watched: {error.message}") from error
    finally:
        cdp.remove_listener("Page.screencastFrame", passing.arrived)
        going_on.cancel()
        await asyncio.wait({going_on})
        with suppress(PlaywrightError):  # the page may be gone, and its screencast with it
            await cdp.send("Page.stopScreencast")


class _Passing:
    """Takes every frame from Chromium at once, and passes the newest on at a pace.

    Chromium makes no frame before the last one is acknowledged. To acknowledge late would be the simpler brake, but
    the last change of a page that then rests would never be seen.
    """

    def __init__(self, cdp: CDPSession, on_frame: OnFrame) -> None:
        self._cdp = cdp
        self._on_frame = on_frame
        self._newest = ""
        self._is_new = asyncio.Event()
        self._acknowledging: set[asyncio.Task[None]] = set()

    def arrived(self, frame: _ScreencastFrame) -> None:
        self._newest = frame["data"]
        self._is_new.set()
        task = asyncio.create_task(self._acknowledge(frame["sessionId"]))
        self._acknowledging.add(task)
        task.add_done_callback(self._acknowledging.discard)

    async def go_on(self) -> None:
        while True:
            await self._is_new.wait()
            self._is_new.clear()
            self._on_frame(base64.b64decode(self._newest))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _acknowledge(self, number: int) -> None:
        with suppress(PlaywrightError):
            await self._cdp.send("Page.screencastFrameAck", {"sessionId": number})
