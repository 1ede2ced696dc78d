"""How a shard counts: the bounds of its histograms, and the one cheap step that observes a value.

It imports no metrics library, because a shard only counts; the front end tells Prometheus.
"""

from bisect import bisect_left
from collections.abc import Sequence

from engine.shard.messages import Histogram

BOUNDS_S = (
    0.000_05,
    0.000_1,
    0.000_25,
    0.000_5,
    0.001,
    0.002_5,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)
"""Upper bounds, in seconds, of every histogram of times: from one decision to lost patience."""

BOUNDS_COMMANDS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096)
"""Upper bounds, in commands, of the histogram of batch sizes."""


def empty_histogram(bounds: Sequence[float]) -> Histogram:
    """A histogram without observations: one count for each bound and one for all above the last."""
    return Histogram(counts=[0] * (len(bounds) + 1), sum_s=0.0)


def observe(histogram: Histogram, bounds: Sequence[float], value: float) -> None:
    """Count `value` under the first bound that it does not exceed, and add it to the sum."""
    histogram.counts[bisect_left(bounds, value)] += 1
    histogram.sum_s += value
