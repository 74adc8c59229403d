"""The way to a model's API."""

from collections.abc import Callable
from functools import cache
from ssl import SSLContext
from typing import cast

import httpx2

from rolldeck.agents.models.answers import Answer

_MOST_BYTES = 64_000_000
_KEPT_HEADERS = ("content-type", "retry-after", "retry-after-ms", "x-should-retry", "x-request-id", "request-id")


class Network:
    """Sends requests, through the proxies that the system's variables name; keeps connections while it is open."""

    def __init__(self) -> None:
        self._client = httpx2.AsyncClient(verify=ssl_context(), timeout=None)

    async def __call__(self, request: httpx2.Request) -> Answer:
        """Return the answer, read to its end. Raises ``httpx2.RequestError``."""
        response = await self._client.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise httpx2.ReadError(f"the answer is longer than {_MOST_BYTES:,} bytes", request=request)
        finally:
            await response.aclose()
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        return Answer(response.status_code, headers, bytes(body))

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        await self._client.aclose()


@cache
def ssl_context() -> SSLContext:
    """Return what connections are verified with. Read once: it takes tens of milliseconds."""
    create = cast("Callable[[], SSLContext]", httpx2.create_ssl_context)  # its package hides the type
    return create()
