"""Telling others that a batch has ended, against a server of this machine."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from rolldeck.domain.batch import AgentChoice, BatchSpec
from rolldeck.domain.task import Task
from rolldeck.events.webhooks import DELAYS, HOLD, Targets, Webhooks, origin_of, signature
from rolldeck.storage.database import Database

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


class Clock:
    """The time, which passes when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Listener:
    """An HTTP server that keeps what it is told, and answers with ``status``."""

    def __init__(self) -> None:
        self.status = 204
        self.told: list[tuple[dict[str, str], str]] = []
        self.url = ""

    @contextmanager
    def serving(self) -> Iterator[None]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                listener.told.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(listener.status)
                self.send_header("location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/hook?key=s3cret"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    with made.serving():
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path, clock: Clock) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "rolldeck.db", now=clock)
    await opened.tasks.upload([Task(id="1", task="One?", answer=1)])
    yield opened
    await opened.close()


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(follow_redirects=False) as made:
        yield made


async def end_a_batch(database: Database, **wanted: Any) -> str:
    spec = BatchSpec(task_ids=("1",), agents=(AgentChoice(agent="noop"),), repeats=2, **wanted)
    batch = (await database.batches.create(spec, {})).batch
    await database.batches.cancel(batch.id)
    return batch.id


def webhooks(database: Database, clock: Clock, **targets: Any) -> Webhooks:
    return Webhooks(database.deliveries, Targets(**targets), version="1", now=clock)


async def test_an_end_is_told_once_signed_by_whichever_of_the_servers(
    database: Database, clock: Clock, listener: Listener, client: httpx2.AsyncClient
) -> None:
    batch_id = await end_a_batch(database, name="nightly", tags=("a",))
    servers = [webhooks(database, clock, url=SecretStr(listener.url), secret=SecretStr(SECRET)) for _ in range(4)]
    assert sorted(await asyncio.gather(*(server.send_next(client) for server in servers))) == [False] * 3 + [True]
    ((headers, body),) = listener.told
    told = json.loads(body)
    assert (told["type"], told["batch"]["id"], told["batch"]["tags"]) == ("batch.ended", batch_id, ["a"])
    assert (told["batch"]["total"], told["batch"]["cancelled"], told["batch"]["success_rate"]) == (2, 2, None)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
    expected = base64.b64encode(hmac.new(b"k" * 24, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    events = [event.kind.value for event in await database.events.after(0) if event.batch_id == batch_id]
    assert events.count("batch.ended") == 1


async def test_what_does_not_arrive_is_tried_again_later_and_later_with_the_same_id_and_in_the_end_given_up(
    database: Database, clock: Clock, listener: Listener, client: httpx2.AsyncClient
) -> None:
    await end_a_batch(database)
    listener.status = 302
    sender = webhooks(database, clock, url=SecretStr(listener.url))
    with capture_logs() as logs:
        for delay in DELAYS:
            assert await sender.send_next(client)
            clock.now += delay - timedelta(seconds=1)
            assert not await sender.send_next(client)
            clock.now += timedelta(seconds=1)
        assert await sender.send_next(client)
        clock.now += timedelta(hours=5)
        assert not await sender.send_next(client)
    assert len(listener.told) == len(DELAYS) + 1
    assert len({headers["webhook-id"] for headers, _ in listener.told}) == 1
    assert "s3cret" not in str(logs)
    assert logs[-1]["log_level"] == "error"


async def test_a_server_that_dies_while_it_tells_leaves_the_next_try_to_another(
    database: Database, clock: Clock, listener: Listener, client: httpx2.AsyncClient
) -> None:
    await end_a_batch(database)
    died = await database.deliveries.claim(for_default=True, hold=HOLD, newest=timedelta(days=1))
    assert died is not None
    sender = webhooks(database, clock, url=SecretStr(listener.url))
    assert not await sender.send_next(client)
    clock.now += HOLD
    assert await sender.send_next(client)
    await database.deliveries.put_off(died, timedelta(0), "late")  # it was not dead, only slow: nothing happens
    assert not await sender.send_next(client)
    assert len(listener.told) == 1


async def test_a_batch_tells_its_own_address_while_the_operator_allows_it(
    database: Database, clock: Clock, listener: Listener, client: httpx2.AsyncClient
) -> None:
    await end_a_batch(database, webhook=listener.url)
    assert await webhooks(database, clock).send_next(client)  # to give it up
    assert listener.told == []
    await end_a_batch(database, webhook=listener.url)
    origin = origin_of(listener.url)
    allowing = webhooks(database, clock, origins=frozenset({origin}))
    assert await allowing.send_next(client)
    assert len(listener.told) == 1


async def test_what_ended_long_ago_is_no_news(database: Database, clock: Clock, client: httpx2.AsyncClient) -> None:
    await end_a_batch(database)
    clock.now += timedelta(days=1)
    assert not await webhooks(database, clock, url=SecretStr("http://127.0.0.1:9/")).send_next(client)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Hooks.example:443/x", "https://hooks.example"),
        ("http://hooks.example:8080/x?y", "http://hooks.example:8080"),
        ("http://user:word@hooks.example/", None),
        ("http://hooks.example@evil.example/", None),
        ("file:///etc/passwd", None),
        ("http://", None),
        ("nonsense", None),
    ],
)
def test_an_origin_is_scheme_host_and_port_of_an_address_without_credentials(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


def test_the_signature_is_that_of_the_specification() -> None:
    # The example of https://www.standardwebhooks.com
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = '{"test": 2432232314}'
    assert signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )
