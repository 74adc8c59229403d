"""Executes queued rollouts, several at a time."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import structlog

from rolldeck.domain.errors import Conflict, RolldeckError
from rolldeck.domain.rollout import Rollout
from rolldeck.domain.status import Status
from rolldeck.domain.worker import Worker as WorkerRecord
from rolldeck.domain.worker import WorkerReport
from rolldeck.execution.adapters import Adapters
from rolldeck.execution.breaker import Breaker
from rolldeck.execution.crew import Crew
from rolldeck.execution.heart import Heart
from rolldeck.execution.intake import Headroom, Intake
from rolldeck.execution.interruption import Interruption
from rolldeck.execution.journal import OnChange
from rolldeck.execution.lease import Watcher
from rolldeck.execution.loss import Losses
from rolldeck.execution.reaping import Reaping
from rolldeck.execution.rollout import Outcome
from rolldeck.execution.trajectory import utc_now

_AT_ONCE = 0.0  # in the event loop's time

_log = structlog.get_logger(__name__)


def _nobody_listens(_: Rollout) -> None:
    """The default listener."""


def _new_id() -> str:
    return str(uuid4())


class Worker:
    """Claims pending rollouts while it has free places and there is headroom, and executes them.

    It looks into the queue when it is woken, when a place becomes free, and every ``poll_seconds``; a request to
    cancel is obeyed as fast. It says that it lives five times per lease, and watches that the others do. A worker that
    was given up meanwhile abandons all that it runs and begins anew under another id. A database that is away is
    waited for.
    """

    def __init__(
        self,
        adapters: Adapters,
        me: WorkerRecord,
        *,
        parallel: int,
        lease_seconds: float,
        headroom: Headroom,
        batch_id: str | None = None,
        on_change: OnChange = _nobody_listens,
        poll_seconds: float = 0.5,
        reap_seconds: float = 60.0,
        new_id: Callable[[], str] = _new_id,
    ) -> None:
        """With ``batch_id``, only rollouts of that batch are claimed."""
        self._adapters = adapters
        self._me = me
        self._parallel = parallel
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._new_id = new_id
        self._on_change = on_change
        self._crew = Crew(adapters, self._changed, self._ended)
        self._breaker = Breaker()
        self._intake = Intake(
            adapters.rollouts,
            adapters.environments,
            self._crew,
            self._breaker,
            headroom,
            parallel=parallel,
            batch_id=batch_id,
        )
        self._losses = Losses(adapters.workers, adapters.rollouts, adapters.artifacts)
        self._reaping = Reaping(
            *(adapters.environments.reap, adapters.browsers.reap, self._losses.reap), period_seconds=reap_seconds
        )
        self._something_happened = asyncio.Event()
        self._asks_at = _AT_ONCE
        self._stopping = asyncio.Event()
        self._releasing = False
        self._is_lost = False
        self._owns_nothing = True

    @property
    def id(self) -> str:
        """Its present id."""
        return self._me.id

    @property
    def live(self) -> int:
        """How many rollouts are being executed."""
        return len(self._crew)

    def wake(self) -> None:
        """Look into the queue, and for requests to cancel, now."""
        self._asks_at = _AT_ONCE
        self._something_happened.set()

    def stop(self, *, drain: bool) -> None:
        """Claim nothing more. With ``drain`` the running rollouts go on to their end, without they are released."""
        self._releasing = self._releasing or not drain
        self._stopping.set()
        self.wake()

    async def run(self, *, until_idle: bool = False) -> None:
        """Execute rollouts until ``stop``, or with ``until_idle`` until none (of the batch) is left that is not final.

        Whatever ends it, nothing of its rollouts is left running when it returns. Being cancelled releases them.
        """
        reaping = asyncio.create_task(self._reaping.go_on())
        try:
            while await self._live(until_idle):
                now = utc_now()
                self._me = self._me.model_copy(update={"id": self._new_id(), "started_at": now, "seen_at": now})
        finally:
            await _end(reaping)

    async def _live(self, until_idle: bool) -> bool:
        """Work under one id; returns whether it was lost, so that another life should follow."""
        self._is_lost, self._owns_nothing = False, True
        heart = self._new_heart()
        if not await heart.register(unless=self._stopping):
            return False
        beating = asyncio.create_task(heart.beat_on())
        try:
            await self._work(until_idle)
        except asyncio.CancelledError:
            self.stop(drain=False)
            raise
        finally:
            self._crew.interrupt(Interruption.ABANDON if self._is_lost else Interruption.RELEASE)
            await self._crew.all_ended()
            await _end(beating)
            await heart.stop(owns_nothing=self._owns_nothing and not self._is_lost and not self._intake.is_unsure)
        return self._is_lost and not self._stopping.is_set()

    async def _work(self, until_idle: bool) -> None:
        while not (self._is_lost or self._releasing or (self._stopping.is_set() and not len(self._crew))):
            self._something_happened.clear()
            try:
                await self._look_around()
                if until_idle and not len(self._crew) and not await self._intake.anything_left():
                    return
            except Conflict as lost:
                _log.error("the worker was given up meanwhile", reason=str(lost))
                self._is_lost = True
                return
            except RolldeckError as error:  # a database that is away for a moment must not end the worker
                _log.error("the queue cannot be read, trying again", error=str(error))
            await self._wait_for_something()

    async def _look_around(self) -> None:
        now = asyncio.get_running_loop().time()
        if now >= self._asks_at:
            self._asks_at = now + self._poll_seconds
            await self._obey()
            await self._intake.ask_for_demand()
        if not self._stopping.is_set():
            await self._intake.fill_places(self._me.id)

    async def _obey(self) -> None:
        """End what should be cancelled, and what is lost; let those who wait for persons look."""
        tokens = self._crew.tokens
        if not tokens:
            return
        standing = await self._adapters.rollouts.standing(tokens)
        self._crew.interrupt(Interruption.CANCEL, {tokens[rollout_id] for rollout_id in standing.cancel})
        self._crew.interrupt(Interruption.ABANDON, {tokens[rollout_id] for rollout_id in standing.lost})
        self._adapters.attention.heed(standing.wanted)

    async def _wait_for_something(self) -> None:
        try:
            async with asyncio.timeout_at(self._asks_at):
                await self._something_happened.wait()
        except TimeoutError:
            return

    def _changed(self, rollout: Rollout) -> None:
        if rollout.status is Status.RUNNING and rollout.steps == 0:
            self._breaker.note_ready()
        self._on_change(rollout)

    def _ended(self, outcome: Outcome | None, claimed_at: float) -> None:
        if outcome is None:  # by a fault: what is claimed and not executed must not be ours any longer
            self._was_lost()
        else:
            self._breaker.note(outcome, claimed_at=claimed_at)
            self._owns_nothing = self._owns_nothing and not outcome.still_claimed
        self._something_happened.set()

    def _was_lost(self) -> None:
        self._is_lost = True
        self.wake()

    def _new_heart(self) -> Heart:
        watcher = Watcher(
            self._losses,
            self._adapters.workers,
            lease_seconds=self._lease_seconds,
            on_loss=lambda _: self._reaping.wake(),
        )
        return Heart(
            self._me,
            self._adapters.workers,
            self._losses,
            watcher,
            lease_seconds=self._lease_seconds,
            report=self._report,
            is_draining=self._stopping.is_set,
            on_lost=self._was_lost,
        )

    def _report(self) -> WorkerReport:
        return WorkerReport(
            parallel=self._parallel,
            running=len(self._crew),
            blocked=self._intake.blocked,
            pool=self._adapters.environments.report(),
            reaped=self._reaping.removed,
        )


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
