"""Sums and middles that do not depend on the order in which values come. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_ALL = 100
_PARTS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How values are spread; None where there are none. Median and p90 are among the values."""

    count: int
    total: float
    median: float | None
    p90: float | None
    longest: float | None


def spread(values: Iterable[float]) -> Spread:
    """Return how `values` are spread."""
    ordered = sorted(values)
    return Spread(
        count=len(ordered),
        total=total(ordered),
        median=_percentile(ordered, 50),
        p90=_percentile(ordered, 90),
        longest=_percentile(ordered, _ALL),
    )


def total(values: Iterable[float]) -> float:
    """Return the sum of `values`, to a billionth; adding floats, their order would show."""
    return sum(round(value * _PARTS) for value in values) / _PARTS


def share(part: float, whole: float) -> float | None:
    """Return `part` of `whole`, 0.25 for a quarter; None of nothing."""
    return part / whole if whole else None


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the least value that so many of a hundred do not exceed."""
    if not ordered:
        return None
    rank = -(-percent * len(ordered) // _ALL)  # rounded up, in whole numbers
    return ordered[rank - 1]
