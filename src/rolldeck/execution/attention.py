"""What persons want of the rollouts of this worker, as far as it has heard."""

import asyncio


class Attention:
    """Is told when to look for answers and orders, and whose pages persons want; rollouts that wait for these listen here."""

    def __init__(self) -> None:
        self._wanted: frozenset[str] = frozenset()
        self._look = asyncio.Event()

    def heed(self, wanted: frozenset[str]) -> None:
        """Take note of all rollouts whose pages persons want, and let all that wait look now. Returns at once."""
        self._wanted = wanted
        self.look()

    def look(self) -> None:
        """Let all that wait look now: a person may have answered, or ordered. Returns at once."""
        look, self._look = self._look, asyncio.Event()
        look.set()

    def is_wanted(self, rollout_id: str) -> bool:
        """Whether a person wants the page of a rollout, as far as is known."""
        return rollout_id in self._wanted

    async def next_look(self, seconds: float) -> None:
        """Return when it is time to look again, after so many seconds at the latest."""
        try:
            async with asyncio.timeout(seconds):
                await self._look.wait()
        except TimeoutError:
            return
