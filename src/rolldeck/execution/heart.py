"""That a worker lives, and that others notice if not."""

import asyncio
from collections.abc import Callable
from typing import NoReturn

import structlog

from rolldeck.domain.errors import RolldeckError
from rolldeck.domain.worker import Worker, WorkerReport
from rolldeck.execution.interruption import Interrupted, bound
from rolldeck.execution.lease import LOOKS_PER_LEASE, Watcher
from rolldeck.execution.loss import Losses
from rolldeck.execution.persistence import persistently
from rolldeck.storage.port import Workers

_GOODBYE_SECONDS = 8.0

_log = structlog.get_logger(__name__)


class Heart:
    """Registers a worker, beats for it five times per lease, watches the others' beats, and says goodbye at the end."""

    def __init__(
        self,
        me: Worker,
        workers: Workers,
        losses: Losses,
        watcher: Watcher,
        *,
        lease_seconds: float,
        report: Callable[[], WorkerReport],
        is_draining: Callable[[], bool],
        on_lost: Callable[[], None],
    ) -> None:
        self._me = me
        self._workers = workers
        self._losses = losses
        self._watcher = watcher
        self._interval = lease_seconds / LOOKS_PER_LEASE
        self._report = report
        self._is_draining = is_draining
        self._on_lost = on_lost

    async def register(self, unless: asyncio.Event) -> bool:
        """Make the worker known, however long the database is away; False where ``unless`` was set meanwhile."""

        async def write() -> str:
            await self._workers.register(self._me)
            return self._me.id

        try:
            await bound(persistently(write, found=self._found, seconds=None), by=unless, then=0)
        except Interrupted:
            return False
        _log.info("worker began", worker_id=self._me.id)
        return True

    async def beat_on(self) -> NoReturn:
        """Beat until cancelled; ``on_lost`` is called each time that the answer is that the worker was given up."""
        while True:
            try:
                await self._watcher.look(self._beat, but=self._me.id)
            except RolldeckError as error:
                _log.error("the worker cannot say that it lives, trying again", error=str(error))
            await asyncio.sleep(self._interval)

    async def stop(self, *, owns_nothing: bool) -> None:
        """Say that the worker has ended, and where that is not certain to own nothing, give back what it owns."""
        try:
            if owns_nothing:
                await persistently(lambda: self._workers.stop(self._me.id), seconds=_GOODBYE_SECONDS)
            else:
                why = "its worker ended before it could record how the attempt ended"
                await persistently(lambda: self._losses.give_up(self._me.id, why), seconds=_GOODBYE_SECONDS)
        except RolldeckError as error:
            _log.error("the worker's end could not be recorded: its lease will expire", error=str(error))

    async def _beat(self) -> bool:
        lives = await self._workers.beat(self._me.id, self._report(), draining=self._is_draining())
        if not lives:
            self._on_lost()
        return lives

    async def _found(self) -> str | None:
        return self._me.id if any(worker.id == self._me.id for worker in await self._workers.list()) else None
