"""How long a service that starts is waited for, and what is said of one that does not become well."""

import time
from collections.abc import Callable

from rolldeck.domain.errors import EnvironmentFailure
from rolldeck.environments.composition import HealthCheck

_SHOWN = 200


class HealthWatch:
    """Follows the answers of one start of a service, until it is well or has been waited for long enough."""

    def __init__(
        self,
        service: str,
        check: HealthCheck,
        diagnose: Callable[[str], str | None] = lambda _: None,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service = service
        self._check = check
        self._diagnose = diagnose
        self._now = now
        self._begun_at = self._changed_at = now()
        self._answer: str | None = None

    def is_not_well_yet(self, answer: str | None) -> None:
        """Take an answer of the check (None: it gave none). Raises ``EnvironmentFailure`` once it has had long enough."""
        now = self._now()
        if answer != self._answer:
            self._answer, self._changed_at = answer, now
        stall = self._check.stall_seconds
        stalled = answer is not None and stall is not None and now - self._changed_at >= stall
        if stalled or now - self._begun_at >= self._check.deadline_seconds:
            raise EnvironmentFailure(self._failure(now))

    def _failure(self, now: float) -> str:
        failure = f"the service {self._service} was not well after {now - self._begun_at:.0f} s"
        if self._answer is None:
            return f"{failure}: it gave no answer"
        meaning = self._diagnose(self._answer) or f"its last answer was {self._answer[:_SHOWN]!r}"
        return f"{failure}: {meaning}, and nothing else for {now - self._changed_at:.0f} s"
