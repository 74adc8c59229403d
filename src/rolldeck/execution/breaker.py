"""A pause for a machine on which everything fails."""

import time
from collections.abc import Callable

from rolldeck.domain.rollout import Phase, RolloutError
from rolldeck.domain.status import Event
from rolldeck.execution.rollout import Outcome

_MAKING_READY = frozenset({Phase.PROVISION, Phase.BROWSER})
_FAILURES = 3
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


class Breaker:
    """Counts the attempts in a row that failed for their infrastructure, without one between that did not.

    From the third on, nothing is claimed for 1 s, then twice as long after each further failure, up to 60 s. After a
    pause one rollout is tried, and more only once that one shows that the machine is well again. Rollouts that ran
    already and fail together, for one browser died under them, are one failure.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._failures = 0
        self._failed_at = 0.0
        self._last_error: RolloutError | None = None
        self._closed_until = 0.0

    def note(self, outcome: Outcome, *, claimed_at: float) -> None:
        """Take an attempt's end into account; ``claimed_at`` in the breaker's time. An interrupted one says nothing."""
        error = outcome.error
        if error is not None and (error.retryable or error.phase in _MAKING_READY):
            if error.phase in _MAKING_READY or claimed_at >= self._failed_at:
                self._failures += 1
                self._failed_at = self._monotonic()
                self._last_error = error
                self._closed_until = self._failed_at + self._pause()
        elif outcome.event in {Event.VERIFIED, Event.ERROR}:
            self._failures = 0

    def note_ready(self) -> None:
        """Take into account that an environment and a page were made ready."""
        if self._last_error is not None and self._last_error.phase in _MAKING_READY:
            self._failures = 0

    def places(self, free: int, running: int) -> int:
        """How many of the free places may be taken now, while so many rollouts run."""
        if self._failures < _FAILURES:
            return free
        return 1 if free and not running and self._left() <= 0 else 0

    @property
    def blocked(self) -> str | None:
        """Why nothing is claimed, in words; None where it may be."""
        if self._failures < _FAILURES or self._left() <= 0 or self._last_error is None:
            return None
        return (
            f"{self._failures} attempts in a row failed for their infrastructure: the next one is made after a pause "
            f"of {self._pause():g} s. The last error was {self._last_error.kind}: {self._last_error.message}"
        )

    def _pause(self) -> float:
        return min(_FIRST_PAUSE * 2.0 ** min(self._failures - _FAILURES, 16), _LONGEST_PAUSE)

    def _left(self) -> float:
        return self._closed_until - self._monotonic()
