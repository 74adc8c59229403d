"""How many rollouts end in a while, as the event log tells."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from rolldeck.domain.event import EventKind, LoggedEvent, RolloutChange
from rolldeck.domain.status import Event, Status

WINDOW = timedelta(minutes=10)
LOOKS_BACK = 10_000
"""Events of the log before a server's start that tell it what ended just before."""

_ENDS = {Status.COMPLETED, Status.FAILED}


class Throughput(BaseModel):
    """Rollouts that came to an end by themselves (``completed`` or ``failed``) in the last ``seconds``, and how many that is in an hour."""

    model_config = ConfigDict(frozen=True)

    seconds: float = Field(gt=0)
    completed: int
    failed: int
    per_hour: float


class Pace:
    """Remembers when rollouts ended. Those that were cancelled, and those that an earlier one answered for, took nobody's time."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._known_since = now()
        self._ends: deque[tuple[datetime, bool]] = deque()

    def look_back(self, events: Sequence[LoggedEvent]) -> None:
        """Take the log's last events for known, before any is followed."""
        if events:
            self._known_since = min(self._known_since, events[0].at)
        self._count(events)

    async def follow(self, feed: AsyncIterator[Sequence[LoggedEvent]]) -> None:
        """Count the events of a feed, as they come."""
        async for events in feed:
            self._count(events)

    def throughput(self) -> Throughput:
        """Return what ended in the last ten minutes, or since the first event that is known."""
        now = self._now()
        self._forget(now - WINDOW)
        seconds = max(1.0, min(WINDOW, now - self._known_since).total_seconds())
        completed = sum(completed for _, completed in self._ends)
        return Throughput(
            seconds=seconds,
            completed=completed,
            failed=len(self._ends) - completed,
            per_hour=len(self._ends) * 3600 / seconds,
        )

    def _count(self, events: Iterable[LoggedEvent]) -> None:
        for event in events:
            if event.kind is EventKind.ROLLOUT_STATUS:
                change = RolloutChange.model_validate(event.data)
                if change.status in _ENDS and change.event is not Event.REUSED:
                    self._ends.append((event.at, change.status is Status.COMPLETED))
        self._forget(self._now() - WINDOW)

    def _forget(self, before: datetime) -> None:
        while self._ends and self._ends[0][0] < before:
            self._ends.popleft()
