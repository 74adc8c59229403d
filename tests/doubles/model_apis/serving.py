"""Serving a model API's double on loopback, and the trouble that it can make."""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp

Trouble = Callable[[Request], Awaitable[Response]]
"""Answers one request instead of the model."""


class Violation(Exception):
    """A request that breaks the protocol; the text says how."""


@dataclass
class Desk:
    """What a test says to a double, and what it finds out from it.

    ``reader`` answers single questions, which have no page and no tools; ``questions`` are those. ``troubles`` answer the next requests, in their order, before the model does. ``violations`` are the protocol's rules
    that a request broke; the double refuses it, too.
    """

    key: str
    reader: Callable[[str], str] = lambda _: '{"found": false, "answer": ""}'
    questions: list[str] = field(default_factory=list)
    troubles: deque[Trouble] = field(default_factory=deque)
    violations: list[str] = field(default_factory=list)
    requests: list[Mapping[str, object]] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """Project and location of each request, where the API has those."""

    def answer(self, question: str) -> str:
        """Return what the model replies to a single question."""
        self.questions.append(question)
        return self.reader(question)

    async def trouble(self, request: Request) -> Response | None:
        """Return the answer that the next trouble makes, None where there is none."""
        return await self.troubles.popleft()(request) if self.troubles else None


def refusing(
    status: int, message: str = "no", headers: Mapping[str, str] | None = None, details: object = None
) -> Trouble:
    """Return a trouble: an error in the form that all providers have."""

    async def answer(_: Request) -> Response:
        error = {"code": status, "message": message, "status": "ERROR"} | ({"details": details} if details else {})
        return JSONResponse({"error": error}, status, dict(headers or {}))

    return answer


def saying(content: bytes, status: int = 200) -> Trouble:
    """Return a trouble: these bytes."""

    async def answer(_: Request) -> Response:
        return Response(content, status, media_type="application/json")

    return answer


async def hanging(request: Request) -> Response:
    """Never answer."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.01)
    return Response()


async def cut_off(_: Request) -> Response:
    """Answer with half of a message, then close the connection."""

    async def half() -> AsyncIterator[bytes]:
        yield b'{"candidates": [{"con'
        raise ConnectionResetError

    return StreamingResponse(half(), headers={"content-length": "1000"}, media_type="application/json")


async def echoing_key(request: Request) -> Response:
    """Refuse the key, and repeat it, as careless servers do."""
    secrets = [value for name, value in request.headers.items() if "key" in name or name == "authorization"]
    return JSONResponse({"error": {"message": f"the key {' '.join(secrets)} is not valid"}}, 401)


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serve in this event loop, without uvicorn's own one, which ends slowly and takes signals; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup(sockets=[listener])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.force_exit = True  # clients may keep their connections
            await server.shutdown(sockets=[listener])
