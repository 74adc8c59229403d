"""Recordings: what is polled from a page and what is pushed, in one order of time, encoded in a thread."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from rolldeck.domain.errors import RecordingError, RolldeckError
from rolldeck.recorder.mp4 import Mp4Writer
from rolldeck.recorder.port import Video

_FRAME_SECONDS = 2.0  # a page that needs longer for a frame is skipped until the next tick
_MAX_BACKLOG = 4  # images waiting for the encoder; beyond that polled ones are left out, pushed ones never
_STILL_SECONDS = 5.0  # a page that does not change is written this often, so that a killed recording misses no more

Frame = Callable[[], Awaitable[bytes]]


class VideoRecorder:
    """Implements ``Recorder`` with PyAV: ``fps`` frames a second at most, fewer where nothing changes."""

    def __init__(self, fps: float = 2.0) -> None:
        self._interval = 1 / fps

    def start(self, path: Path, frame: Frame) -> "VideoRecording":
        """Record what ``frame`` returns; needs a running event loop. What fails is told by ``finish``."""
        return VideoRecording(path, frame, self._interval)


class VideoRecording:
    """Implements ``Recording``. Encodes in a thread of its own; the event loop only takes times and passes bytes on."""

    def __init__(self, path: Path, frame: Frame, interval: float) -> None:
        self._writer = Mp4Writer(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")
        self._waiting: list[Future[None]] = []
        self._failure: RecordingError | None = None
        self._polled: bytes | None = None
        self._pushed = asyncio.Event()
        self._started = time.monotonic()
        self._written_at = 0.0
        self._finishing: asyncio.Task[Video | None] | None = None
        self._polling = asyncio.create_task(self._poll(frame, interval))

    @property
    def elapsed(self) -> float:
        """Seconds since the recording's first moment."""
        return time.monotonic() - self._started

    def push(self, image: bytes) -> None:
        """Put an image into the video at this moment. After ``finish`` or a failure it is left out."""
        self._polled = None  # the page may go back to what it was: the next polled frame is news in any case
        self._pushed.set()
        self._enqueue(image)

    async def finish(self) -> Video | None:
        """Close the video and return it, None where it has no image. Idempotent. Raises ``RecordingError``."""
        if self._finishing is None:
            self._finishing = asyncio.create_task(self._finish(round(self.elapsed * 1000)))
        return await asyncio.shield(self._finishing)

    async def _finish(self, end_ms: int) -> Video | None:
        self._polling.cancel()
        await asyncio.wait({self._polling})
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._close, end_ms)
        finally:
            self._thread.shutdown(wait=False)

    def _close(self, end_ms: int) -> Video | None:
        if self._failure is not None:
            raise self._failure
        try:
            return self._writer.finish(end_ms)
        except RecordingError:
            self._writer.abandon()
            raise

    async def _poll(self, frame: Frame, interval: float) -> None:
        """Look at the page every ``interval`` seconds while it changes, half as often while it does not."""
        while True:
            image = await _frame_in_time(frame)
            is_news = image is not None and image != self._polled
            if image is not None and is_news and not self._is_behind():
                self._polled = image
                self._enqueue(image)
            elif self.elapsed - self._written_at >= _STILL_SECONDS:
                self._enqueue(None)
            await self._pause(interval if is_news else 2 * interval, 2 * interval)

    async def _pause(self, seconds: float, after_push: float) -> None:
        """Wait, anew after each push: a step's screenshot is as good as a look, and shows a page that came to rest."""
        while True:
            self._pushed.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._pushed.wait()
            except TimeoutError:
                return
            seconds = after_push

    def _is_behind(self) -> bool:
        return sum(not write.done() for write in self._waiting) >= _MAX_BACKLOG

    def _enqueue(self, image: bytes | None) -> None:
        """Have an image written at this moment; None for the last one again."""
        if self._finishing is not None or self._failure is not None:
            return
        self._written_at = self.elapsed
        self._waiting = [write for write in self._waiting if not write.done()]
        self._waiting.append(self._thread.submit(self._write, image, round(self._written_at * 1000)))

    def _write(self, image: bytes | None, at_ms: int) -> None:
        if self._failure is not None:
            return
        try:
            if image is None:
                self._writer.repeat(at_ms)
            else:
                self._writer.write(image, at_ms)
        except RecordingError as error:
            self._failure = error
            self._writer.abandon()


async def _frame_in_time(frame: Frame) -> bytes | None:
    """A frame, or None where the page fails to give one or is too slow."""
    try:
        async with asyncio.timeout(_FRAME_SECONDS):
            return await frame()
    except (RolldeckError, TimeoutError):
        return None
