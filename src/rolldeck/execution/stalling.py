"""Notices an agent that does the same again and again on a screen that stays the same."""

import asyncio
import io
from collections import deque
from collections.abc import Sequence

from PIL import Image, ImageChops

from rolldeck.domain.action import Action, Screenshot, Wait

_REDUCED_BY = 4
_CONTRAST = 16  # of 255: what a cell of so many pixels squared must differ by to count
_FEW_CELLS = 12  # a blinking cursor is about 5 cells, a digit of a clock about 4
_WINDOW = 4  # times the steps that make a hint: a detour of some steps in between is still the same loop

Deed = tuple[Action, ...]


class StallWatch:
    """Counts turns that are alike: the same actions on the same screen. Turns that only wait or look are none.

    After ``steps`` of them among the last ones the agent is given a hint, after twice as many it is stalled.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._turns: deque[tuple[Image.Image, Deed]] = deque(maxlen=_WINDOW * steps)
        self._alike = 0

    @property
    def hint(self) -> str | None:
        """What to tell the agent after its last turn, if anything."""
        if self._alike < self._steps:
            return None
        return (
            f"You have done this {self._alike} times now on a screen that looks the same, and it did not help. "
            f"Do something else, or answer; after {2 * self._steps} times you are stopped."
        )

    @property
    def is_stalled(self) -> bool:
        """Whether the last turn was one too many."""
        return self._alike >= 2 * self._steps

    async def note(self, screenshot: bytes, actions: Sequence[Action]) -> None:
        """Take note of a turn: what the agent saw, a PNG, and what it did on that."""
        deed = tuple(action for action in actions if not isinstance(action, Wait | Screenshot))
        if not deed:
            self._alike = 0
            return
        self._alike = await asyncio.to_thread(self._count, screenshot, deed)

    def _count(self, screenshot: bytes, deed: Deed) -> int:
        screen = reduced(screenshot)
        self._turns.append((screen, deed))
        return sum(done == deed and looks_like(seen, screen) for seen, done in self._turns)


def reduced(screenshot: bytes) -> Image.Image:
    """Return a screenshot in grey cells, of which blinking cursors and the like change few."""
    with Image.open(io.BytesIO(screenshot)) as image:
        return image.convert("L").reduce(_REDUCED_BY)


def looks_like(one: Image.Image, other: Image.Image) -> bool:
    """Whether two reduced screenshots are of the same size and differ in a few cells at most."""
    if one.size != other.size:
        return False
    differences = ImageChops.difference(one, other).histogram()
    return sum(differences[_CONTRAST:]) <= _FEW_CELLS
