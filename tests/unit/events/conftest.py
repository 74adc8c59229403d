"""A log in memory."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from pydantic import JsonValue

from rolldeck.domain.errors import StorageError
from rolldeck.domain.event import EventKind, LoggedEvent

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class MemoryLog:
    """Stands for the stored event log: a list; counts how often it is read, and fails while it is ``away``."""

    def __init__(self) -> None:
        self.events: list[LoggedEvent] = []
        self.reads: list[int] = []
        self.away = False

    def write(self, count: int = 1, kind: EventKind = EventKind.ROLLOUT_STEP, **data: JsonValue) -> None:
        for _ in range(count):
            seq = len(self.events) + 1
            self.events.append(LoggedEvent(seq=seq, at=BEGINNING, kind=kind, data=data))

    async def after(self, seq: int, *, limit: int = 1000) -> Sequence[LoggedEvent]:
        self.reads.append(seq)
        if self.away:
            raise StorageError("the log is away")
        return self.events[seq : seq + limit]

    async def last(self) -> int:
        return len(self.events)


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()
