"""What becomes known of an attempt while it is executed, and its way into the database."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import structlog

from rolldeck.domain.errors import NotFound, RolldeckError
from rolldeck.domain.rollout import Phase, PhaseTiming, Rollout, RolloutError, Step
from rolldeck.domain.status import Event, Status, next_status
from rolldeck.execution.persistence import PATIENCE_SECONDS, persistently
from rolldeck.storage.port import Change, Claim, Rollouts

OnChange = Callable[[Rollout], None]
"""Is told the rollout's record after every change of it; must return quickly."""

_NOTHING_ELSE = Change()

_MESSAGE_CHARACTERS = 4000  # a foreign error may carry a whole page

_log = structlog.get_logger(__name__)


class Journal:
    """Collects an attempt's timings and errors, and writes them with the status, always under the claim's token.

    Every write raises ``Conflict`` or ``NotFound`` once the claim is lost. A store that fails is given a minute.
    """

    def __init__(self, claim: Claim, rollouts: Rollouts, on_change: OnChange) -> None:
        self._rollout = claim.rollout
        self._token = claim.token
        self._rollouts = rollouts
        self._on_change = on_change
        self._timings: list[PhaseTiming] = []
        self._errors: list[RolloutError] = []

    @property
    def errors(self) -> Sequence[RolloutError]:
        """What went wrong and is not written yet, which is all of it until the attempt's end is."""
        return tuple(self._errors)

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
            seconds = time.perf_counter() - started
            self._timings.append(PhaseTiming(phase=phase, seconds=seconds))
            _log.info("phase ended", phase=phase.value, seconds=round(seconds, 3))

    def note(self, phase: Phase, error: Exception) -> None:
        """Keep an error for the record, after those that are there."""
        self._errors.append(as_record(phase, error))

    async def advance(
        self, event: Event, change: Change = _NOTHING_ELSE, *, seconds: float | None = PATIENCE_SECONDS
    ) -> None:
        """Change the status, and write what was collected since the last time with it.

        ``seconds`` are how long a store that fails is tried; None: until it does not.
        """
        before = self._rollout
        change = replace(change, timings=tuple(self._timings), errors=tuple(self._errors))
        self._rollout = await persistently(
            lambda: self._rollouts.advance(before.id, self._token, event, change),
            found=lambda: self._found_after(before, event),
            seconds=seconds,
        )
        self._timings.clear()
        self._errors.clear()
        _log.info("rollout status", status=self._rollout.status.value, happened=event.value)
        self._on_change(self._rollout)

    async def add_step(self, step: Step) -> None:
        """Append a step to the trajectory."""
        rollout = self._rollout

        async def write() -> Step:
            await self._rollouts.add_step(rollout.id, self._token, step)
            return step

        await persistently(write, found=lambda: self._found_step(step.index))
        self._rollout = self._rollout.model_copy(update={"steps": step.index + 1})
        self._on_change(self._rollout)

    async def _found_after(self, before: Rollout, event: Event) -> Rollout | None:
        """The stored rollout, if the event took place in it: only this claim could make it."""
        stored = await self._rollouts.get(before.id)
        became = {next_status(before.status, event), Status.CANCELLED}  # cancelled: where that had been asked for
        took_place = stored.attempt > before.attempt or stored.status in became
        return stored if took_place else None

    async def _found_step(self, index: int) -> Step | None:
        try:
            return await self._rollouts.step(self._rollout.id, index, self._rollout.attempt)
        except NotFound:
            return None


def as_record(phase: Phase, error: Exception) -> RolloutError:
    """Return an error as a rollout's record has it.

    A failure of the worker's own system (a full disk, no more descriptors) is nothing that a task or an agent did: the
    rollout could succeed elsewhere, or later.
    """
    kind = type(error).__name__
    return RolloutError(
        phase=phase,
        kind=kind,
        message=(str(error) or kind)[:_MESSAGE_CHARACTERS],
        retryable=error.retryable if isinstance(error, RolldeckError) else isinstance(error, OSError),
    )
