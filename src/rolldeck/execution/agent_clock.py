"""The agent's time, which stands still while something else is waited for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import ParamSpec

P = ParamSpec("P")


@contextmanager
def standing_still(timeout: asyncio.Timeout) -> Iterator[None]:
    """Let a time-out not come nearer meanwhile. Not to be nested."""
    if timeout.expired() or (deadline := timeout.when()) is None:
        yield
        return
    now = asyncio.get_running_loop().time
    stopped_at = now()
    timeout.reschedule(None)
    try:
        yield
    finally:
        timeout.reschedule(deadline + now() - stopped_at)


class AgentClock:
    """Ends what runs ``within`` it when the agent's seconds are over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout: asyncio.Timeout | None = None

    @property
    def is_over(self) -> bool:
        """Whether the seconds have run out; what was running then was ended."""
        return self._timeout is not None and self._timeout.expired()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let the clock run. What is inside is ended quietly when the seconds are over."""
        try:
            async with asyncio.timeout(self._seconds) as self._timeout:
                yield
        except TimeoutError:
            if not self.is_over:
                raise

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let no time pass for the agent meanwhile. Not to be nested."""
        if self._timeout is None:
            yield
            return
        with standing_still(self._timeout):
            yield

    def aside(self, waiting: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
        """Return the same waiting, during which no time passes for the agent."""

        async def wait(*args: P.args, **kwargs: P.kwargs) -> None:
            with self.stopped():
                await waiting(*args, **kwargs)

        return wait
