"""Executes queued rollouts, several at a time."""

import asyncio
from collections.abc import Iterable
from datetime import datetime

import structlog

from rolldeck.domain.errors import RolldeckError
from rolldeck.domain.rollout import Rollout
from rolldeck.execution.journal import OnChange
from rolldeck.execution.rollout import Adapters, run_rollout
from rolldeck.storage.port import Claim

_log = structlog.get_logger(__name__)


def _nobody_listens(_: Rollout) -> None:
    """The default listener."""


class Worker:
    """Claims pending rollouts while it has free places, and executes each in a task of its own.

    It looks into the queue when it is woken, when a place becomes free, and every ``poll_seconds``; a request to
    cancel is obeyed as fast.
    """

    def __init__(
        self,
        adapters: Adapters,
        *,
        parallel: int,
        on_change: OnChange = _nobody_listens,
        created_from: datetime | None = None,
        poll_seconds: float = 1.0,
    ) -> None:
        """With ``created_from``, only rollouts queued then or later are claimed."""
        self._adapters = adapters
        self._parallel = parallel
        self._on_change = on_change
        self._created_from = created_from
        self._poll_seconds = poll_seconds
        self._running: dict[str, asyncio.Task[None]] = {}
        self._something_happened = asyncio.Event()
        self._stopping = False
        self._draining = False

    @property
    def live(self) -> int:
        """How many rollouts are being executed."""
        return len(self._running)

    def wake(self) -> None:
        """Look into the queue, and for requests to cancel, now."""
        self._something_happened.set()

    async def run(self, *, until_idle: bool = False) -> None:
        """Execute rollouts until ``stop``, or with ``until_idle`` until none is left.

        Those running when it is stopped are finished or cancelled before this returns; being cancelled itself cancels
        them all.
        """
        try:
            while not self._stopping:
                left = await self._look_around()
                if until_idle and not left:
                    break
                await self._wait_for_something()
        finally:
            self._stopping = True
            await self._until_all_ended()

    def stop(self, *, drain: bool) -> None:
        """Claim nothing more. With ``drain`` the running rollouts go on to their end, without they are cancelled."""
        self._stopping = True
        self._draining = drain
        self.wake()

    async def _look_around(self) -> bool:
        """Do what there is to do now; returns whether there is, or may be, more later."""
        self._something_happened.clear()
        try:
            await self._cancel_where_asked()
            await self._fill_places()
        except RolldeckError as error:  # a database that is away for a moment must not end the worker
            _log.error("the queue cannot be read, trying again", error=str(error))
            return True
        return bool(self._running)

    async def _cancel_where_asked(self) -> None:
        if self._running:
            self._cancel(await self._adapters.rollouts.cancel_requested(list(self._running)))

    async def _fill_places(self) -> None:
        while len(self._running) < self._parallel and not self._stopping:
            claim = await self._adapters.rollouts.claim(created_from=self._created_from)
            if claim is None:
                return
            self._start(claim)

    def _start(self, claim: Claim) -> None:
        rollout_id = claim.rollout.id
        self._on_change(claim.rollout)
        task = asyncio.create_task(self._execute(claim), name=f"rollout {rollout_id}")
        self._running[rollout_id] = task
        task.add_done_callback(lambda _: self._ended(rollout_id))

    async def _execute(self, claim: Claim) -> None:
        structlog.contextvars.bind_contextvars(rollout_id=claim.rollout.id)
        try:
            await run_rollout(claim, self._adapters, self._on_change)
        except Exception:  # noqa: BLE001 - the outermost edge: an end that cannot be recorded must not end the others
            _log.exception("the rollout's end could not be recorded; the next start marks it failed")

    def _ended(self, rollout_id: str) -> None:
        del self._running[rollout_id]
        self.wake()

    async def _wait_for_something(self) -> None:
        try:
            async with asyncio.timeout(self._poll_seconds):
                await self._something_happened.wait()
        except TimeoutError:
            return

    async def _until_all_ended(self) -> None:
        while self._running:
            self._something_happened.clear()
            if not self._draining:
                self._cancel(list(self._running))
            await self._something_happened.wait()  # a rollout ended, or is not to be waited for any more

    def _cancel(self, rollout_ids: Iterable[str]) -> None:
        for rollout_id in rollout_ids:
            task = self._running.get(rollout_id)
            if task is not None and not task.cancelling():
                task.cancel()
