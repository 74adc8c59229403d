"""How a test chooses what it injects, and to whom it reports."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from chaos.figures import Figures

Report = Callable[[Figures], None]
"""Prints a test's figures, keeps them for the whole suite's, and fails where a target does not hold."""


@dataclass(frozen=True)
class Chaos:
    """``random`` follows from the seed and the test's name. ``full``: as much as ``make chaos`` injects."""

    seed: int
    random: random.Random
    full: bool

    def times(self, *, short: int, full: int) -> int:
        """How often something is injected."""
        return full if self.full else short

    def only_in_full(self, what: str) -> None:
        """Skip this test in the short form of the suite."""
        if not self.full:
            pytest.skip(f"only the full suite (make chaos) takes the time for {what}")
