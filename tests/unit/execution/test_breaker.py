"""The pause for a machine on which everything fails."""

from rolldeck.domain.rollout import Phase, RolloutError
from rolldeck.domain.status import Event
from rolldeck.execution.breaker import Breaker
from rolldeck.execution.rollout import Outcome


def failure(phase: Phase = Phase.AGENT, *, retryable: bool = True) -> Outcome:
    error = RolloutError(phase=phase, kind="BrowserError", message="Chromium died", retryable=retryable)
    return Outcome(Event.REQUEUED if retryable else Event.ERROR, error)


SUCCESS = Outcome(Event.VERIFIED)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Clock, failures: int) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(failures):
        breaker.note(failure())
    return breaker


def test_two_failures_hinder_nothing() -> None:
    breaker = broken(Clock(), 2)
    assert breaker.blocked is None
    assert breaker.places(free=8, running=0) == 8


def test_from_the_third_on_nothing_is_claimed_and_it_says_why() -> None:
    breaker = broken(Clock(), 3)
    assert breaker.places(free=8, running=0) == 0
    assert breaker.blocked is not None
    assert "3 attempts in a row" in breaker.blocked
    assert "BrowserError: Chromium died" in breaker.blocked


def test_after_the_pause_one_is_tried_until_one_succeeds() -> None:
    clock = Clock()
    breaker = broken(clock, 3)
    clock.now += 1
    assert breaker.blocked is None
    assert breaker.places(free=8, running=0) == 1
    assert breaker.places(free=7, running=1) == 0
    breaker.note(SUCCESS)
    assert breaker.places(free=8, running=0) == 8


def test_the_pauses_double_up_to_a_minute() -> None:
    clock = Clock()
    pauses = []
    breaker = broken(clock, 2)
    for _ in range(9):
        breaker.note(failure())
        start = clock.now
        while breaker.blocked:
            clock.now += 0.5
        pauses.append(clock.now - start)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_success_between_failures_begins_the_count_anew() -> None:
    breaker = Breaker(Clock())
    for _ in range(5):
        breaker.note(failure())
        breaker.note(failure())
        breaker.note(SUCCESS)
    assert breaker.places(free=1, running=0) == 1


def test_an_agents_own_failure_shows_that_the_machine_works() -> None:
    breaker = broken(Clock(), 2)
    breaker.note(failure(retryable=False))
    breaker.note(failure())
    assert breaker.blocked is None


def test_a_template_that_cannot_be_built_counts_though_another_try_would_not_help() -> None:
    breaker = Breaker(Clock())
    for _ in range(3):
        breaker.note(failure(Phase.PROVISION, retryable=False))
    assert breaker.blocked is not None


def test_an_interrupted_attempt_says_nothing() -> None:
    breaker = broken(Clock(), 2)
    for event in (Event.CANCEL, Event.RELEASED, None):
        breaker.note(Outcome(event))
    breaker.note(failure())
    assert breaker.blocked is not None
