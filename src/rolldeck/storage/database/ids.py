"""Ids that follow time."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ulid import ULID, ULIDGenerator

ULID_PATTERN = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}")


class MonotonicUlids:
    """ULIDs in lower case, each greater than the one before, also within a millisecond and when the clock is set back."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._newest = 0
        self._generator = ULIDGenerator(clock=self._milliseconds)

    def __call__(self) -> str:
        """Return the next id."""
        return str(self._generator.generate()).lower()

    def _milliseconds(self) -> int:
        self._newest = max(self._newest, milliseconds(self._now()))
        return self._newest


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since the epoch."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def time_of(ulid: str) -> datetime:
    """Return the moment inside a ULID, in UTC, to the millisecond."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ULID.from_str(ulid.upper()).milliseconds)


def least_ulid_at(moment: datetime) -> str:
    """Return the least ULID of the millisecond that holds the moment."""
    return str(ULID.from_bytes(milliseconds(moment).to_bytes(6, "big") + bytes(10))).lower()
