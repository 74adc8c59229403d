"""The event log as it grows, for any number of listeners."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from rolldeck.domain.errors import InvalidInput, StorageError
from rolldeck.domain.event import LoggedEvent

_PIECE = 1000  # events that a listener is given at once, and that are read at once

_log = structlog.get_logger(__name__)


class EventSource(Protocol):
    """The append-only log; ``storage.port.Events`` is one."""

    async def after(self, seq: int, *, limit: int = 1000) -> Sequence[LoggedEvent]:
        """Return the events that follow ``seq``, in order. Their numbers have no gap. Raises ``StorageError``."""

    async def last(self) -> int:
        """Return the newest event's number; 0 where there is none. Raises ``StorageError``."""


class EventFeed:
    """Reads the log once for all listeners: every ``poll_seconds``, and when it is woken.

    Each listener has a place of its own in the log. The newest ``keep`` events are in memory; a listener that is further
    behind reads from the log again, at its own pace. So none is waited for, and none costs memory.
    """

    def __init__(self, source: EventSource, *, poll_seconds: float = 0.1, keep: int = 2_000) -> None:
        self._source = source
        self._poll_seconds = poll_seconds
        self._keep = keep
        self._newest: list[LoggedEvent] = []
        self._last = 0
        self._woken = asyncio.Event()
        self._grown = asyncio.Event()

    @property
    def last(self) -> int:
        """Number of the newest event that listeners can have; 0 where there is none."""
        return self._last

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read the log until the block ends. It begins at the log's present end. Raises ``StorageError``."""
        self._last = await self._source.last()
        reading = asyncio.create_task(self._read_for_ever(), name="event feed")
        try:
            yield
        finally:
            reading.cancel()
            await asyncio.wait({reading})
            if not reading.cancelled():
                reading.result()

    def wake(self) -> None:
        """Look into the log now: something was written."""
        self._woken.set()

    async def follow(self, after: int | None = None) -> AsyncIterator[Sequence[LoggedEvent]]:
        """Return all events that follow the number ``after`` (None: those from now on), in order, in pieces, for ever.

        While the log cannot be read, its listeners wait. Raises ``InvalidInput`` where the log has no such number yet.
        """
        place = self._last if after is None else after
        if place > self._last:
            await self._refuse_unknown(place)
        return self._from(place)

    async def _from(self, place: int) -> AsyncIterator[Sequence[LoggedEvent]]:
        while True:
            events = await self._following(place)
            place = events[-1].seq
            yield events

    async def _refuse_unknown(self, place: int) -> None:
        """Raise where a number is not this log's: its listener would wait for what may never come, and then miss some."""
        last = await self._source.last()
        if place > last:
            raise InvalidInput(f"There is no event {place} yet: the newest one is {last}. Is this another database?")

    async def _following(self, place: int) -> Sequence[LoggedEvent]:
        while True:
            while place >= self._last:
                await self._grown.wait()
            if self._newest and place >= self._newest[0].seq - 1:
                start = place + 1 - self._newest[0].seq
                return self._newest[start : start + _PIECE]
            try:
                return await self._source.after(place, limit=_PIECE)
            except StorageError as error:
                _warn(error)
                await asyncio.sleep(self._poll_seconds)

    async def _read_for_ever(self) -> None:
        while True:
            self._woken.clear()
            try:
                while len(await self._read()) == _PIECE:
                    pass
            except StorageError as error:
                _warn(error)
            await self._until_woken()

    async def _read(self) -> Sequence[LoggedEvent]:
        events = await self._source.after(self._last, limit=_PIECE)
        if events:
            self._newest += events
            self._last = events[-1].seq
            if len(self._newest) > 2 * self._keep:  # not at each event: removing is as much work as is kept
                del self._newest[: -self._keep]
            grown, self._grown = self._grown, asyncio.Event()
            grown.set()
        return events

    async def _until_woken(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._woken.wait()
        except TimeoutError:
            return


def _warn(error: StorageError) -> None:
    # It may be back in a moment, and nothing of the log is missed then.
    _log.warning("the event log cannot be read, trying again", error=str(error))
