"""Removing, on a period, what nobody owns any more."""

import asyncio
from typing import NoReturn

import structlog

from rolldeck.browser.port import Browsers
from rolldeck.domain.errors import RolldeckError
from rolldeck.environments.port import Environments

_log = structlog.get_logger(__name__)


class Reaping:
    """Reaps environments and browsers every ``period_seconds``, and when it is woken. ``removed`` counts."""

    def __init__(self, environments: Environments, browsers: Browsers, *, period_seconds: float) -> None:
        self._environments = environments
        self._browsers = browsers
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
        for reap in (self._environments.reap, self._browsers.reap):
            try:
                removed += await reap()
            except RolldeckError as error:
                _log.error("leftovers could not be removed, trying again", error=str(error))
        if removed:
            _log.info("leftovers were removed", count=removed)
        self.removed += removed
