"""Chance that falls the same way everywhere.

Only ``Random.random`` is promised to give the same sequence in every Python version, so everything is made from it, with
integer arithmetic after one multiplication.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random
from typing import TypeVar

T = TypeVar("T")

_HOUR_WEIGHTS = (2, 1, 1, 1, 1, 2, 4, 8, 13, 17, 19, 20, 22, 20, 18, 17, 18, 20, 24, 27, 26, 20, 12, 6)


class Chance:
    """A stream of random choices of its own, so that one table's changes leave the others as they are."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - example data, not secrets

    def below(self, end: int) -> int:
        """A whole number from 0 to ``end - 1``."""
        return int(self._random.random() * end)

    def between(self, first: int, last: int) -> int:
        """A whole number from ``first`` to ``last``, both included."""
        return first + self.below(last - first + 1)

    def percent(self, share: int) -> bool:
        """True in ``share`` of 100 cases."""
        return self.below(100) < share

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, all as likely."""
        return choices[self.below(len(choices))]

    def pick_early(self, choices: Sequence[T]) -> T:
        """One of the choices, the earlier the likelier: the first quarter of them gets three fifths of the picks."""
        return choices[int(self._random.random() * self._random.random() * len(choices))]

    def pick_weighted(self, choices: "Weighted[T]") -> T:
        """One of the choices by weight."""
        return choices.at(self.below(choices.total))

    def moment(self, day: date) -> datetime:
        """A time of that day, when people are awake rather than not."""
        hour = self.pick_weighted(_HOURS)
        return datetime.combine(day, time(hour, self.below(60), self.below(60)))


class Weighted(list[T]):
    """Choices with whole-number weights."""

    def __init__(self, choices: Sequence[T], weights: Sequence[int]) -> None:
        super().__init__(choices)
        self._bounds = list(accumulate(weights))
        self.total = self._bounds[-1]

    def at(self, position: int) -> T:
        """The choice that owns a position below ``total``."""
        return self[bisect_right(self._bounds, position)]


_HOURS = Weighted(range(24), _HOUR_WEIGHTS)


def days(first: date, last: date) -> list[date]:
    """Every day from ``first`` to ``last``, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def share_of(cents: int, basis_points: int) -> int:
    """So many hundredths of a percent of an amount, in whole cents, halves rounded up."""
    return (cents * basis_points + 5_000) // 10_000


def money(cents: int) -> Decimal:
    """An amount as it is written: with two decimals."""
    return Decimal(cents).scaleb(-2)
