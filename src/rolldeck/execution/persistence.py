"""Writing to a store that fails for a while: locked, full, away."""

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
    async for attempt in stamina.retry_context(
        on=StorageError,
        attempts=None,
        timeout=seconds,
        wait_initial=_FIRST_PAUSE,
        wait_max=_LONGEST_PAUSE,
        wait_jitter=_JITTER,
    ):
        with attempt:
            if attempt.num > 1 and found is not None:
                earlier = await found()
                if earlier is not None:
                    return earlier
            return await write()
    raise AssertionError("a retry ends with a result or an error")
