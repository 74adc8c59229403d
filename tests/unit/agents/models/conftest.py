"""What tests of models' agents share."""

from typing import cast

import pytest

from rolldeck.agents.port import PageReader, Surroundings


class Time:
    """Stands for the time of a rollout: pauses are noted, and over at once; ``paces`` counts the waits for the quota."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.paces = 0

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def pace(self) -> None:
        self.paces += 1


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def surroundings(time: Time) -> Surroundings:
    """A rollout's, with a page that nobody looks at."""
    return Surroundings(page=cast("PageReader", object()), pace=time.pace, pause=time.pause)
