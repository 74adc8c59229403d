"""The only way out of a rollout's browser: an HTTP proxy that reaches one origin and nothing else.

HTTP is parsed and written anew with h11 in both directions, so that nothing passes that was not understood: a request
smuggled behind another is a request of its own here, and is refused as any other.
"""

import asyncio
import contextlib
import html
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, urlsplit

import h11

from rolldeck.browser.timed_tail import TimedTail

_CHUNK = 64 * 1024
_MAX_HEAD = 64 * 1024
_MAX_REFUSED_BODY = 1024 * 1024
_CONNECT_SECONDS = 10
_MAX_BLOCKED_KEPT = 200
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80}
_HOP_BY_HOP = frozenset(
    {b"connection", b"expect", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"}
    | {b"te", b"upgrade"}
)

Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Address:
    """Where a connection goes: a host as it was written (in lower case) and a port."""

    host: str
    port: int


@dataclass(frozen=True)
class Blocked:
    """A request that was refused, and when (seconds since the epoch)."""

    method: str
    target: str
    at: float


class EgressProxy:
    """Listens on a free port of 127.0.0.1 and forwards to one origin; everything else gets a 403 that says why.

    ``blocked`` holds the newest refused requests, ``blocked_count`` counts all of them. ``log`` has a line for each request.
    """

    def __init__(self, origin: str) -> None:
        """``origin`` is scheme, host and port, e.g. ``http://127.0.0.1:8088``. Raises ``ValueError`` for another form."""
        allowed = _address(urlsplit(origin))
        if allowed is None:
            raise ValueError(f"not an origin: {origin}")
        self._origin = origin
        self._host = (b"host", urlsplit(origin).netloc.encode("ascii"))
        self._allowed = allowed
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.traffic = Traffic()
        self.blocked: deque[Blocked] = deque(maxlen=_MAX_BLOCKED_KEPT)
        self.blocked_count = 0
        self.log = TimedTail()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=_CHUNK)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def url(self) -> str:
        """The proxy's own address, for the browser."""
        if self._server is None:
            raise RuntimeError("the egress proxy is not started")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening and cut all connections. Idempotent."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(_Peer(h11.SERVER, reader, writer))
        except (OSError, EOFError, h11.ProtocolError):
            pass  # one of the two hung up, or spoke no HTTP: closing is all there is to do
        finally:
            writer.close()

    async def _converse(self, client: "_Peer") -> None:
        """Answer the requests of one connection, over one connection to the origin."""
        upstream: _Peer | None = None
        try:
            while isinstance(request := await client.receive(), h11.Request):
                path = self._permitted_path(request)
                if path is None:
                    await self._refuse(client, request)
                elif (upstream := upstream or await self._connect()) is None:
                    self._note(request, "nothing listens there")
                    await client.answer_page(
                        502, "The environment does not answer", f"Nothing listens at {self._origin}."
                    )
                elif request.method == b"CONNECT":
                    self._note(request, "tunnel for a WebSocket")
                    await _open_tunnel(client, upstream)
                    return
                else:
                    await self._forward(client, upstream, request, path)
                if not client.next_cycle():
                    return
                if upstream is not None and (upstream.reader.at_eof() or not upstream.next_cycle()):
                    upstream.writer.close()
                    upstream = None
        finally:
            if upstream is not None:
                upstream.writer.close()

    def _permitted_path(self, request: h11.Request) -> bytes | None:
        """What to ask the origin for (nothing, for a tunnel to it); None where the request goes elsewhere."""
        target = request.target.decode("ascii")
        if request.method == b"CONNECT":
            return b"" if _address(_split(f"tunnel://{target}")) == self._allowed else None
        url = _split(target)
        if (
            url is None
            or url.scheme not in {"http", "ws"}
            or url.username is not None
            or _address(url) != self._allowed
        ):
            return None
        return f"{url.path or '/'}{f'?{url.query}' if url.query else ''}".encode("ascii")

    async def _refuse(self, client: "_Peer", request: h11.Request) -> None:
        method, target = request.method.decode("ascii"), request.target.decode("ascii")[:500]
        self.blocked_count += 1
        self.blocked.append(Blocked(method, target, time.time()))
        self._note(request, "refused: outside of the environment")
        await client.drop_body()
        reason = f"{target} is outside of this environment. Only {self._origin} can be reached from here."
        await client.answer_page(403, "Not reachable from here", reason)

    async def _connect(self) -> "_Peer | None":
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(self._allowed.host, self._allowed.port, limit=_CHUNK)
        except OSError:  # TimeoutError is one
            return None
        return _Peer(h11.CLIENT, reader, writer)

    async def _forward(self, client: "_Peer", upstream: "_Peer", request: h11.Request, path: bytes) -> None:
        with self.traffic.exchange() as exchange:
            await client.grant_body()
            headers = [self._host, *((name, value) for name, value in _passed_on(request.headers) if name != b"host")]
            await upstream.send(h11.Request(method=request.method, target=path, headers=headers))
            body = asyncio.create_task(_pass_body(client, upstream))
            try:
                switched = await self._pass_answer(upstream, client, exchange)
            finally:
                # An answer may come before the body's end; the connections then cannot be used again, and are closed.
                body.cancel()
                await asyncio.gather(body, return_exceptions=True)
                self._note(request, exchange.told())
        if switched:
            await _tunnel(client, upstream)

    def _note(self, request: h11.Request, outcome: str) -> None:
        """Write a request and what came of it into the log; of an address in the environment without its origin."""
        target = request.target.decode("ascii").removeprefix(self._origin)
        self.log.add(f"{request.method.decode('ascii')} {target} → {outcome}")

    async def _pass_answer(self, upstream: "_Peer", client: "_Peer", exchange: "Exchange") -> bool:
        """Pass the answer on as it arrives; True where the origin switched to another protocol (a WebSocket)."""
        while True:
            event = await upstream.receive()
            exchange.touch()
            match event:
                case h11.InformationalResponse(status_code=101):
                    exchange.status = event.status_code
                    await client.send(h11.InformationalResponse(status_code=101, headers=_passed_on(event.headers)))
                    return True
                case h11.InformationalResponse():
                    continue
                case h11.Response():
                    exchange.status = event.status_code
                    if _is_endless(event.headers):
                        exchange.end()
                    await client.send(
                        h11.Response(
                            status_code=event.status_code, reason=event.reason, headers=_passed_on(event.headers)
                        )
                    )
                case h11.Data():
                    exchange.size += len(event.data)
                    await client.send(h11.Data(data=event.data))
                case h11.EndOfMessage():
                    await client.send(h11.EndOfMessage())
                    return False
                case _:
                    raise EOFError("the origin hung up before its answer")


