"""Who may talk to the server, and what browsers are told not to do with its answers.

Rolldeck listens on a loopback address without a login, so that any page in the user's browser can send it requests.
Two checks keep those out: the host must be ours (else a name that an attacker points at 127.0.0.1 makes the attacker's
page same-origin: DNS rebinding), and what changes something must come from our own pages or from no page at all.
"""

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rolldeck.api.problems import Refused, domain_problem

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound

INERT = "default-src 'none'; frame-ancestors 'none'"
"""Content security policy of an answer that is no page."""


class OriginGuard:
    """Refuses requests for foreign hosts, and changes that pages of foreign origins ask for."""

    def __init__(self, app: ASGIApp, listens_on: str) -> None:
        self._app = app
        self._hosts = _LOOPBACK | {listens_on.lower()}
        if listens_on in _EVERY_ADDRESS:
            self._hosts |= {socket.gethostname().lower(), socket.getfqdn().lower()}
        self._by_address = listens_on in _EVERY_ADDRESS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403."""
        reason = self._refusal(scope) if scope["type"] == "http" else None
        if reason is None:
            await self._app(scope, receive, send)
        else:
            await domain_problem(Refused(reason))(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        if not self._is_ours(_host_name(headers.get("host", ""))):
            return "This server does not answer for that host name: use its own address, or set ROLLDECK_HOST"
        if scope["method"] in _SAFE_METHODS or _comes_from_here(headers):
            return None
        return "Pages of other origins may not change anything here"

    def _is_ours(self, host: str | None) -> bool:
        # Where all addresses are listened on, any literal address is ours: rebinding needs a name.
        return host is not None and (host in self._hosts or (self._by_address and _is_address(host)))


def _comes_from_here(headers: Headers) -> bool:
    """Whether a page of ours or no page at all sent the request, by what browsers say and pages cannot forge."""
    fetch_site = headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or _netloc(origin) == headers.get("host", "").lower()


def _netloc(origin: str) -> str | None:
    """Return host and port of an origin in lower case; None for what is none, such as ``null``."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if parts.scheme in {"http", "https"} else None


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


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
                headers.setdefault("Content-Security-Policy", self._policy(path, headers))
                add_safe_headers(headers)
            await send(message)

        await self._app(scope, receive, send_safely)

    def _policy(self, path: str, headers: MutableHeaders) -> str:
        if not headers.get("content-type", "").startswith("text/html"):
            return INERT
        return self._page_policies.get(path, self._page_policies.get("404", INERT))


def add_safe_headers(headers: MutableHeaders) -> None:
    """Add the headers that are the same for every answer."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"


def _caching(path: str, status: int) -> str:
    if path.startswith("/_next/static/") and status == 200:
        return "public, max-age=31536000, immutable"  # their names hold a hash of their content
    return "no-store" if path.startswith("/api/") else "no-cache"
