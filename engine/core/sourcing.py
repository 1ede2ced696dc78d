"""Where a line's units come from, when several locations may serve it: a planner puts the locations
in an order, and the line takes from each in turn what it has.

A planner is a pure function of numbers: to add a strategy is to add a function to `PLANNERS`.
"""

from collections.abc import Callable, Collection, Sequence

from engine.core.model import Strategy, Struct


class Candidate(Struct, frozen=True):
    """A location that may serve a line, and how many units it could give."""

    location: str
    units: int


class Source(Struct, frozen=True):
    """So many units from a location."""

    location: str
    units: int


Planner = Callable[[int, Sequence[Candidate], Collection[str]], Sequence[Candidate]]
"""Puts the candidates of a line in the order in which they serve it, given the units asked for and
the locations that serve earlier lines of the basket already."""


def by_priority(
    _quantity: int, candidates: Sequence[Candidate], _in_use: Collection[str]
) -> Sequence[Candidate]:
    """As the preference list or the group's priorities say."""
    return candidates


def by_fewest_splits(
    quantity: int, candidates: Sequence[Candidate], in_use: Collection[str]
) -> Sequence[Candidate]:
    """The fewest locations for the line: one that has it all if there is one, else those that have
    most. Of equally good ones those first that the basket uses already, then those preferred."""
    return sorted(
        candidates, key=lambda one: (-min(one.units, quantity), one.location not in in_use)
    )


def by_most_stock(
    _quantity: int, candidates: Sequence[Candidate], _in_use: Collection[str]
) -> Sequence[Candidate]:
    """Those with the most units first, so that locations run out together."""
    return sorted(candidates, key=lambda one: -one.units)


PLANNERS: dict[Strategy, Planner] = {
    Strategy.PRIORITY: by_priority,
    Strategy.FEWEST_SPLITS: by_fewest_splits,
    Strategy.MOST_STOCK: by_most_stock,
}
"""The planner of each strategy."""


def plan(
    strategy: Strategy,
    quantity: int,
    candidates: Sequence[Candidate],
    *,
    split: bool,
    in_use: Collection[str] = (),
) -> tuple[Source, ...]:
    """What each location gives, at most `quantity` units in all, less if there is not more.

    Without `split` everything comes from one location: the first that has it all, else the first
    of those that have most.
    """
    ordered = PLANNERS[strategy](quantity, candidates, in_use)
    if not split:
        full = [one for one in ordered if one.units >= quantity]
        best = full[:1] or sorted(ordered, key=lambda one: -one.units)[:1]
        return tuple(Source(one.location, min(one.units, quantity)) for one in best if one.units)
    sources = []
    for one in ordered:
        units = min(one.units, quantity)
        if units:
            sources.append(Source(one.location, units))
            quantity -= units
    return tuple(sources)
