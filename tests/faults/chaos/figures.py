"""The figures of a run of the faults suite, and whether its targets hold."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

ORPHANS = ("processes", "databases", "directories", "ports", "file_descriptors")
ZEROES = ("rollouts_lost", "finished_twice", "stuck", "false_failures", "false_zero_rewards", "other_findings")


@dataclass
class Figures:
    """What one test, or all of them together, found.

    ``recovery`` has the seconds until each rollout that was hit was claimed again; ``cancellation`` those from a request
    to cancel until all that it was about had ended.
    """

    faults: int = 0
    rollouts: int = 0
    attempts: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    orphans: Counter[str] = field(default_factory=Counter)
    recovery: list[float] = field(default_factory=list)
    cancellation: list[float] = field(default_factory=list)

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.faults + other.faults,
            self.rollouts + other.rollouts,
            self.attempts + other.attempts,
            self.counts + other.counts,
            self.orphans + other.orphans,
            self.recovery + other.recovery,
            self.cancellation + other.cancellation,
        )

    @property
    def failures(self) -> int:
        """How much is not as it should be."""
        return sum(self.counts.values()) + sum(self.orphans.values())

    def as_json(self) -> dict[str, Any]:
        """All figures, in the words of docs/faults.md."""
        return {
            "faults_injected": self.faults,
            "faults_survived": max(0, self.faults - self.failures),
            "rollouts": self.rollouts,
            "attempts": self.attempts,
            **{name: self.counts[name] for name in ZEROES},
            "orphans": {name: self.orphans[name] for name in ORPHANS},
            "recovery_seconds": _distribution(self.recovery),
            "cancellation_seconds": _distribution(self.cancellation),
        }

    @classmethod
    def of(cls, found: dict[str, Any]) -> "Figures":
        """The opposite of ``as_record``."""
        return cls(
            found["faults"],
            found["rollouts"],
            found["attempts"],
            Counter(found["counts"]),
            Counter(found["orphans"]),
            list(found["recovery"]),
            list(found["cancellation"]),
        )

    def as_record(self) -> dict[str, Any]:
        """Everything, so that figures can be added elsewhere."""
        return {
            "faults": self.faults,
            "rollouts": self.rollouts,
            "attempts": self.attempts,
            "counts": dict(self.counts),
            "orphans": dict(self.orphans),
            "recovery": self.recovery,
            "cancellation": self.cancellation,
        }


def _distribution(values: Sequence[float]) -> dict[str, float | None]:
    return {"count": len(values), "p50": _percentile(values, 0.5), "p99": _percentile(values, 0.99)}


def _percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least ``share`` of all do not exceed; None of none."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(share * len(values)) - 1)], 3)