class Exchange:
    """One request that is being answered: with ``status``, in ``size`` bytes so far."""

    def __init__(self, traffic: "Traffic") -> None:
        self._traffic = traffic
        self.since = time.monotonic()
        self.status: int | None = None
        self.size = 0

    def told(self) -> str:
        """Return what came of it, in words."""
        took = f"after {(time.monotonic() - self.since) * 1000:.0f} ms"
        return f"no answer {took}" if self.status is None else f"{self.status}, {self.size} bytes {took}"

    def touch(self) -> None:
        """Note that bytes arrived that are waited for."""
        if self in self._traffic.open:
            self._traffic.last_activity = time.monotonic()

    def end(self) -> None:
        """No longer wait for it: it is answered, or its answer (an event stream) never ends. Idempotent."""
        self._traffic.open.discard(self)


class Traffic:
    """What the proxy is doing: how a page's network is known to be quiet."""

    def __init__(self) -> None:
        self.open: set[Exchange] = set()
        self.last_activity = time.monotonic()

    @contextlib.contextmanager
    def exchange(self) -> Iterator[Exchange]:
        """Count a request as being answered."""
        exchange = Exchange(self)
        self.open.add(exchange)
        try:
            yield exchange
        finally:
            exchange.touch()
            exchange.end()

    def quiet_seconds(self, *, patience: float) -> float:
        """Seconds since the last bytes of an answer; 0 while one is awaited that was asked within ``patience``."""
        now = time.monotonic()
        if any(now - exchange.since < patience for exchange in self.open):
            return 0.0
        return now - self.last_activity


