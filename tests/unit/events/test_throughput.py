"""How fast rollouts end."""

from datetime import UTC, datetime, timedelta

import pytest

from rolldeck.domain.event import EventKind, LoggedEvent
from rolldeck.events.throughput import Pace

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


def event(seq: int, minutes: float, status: str, what: str = "verified") -> LoggedEvent:
    return LoggedEvent(
        seq=seq,
        at=START + timedelta(minutes=minutes),
        kind=EventKind.ROLLOUT_STATUS,
        data={"status": status, "event": what, "attempt": 1, "agent": "noop"},
    )


def pace_at(minutes: float) -> Pace:
    return Pace(now=lambda: START + timedelta(minutes=minutes))


def test_only_what_ended_by_itself_within_ten_minutes_counts() -> None:
    pace = pace_at(20)
    pace.look_back(
        [
            event(1, 5, "completed"),
            event(2, 11, "completed"),
            event(3, 12, "failed", "error"),
            event(4, 13, "cancelled", "cancel"),
            event(5, 14, "completed", "reused"),
            event(6, 15, "running", "environment_ready"),
        ]
    )
    found = pace.throughput()
    assert (found.seconds, found.completed, found.failed, found.per_hour) == (600, 1, 1, 12)


def test_what_is_known_only_for_a_while_is_the_throughput_of_that_while() -> None:
    pace = pace_at(2)
    pace.look_back([event(1, 0, "completed"), event(2, 1, "completed")])
    assert pace.throughput().per_hour == pytest.approx(60)


def test_nothing_known_is_no_throughput() -> None:
    found = pace_at(0).throughput()
    assert (found.completed, found.failed, found.per_hour) == (0, 0, 0)
