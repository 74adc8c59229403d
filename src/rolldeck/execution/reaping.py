"""Removing, on a period, what nobody owns any more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

from rolldeck.domain.errors import RolldeckError

_log = structlog.get_logger(__name__)


class Reaping:
    """Reaps every ``period_seconds``, and when it is woken. ``removed`` counts what the reapers say to have removed."""

    def __init__(self, *reapers: Callable[[], Awaitable[int]], period_seconds: float) -> None:
        self._reapers = reapers
        self._period_seconds = period_seconds
        self._woken = asyncio.Event()
        self.removed = 0

    def wake(self) -> None:
        """Reap now: somebody was lost."""
        self._woken.set()

    async def go_on(self) -> NoReturn:
        """Reap until cancelled; a failure is tried again at the next time."""
        while True:
            try:
                async with asyncio.timeout(self._period_seconds):
                    await self._woken.wait()
            except TimeoutError:
                pass
            self._woken.clear()
            await self._reap()

    async def _reap(self) -> None:
        removed = 0
        for reap in self._reapers:
            try:
                removed += await reap()
            except RolldeckError as error:
                _log.error("leftovers could not be removed, trying again", error=str(error))
        if removed:
            _log.info("leftovers were removed", count=removed)
        self.removed += removed
