"""A server with the worker processes that it supervises."""

import asyncio
import contextlib
import errno
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from rolldeck.api.app import create_app
from rolldeck.api.services import Services
from rolldeck.browser.chromium import find_chromium
from rolldeck.cli.running import let_signals_end_the_process, reacting, say
from rolldeck.domain.errors import InvalidInput
from rolldeck.execution.lease import watch_leases
from rolldeck.execution.orphans import SWEEP_SECONDS, OrphanedFiles
from rolldeck.execution.reaping import Reaping
from rolldeck.execution.supervisor import OnTold, Supervisor
from rolldeck.live.frames import LiveFrames
from rolldeck.live.wire import Told
from rolldeck.wiring import Deck

_PORTS_TRIED = 20
_GRACE_SECONDS = 2  # for answers that are still being sent, such as a video, when the server stops
_LARGEST_REQUEST = 64 * 1024  # bytes of a message that a page sends over a WebSocket
_STAY_QUEUED = "What is queued stays queued, and goes on at the next start."


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
    # asyncio sends small answers at once (TCP_NODELAY) only where the protocol is named.
    listener = socket.socket(family, kind, socket.IPPROTO_TCP)
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


class Serving:
    """A server that answers, and its workers."""

    def __init__(self, address: str, supervisor: Supervisor, drain_seconds: float) -> None:
        self.address = address
        self.interrupted = False
        self.ended = asyncio.Event()
        """Set when it was told to end, and when a part of it ended by itself, whose error ``serving`` raises then."""
        self._supervisor = supervisor
        self._drain_seconds = drain_seconds
        self._releasing = False
        self._stops: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        """Tell the workers to look into the queue now."""
        self._supervisor.wake()

    def obey(self, number: signal.Signals) -> None:
        """End: on SIGTERM when what runs has ended, on others and a second one as soon as all is cleaned up, then at once."""
        self.interrupted = True
        self.ended.set()
        if not self._stops and number is signal.SIGTERM and self._drain_seconds > 0:
            say(f"Stopping: what runs may go on for {self._drain_seconds:g} s. {_STAY_QUEUED} Once more is faster.")
            self._stop(self._drain_seconds)
        elif not self._releasing:
            self._releasing = True
            say(f"\nStopping: what runs is given back to the queue. {_STAY_QUEUED} Once more stops at once.")
            self._stop(0)
        else:
            for stop in self._stops:
                stop.cancel()
            let_signals_end_the_process()

    def _stop(self, grace: float) -> None:
        self._stops.append(asyncio.create_task(self._supervisor.stop(grace)))

    async def until_workers_ended(self) -> None:
        """Wait until no worker is left; they are stopped where they were not yet."""
        if not self._stops:
            self._stop(0)
        while stopping := [stop for stop in self._stops if not stop.done()]:
            await asyncio.wait(stopping)
        for stop in self._stops:
            if not stop.cancelled():
                stop.result()


@asynccontextmanager
async def serving(deck: Deck, listener: socket.socket) -> AsyncIterator[Serving]:
    """Serve, with workers, until the block ends; then they release what they run, unless a signal said otherwise.

    Raises ``BrowserError`` where workers are wanted and could open no page.
    """
    settings = deck.settings
    if settings.workers:
        await asyncio.to_thread(find_chromium, settings.chromium)
    supervisor = Supervisor(
        _worker_command,
        count=settings.workers,
        give_up=deck.losses.give_up,
        variables={**os.environ, **settings.as_variables()},
    )
    services = deck.services(supervisor.wake, LiveFrames(supervisor.watch))
    server = _Server(services)
    served = Serving(address_of(listener), supervisor, settings.drain_seconds)
    parts = {
        asyncio.create_task(server.serve(sockets=[listener]), name="server"),
        asyncio.create_task(_watch(deck), name="lease watch"),
        asyncio.create_task(_sweep(deck), name="orphaned files"),
    }
    for part in parts:
        part.add_done_callback(lambda _: served.ended.set())
    with reacting(served.obey):
        try:
            await _first(server.ready, served.ended)
            deck.announce(served.address)
            if not served.ended.is_set():
                supervisor.start(_passing_on_to(services))
            yield served
        finally:
            await served.until_workers_ended()
            await _end(parts, server)


@asynccontextmanager
async def serving_alone(services: Services, listener: socket.socket) -> AsyncIterator[str]:
    """Serve without workers of its own until the block ends; gives the address. For rollouts that this process executes."""
    server = _Server(services)
    part = asyncio.create_task(server.serve(sockets=[listener]), name="server")
    try:
        await _first(server.ready)
        yield address_of(listener)
    finally:
        await _end({part}, server)


def _passing_on_to(services: Services) -> OnTold:
    """Return who passes on what workers tell to those who follow and watch."""

    def pass_on(told: Told) -> None:
        if told.rollout_id is None:
            services.feed.wake()
        else:
            services.frames.show(told.rollout_id, told.jpeg)

    return pass_on


def _worker_command(worker_id: str) -> Sequence[str]:
    return [sys.executable, "-m", "rolldeck.cli.main", "worker", "--supervised", "--id", worker_id]


async def _watch(deck: Deck) -> None:
    await watch_leases(deck.losses, deck.database.workers, lease_seconds=deck.settings.lease_seconds)


async def _sweep(deck: Deck) -> None:
    sweeping = Reaping(OrphanedFiles(deck.database.rollouts, deck.artifacts).reap, period_seconds=SWEEP_SECONDS)
    sweeping.wake()  # the first time now
    await sweeping.go_on()


async def _end(parts: set[asyncio.Task[None]], server: "_Server") -> None:
    """End what goes on until then; raises the error of what had ended by itself."""
    server.should_exit = True
    for part in parts:
        if part.get_name() != "server":
            part.cancel()
    await asyncio.wait(parts)
    for part in parts:
        if not part.cancelled():
            part.result()


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers, which would end the process before rollouts are cleaned up."""

    def __init__(self, services: Services) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(services),
                ws_max_size=_LARGEST_REQUEST,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # All that is loaded stays: every look through it for garbage would hold all answers up for 0.1 s.
        gc.collect()
        gc.freeze()
        self.ready.set()


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
