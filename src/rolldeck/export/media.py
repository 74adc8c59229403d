"""Where a report finds its screenshots and its video: inside itself, or beside it."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rolldeck.export.whole import look_for
from rolldeck.storage.port import Artifacts

MOST_INLINE_VIDEO_BYTES = 20_000_000
"""A larger video is not put into a page."""

_PNG_HEAD = 24  # bytes, the last eight of which are width and height: https://www.w3.org/TR/png-3/#11IHDR
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Picture:
    """An image's address, and its size in pixels."""

    address: str
    width: int
    height: int


@dataclass(frozen=True)
class Film:
    """A video: its address, or None where it is neither inside the report nor beside it."""

    address: str | None
    size_bytes: int


class Media(Protocol):
    """Says where artifacts are, as a page refers to them."""

    sources: str
    """What the page's content security policy allows to be loaded."""

    async def picture(self, key: str) -> Picture | None:
        """Return where a screenshot is; None where it is lost, or is no PNG."""

    async def film(self, key: str) -> Film | None:
        """Return where a video is; None where it is lost."""


class Inside:
    """Screenshots as data URIs, and so the video, unless it is large: that is at ``video_beside``, if anywhere."""

    def __init__(self, artifacts: Artifacts, *, video_beside: str | None = None) -> None:
        self.sources = "data:" if video_beside is None else "data: file:"
        self._artifacts = artifacts
        self._video_beside = video_beside

    async def picture(self, key: str) -> Picture | None:
        """Return a screenshot as a data URI."""
        if await look_for(self._artifacts, key) is None:
            return None
        content = await _read(self._artifacts, key)
        return _picture(f"data:image/png;base64,{base64.b64encode(content).decode()}", content[:_PNG_HEAD])

    async def film(self, key: str) -> Film | None:
        """Return a small video as a data URI, a larger one where it is beside."""
        stored = await look_for(self._artifacts, key)
        if stored is None:
            return None
        if stored.size_bytes > MOST_INLINE_VIDEO_BYTES:
            return Film(self._video_beside, stored.size_bytes)
        content = await _read(self._artifacts, key)
        return Film(f"data:video/mp4;base64,{base64.b64encode(content).decode()}", stored.size_bytes)


class Beside:
    """Files beside the page, at ``place_of`` their keys."""

    sources = "file:"

    def __init__(self, artifacts: Artifacts, place_of: Callable[[str], str]) -> None:
        self._artifacts = artifacts
        self._place_of = place_of

    async def picture(self, key: str) -> Picture | None:
        """Return where a screenshot is."""
        if await look_for(self._artifacts, key) is None:
            return None
        return _picture(self._place_of(key), await _read(self._artifacts, key, _PNG_HEAD))

    async def film(self, key: str) -> Film | None:
        """Return where a video is."""
        stored = await look_for(self._artifacts, key)
        return None if stored is None else Film(self._place_of(key), stored.size_bytes)


async def _read(artifacts: Artifacts, key: str, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in artifacts.read(key, 0, end)])


def _picture(address: str, head: bytes) -> Picture | None:
    if len(head) < _PNG_HEAD or not head.startswith(_PNG_SIGNATURE):
        return None
    return Picture(address, int.from_bytes(head[16:20]), int.from_bytes(head[20:24]))
