"""The server and the worker together, in this process."""

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import uvicorn

from rolldeck.api.app import create_app
from rolldeck.cli.running import say
from rolldeck.domain.errors import InvalidInput
from rolldeck.execution.worker import Worker
from rolldeck.settings import Settings
from rolldeck.wiring import Deck

_PORTS_TRIED = 20
_GRACE_SECONDS = 2  # for answers that are still being sent, such as a video, when the server stops


@contextmanager
def listening(host: str, port: int, *, must_be_free: bool) -> Iterator[socket.socket]:
    """Bind a socket: to the port, or where that is taken and may be, to the next free one.

    Raises ``InvalidInput`` where the address is not of this machine, or a port that must be free is taken.
    """
    candidates = [port] if must_be_free or port == 0 else [*range(port, min(port + _PORTS_TRIED, 65536)), 0]
    for candidate in candidates:
        try:
            listener = _bind(host, candidate)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                continue
            raise InvalidInput(f"cannot listen on {host}, port {candidate}: {error.strerror}") from error
        with listener:
            if candidate != port:
                say(f"Port {port} is taken: using {listener.getsockname()[1]}.")
            yield listener
            return
    raise InvalidInput(f"port {port} is taken: stop what uses it, or name another one (0: any free one)")


def _bind(host: str, port: int) -> socket.socket:
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> str:
    """Return where a person on this machine finds the server."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@dataclass(frozen=True)
class Serving:
    """A server that answers, and the worker beside it, which begins when all that it needs is started."""

    address: str
    worker: Worker
    ended: asyncio.Event
    """Set when the server or the worker has ended by itself; the error is raised at the end of ``serving``."""


@asynccontextmanager
async def serving(deck: Deck, listener: socket.socket, settings: Settings) -> AsyncIterator[Serving]:
    """Serve and work until the block ends; then rollouts are cancelled and all is cleaned up."""
    worker = Worker(deck.adapters, parallel=settings.parallel)
    server = _Server(deck, worker)
    ended = asyncio.Event()
    answering = asyncio.create_task(server.serve(sockets=[listener]))
    working = asyncio.create_task(_start_and_work(deck, worker))
    for task in (answering, working):
        task.add_done_callback(lambda _: ended.set())
    try:
        await _first(server.ready, ended)
        address = address_of(listener)
        deck.installation.announce(address)
        yield Serving(address, worker, ended)
    finally:
        server.should_exit = True
        worker.stop(drain=False)
        await asyncio.wait({answering, working})
        for task in (answering, working):
            task.result()


async def _start_and_work(deck: Deck, worker: Worker) -> None:
    await deck.start()
    await worker.run()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which would end the process before rollouts are cleaned up."""

    def __init__(self, deck: Deck, worker: Worker) -> None:
        app = create_app(deck.services(wake_worker=worker.wake))
        super().__init__(
            uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE_SECONDS)
        )
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
