"""A clipboard of the rollout's own.

The contexts of one Chromium share its clipboard: what an agent copies in one rollout, another could paste. So what a page
copies is noted here as it is copied, and a paste types it in; Chromium's own clipboard is never read. Pages have no
permission to read it by themselves.
"""

from collections.abc import Iterable
from typing import Self

from playwright.async_api import BrowserContext

from rolldeck.browser.scripts import NOTE_COPIES

_PASTES = (
    frozenset({"ControlOrMeta", "v"}),
    frozenset({"ControlOrMeta", "Shift", "v"}),
    frozenset({"Shift", "Insert"}),
)
_MAX_CHARACTERS = 1_000_000


class Clipboard:
    """The text that the pages of one context copied or cut last."""

    def __init__(self) -> None:
        self.text = ""

    @classmethod
    async def of(cls, context: BrowserContext) -> Self:
        """Return a context's clipboard; call it before the context has a page."""
        clipboard = cls()
        await context.expose_binding("rolldeckCopied", lambda _, text: clipboard.note(text))
        await context.add_init_script(NOTE_COPIES)
        return clipboard

    def note(self, text: object) -> None:
        """Keep a text that a page says it copied: the page is hostile, and may say anything."""
        if isinstance(text, str):
            self.text = text[:_MAX_CHARACTERS]


def is_paste(pressed: Iterable[str]) -> bool:
    """Whether keys, as ``keys`` names them, paste when they are down together."""
    return frozenset("v" if key == "V" else key for key in pressed) in _PASTES
