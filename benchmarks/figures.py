"""Numbers about many measurements: percentiles, medians, latencies in milliseconds."""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

__all__ = ["Latencies", "latencies", "median", "percentile", "rounded"]


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed; 0 if there are none.

    `ordered` is in ascending order.
    """
    if not ordered:
        return 0.0
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(rank, 1) - 1]


class Latencies(NamedTuple):
    """Percentiles of times, in milliseconds, and how many there were."""

    number: int
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float

    def __str__(self) -> str:
        return f"p50 {self.p50_ms:,.2f} · p99 {self.p99_ms:,.2f} · max {self.max_ms:,.1f} ms"


def latencies(seconds: Sequence[float]) -> Latencies:
    """The percentiles of times that are given in seconds, in any order."""
    ordered = sorted(seconds)
    milliseconds = [round(percentile(ordered, percent) * 1_000, 3) for percent in (50, 90, 99, 100)]
    return Latencies(len(ordered), *milliseconds)


def rounded(value: float) -> float:
    """A measured figure with three significant digits, or all digits before its point."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, max(0, 2 - math.floor(math.log10(abs(value)))))
