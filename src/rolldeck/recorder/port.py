"""What the rest of Rolldeck knows of recording."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Video:
    """A finished recording: an H.264 MP4 of ``seconds`` length at ``path``, with ``frames`` encoded frames."""

    path: Path
    seconds: float
    frames: int
    size_bytes: int


class Recording(Protocol):
    """A video being written, playable at any moment, also if this process is killed."""

    @property
    def elapsed(self) -> float:
        """Seconds since the recording's first moment: where in the video *now* is."""

    def push(self, image: bytes) -> None:
        """Put an image (PNG or JPEG, the page's size) into the video at this moment: a step's screenshot."""

    async def finish(self) -> Video | None:
        """Write the last frame up to now and close the file; None where the page never gave an image.

        Idempotent. Raises ``RecordingError``.
        """


class Recorder(Protocol):
    """Starts recordings."""

    def start(self, path: Path, frame: Callable[[], Awaitable[bytes]]) -> Recording:
        """Record what ``frame`` returns, polled at the recorder's own rate; a failing or slow ``frame`` is skipped."""
