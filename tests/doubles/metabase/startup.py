"""How far the double has started: Metabase's steps in ``/api/health``, taken one after another, or stopped at one.

``DOUBLE_STEP_SECONDS`` is how long each takes. ``DOUBLE_HANGS_AT`` names the progress at which a start hangs for ever,
the first ``DOUBLE_HANGS`` times (without it, always).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable

from store import Store

_BEFORE_DATABASE = (0.1, 0.2, 0.3)
_AFTER_DATABASE = (0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)


class Startup:
    """The state that ``/api/health`` tells."""

    def __init__(self) -> None:
        self.progress = 0.0
        self.complete = False
        self._step_seconds = float(os.environ.get("DOUBLE_STEP_SECONDS", "0.01"))
        hangs_at = os.environ.get("DOUBLE_HANGS_AT")
        self._hangs_at = None if hangs_at is None else float(hangs_at)
        self._hangs = int(os.environ.get("DOUBLE_HANGS", "1000000"))
        self._boots = 0

    async def run(self, connect: Callable[[], Awaitable[Store]]) -> Store:
        """Go through the steps, and return the store once all of them are done."""
        for progress in _BEFORE_DATABASE[:-1]:
            await self._reach(progress)
        store = await connect()
        self._boots = await store.boots()
        await self._reach(_BEFORE_DATABASE[-1])
        await store.migrate()
        for progress in _AFTER_DATABASE:
            await self._reach(progress)
        self.complete = True
        return store

    async def _reach(self, progress: float) -> None:
        self.progress = progress
        if progress == self._hangs_at and self._boots < self._hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(self._step_seconds)
