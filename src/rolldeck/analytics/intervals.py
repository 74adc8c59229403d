"""How sure a rate is."""

import math
import random
from array import array
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

from rolldeck.analytics.quantiles import quantile
from rolldeck.analytics.tally import Figure

CONFIDENCE = 0.95
RESAMPLES = 500  # twice as many would make the interval's ends a third less noisy, and take twice as long
_SEED = 20_240_229  # the same data gives the same interval


class Interval(Figure):
    """Where the true value is, with a confidence of 95 %."""

    low: float
    high: float


def wilson(succeeded: int, completed: int, confidence: float = CONFIDENCE) -> Interval | None:
    """Return Wilson's score interval of a rate of independent trials; None where there are none.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    if completed == 0:
        return None
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = succeeded / completed
    spread = z * math.sqrt(rate * (1 - rate) / completed + z * z / (4 * completed * completed))
    middle, scale = rate + z * z / (2 * completed), 1 + z * z / completed
    # At the ends rounding would leave 3e-17 where there is nothing.
    return Interval(
        low=0.0 if succeeded == 0 else (middle - spread) / scale,
        high=1.0 if succeeded == completed else (middle + spread) / scale,
    )


def clustered(
    parts: Sequence[float], wholes: Sequence[float] | None = None, *, confidence: float = CONFIDENCE, seed: int = _SEED
) -> Interval | None:
    """Return the percentile bootstrap interval of ``sum(parts) / sum(wholes)`` over clusters; None for fewer than two.

    Without ``wholes``, that of the mean of the parts.

    Each position is a cluster, and whole ones are drawn, with replacement: the rollouts of one task are more alike than
    those of several, so that a hundred rollouts of two tasks must not be taken for a hundred observations. ``wholes``
    are positive.
    """
    if len(parts) < 2:
        return None
    ratios = sorted(
        sum(map(parts.__getitem__, drawn)) / (len(drawn) if wholes is None else sum(map(wholes.__getitem__, drawn)))
        for drawn in _draws(len(parts), seed)
    )
    tail = (1 - confidence) / 2
    return Interval(low=quantile(ratios, tail), high=quantile(ratios, 1 - tail))


@lru_cache(maxsize=8)
def _draws(clusters: int, seed: int) -> Sequence["array[int]"]:
    """Return positions of clusters, as many as there are, drawn many times. Drawing costs more than adding up."""
    chance = random.Random(seed)  # noqa: S311 - statistics, not secrets
    return [array("L", chance.choices(range(clusters), k=clusters)) for _ in range(RESAMPLES)]
