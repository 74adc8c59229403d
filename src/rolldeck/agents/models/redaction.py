"""Keeping a key out of whatever is kept, shown or logged."""

from collections.abc import Iterable

import httpx2

BLOTTED = "[key]"
"""Stands where the key was."""

_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
_SHORTEST = 8  # what is shorter is no secret: local servers are given some word


class Secrets:
    """The secrets of requests: those that are known, and whatever a request carries in the headers for them."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._known = {secret.strip() for secret in known}

    def of(self, request: httpx2.Request) -> "Secrets":
        """Return these, and those of a request (an access token that an SDK fetched itself)."""
        return Secrets({*self._known, *(request.headers.get(name, "").split(" ")[-1] for name in _HEADERS)})

    def blot(self, text: str) -> str:
        """Return a text without them."""
        for secret in self._worth_hiding():
            text = text.replace(secret, BLOTTED)
        return text

    def blot_bytes(self, content: bytes) -> bytes:
        """Return bytes without them."""
        for secret in self._worth_hiding():
            content = content.replace(secret.encode(), BLOTTED.encode())
        return content

    def _worth_hiding(self) -> Iterable[str]:
        return sorted((secret for secret in self._known if len(secret) >= _SHORTEST), key=len, reverse=True)
