"""Writing to a store that fails for a while: locked, full, away."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import stamina

from rolldeck.domain.errors import StorageError

T = TypeVar("T")

PATIENCE_SECONDS = 60.0

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 2.0
_JITTER = 0.2


async def persistently(
    write: Callable[[], Awaitable[T]],
    *,
    found: Callable[[], Awaitable[T | None]] | None = None,
    seconds: float | None = PATIENCE_SECONDS,
) -> T:
    """Write, and again after a ``StorageError``, with growing pauses, for ``seconds`` (None: for ever).

    ``found`` is asked before a repetition: a write that took place, but whose answer was lost, is not made twice; None
    means that it did not. A write that may be repeated anyhow needs none. Raises what ``write`` and ``found`` raise.
    """
    with contextlib.suppress(StorageError):
        return await write()  # nearly always: the machinery for the rest costs more than the write
    async for attempt in stamina.retry_context(
        on=StorageError,
        attempts=None,
        timeout=seconds,
        wait_initial=_FIRST_PAUSE,
        wait_max=_LONGEST_PAUSE,
        wait_jitter=_JITTER,
    ):
        with attempt:
            earlier = None if found is None else await found()
            return await write() if earlier is None else earlier
    raise AssertionError("a retry ends with a result or an error")
