"""How fast and how much at once: by a clock that stands until it is moved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.access.limits import AT_ONCE_RETRY_MS, Limiter
from engine.access.model import Principal
from engine.access.problems import RateLimited
from tests.access.house import Clock


def limiter(clock: Clock, commands_per_s: int = 0, calls_at_once: int = 0) -> Limiter:
    principal = Principal("p", (), commands_per_s, calls_at_once)
    return Limiter(principal, clock)


def spent(limits: Limiter, tries: int) -> list[int]:
    """For each try 0, or when to try again."""
    found = []
    for _ in range(tries):
        try:
            limits.spend()
        except RateLimited as limited:
            assert (limited.principal, limited.limit) == ("p", "commands_per_s")
            found.append(limited.retry_after_ms)
        else:
            found.append(0)
    return found


def test_without_a_rate_everything_passes() -> None:
    assert spent(limiter(Clock()), 1_000) == [0] * 1_000


def test_a_second_may_be_used_at_once_and_then_what_comes_in() -> None:
    clock = Clock()
    limits = limiter(clock, 10)
    assert spent(limits, 10) == [0] * 10
    # Whoever is refused is told another time than whoever was before.
    assert spent(limits, 3) == [100, 200, 300]
    clock.now_s += 0.2
    assert spent(limits, 3)[:2] == [0, 0]
    clock.now_s += 3_600
    assert [each == 0 for each in spent(limits, 11)] == [True] * 10 + [False]


def test_nobody_is_told_to_come_back_much_later() -> None:
    limits = limiter(Clock(), 1)
    assert spent(limits, 20)[-1] == 5_000


def test_what_is_under_way_is_counted() -> None:
    limits = limiter(Clock(), calls_at_once=2)
    limits.enter()
    limits.enter()
    with pytest.raises(RateLimited) as limited:
        limits.enter()
    assert (limited.value.limit, limited.value.value) == ("calls_at_once", 2)
    assert limited.value.retry_after_ms == AT_ONCE_RETRY_MS
    limits.leave()
    limits.enter()
    assert limits.at_once == 2


def test_a_change_of_the_file_holds_at_once() -> None:
    clock = Clock()
    limits = limiter(clock, 10)
    limits.change(Principal("p", (), 2, 1))
    assert [each == 0 for each in spent(limits, 3)] == [True, True, False]
    limits.change(Principal("p", (), 0, 0))
    assert spent(limits, 3) == [0, 0, 0]


@given(
    st.integers(1, 50),
    st.lists(st.tuples(st.floats(0, 2), st.integers(0, 80)), max_size=30),
)
def test_never_more_than_a_burst_and_the_rate(rate: int, asks: list[tuple[float, int]]) -> None:
    clock = Clock(0.0)
    limits = limiter(clock, rate)
    passed = 0
    for wait_s, tries in asks:
        clock.now_s += wait_s
        passed += spent(limits, tries).count(0)
        assert passed <= rate + clock.now_s * rate + 1e-6
