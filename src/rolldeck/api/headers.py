"""What browsers are told not to do with the server's answers."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INERT = "default-src 'none'; frame-ancestors 'none'"
"""Content security policy of an answer that is no page."""

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""What is the same for every answer."""


class SafeHeaders:
    """Gives every answer the headers that keep browsers from doing more with it than we mean.

    ``page_policies`` has the content security policy of each page by its path, with the key ``404`` for all others.
    """

    def __init__(self, app: ASGIApp, page_policies: Mapping[str, str]) -> None:
        self._app = app
        self._page_policies = page_policies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add headers to the answer's own."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", _caching(path, message["status"]))
                if message["status"] != HTTPStatus.NOT_MODIFIED:  # its headers replace those of the answer that is kept
                    headers.setdefault("Content-Security-Policy", self._policy(path, headers))
                headers.update(SAFE_HEADERS)
            await send(message)

        await self._app(scope, receive, send_safely)

    def _policy(self, path: str, headers: MutableHeaders) -> str:
        if not headers.get("content-type", "").startswith("text/html"):
            return INERT
        return self._page_policies.get(path, self._page_policies.get("404", INERT))


def _caching(path: str, status: int) -> str:
    if path.startswith("/_next/static/") and status == 200:
        return "public, max-age=31536000, immutable"  # their names hold a hash of their content
    return "no-store" if path.startswith("/api/") else "no-cache"
