"""What becomes known of a rollout while it is executed, and its way into the database."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from rolldeck.domain.errors import RolldeckError
from rolldeck.domain.rollout import Phase, PhaseTiming, Rollout, RolloutError, Step
from rolldeck.domain.status import Event
from rolldeck.storage.port import Change, Claim, Rollouts

OnChange = Callable[[Rollout], None]
"""Is told the rollout's record after every change of it; must return quickly."""

_NOTHING_ELSE = Change()

_MESSAGE_CHARACTERS = 4000  # a foreign error may carry a whole page


class Journal:
    """Collects a rollout's timings and errors, and writes them with its status, always under the claim's token.

    Every write raises ``Conflict`` or ``NotFound`` once the claim is lost, and ``StorageError`` where it fails.
    """

    def __init__(self, claim: Claim, rollouts: Rollouts, on_change: OnChange) -> None:
        self._rollout = claim.rollout
        self._token = claim.token
        self._rollouts = rollouts
        self._on_change = on_change
        self._timings: list[PhaseTiming] = []
        self._errors: list[RolloutError] = []

    @contextmanager
    def phase(self, phase: Phase) -> Iterator[None]:
        """Time a phase, and note the error that ends it, which goes on its way."""
        started = time.perf_counter()
        try:
            yield
        except Exception as error:
            self.note(phase, error)
            raise
        finally:
            self._timings.append(PhaseTiming(phase=phase, seconds=time.perf_counter() - started))

    def note(self, phase: Phase, error: Exception) -> None:
        """Keep an error for the record, after those that are there."""
        kind = type(error).__name__
        self._errors.append(
            RolloutError(
                phase=phase,
                kind=kind,
                message=(str(error) or kind)[:_MESSAGE_CHARACTERS],
                retryable=isinstance(error, RolldeckError) and error.retryable,
            )
        )

    async def advance(self, event: Event, change: Change = _NOTHING_ELSE) -> None:
        """Change the status, and write what was collected since the last time with it."""
        change = replace(change, timings=tuple(self._timings), errors=tuple(self._errors))
        self._rollout = await self._rollouts.advance(self._rollout.id, self._token, event, change)
        self._timings.clear()
        self._errors.clear()
        self._on_change(self._rollout)

    async def add_step(self, step: Step) -> None:
        """Append a step to the trajectory."""
        await self._rollouts.add_step(self._rollout.id, self._token, step)
        self._rollout = self._rollout.model_copy(update={"steps": step.index + 1})
        self._on_change(self._rollout)
