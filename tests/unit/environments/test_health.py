"""Waiting for a service that starts."""

from collections.abc import Callable

import pytest

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.composition import HealthCheck
from rolldeck.environments.health import HealthWatch


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def watch(clock: Clock, diagnose: Callable[[str], str | None] = lambda _: None) -> HealthWatch:
    check = HealthCheck(path="/health", deadline_seconds=100, stall_seconds=30)
    return HealthWatch("shop", check, diagnose, now=clock)


def test_a_service_may_take_its_time_while_its_answers_change() -> None:
    clock = Clock()
    waiting = watch(clock)
    for seconds in range(0, 99, 29):
        clock.seconds = seconds
        waiting.is_not_well_yet(f"at {seconds}")


def test_a_service_that_stays_where_it_is_is_given_up_with_what_its_answer_means() -> None:
    clock = Clock()
    waiting = watch(clock, lambda answer: f"it says {answer}")
    waiting.is_not_well_yet("one")
    clock.seconds = 10
    waiting.is_not_well_yet("two")
    clock.seconds = 39
    waiting.is_not_well_yet("two")
    clock.seconds = 40
    with pytest.raises(
        EnvironmentFailure, match="shop was not well after 40 s: it says two, and nothing else for 30 s"
    ):
        waiting.is_not_well_yet("two")


def test_a_service_that_never_becomes_well_is_given_up_at_its_deadline_with_its_last_answer() -> None:
    clock = Clock()
    waiting = watch(clock)
    clock.seconds = 95
    waiting.is_not_well_yet("nearly there")
    clock.seconds = 100
    with pytest.raises(EnvironmentFailure, match="its last answer was 'nearly there', and nothing else for 5 s"):
        waiting.is_not_well_yet("nearly there")


def test_silence_is_no_stall_but_has_the_same_deadline() -> None:
    clock = Clock()
    waiting = watch(clock)
    clock.seconds = 99
    waiting.is_not_well_yet(None)
    clock.seconds = 100
    with pytest.raises(EnvironmentFailure, match="it gave no answer"):
        waiting.is_not_well_yet(None)
