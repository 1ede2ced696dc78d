"""Where a line's units come from: rows of what is where, what is asked, and what each location
gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.model import Strategy
from engine.core.sourcing import PLANNERS, Candidate, plan

PRIORITY, FEWEST, MOST = Strategy.PRIORITY, Strategy.FEWEST_SPLITS, Strategy.MOST_STOCK

PLANS = [
    # strategy, split, asked, there (in order of preference), in use, given
    (PRIORITY, True, 3, "A5 B9", "", "A3"),
    (PRIORITY, True, 8, "A5 B9", "", "A5 B3"),
    (PRIORITY, True, 8, "A0 B9", "", "B8"),
    (PRIORITY, True, 20, "A5 B9", "", "A5 B9"),
    (PRIORITY, True, 3, "A0 B0", "", ""),
    (PRIORITY, False, 8, "A5 B9 C10", "", "B8"),
    (PRIORITY, False, 5, "A5 B9", "", "A5"),
    (PRIORITY, False, 20, "A5 B9 C9", "", "B9"),
    (FEWEST, True, 8, "A5 B9 C20", "", "B8"),
    (FEWEST, True, 8, "A5 B9 C20", "C", "C8"),
    (FEWEST, True, 25, "A5 B9 C20", "A", "C20 B5"),
    (FEWEST, True, 14, "A5 B9 C9", "C", "C9 B5"),
    (FEWEST, False, 8, "A5 B9 C20", "C", "C8"),
    (MOST, True, 3, "A5 B9 C20", "", "C3"),
    (MOST, True, 25, "A5 B9 C20", "", "C20 B5"),
    (MOST, True, 10, "A9 B9", "", "A9 B1"),
    (MOST, False, 3, "A5 B9", "A", "B3"),
]


def candidates(text: str) -> list[Candidate]:
    return [Candidate(each[0], int(each[1:])) for each in text.split()]


@pytest.mark.parametrize(("strategy", "split", "asked", "there", "in_use", "given_units"), PLANS)
def test_a_line_is_planned(
    strategy: Strategy, split: bool, asked: int, there: str, in_use: str, given_units: str
) -> None:
    sources = plan(strategy, asked, candidates(there), split=split, in_use=set(in_use))
    assert " ".join(f"{one.location}{one.units}" for one in sources) == given_units


STOCKS = st.lists(st.integers(0, 20), min_size=1, max_size=6).map(
    lambda units: [Candidate(f"L{index}", count) for index, count in enumerate(units)]
)


@given(st.sampled_from(list(PLANNERS)), st.booleans(), st.integers(1, 60), STOCKS, st.data())
def test_every_planner_gives_what_is_there_and_no_more(
    strategy: Strategy, split: bool, asked: int, there: list[Candidate], data: st.DataObject
) -> None:
    in_use = data.draw(st.sets(st.sampled_from([one.location for one in there])))
    sources = plan(strategy, asked, there, split=split, in_use=in_use)
    units = {one.location: one.units for one in there}
    assert len({one.location for one in sources}) == len(sources)
    assert all(0 < one.units <= units[one.location] for one in sources)
    total = sum(one.units for one in sources)
    assert total == min(asked, sum(units.values()) if split else max(units.values()))
    assert split or len(sources) <= 1


@given(st.integers(1, 60), STOCKS)
def test_fewest_splits_uses_no_more_locations_than_any_other_plan(
    asked: int, there: list[Candidate]
) -> None:
    fewest = plan(FEWEST, asked, there, split=True)
    for strategy in PLANNERS:
        assert len(fewest) <= len(plan(strategy, asked, there, split=True))
