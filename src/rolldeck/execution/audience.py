"""Who watches the rollouts of this worker: only then their pages are filmed for a live picture."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import structlog

from rolldeck.browser.port import BrowserPage
from rolldeck.domain.errors import BrowserError

OnFrame = Callable[[str, bytes], None]
"""Is given a rollout's id and a JPEG of its page; returns at once."""

_log = structlog.get_logger(__name__)


def _nobody(_: str, __: bytes) -> None:
    """The default audience."""


class Audience:
    """Films the pages of the rollouts that somebody watches."""

    def __init__(self, on_frame: OnFrame = _nobody) -> None:
        self._on_frame = on_frame
        self._watched: frozenset[str] = frozenset()
        self._changed = asyncio.Event()

    def watch(self, rollout_ids: frozenset[str]) -> None:
        """Take note of all rollouts that somebody watches now, wherever they are executed. Returns at once."""
        self._watched = rollout_ids
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    @asynccontextmanager
    async def watching(self, rollout_id: str, page: BrowserPage) -> AsyncIterator[None]:
        """Within the block a rollout's page can be watched."""
        filming = asyncio.create_task(self._film(rollout_id, page), name=f"live frames of {rollout_id}")
        try:
            yield
        finally:
            filming.cancel()
            await asyncio.wait({filming})

    async def _film(self, rollout_id: str, page: BrowserPage) -> None:
        try:
            while True:
                await self._until(rollout_id, watched=True)
                async with page.watched(partial(self._on_frame, rollout_id)):
                    await self._until(rollout_id, watched=False)
        except BrowserError as error:  # which ends the rollout too, and is in its record then
            _log.info("the page cannot be watched any more", error=str(error))

    async def _until(self, rollout_id: str, *, watched: bool) -> None:
        while (rollout_id in self._watched) is not watched:
            await self._changed.wait()
