"""Pictures of the pages of running rollouts, for whoever watches now. Only the newest one of each is kept."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

OnDemand = Callable[[frozenset[str]], None]
"""Is told the ids of all rollouts that somebody watches, whenever these change. Returns at once."""


@dataclass(frozen=True)
class Frame:
    """A JPEG of a page. ``number`` counts the frames of all rollouts, from 1."""

    number: int
    jpeg: bytes


class LiveFrames:
    """Hands frames from where they are made to those who watch.

    A watcher asks for the newest frame beyond the last one that it has: one that is slow misses some, and what it sees
    is never old. Frames that nobody watches are dropped.
    """

    def __init__(self, on_demand: OnDemand) -> None:
        self._on_demand = on_demand
        self._watchers: Counter[str] = Counter()
        self._newest: dict[str, Frame] = {}
        self._arrived: dict[str, asyncio.Event] = {}
        self._number = 0

    def show(self, rollout_id: str, jpeg: bytes) -> None:
        """Take a frame."""
        if not self._watchers[rollout_id]:
            return
        self._number += 1
        self._newest[rollout_id] = Frame(self._number, jpeg)
        self._arrived[rollout_id].set()
        self._arrived[rollout_id] = asyncio.Event()

    @contextmanager
    def watching(self, rollout_id: str) -> Iterator["Watcher"]:
        """Have frames of a rollout made until the block ends."""
        self._watchers[rollout_id] += 1
        if self._watchers[rollout_id] == 1:
            self._arrived[rollout_id] = asyncio.Event()
            self._on_demand(frozenset(self._watchers))
        try:
            yield Watcher(self, rollout_id)
        finally:
            self._watchers[rollout_id] -= 1
            if not self._watchers[rollout_id]:
                del self._watchers[rollout_id], self._arrived[rollout_id]
                self._newest.pop(rollout_id, None)
                self._on_demand(frozenset(self._watchers))

    async def after(self, rollout_id: str, number: int) -> Frame:
        """Return the newest frame of a watched rollout whose number is greater; waits for one."""
        while True:
            frame = self._newest.get(rollout_id)
            if frame is not None and frame.number > number:
                return frame
            await self._arrived[rollout_id].wait()


class Watcher:
    """One who watches a rollout."""

    def __init__(self, frames: LiveFrames, rollout_id: str) -> None:
        self._frames = frames
        self._rollout_id = rollout_id
        self._seen = 0

    async def next(self) -> Frame:
        """Return the newest frame that was not returned before; waits for one."""
        frame = await self._frames.after(self._rollout_id, self._seen)
        self._seen = frame.number
        return frame