class _Peer:
    """One side of the conversation: its connection, and the HTTP spoken on it."""

    def __init__(
        self, role: type[h11.CLIENT | h11.SERVER], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.http = h11.Connection(role, max_incomplete_event_size=_MAX_HEAD)
        self.reader = reader
        self.writer = writer

    async def receive(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return what the peer said next. Raises ``h11.RemoteProtocolError`` for what is not HTTP."""
        while (event := self.http.next_event()) is h11.NEED_DATA:
            self.http.receive_data(await self.reader.read(_CHUNK))
        return event

    async def send(self, event: h11.Event) -> None:
        """Say something to the peer, at the speed at which it listens."""
        data = self.http.send(event)
        if data:
            self.writer.write(data)
            await self.writer.drain()

    async def grant_body(self) -> None:
        """Let a client that asked for leave (``Expect: 100-continue``) send its body."""
        if self.http.they_are_waiting_for_100_continue:
            await self.send(h11.InformationalResponse(status_code=100, headers=[]))

    async def drop_body(self) -> None:
        """Read a refused request to its end, so that the answer is not lost to a reset connection."""
        size = 0
        while isinstance(event := await self.receive(), h11.Data):
            size += len(event.data)
            if size > _MAX_REFUSED_BODY:
                return

    async def answer_page(self, status: int, title: str, text: str) -> None:
        """Answer with a small page."""
        page = f"<!doctype html><title>{title}</title><h1>{title}</h1><p>{html.escape(text)}</p>".encode()
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(page))),
            ("Cache-Control", "no-store"),
        ]
        await self.send(h11.Response(status_code=status, headers=headers))
        await self.send(h11.Data(data=page))
        await self.send(h11.EndOfMessage())

    def next_cycle(self) -> bool:
        """Make ready for another request on this connection; False where it cannot carry one."""
        if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
            return False
        self.http.start_next_cycle()
        return True


def _split(target: str) -> SplitResult | None:
    try:
        return urlsplit(target)
    except ValueError:
        return None


def _address(url: SplitResult | None) -> Address | None:
    """The address a URL names, or None for one that names none."""
    if url is None or not url.hostname:
        return None
    try:
        port = url.port
    except ValueError:
        return None
    if port is None:
        port = _DEFAULT_PORTS.get(url.scheme)
    return None if port is None else Address(url.hostname, port)


def _passed_on(headers: Headers) -> list[tuple[bytes, bytes]]:
    """The headers meant for the other end; of those between two neighbours only a wish to switch to a WebSocket."""
    headers = list(headers)
    named = {token.strip().lower() for name, value in headers if name == b"connection" for token in value.split(b",")}
    passed = [(name, value) for name, value in headers if name not in _HOP_BY_HOP and name not in named]
    upgrade = [(name, value) for name, value in headers if name == b"upgrade" and value.lower() == b"websocket"]
    return [*passed, *upgrade, (b"connection", b"upgrade")] if upgrade else passed


def _is_endless(headers: Headers) -> bool:
    return any(name == b"content-type" and value.lower().startswith(b"text/event-stream") for name, value in headers)


async def _pass_body(client: _Peer, upstream: _Peer) -> None:
    while isinstance(event := await client.receive(), h11.Data):
        await upstream.send(h11.Data(data=event.data))
    if isinstance(event, h11.EndOfMessage):
        await upstream.send(h11.EndOfMessage())


async def _open_tunnel(client: _Peer, upstream: _Peer) -> None:
    await client.drop_body()
    await client.send(h11.Response(status_code=200, reason=b"Connection established", headers=[]))
    await _tunnel(client, upstream)


async def _tunnel(client: _Peer, upstream: _Peer) -> None:
    """Pass bytes both ways until one side hangs up."""
    directions = {asyncio.create_task(_pipe(client, upstream)), asyncio.create_task(_pipe(upstream, client))}
    try:
        await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for direction in directions:
            direction.cancel()
        await asyncio.gather(*directions, return_exceptions=True)


async def _pipe(source: _Peer, sink: _Peer) -> None:
    data, _ = source.http.trailing_data
    while data or (data := await source.reader.read(_CHUNK)):
        sink.writer.write(data)
        await sink.writer.drain()
        data = b""
