"""Ids that follow time."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ulid import ULID, ULIDGenerator

ULID_PATTERN = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TimedId:
    """A ULID in lower case, and the moment inside it, in UTC, to the millisecond."""

    id: str
    time: datetime


class MonotonicUlids:
    """Makes ULIDs, each greater than the one before, also within a millisecond and when the clock is set back."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._newest = 0
        self._generator = ULIDGenerator(clock=self._milliseconds)

    def __call__(self) -> TimedId:
        """Return the next id."""
        ulid = self._generator.generate()
        return TimedId(str(ulid).lower(), _EPOCH + timedelta(milliseconds=ulid.milliseconds))

    def _milliseconds(self) -> int:
        self._newest = max(self._newest, milliseconds(self._now()))
        return self._newest


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def least_ulid_at(moment: datetime) -> str:
    """Return the least ULID of the millisecond that holds the moment."""
    return str(ULID.from_bytes(milliseconds(moment).to_bytes(6, "big") + bytes(10))).lower()
