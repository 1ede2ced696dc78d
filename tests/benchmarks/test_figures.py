"""Percentiles and rounding."""

import pytest

from benchmarks.figures import latencies, percentile, rounded


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, 0.0),
        ([3.0], 1, 3.0),
        ([1.0, 2.0], 50, 1.0),
        ([1.0, 2.0], 51, 2.0),
        ([float(each) for each in range(1, 101)], 99, 99.0),
        ([float(each) for each in range(1, 101)], 100, 100.0),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == expected


def test_latencies_are_in_milliseconds() -> None:
    measured = latencies([0.003, 0.001, 0.002])
    assert (measured.number, measured.p50_ms, measured.max_ms) == (3, 2.0, 3.0)


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, 0.0), (0.012345, 0.0123), (12.345, 12.3), (12345.6, 12346.0)]
)
def test_three_digits_count(value: float, expected: float) -> None:
    assert rounded(value) == expected
