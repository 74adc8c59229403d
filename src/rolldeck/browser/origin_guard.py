"""Keeps the page on the environment's origin.

A link, a form, a redirect or a script that leads elsewhere would end in the browser's own error page, since nothing else
can be reached, and the page's state would be lost. Here the page stays as it is, and the agent is told in words.
"""

import asyncio
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError
from pydantic import BaseModel

from rolldeck.browser.addresses import is_within

_MAX_ADDRESS = 200
_INSIDE = frozenset({"about", "blob", "javascript"})  # schemes that lead out of the page, but nowhere else
# Chromium's words for what it refuses by itself, and tells nobody but its console.
_REFUSED = re.compile(r"Not allowed to (?:navigate top frame to data URL|load local resource): (?P<url>.+)", re.DOTALL)


class _Request(BaseModel):
    url: str


class _PausedRequest(BaseModel):
    """Fetch.requestPaused of Chromium's DevTools protocol."""

    requestId: str  # noqa: N815 - the protocol's name
    frameId: str  # noqa: N815
    request: _Request


class OriginGuard:
    """Watches where one page wants to go."""

    def __init__(self, cdp: CDPSession, origin: str, note: Callable[[str], None]) -> None:
        """``note`` is told in words of each address that was not opened."""
        self._cdp = cdp
        self._origin = origin
        self._note = note
        self._main_frame = ""
        self._answers: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Watch from now on, until the session ends."""
        tree = await self._cdp.send("Page.getFrameTree")
        self._main_frame = tree["frameTree"]["frame"]["id"]
        self._cdp.on("Fetch.requestPaused", self._on_request)
        self._cdp.on("Page.frameRequestedNavigation", self._on_wish)
        self._cdp.on("Page.windowOpen", lambda event: self._tell_if_outside(event["url"]))
        self._cdp.on("Log.entryAdded", lambda event: self._on_log(event["entry"]["text"]))
        documents = {"urlPattern": "*", "resourceType": "Document", "requestStage": "Request"}
        await self._cdp.send("Fetch.enable", {"patterns": [documents]})
        await self._cdp.send("Page.enable")
        await self._cdp.send("Log.enable")

    def _on_request(self, event: dict[str, object]) -> None:
        """Let a document's request pass, or refuse it so that the page stays: redirects come by here too."""
        paused = _PausedRequest.model_validate(event)
        if paused.frameId != self._main_frame or is_within(paused.request.url, self._origin):
            self._answer("Fetch.continueRequest", {"requestId": paused.requestId})
            return
        self._answer("Fetch.failRequest", {"requestId": paused.requestId, "errorReason": "Aborted"})
        self._tell(paused.request.url)

    def _answer(self, method: str, parameters: dict[str, str]) -> None:
        task = asyncio.ensure_future(self._send(method, parameters))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _send(self, method: str, parameters: dict[str, str]) -> None:
        try:
            await self._cdp.send(method, parameters)
        except PlaywrightError:
            return  # the page is gone, or it thought better of it

    def _on_wish(self, event: dict[str, str]) -> None:
        """Tell of schemes that other programs are for (mailto: and the like); the web's are told of by their requests."""
        if event["frameId"] == self._main_frame and urlsplit(event["url"]).scheme not in {"http", "https"}:
            self._tell_if_outside(event["url"])

    def _on_log(self, text: str) -> None:
        refused = _REFUSED.fullmatch(text)
        if refused is not None:
            self._tell(refused["url"])

    def _tell_if_outside(self, url: str) -> None:
        if url and urlsplit(url).scheme not in _INSIDE and not is_within(url, self._origin):
            self._tell(url)

    def _tell(self, url: str) -> None:
        shown = url if len(url) <= _MAX_ADDRESS else url[: _MAX_ADDRESS - 1] + "…"
        self._note(
            f"The page wanted to open {shown}, which is not possible here: only addresses of {self._origin} are."
        )
