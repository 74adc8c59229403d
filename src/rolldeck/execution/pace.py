"""How fast an agent may make requests."""

import time
from collections.abc import Awaitable, Callable

from rolldeck.execution.persistence import persistently
from rolldeck.storage.port import Quotas

Sleep = Callable[[float], Awaitable[None]]

_ASKED_ANEW_SECONDS = 1.0


class Pace:
    """Waits until a quota has room for another request.

    Whether it limits requests at all is asked once a second at most: taking a place is a write, which most rollouts
    can do without.
    """

    def __init__(
        self, quota: str, quotas: Quotas, sleep: Sleep, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._quota = quota
        self._quotas = quotas
        self._sleep = sleep
        self._monotonic = monotonic
        self._limits = False
        self._ask_at = monotonic()

    async def __call__(self) -> None:
        """Return when the next request may be made. Raises ``StorageError`` once that cannot be told for a minute."""
        if self._monotonic() >= self._ask_at:
            self._ask_at = self._monotonic() + _ASKED_ANEW_SECONDS
            quotas = await persistently(self._quotas.list)
            self._limits = any(each.name == self._quota and each.requests_per_minute is not None for each in quotas)
        if self._limits:
            await self._sleep(await persistently(lambda: self._quotas.reserve(self._quota)))
