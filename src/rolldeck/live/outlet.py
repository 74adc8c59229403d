"""A worker's way to its server: what it tells, without ever waiting for whoever reads it."""

import asyncio

from rolldeck.live.wire import NEWS, frame_message


class Outlet:
    """Writes the newest frame of each rollout, and news, as fast as they are read. Frames in between are dropped."""

    def __init__(self) -> None:
        self._frames: dict[str, bytes] = {}
        self._news = False
        self._something = asyncio.Event()

    def show(self, rollout_id: str, jpeg: bytes) -> None:
        """Tell a frame, in place of an earlier one of the same rollout that was not written yet. Returns at once."""
        self._frames[rollout_id] = jpeg
        self._something.set()

    def tell_news(self) -> None:
        """Tell that something was written into the database. Returns at once."""
        self._news = True
        self._something.set()

    async def write_to(self, writer: asyncio.StreamWriter) -> None:
        """Write until the other end is gone, or for ever."""
        try:
            while True:
                await self._something.wait()
                self._something.clear()
                if self._news:
                    self._news = False
                    writer.write(NEWS)
                while self._frames:
                    rollout_id = next(iter(self._frames))
                    writer.write(frame_message(rollout_id, self._frames.pop(rollout_id)))
                    await writer.drain()
                await writer.drain()
        except ConnectionError:
            return
