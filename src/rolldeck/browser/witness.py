"""What a page wrote to its console and asked of the network: for whoever reads a rollout, never for its agent."""

import re
from collections.abc import Sequence

from playwright.async_api import ConsoleMessage, Page
from playwright.async_api import Error as PlaywrightError

from rolldeck.browser.timed_tail import TimedTail
from rolldeck.domain.log import Log, LogSource, Tail

_SECRET = re.compile(
    r"([?&#;][^=&#;\s]*(?:token|secret|passw|pwd|key|auth|session|code)[^=&#;\s]*=)[^&#;\s]+", re.IGNORECASE
)
_SHORTEST_SECRET = 8  # shorter values are in too many other texts


class Witness:
    """Writes down what a page says. ``network`` is what its proxy writes down; ``secrets`` are values that no log has."""

    def __init__(self, page: Page, network: Tail, secrets: Sequence[str]) -> None:
        self._console = TimedTail()
        self._network = network
        self._secrets = [value for value in secrets if len(value) >= _SHORTEST_SECRET]
        page.on("console", self._hear)
        page.on("pageerror", self._hear_error)

    def logs(self) -> Sequence[Log]:
        """Return both logs as they are now."""
        written = ((LogSource.CONSOLE, self._console), (LogSource.NETWORK, self._network))
        return [
            Log(source=source, name=source.value, text=self._without_secrets(tail.text)) for source, tail in written
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        place = message.location
        where = f" ({place['url']}:{place['lineNumber'] + 1})" if place.get("url") else ""
        self._console.add(f"{message.type}: {message.text}{where}")

    def _hear_error(self, error: PlaywrightError) -> None:
        self._console.add(f"uncaught: {error.stack or error.message}")

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        return _SECRET.sub(r"\1•••", text)
