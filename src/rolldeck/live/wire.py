"""What a server and its worker processes say to each other over the workers' standard input and output.

The server writes lines: an empty one wakes the worker, ``watch ID ID …`` names all rollouts that somebody watches. The worker
writes messages: frames of these, and that it has written something into the database.
"""

import asyncio
import struct
from collections.abc import Iterable
from dataclasses import dataclass

WAKE = b"\n"

_WATCH = b"watch"
_HEAD = struct.Struct(">26sI")  # a rollout's id (a ULID; NULs where it is news), and how many bytes follow
_LARGEST_FRAME = 16 * 1024 * 1024


def watch_order(rollout_ids: Iterable[str]) -> bytes:
    """Return the line that names all rollouts that somebody watches."""
    return b" ".join([_WATCH, *(rollout_id.encode() for rollout_id in sorted(rollout_ids))]) + b"\n"


def watched_in(line: bytes) -> frozenset[str] | None:
    """Return what a line names as watched; None where it is no such order."""
    words = line.split()
    if not words or words[0] != _WATCH:
        return None
    return frozenset(word.decode() for word in words[1:])


@dataclass(frozen=True)
class Told:
    """What a worker has told: a frame of a rollout or, without one, that something was written."""

    rollout_id: str | None
    jpeg: bytes = b""


NEWS = _HEAD.pack(b"", 0)
"""The message that something was written."""


def frame_message(rollout_id: str, jpeg: bytes) -> bytes:
    """Return the message that carries a frame."""
    return _HEAD.pack(rollout_id.encode(), len(jpeg)) + jpeg


async def read_told(reader: asyncio.StreamReader) -> Told | None:
    """Read a message; None at the end, also one in the middle of a message, or where what comes is none."""
    try:
        name, size = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        if size > _LARGEST_FRAME:
            return None
        jpeg = await reader.readexactly(size)
    except asyncio.IncompleteReadError:
        return None
    rollout_id = name.rstrip(b"\0").decode("ascii", "replace")
    return Told(rollout_id or None, jpeg)
