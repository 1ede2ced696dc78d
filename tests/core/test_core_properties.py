"""What holds whatever happens: random histories under the audit of an independent ledger."""

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.commands_at_random import walk


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_what_is_asked_for_never_overdraws(random: Random, steps: int) -> None:
    assert not walk(random, steps, told=False).told


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_what_is_told_is_booked_and_every_shortfall_named(random: Random, steps: int) -> None:
    walk(random, steps, told=True)


def test_long_histories() -> None:
    for seed in range(6):
        walk(Random(seed), 600, told=bool(seed % 2))


def test_random_histories_are_not_idle() -> None:
    """A walk that is refused everything would prove nothing."""
    seen: Counter[str] = Counter()
    for seed in range(6):
        history = walk(Random(seed), 500, told=True).world.history
        seen.update(type(event).__name__ for _, event in history)
    assert len(seen) == 17, "every kind of event happens"
    assert min(seen.values()) > 10, seen
