"""Addresses: what a person who types one means, and which of them belong to the environment."""

import re
from urllib.parse import urlsplit

from rolldeck.browser.no_effect import NoEffect


def resolve(address: str, origin: str) -> str:
    """The absolute address that a person means who types ``address``. Raises ``NoEffect`` where it leaves the origin."""
    text = address.strip()
    if text.startswith("/") and not text.startswith("//"):
        url = origin + text
    elif re.match(r"https?://", text, re.IGNORECASE):
        url = text
    elif re.match(
        r"(localhost|\[[0-9a-f:]+\]|[\w-]+(\.[\w-]+)+)(:\d+)?([/?#]|$)|[\w-]+:\d+([/?#]|$)", text, re.IGNORECASE
    ):
        url = f"{urlsplit(origin).scheme}://{text}"
    elif re.match(r"[a-z][a-z0-9+.-]*:", text, re.IGNORECASE) or text.startswith("//"):
        raise NoEffect(f"{text} cannot be opened here: only addresses of {origin} can")
    else:
        url = f"{origin}/{text}"
    if not is_within(url, origin):
        raise NoEffect(f"{text} is outside of this environment: only addresses of {origin} can be opened")
    return url


def is_within(url: str, origin: str) -> bool:
    """Whether an absolute address is one of the origin."""
    try:
        one, other = urlsplit(url), urlsplit(origin)
        ports = {"http": 80, "https": 443}
        return (one.scheme, one.hostname, one.port or ports[one.scheme]) == (
            other.scheme,
            other.hostname,
            other.port or ports[other.scheme],
        )
    except (ValueError, KeyError):
        return False
