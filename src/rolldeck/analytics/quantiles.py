"""How values are spread."""

from collections.abc import Sequence

from rolldeck.analytics.tally import Figure


class Spread(Figure):
    """Of so many values: their mean, what half and nine tenths of them do not exceed, the least and the largest."""

    values: int
    mean: float
    least: float
    median: float
    p90: float
    largest: float


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return what this share of ascending values does not exceed, interpolated linearly (Hyndman and Fan's type 7)."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def spread(values: Sequence[float]) -> Spread | None:
    """Describe values; None where there are none."""
    if not values:
        return None
    ordered = sorted(values)
    return Spread(
        values=len(ordered),
        mean=sum(ordered) / len(ordered),
        least=ordered[0],
        median=quantile(ordered, 0.5),
        p90=quantile(ordered, 0.9),
        largest=ordered[-1],
    )
