"""Requests to a model's API, whoever provides it: made again while that may help, timed and counted.

It stands where the official SDKs put their HTTP transport; their own repetitions are to be switched off. What is kept
of a key is nothing: wherever an answer repeats the one that its request was made with, it is blotted out.
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Protocol, TypeVar

import httpx2
import structlog

from rolldeck.agents.models.answers import Answer, Passing, read_answer
from rolldeck.agents.models.conversation import MalformedReply
from rolldeck.agents.models.redaction import Secrets
from rolldeck.agents.port import Surroundings
from rolldeck.domain.errors import AgentError, ModelError, ModelRefused

T = TypeVar("T")


class Sender(Protocol):
    """The way to an API, or what stands for it. It may raise ``AgentError``, too."""

    async def __call__(self, request: httpx2.Request) -> Answer:
        """Return the answer to a request, whatever its status. Raises ``httpx2.RequestError`` where there is none."""

    async def close(self) -> None:
        """Let go of connections. Idempotent."""


OnExchange = Callable[[httpx2.Request, Answer], None]
"""Is told of every request that was answered with success, and the answer. The request still has its key."""

NO_SECRETS = Secrets()

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_LONGEST_ASKED_SECONDS = 600.0  # a longer one means that a day's quota is used up

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long one request may take, in seconds, and how often it is made again."""

    seconds: float
    retries: int


@dataclass
class Tally:
    """What requests took; see ``Usage``."""

    requests: int = 0
    retries: int = 0
    model_seconds: float = 0.0
    waited_seconds: float = 0.0


class ModelTransport(httpx2.AsyncBaseTransport):
    """Makes the requests of one rollout's agent. Its errors are ``ModelError`` and ``ModelRefused``, in the API's words."""

    def __init__(
        self,
        service: str,
        send: Sender,
        surroundings: Surroundings,
        patience: Patience,
        *,
        secrets: Secrets = NO_SECRETS,
        on_exchange: OnExchange | None = None,
        chance: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``service`` names the API in messages. ``secrets`` that requests do not carry are kept out, too. ``chance`` is in [0, 1)."""
        self._service = service
        self._send = send
        self._surroundings = surroundings
        self._patience = patience
        self._secrets = secrets
        self._on_exchange = on_exchange
        self._chance = chance
        self._monotonic = monotonic
        self._failure: ModelError | AgentError | None = None
        self._tally = Tally()

    def client(self) -> httpx2.AsyncClient:
        """Return a client that an SDK makes its requests with."""
        return httpx2.AsyncClient(transport=self, timeout=None)

    def take_tally(self) -> Tally:
        """Return what requests took since the last time."""
        tally, self._tally = self._tally, Tally()
        return tally

    async def result_of(self, request: Coroutine[Any, Any, T]) -> T:
        """Await an SDK's request.

        Raises ``ModelError`` as the transport raised it, whatever the SDK made of that; ``ModelRefused`` where the SDK made
        no request at all, and ``MalformedReply`` where it cannot read the answer.
        """
        self._failure = None
        answered_before = self._tally.requests
        try:
            return await request
        except Exception as error:  # noqa: BLE001 - an SDK's errors are its own affair: here they become ours
            if self._failure is not None:
                raise self._failure from None  # the SDK's error may hold the request, and the request the key
            said = self._secrets.blot(f"{type(error).__name__}: {error}")
            if self._tally.requests == answered_before:
                raise ModelRefused(f"the request to {self._service} cannot be made ({said})") from None
            raise MalformedReply(f"the answer cannot be read ({said})") from None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Make a request until it is answered with success. Raises ``ModelError``."""
        await request.aread()
        try:
            answer = await self._answer_to(request)
        except (ModelError, AgentError) as error:
            self._failure = error
            raise
        self._tally.requests += 1
        if self._on_exchange is not None:
            self._on_exchange(request, answer)
        return httpx2.Response(answer.status, headers=answer.headers, content=answer.body, request=request)

    async def aclose(self) -> None:
        """Let go of connections. Idempotent."""
        await self._send.close()

    async def _answer_to(self, request: httpx2.Request) -> Answer:
        for tries in count(1):
            try:
                return await self._try(request)
            except Passing as failure:
                pause = self._pause_after(failure, tries)
                _log.warning("the model is asked again", service=self._service, why=str(failure), pause_seconds=pause)
            await self._wait(pause)
        raise AssertionError("a request is answered or given up")

    async def _try(self, request: httpx2.Request) -> Answer:
        """Make a request once. Raises ``Passing`` where it may be made again, and ``ModelRefused``."""
        secrets = self._secrets.of(request)
        began = self._monotonic()
        try:
            async with asyncio.timeout(self._patience.seconds):
                answer = await self._send(request)
        except TimeoutError as error:
            raise Passing(f"no answer within {self._patience.seconds:g} s") from error
        except httpx2.RequestError as error:
            said = secrets.blot(f"{type(error).__name__}: {error}")  # a header that cannot be sent is quoted
            raise Passing(f"the connection failed ({said})") from None
        finally:
            self._tally.model_seconds += self._monotonic() - began
        return read_answer(replace(answer, body=secrets.blot_bytes(answer.body)), self._service)

    def _pause_after(self, failure: Passing, tries: int) -> float:
        """Return the seconds until the next try. Raises ``ModelError`` where there is none."""
        if tries > self._patience.retries:
            times = "once" if tries == 1 else f"{tries} times"
            raise ModelError(
                f"{self._service} was asked {times} without success; the last time: {failure}"
            ) from failure
        asked = failure.pause_seconds or 0.0
        if asked > _LONGEST_ASKED_SECONDS:
            raise ModelError(f"{self._service} wants to be asked again in {asked:.0f} s only: {failure}") from failure
        own = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2.0 ** (tries - 1))
        return max(asked, own / 2) + self._chance() * own / 2

    async def _wait(self, seconds: float) -> None:
        began = self._monotonic()
        await self._surroundings.pause(seconds)
        await self._surroundings.pace()
        self._tally.retries += 1
        self._tally.waited_seconds += self._monotonic() - began
