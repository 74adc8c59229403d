"""When a page has come to rest, so that a screenshot shows what an action has led to."""

import asyncio
import time
from dataclasses import dataclass

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError
from pydantic import BaseModel, Field, ValidationError

from rolldeck.browser.egress_proxy import Traffic
from rolldeck.browser.scripts import SETTLED

_REQUEST_PATIENCE = 2.0  # a request that is answered later than that is a poll, not a part of the page's loading
_ANSWER_SECONDS = 0.5  # beyond its own time, of a page that is busy
_LOOK_AGAIN_SECONDS = 0.02


@dataclass(frozen=True)
class Patience:
    """How long a page must have been quiet to be settled, and how long that is waited for, in seconds."""

    quiet: float = 0.08
    longest: float = 2.0


USUAL_PATIENCE = Patience()


@dataclass(frozen=True)
class Settled:
    """How long a page was waited for, and what it shows its user that no screenshot shows, in words."""

    seconds: float
    unseen: frozenset[str]


class _Answer(BaseModel):
    """What the page says, which may be hostile: it is held to this."""

    quiet: bool = False
    unseen: list[str] = Field(default=[], max_length=4)


class Settling:
    """Watches one page and its network."""

    def __init__(self, cdp: CDPSession, traffic: Traffic, patience: Patience) -> None:
        self._cdp = cdp
        self._traffic = traffic
        self._patience = patience
        self._main_frame: str | None = None

    async def wait(self) -> Settled:
        """Wait until the page is quiet, at most as long as patience says."""
        started = time.monotonic()
        deadline = started + self._patience.longest
        answer = _Answer()
        while (left := deadline - time.monotonic()) > 0:
            answer = await self._ask_page(left)
            if answer.quiet and self._network_quiet_in() <= 0:
                break
            await self._network_quiet(deadline)
        return Settled(time.monotonic() - started, frozenset(answer.unseen))

    async def _network_quiet(self, deadline: float) -> None:
        while True:
            needed = min(self._network_quiet_in(), deadline - time.monotonic())
            if needed <= 0:
                return
            await asyncio.sleep(min(needed, _LOOK_AGAIN_SECONDS))

    def _network_quiet_in(self) -> float:
        return self._patience.quiet - self._traffic.quiet_seconds(patience=_REQUEST_PATIENCE)

    async def _ask_page(self, seconds: float) -> _Answer:
        """Ask the page to say when it is quiet, within that time."""
        milliseconds = f"{self._patience.quiet * 1000:.0f}, {seconds * 1000:.0f}"
        try:
            async with asyncio.timeout(seconds + _ANSWER_SECONDS):
                answer = await self._cdp.send(
                    "Runtime.evaluate",
                    {
                        "expression": f"{SETTLED}({milliseconds})",
                        "contextId": await self._own_world(),
                        "awaitPromise": True,
                        "returnByValue": True,
                    },
                )
            return _Answer.model_validate(answer["result"].get("value") or {})
        except PlaywrightError:  # on its way to another document, where the world is another one
            self._main_frame = None
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            return _Answer()
        except (TimeoutError, ValidationError):
            return _Answer()

    async def _own_world(self) -> int:
        """The world beside the page's own, of the document that is shown now; asked for each time, as ids are used again."""
        if self._main_frame is None:
            tree = await self._cdp.send("Page.getFrameTree")
            self._main_frame = str(tree["frameTree"]["frame"]["id"])
        world = {"frameId": self._main_frame, "worldName": "rolldeck"}
        return int((await self._cdp.send("Page.createIsolatedWorld", world))["executionContextId"])
