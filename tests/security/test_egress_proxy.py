"""The egress proxy itself, spoken to byte by byte, as no browser would."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from rolldeck.browser.egress_proxy import EgressProxy


@dataclass
class Echo:
    """Stands for the environment: answers each request with what it was asked, and keeps it."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                lower = request.lower()
                if b"content-length: 5" in lower:
                    request += await reader.readexactly(5)
                elif b"transfer-encoding: chunked" in lower:
                    request += await reader.readuntil(b"0\r\n\r\n")
                self.requests.append(request)
                if b"upgrade: websocket" in lower:
                    writer.write(
                        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
                    )
                    writer.write(b"<" + await reader.readexactly(4) + b">")
                    return
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()


@pytest.fixture
async def environment() -> AsyncIterator[Echo]:
    echo = Echo()
    async with await asyncio.start_server(echo.accept, "127.0.0.1", 0) as server:
        echo.port = server.sockets[0].getsockname()[1]
        yield echo


@pytest.fixture
async def proxy(environment: Echo) -> AsyncIterator[EgressProxy]:
    async with EgressProxy(f"http://127.0.0.1:{environment.port}") as running:
        yield running


async def say(proxy: EgressProxy, data: bytes) -> bytes:
    """Send bytes to the proxy, say no more, and return all that it answers until it hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))
    async with asyncio.timeout(10):
        writer.write(data)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
    return answer


def get(url: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {url} HTTP/1.1", "Host: anything", *headers, "", ""]).encode()


async def test_the_origin_is_reached_with_its_path_and_query(proxy: EgressProxy, environment: Echo) -> None:
    answer = await say(proxy, get(f"http://127.0.0.1:{environment.port}/path?a=1&b=%20"))
    assert answer.startswith(b"HTTP/1.1 200")
    assert environment.requests[0].startswith(b"GET /path?a=1&b=%20 HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{environment.port}\r\n".encode() in environment.requests[0].lower()


async def test_one_connection_carries_several_requests(proxy: EgressProxy, environment: Echo) -> None:
    one = get(f"http://127.0.0.1:{environment.port}/1")
    other = get(f"http://127.0.0.1:{environment.port}/2")
    assert (await say(proxy, one + other)).count(b"HTTP/1.1 200") == 2
    assert len(environment.requests) == 2


async def test_bodies_pass_by_length_and_in_chunks(proxy: EgressProxy, environment: Echo) -> None:
    url = f"http://127.0.0.1:{environment.port}/"
    await say(proxy, f"POST {url} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello".encode())
    await say(
        proxy, f"POST {url} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".encode()
    )
    assert environment.requests[0].endswith(b"\r\n\r\nhello")
    assert b"hello" in environment.requests[1]


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{other}/",
        "http://127.0.0.1/",
        "http://localhost:{port}/",
        "http://[::1]:{port}/",
        "http://127.1:{port}/",
        "http://2130706433:{port}/",
        "http://0.0.0.0:{port}/",
        "http://127.0.0.1:{port}@example.com/",
        "http://user@127.0.0.1:{port}/",
        "http://example.com:{port}/",
        "https://127.0.0.1:{port}/",
        "ftp://127.0.0.1:{port}/",
        "file:///etc/passwd",
        "http://127.0.0.1:{port}x/",
        "http://127.0.0.1:99999/",
        "/path",
        "*",
        "http://[",
    ],
)
async def test_every_other_target_is_refused_with_a_page_that_says_why(
    proxy: EgressProxy, environment: Echo, target: str
) -> None:
    url = target.format(port=environment.port, other=environment.port + 1)
    answer = await say(proxy, get(url))
    assert answer.startswith(b"HTTP/1.1 403"), answer
    assert b"outside of this environment" in answer
    assert environment.requests == []
    assert (proxy.blocked_count, proxy.blocked[-1].target) == (1, url)


async def test_the_refusal_page_does_not_repeat_markup(proxy: EgressProxy) -> None:
    answer = await say(proxy, get("http://evil.example/<script>alert(1)</script>"))
    assert b"403" in answer
    assert b"<script>" not in answer


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost:{port}", "[::1]:{port}", "example.com:443", "127.0.0.1"])
async def test_tunnels_elsewhere_are_refused(proxy: EgressProxy, environment: Echo, host: str) -> None:
    target = host.format(port=environment.port)
    answer = await say(proxy, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403")


async def test_a_tunnel_to_the_origin_is_open(proxy: EgressProxy, environment: Echo) -> None:
    target = f"127.0.0.1:{environment.port}"
    inner = b"GET /inside HTTP/1.1\r\nHost: x\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))
    writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode() + inner)
    async with asyncio.timeout(10):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_websocket_passes_in_both_directions(proxy: EgressProxy, environment: Echo) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))
    url = f"http://127.0.0.1:{environment.port}/socket"
    writer.write(get(url, "Upgrade: websocket", "Connection: keep-alive, Upgrade") + b"ping")
    async with asyncio.timeout(10):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        assert await reader.readexactly(6) == b"<ping>"
    writer.close()


async def test_a_request_smuggled_behind_another_is_refused_as_any_other(proxy: EgressProxy, environment: Echo) -> None:
    first = get(f"http://127.0.0.1:{environment.port}/")
    answer = await say(proxy, first + get("http://127.0.0.1:1/smuggled"))
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.count(b"HTTP/1.1 403") == 1


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: xchunked",
        "Content-Length: -1",
        "Bad Header: x",
        "X: a\x00b",
    ],
)
async def test_ambiguous_requests_never_reach_the_origin(proxy: EgressProxy, environment: Echo, lines: str) -> None:
    url = f"http://127.0.0.1:{environment.port}/"
    await say(proxy, f"POST {url} HTTP/1.1\r\nHost: x\r\n{lines}\r\n\r\nhello".encode())
    assert environment.requests == []


async def test_headers_between_neighbours_are_not_passed_on(proxy: EgressProxy, environment: Echo) -> None:
    url = f"http://127.0.0.1:{environment.port}/"
    await say(
        proxy, get(url, "Proxy-Authorization: Basic eDp5", "Connection: X-Private", "X-Private: 1", "X-Public: 2")
    )
    request = environment.requests[0].lower()
    assert b"x-public: 2" in request
    assert b"proxy-authorization" not in request
    assert b"x-private" not in request


async def test_an_endless_head_is_cut_off(proxy: EgressProxy, environment: Echo) -> None:
    url = f"http://127.0.0.1:{environment.port}/"
    with contextlib.suppress(ConnectionError):
        await say(proxy, get(url, *(f"X-{number}: {'x' * 1000}" for number in range(200))))
    assert environment.requests == []


async def test_the_list_of_blocked_requests_is_bounded(proxy: EgressProxy) -> None:
    await say(proxy, get("http://example.com/") * 300)
    assert (len(proxy.blocked), proxy.blocked_count) == (200, 300)


async def test_an_origin_that_does_not_answer_is_a_bad_gateway() -> None:
    async with EgressProxy("http://127.0.0.1:9") as proxy:
        assert (await say(proxy, get("http://127.0.0.1:9/"))).startswith(b"HTTP/1.1 502")


async def test_closing_cuts_open_connections(environment: Echo) -> None:
    async with EgressProxy(f"http://127.0.0.1:{environment.port}") as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(proxy.url.rsplit(":", 1)[1]))
        writer.write(get("http://example.com/"))
        await reader.readuntil(b"\r\n\r\n")
        await proxy.close()
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                await reader.read()
        await proxy.close()
        writer.close()


@pytest.mark.parametrize("origin", ["", "nonsense", "ftp://127.0.0.1", "http://127.0.0.1:99999"])
def test_what_is_no_origin_is_not_accepted(origin: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        EgressProxy(origin)
