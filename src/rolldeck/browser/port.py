"""What the rest of Rolldeck knows of browsers."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rolldeck.domain.action import Action
from rolldeck.domain.log import Log
from rolldeck.domain.page import Box, Cookie
from rolldeck.domain.rollout import ActionResult
from rolldeck.domain.solution import Target


@dataclass(frozen=True)
class PageView:
    """What a page looks like now. ``screenshot`` is a PNG of ``width`` × ``height`` CSS pixels.

    ``waited_seconds`` were spent on waiting until the page had settled. ``notice`` is what it did since the last action
    that no screenshot shows, in words for the agent.
    """

    screenshot: bytes
    url: str
    width: int
    height: int
    waited_seconds: float = 0.0
    notice: str | None = None


class BrowserPage(Protocol):
    """The one page that a rollout's agent sees and acts on."""

    async def view(self) -> PageView:
        """Return what the settled page shows. Raises ``BrowserError`` when the page or the browser is gone."""

    async def frame(self) -> bytes:
        """Return a JPEG of the page as it is now, for the recorder. Raises ``BrowserError``, also after a short time-out."""

    def watched(self, on_frame: Callable[[bytes], None]) -> AbstractAsyncContextManager[None]:
        """Within the block pass on a JPEG of what the page shows, now and whenever that changes. Raises ``BrowserError``."""

    async def perform(self, action: Action) -> ActionResult:
        """Perform an action, and say what became of it.

        Raises ``BrowserError`` when the page or the browser is gone.
        """

    async def locate(self, target: Target, timeout: float) -> Box:
        """Wait until the target is visible, scroll it into view, return its box. Raises ``AgentError``."""

    async def wait_gone(self, target: Target, timeout: float) -> None:
        """Wait until no element matches the target. Raises ``AgentError``."""

    async def read_text(self, target: Target, timeout: float) -> str:
        """Return the target's visible text, or a form control's value. Raises ``AgentError``."""

    async def read_table(self, target: Target | None, timeout: float) -> list[dict[str, str]]:
        """Return a table's rows by column header, also of an ARIA grid. Raises ``AgentError``."""

    def logs(self) -> Sequence[Log]:
        """Return the end of what it wrote to its console and asked of the network, without secrets; also once it is closed."""

    async def close(self) -> None:
        """Close the page with its context, proxy and files. Bounded in time; idempotent."""


class Browsers(Protocol):
    """Opens pages, each in a context of its own."""

    async def start(self) -> None:
        """Start what all pages share. Raises ``BrowserError`` that says what to install where no Chromium is found."""

    async def open(self, *, origin: str, start_path: str, cookies: Sequence[Cookie], downloads: Path) -> BrowserPage:
        """Open ``origin + start_path`` in a fresh context that can reach ``origin`` only. Raises ``BrowserError``."""

    async def reap(self) -> int:
        """Remove the files of browsers that dead processes of this installation left; return of how many processes."""

    async def close(self) -> None:
        """Close all pages and browsers. Idempotent."""
