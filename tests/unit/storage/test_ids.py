"""Ids that follow time."""

import re
from datetime import UTC, datetime, timedelta

from rolldeck.storage.database.ids import ULID_PATTERN, MonotonicUlids, least_ulid_at

NOON = datetime(2026, 11, 1, 12, 0, 0, 123_456, UTC)


def test_ids_of_one_millisecond_ascend() -> None:
    new_id = MonotonicUlids(lambda: NOON)
    ids = [new_id().id for _ in range(1000)]
    assert ids == sorted(set(ids))
    assert all(ULID_PATTERN.fullmatch(each) for each in ids)


def test_ids_ascend_when_the_clock_is_set_back() -> None:
    times = iter([NOON, NOON - timedelta(hours=1), NOON + timedelta(milliseconds=1)])
    new_id = MonotonicUlids(lambda: next(times))
    ids = [new_id().id for _ in range(3)]
    assert ids == sorted(ids)


def test_the_time_inside_an_id_is_the_clocks_to_the_millisecond() -> None:
    assert MonotonicUlids(lambda: NOON)().time == datetime(2026, 11, 1, 12, 0, 0, 123_000, UTC)


def test_the_least_id_of_a_moment_precedes_all_ids_of_its_millisecond_and_none_before() -> None:
    earlier = MonotonicUlids(lambda: NOON - timedelta(milliseconds=1))().id
    assert earlier < least_ulid_at(NOON) <= MonotonicUlids(lambda: NOON)().id
    assert re.fullmatch(r"[0-9a-z]{10}0{16}", least_ulid_at(NOON))
