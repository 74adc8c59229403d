"""Who may talk to the server.

Rolldeck listens on a loopback address without a login, so that any page in the user's browser can send it requests.
Two checks keep those out: the host must be ours (else a name that an attacker points at 127.0.0.1 makes the attacker's
page same-origin: DNS rebinding), and what changes something must come from our own pages or from no page at all. So
must WebSockets, which browsers let every page open and read.
"""

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from rolldeck.api.problems import Refused, domain_problem

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared, not bound


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
        reason = self._refusal(scope) if scope["type"] in {"http", "websocket"} else None
        if reason is None:
            await self._app(scope, receive, send)
        else:
            await domain_problem(Refused(reason))(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        if not self._is_ours(_host_name(headers.get("host", ""))):
            return "This server does not answer for that host name: use its own address, or set ROLLDECK_HOST"
        if _is_read_by_its_own_page_only(scope) or _comes_from_here(headers):
            return None
        return "Pages of other origins may not change or follow anything here"

    def _is_ours(self, host: str | None) -> bool:
        # Where all addresses are listened on, any literal address is ours: rebinding needs a name.
        return host is not None and (host in self._hosts or (self._by_address and _is_address(host)))


def _is_read_by_its_own_page_only(scope: Scope) -> bool:
    """Whether a request changes nothing, and its answer is kept from pages of other origins by the browser."""
    return scope["type"] == "http" and scope["method"] in _SAFE_METHODS


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
