"""The rollouts that one worker executes now."""

import asyncio
import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import structlog

from rolldeck.execution.adapters import Adapters
from rolldeck.execution.interruption import Interrupt, Interruption
from rolldeck.execution.journal import OnChange
from rolldeck.execution.rollout import Outcome, run_rollout
from rolldeck.storage.port import Claim

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Execution:
    claim: Claim
    interrupt: Interrupt
    task: asyncio.Task[None]


class Crew:
    """Executes claims, each in a task of its own.

    ``on_end`` is told how each ended (None: nobody knows, by a fault), and when on the monotonic clock it began.
    """

    def __init__(
        self, adapters: Adapters, on_change: OnChange, on_end: Callable[[Outcome | None, float], None]
    ) -> None:
        self._adapters = adapters
        self._on_change = on_change
        self._on_end = on_end
        self._executions: dict[str, _Execution] = {}

    def __len__(self) -> int:
        return len(self._executions)

    @property
    def tokens(self) -> Mapping[str, str]:
        """The tokens of the claims that are executed, by rollout id."""
        return {execution.claim.rollout.id: token for token, execution in self._executions.items()}

    def start(self, claim: Claim, worker_id: str) -> None:
        """Execute a claim, unless that is done already."""
        if claim.token in self._executions:
            return
        self._on_change(claim.rollout)
        interrupt = Interrupt()
        task = asyncio.create_task(self._execute(claim, interrupt, worker_id), name=f"rollout {claim.rollout.id}")
        self._executions[claim.token] = _Execution(claim, interrupt, task)

    def interrupt(self, reason: Interruption, tokens: AbstractSet[str] | None = None) -> None:
        """End the executions of these claims, or all of them. Returns at once."""
        for token, execution in self._executions.items():
            if tokens is None or token in tokens:
                execution.interrupt(reason)

    async def all_ended(self) -> None:
        """Wait until nothing is executed any more."""
        while self._executions:
            await asyncio.wait([execution.task for execution in self._executions.values()])

    async def _execute(self, claim: Claim, interrupt: Interrupt, worker_id: str) -> None:
        rollout = claim.rollout
        structlog.contextvars.bind_contextvars(rollout_id=rollout.id, attempt=rollout.attempt, worker_id=worker_id)
        _log.info(
            "rollout claimed",
            task_id=rollout.task_id,
            agent=rollout.agent,
            model=rollout.model,
            environment=claim.task.environment,
        )
        started = time.monotonic()
        outcome = None
        try:
            outcome = await run_rollout(claim, self._adapters, interrupt, self._on_change)
            _log.info("attempt ended", seconds=round(time.monotonic() - started, 3), **_in_words(outcome))
        except Exception:  # noqa: BLE001 - the outermost edge: one rollout's fault must not end the others
            _log.exception("a fault of Rolldeck: how the attempt ended is not recorded")
        finally:
            del self._executions[claim.token]
            self._on_end(outcome, started)


def _in_words(outcome: Outcome) -> dict[str, str | None]:
    return {
        "outcome": outcome.event.value if outcome.event else "nothing recorded",
        "error": outcome.error.kind if outcome.error else None,
    }
