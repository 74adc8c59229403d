"""Telling others over HTTP that a batch has ended: signed, and again and again until it has arrived.

As https://www.standardwebhooks.com has it. Each end of a batch is one delivery, whose id every try has, whichever server makes it.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import httpx2
import structlog
from pydantic import SecretStr

from rolldeck.domain.delivery import Delivery
from rolldeck.domain.errors import StorageError
from rolldeck.domain.event import EventKind, LoggedEvent

DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14_400))
"""How long is waited after each try that failed; after one more, the delivery is given up."""
NEWEST = timedelta(hours=24)
"""Older ends of batches are told to nobody: it would be no news."""
HOLD = timedelta(seconds=60)
TIMEOUT_SECONDS = 15.0
LOOK_SECONDS = 5.0
_GONE = 410

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Targets:
    """Who may be told: the operator's ``url``, and for batches that name an address of their own, one of these ``origins``.

    What is sent is signed with the ``secret``, where there is one.
    """

    url: SecretStr | None = None
    secret: SecretStr | None = None
    origins: frozenset[str] = frozenset()

    @property
    def any(self) -> bool:
        """Whether anybody may be told."""
        return self.url is not None or bool(self.origins)

    def allows(self, url: str) -> bool:
        """Whether a batch may name this address: nobody may make the server call whom its operator has not named."""
        return origin_of(url) in self.origins

    def address_for(self, url: str | None) -> str | None:
        """Return where a delivery goes; None where it may go nowhere (any more)."""
        if url is not None:
            return url if self.allows(url) else None
        return None if self.url is None else self.url.get_secret_value()


def origin_of(url: str) -> str | None:
    """Return scheme, host and port of an http(s) address without credentials; None for anything else."""
    try:
        parsed = httpx2.URL(url)  # as the client reads it that will call it
    except httpx2.InvalidURL:
        return None
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.userinfo:
        return None
    return f"{parsed.scheme}://{parsed.netloc.decode()}"


def signature(secret: str, delivery_id: str, timestamp: int, body: str) -> str:
    """Return the value of ``webhook-signature``: HMAC-SHA256 over id, timestamp and body, by the bytes of the secret.

    A secret ``whsec_…`` is the Base64 of its bytes; any other one is text.
    """
    signed = hmac.new(_key(secret), f"{delivery_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _key(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


class Outbox(Protocol):
    """What is still to be told; ``storage.port.Deliveries`` is one. Every method raises ``StorageError``."""

    async def claim(self, *, for_default: bool, hold: timedelta, newest: timedelta) -> Delivery | None:
        """Take the delivery that is due first, so that nobody else does for as long as ``hold``."""

    async def done(self, delivery: Delivery, error: str | None = None) -> None:
        """Note that a delivery arrived, or with an error that it is given up."""

    async def put_off(self, delivery: Delivery, delay: timedelta, error: str) -> None:
        """Note that a delivery did not arrive, and is to be tried again after a while."""


class Webhooks:
    """Sends what is in the outbox, in any number of servers at once: each try is one server's."""

    def __init__(
        self,
        outbox: Outbox,
        targets: Targets,
        *,
        version: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._outbox = outbox
        self._now = now
        self._version = version
        self._look_seconds = look_seconds
        self._woken = asyncio.Event()
        self.targets = targets

    async def run(self, feed: AsyncIterator[Sequence[LoggedEvent]]) -> None:
        """Send what is due, now, when the feed tells of an end, and when it is time for another try; for ever."""
        if not self.targets.any:
            return
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(feed))
            tasks.create_task(self._send_for_ever())

    async def _listen(self, feed: AsyncIterator[Sequence[LoggedEvent]]) -> None:
        async for events in feed:
            if any(event.kind is EventKind.BATCH_ENDED for event in events):
                self._woken.set()

    async def _send_for_ever(self) -> None:
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:
            while True:
                self._woken.clear()
                try:
                    while await self.send_next(client):
                        pass
                except StorageError as error:
                    _log.warning("ends of batches cannot be told now, trying again", error=str(error))
                try:
                    async with asyncio.timeout(self._look_seconds):
                        await self._woken.wait()
                except TimeoutError:
                    continue

    async def send_next(self, client: httpx2.AsyncClient) -> bool:
        """Send the delivery that is due first; whether there was one. Raises ``StorageError``."""
        delivery = await self._outbox.claim(for_default=self.targets.url is not None, hold=HOLD, newest=NEWEST)
        if delivery is None:
            return False
        address = self.targets.address_for(delivery.url)
        if address is None:
            await self._outbox.done(delivery, "its address is not allowed by ROLLDECK_WEBHOOK_ORIGINS (any more)")
            return True
        await self._settle(delivery, address, await self._try(client, delivery, address))
        return True

    async def _settle(self, delivery: Delivery, address: str, failure: "_Failure | None") -> None:
        log = _log.bind(delivery=delivery.id, batch=delivery.batch_id, to=origin_of(address), attempt=delivery.attempt)
        if failure is None:
            await self._outbox.done(delivery)
            log.info("the end of a batch was told")
        elif failure.is_final or delivery.attempt > len(DELAYS):
            await self._outbox.done(delivery, failure.reason)
            log.error("the end of a batch could not be told: given up", reason=failure.reason)
        else:
            delay = DELAYS[delivery.attempt - 1]
            await self._outbox.put_off(delivery, delay, failure.reason)
            log.warning("the end of a batch could not be told", reason=failure.reason, again_in=delay.total_seconds())

    async def _try(self, client: httpx2.AsyncClient, delivery: Delivery, address: str) -> "_Failure | None":
        """Send once. What is answered is not read: its status says everything."""
        try:
            headers = self._headers(delivery)
            async with client.stream("POST", address, content=delivery.content, headers=headers) as response:
                status = response.status_code
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            # An error's message may hold the address, and that a secret.
            return _Failure(type(error).__name__)
        return None if 200 <= status < 300 else _Failure(f"answered with {status}", is_final=status == _GONE)

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        timestamp = int(self._now().timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": f"Rolldeck/{self._version}",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(timestamp),
        }
        if self.targets.secret is not None:
            secret = self.targets.secret.get_secret_value()
            headers["webhook-signature"] = signature(secret, delivery.id, timestamp, delivery.content)
        return headers


@dataclass(frozen=True)
class _Failure:
    reason: str
    is_final: bool = False
