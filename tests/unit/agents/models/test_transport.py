"""Requests to a model's API: what is made again, for how long, and what is said of failures."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from rolldeck.agents.models.answers import Answer
from rolldeck.agents.models.conversation import MalformedReply
from rolldeck.agents.models.redaction import Secrets
from rolldeck.agents.models.transport import ModelTransport, Patience
from rolldeck.agents.port import Surroundings
from rolldeck.domain.errors import ModelError, ModelRefused

KEY = "canary-key-0123456789"
GOOD = Answer(200, {"content-type": "application/json"}, b'{"ok": true}')

Said = Answer | httpx2.RequestError | float
"""What a server does: answer, fail, or hang for so many seconds."""


class Server:
    """Stands for an API behind the network: does one thing after the other, the last one again and again."""

    def __init__(self, *said: Said) -> None:
        self._said = list(said)
        self.requests: list[httpx2.Request] = []

    async def __call__(self, request: httpx2.Request) -> Answer:
        self.requests.append(request)
        said = self._said.pop(0) if len(self._said) > 1 else self._said[0]
        if isinstance(said, float):
            await asyncio.sleep(said)
            pytest.fail("the transport waited to the end")
        if isinstance(said, httpx2.RequestError):
            raise said
        return said

    async def close(self) -> None: ...


Ask = Callable[[Server], Awaitable[httpx2.Response]]


def problem(status: int, message: str = "no", headers: dict[str, str] | None = None, **more: object) -> Answer:
    return Answer(status, headers or {}, json.dumps({"error": {"message": message, **more}}).encode())


def transport_to(server: Server, surroundings: Surroundings, *, retries: int = 3, seconds: float = 5) -> ModelTransport:
    return ModelTransport("Some API", server, surroundings, Patience(seconds, retries), chance=lambda: 0.0)


async def ask(transport: ModelTransport) -> httpx2.Response:
    headers = {"x-api-key": KEY, "authorization": f"Bearer {KEY}"}
    async with transport.client() as client:
        return await transport.result_of(client.post("http://api/v1/x", headers=headers, json={"a": 1}))


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
async def test_a_failure_that_may_pass_is_asked_again(status: int, surroundings: Surroundings, time) -> None:
    server = Server(problem(status), problem(status), GOOD)
    transport = transport_to(server, surroundings)
    response = await ask(transport)
    assert response.json() == {"ok": True}
    assert [request.content for request in server.requests] == [b'{"a":1}'] * 3
    assert time.pauses == [0.5, 1.0]
    assert time.paces == 2  # each further request takes a place in the quota
    tally = transport.take_tally()
    assert (tally.requests, tally.retries) == (1, 2)
    assert transport.take_tally().retries == 0


@pytest.mark.parametrize(
    "failure", [httpx2.ConnectError("refused"), httpx2.ReadError("reset"), httpx2.RemoteProtocolError("cut off")]
)
async def test_a_connection_that_fails_is_made_again(
    failure: httpx2.RequestError, surroundings: Surroundings, time
) -> None:
    assert (await ask(transport_to(Server(failure, GOOD), surroundings))).status_code == 200
    assert len(time.pauses) == 1


async def test_an_answer_that_does_not_come_is_not_waited_for(surroundings: Surroundings, time) -> None:
    assert (await ask(transport_to(Server(60.0, GOOD), surroundings, seconds=0.01))).status_code == 200


async def test_an_answer_that_is_no_json_is_asked_for_again(surroundings: Surroundings) -> None:
    server = Server(Answer(200, {}, b"<html>busy"), Answer(200, {}, b'{"cut": '), GOOD)
    assert (await ask(transport_to(server, surroundings))).json() == {"ok": True}


@pytest.mark.parametrize(
    ("answer", "least", "most"),
    [
        (problem(429, headers={"retry-after": "17"}), 17, 18),
        (problem(429, headers={"retry-after-ms": "2500"}), 2.5, 3),
        (problem(429, details=[{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}]), 34, 35),
        (problem(503, headers={"retry-after": "soon"}), 0.5, 1),
        (problem(503, headers={"retry-after": "-3"}), 0.5, 1),
        (problem(503, headers={"retry-after": "nan"}), 0.5, 1),
    ],
)
async def test_the_pause_that_an_api_asks_for_is_kept(
    answer: Answer, least: float, most: float, surroundings: Surroundings, time
) -> None:
    await ask(transport_to(Server(answer, GOOD), surroundings))
    assert least <= time.pauses[0] <= most


async def test_a_pause_until_a_moment_is_kept(surroundings: Surroundings, time) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    await ask(transport_to(Server(problem(429, headers={"retry-after": moment}), GOOD), surroundings))
    assert 30 <= time.pauses[0] <= 91


async def test_a_pause_of_hours_is_a_failure_at_once(surroundings: Surroundings, time) -> None:
    server = Server(problem(429, "quota of the day", {"retry-after": "7200"}))
    with pytest.raises(ModelError, match=r"7200 s only: 429 Too Many Requests: quota of the day") as raised:
        await ask(transport_to(server, surroundings))
    assert raised.value.retryable
    assert time.pauses == []


async def test_exhausted_retries_are_an_error_and_nothing_else(surroundings: Surroundings, time) -> None:
    with pytest.raises(ModelError, match=r"Some API was asked 4 times.*503 Service Unavailable: overloaded") as raised:
        await ask(transport_to(Server(problem(503, "overloaded")), surroundings))
    assert raised.value.retryable
    assert time.pauses == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (problem(400, "bad image"), r"400 Bad Request: bad image\)$"),
        (problem(401, "wrong key"), r"401 Unauthorized: wrong key\); check its key"),
        (problem(403, "not yours"), r"403 Forbidden: not yours\); check its key, and what the key may do"),
        (problem(404, "no such model"), r"404 Not Found: no such model\); check the model's name"),
        (problem(429, "no money", code="insufficient_quota"), r"429 Too Many Requests: no money"),
        (problem(500, "never", {"x-should-retry": "false"}), r"500 Internal Server Error: never"),
        (Answer(400, {}, b'{"message": "vLLM says so"}'), "vLLM says so"),
        (Answer(400, {}, b'{"error": "Ollama says so"}'), "Ollama says so"),
        (Answer(400, {}, b'{"detail": "FastAPI says so"}'), "FastAPI says so"),
        (Answer(400, {}, b'[{"error": {"message": "a gateway says so"}}]'), "a gateway says so"),
        (Answer(418, {}, b"plain words"), "418 I'm a Teapot: plain words"),
        (Answer(302, {}, b""), "302 Found"),
    ],
)
async def test_a_refusal_is_an_error_at_once_in_the_apis_own_words(
    answer: Answer, words: str, surroundings: Surroundings, time
) -> None:
    server = Server(answer)
    with pytest.raises(ModelRefused, match=words) as raised:
        await ask(transport_to(server, surroundings))
    assert not raised.value.retryable
    assert (len(server.requests), time.pauses) == (1, [])


async def test_a_key_that_an_answer_repeats_is_blotted_out(surroundings: Surroundings, caplog) -> None:
    echo = Answer(200, {}, json.dumps({"text": f"your key is {KEY}!"}).encode())
    response = await ask(transport_to(Server(problem(503, f"bad {KEY}"), echo), surroundings))
    assert response.json() == {"text": "your key is [key]!"}
    with pytest.raises(ModelRefused) as raised:
        await ask(transport_to(Server(problem(401, f"wrong key {KEY}")), surroundings))
    assert KEY not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert "wrong key [key]" in str(raised.value)


async def test_what_an_sdk_cannot_read_is_a_malformed_reply(surroundings: Surroundings) -> None:
    transport = transport_to(Server(GOOD), surroundings)

    async def sdk() -> None:
        await transport.client().get("http://api/")
        raise ValueError("unexpected field")

    with pytest.raises(MalformedReply, match="ValueError: unexpected field"):
        await transport.result_of(sdk())


async def test_a_request_that_an_sdk_cannot_make_is_refused_without_the_key(surroundings: Surroundings) -> None:
    transport = ModelTransport("Some API", Server(GOOD), surroundings, Patience(5, 3), secrets=Secrets([KEY]))

    async def sdk() -> None:
        raise ValueError(f"illegal header {KEY}")

    with pytest.raises(ModelRefused, match=r"cannot be made \(ValueError: illegal header \[key\]"):
        await transport.result_of(sdk())


async def test_a_key_that_cannot_be_sent_is_not_quoted(surroundings: Surroundings, time) -> None:
    failure = httpx2.LocalProtocolError(f"Illegal header value b'Bearer {KEY}'")
    with pytest.raises(ModelError, match=r"Illegal header value b'Bearer \[key\]'"):
        await ask(transport_to(Server(failure), surroundings))


async def test_being_cancelled_ends_a_request_at_once(surroundings: Surroundings) -> None:
    asking = asyncio.create_task(ask(transport_to(Server(60.0), surroundings, seconds=60)))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
