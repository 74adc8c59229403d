"""The pause for a machine on which everything fails."""

from rolldeck.domain.rollout import Phase, RolloutError
from rolldeck.domain.status import Event
from rolldeck.execution.breaker import Breaker
from rolldeck.execution.rollout import Outcome


def failure(phase: Phase, *, retryable: bool = True) -> Outcome:
    error = RolloutError(phase=phase, kind="BrowserError", message="Chromium died", retryable=retryable)
    return Outcome(Event.REQUEUED if retryable else Event.ERROR, error)


SUCCESS = Outcome(Event.VERIFIED)


class Machine:
    """A breaker, and attempts one after the other, each a second long."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.breaker = Breaker(lambda: self.now)

    def attempt(self, outcome: Outcome) -> None:
        began = self.now
        self.now += 1
        self.breaker.note(outcome, claimed_at=began)

    def fail(self, times: int, phase: Phase = Phase.PROVISION) -> None:
        for _ in range(times):
            self.attempt(failure(phase))

    @property
    def places(self) -> int:
        return self.breaker.places(free=8, running=0)


def test_two_failures_hinder_nothing() -> None:
    machine = Machine()
    machine.fail(2)
    assert machine.breaker.blocked is None
    assert machine.places == 8


def test_from_the_third_on_nothing_is_claimed_and_it_says_why() -> None:
    machine = Machine()
    machine.fail(3)
    assert machine.places == 0
    assert machine.breaker.blocked is not None
    assert "3 attempts in a row" in machine.breaker.blocked
    assert "BrowserError: Chromium died" in machine.breaker.blocked


def test_after_the_pause_one_is_tried_until_one_succeeds() -> None:
    machine = Machine()
    machine.fail(3, Phase.AGENT)
    machine.now += 1
    assert machine.breaker.blocked is None
    assert machine.places == 1
    assert machine.breaker.places(free=7, running=1) == 0
    machine.breaker.note_ready()  # that was never what failed
    assert machine.places == 1
    machine.attempt(SUCCESS)
    assert machine.places == 8


def test_where_nothing_could_be_made_ready_the_first_that_is_ready_is_proof_enough() -> None:
    machine = Machine()
    machine.fail(3, Phase.BROWSER)
    machine.breaker.note_ready()
    assert machine.places == 8


def test_the_pauses_double_up_to_a_minute() -> None:
    machine = Machine()
    pauses = []
    machine.fail(2)
    for _ in range(9):
        machine.fail(1)
        start = machine.now
        while machine.breaker.blocked:
            machine.now += 0.5
        pauses.append(machine.now - start)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_success_between_failures_begins_the_count_anew() -> None:
    machine = Machine()
    for _ in range(5):
        machine.fail(2)
        machine.attempt(SUCCESS)
    assert machine.places == 8


def test_rollouts_that_die_together_with_their_browser_are_one_failure() -> None:
    machine = Machine()
    began = machine.now
    machine.now += 60
    for _ in range(8):
        machine.breaker.note(failure(Phase.AGENT), claimed_at=began)
    assert machine.places == 8


def test_environments_that_cannot_be_made_together_are_many() -> None:
    machine = Machine()
    began = machine.now
    machine.now += 1
    for _ in range(3):
        machine.breaker.note(failure(Phase.PROVISION), claimed_at=began)
    assert machine.places == 0


def test_an_agents_own_failure_shows_that_the_machine_works() -> None:
    machine = Machine()
    machine.fail(2)
    machine.attempt(failure(Phase.AGENT, retryable=False))
    machine.fail(1)
    assert machine.breaker.blocked is None


def test_a_template_that_cannot_be_built_counts_though_another_try_would_not_help() -> None:
    machine = Machine()
    for _ in range(3):
        machine.attempt(failure(Phase.PROVISION, retryable=False))
    assert machine.breaker.blocked is not None


def test_an_interrupted_attempt_says_nothing() -> None:
    machine = Machine()
    machine.fail(2)
    for event in (Event.CANCEL, Event.RELEASED, None):
        machine.attempt(Outcome(event))
    machine.fail(1)
    assert machine.breaker.blocked is not None
