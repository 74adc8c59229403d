"""The time that an attempt has, phase by phase."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rolldeck.domain.errors import RolldeckError
from rolldeck.domain.limits import EffectiveLimits


@dataclass(frozen=True)
class Deadline:
    """A limit by its name, and the seconds that it leaves."""

    limit: str
    seconds: float

    @asynccontextmanager
    async def kept(self, what: str, failure: type[RolldeckError]) -> AsyncIterator[asyncio.Timeout]:
        """Raise ``failure``, which names the limit, where the block takes longer."""
        try:
            async with asyncio.timeout(self.seconds) as timeout:
                yield timeout
        except TimeoutError as error:
            if not timeout.expired():
                raise
            raise failure(f"{what} was not ready within {self.seconds:.3g} s ({self.limit})") from error


class Deadlines:
    """The limits of an attempt in seconds. Those of ``total_seconds`` begin now."""

    def __init__(self, limits: EffectiveLimits, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._began = monotonic()

    @property
    def provision(self) -> Deadline:
        """For the environment."""
        return self._while_agent_has_time("provision_seconds", self._limits.provision_seconds)

    @property
    def browser(self) -> Deadline:
        """For the page."""
        return self._while_agent_has_time("browser_seconds", self._limits.browser_seconds)

    @property
    def agent_seconds(self) -> float:
        """What the agent has, if it begins now."""
        return max(0.0, min(self._limits.agent_seconds, self._total_left()))

    @property
    def verify(self) -> Deadline:
        """For the verdict."""
        return Deadline("verify_seconds", self._limits.verify_seconds)

    def _while_agent_has_time(self, limit: str, seconds: float) -> Deadline:
        # An agent without any time left would be judged for what it had no chance to do.
        left = self._total_left()
        return Deadline("total_seconds", left) if left < seconds else Deadline(limit, seconds)

    def _total_left(self) -> float:
        total = self._limits.total_seconds
        return float("inf") if total is None else total - (self._monotonic() - self._began)
