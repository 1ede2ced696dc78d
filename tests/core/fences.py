"""What is fenced of a SKU, worked out anew by maximum flow: an oracle for
`engine.core.channel_rules`, which knows nothing of Hall's theorem, and tries one unit after the
other."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Demand(NamedTuple):
    """Units that somebody wants from locations: at most so many from each of them."""

    units: int
    limits: Mapping[str, int]


def served(demands: Sequence[Demand], available: Mapping[str, int]) -> int:
    """How many units of all demands can be served at once: Ford and Fulkerson, a unit at a time."""
    flows: list[dict[str, int]] = [dict.fromkeys(demand.limits, 0) for demand in demands]

    def used(location: str) -> int:
        return sum(flow.get(location, 0) for flow in flows)

    def serve(number: int, visited: set[str]) -> bool:
        """Find one more unit for a demand, moving others' to elsewhere if need be."""
        for location, limit in demands[number].limits.items():
            if location in visited or flows[number][location] >= limit:
                continue
            visited.add(location)
            if used(location) < available.get(location, 0):
                flows[number][location] += 1
                return True
            for other, flow in enumerate(flows):
                if other != number and flow.get(location, 0):
                    flow[location] -= 1
                    if serve(other, visited):
                        flows[number][location] += 1
                        return True
                    flow[location] += 1
        return False

    total = 0
    for number, demand in enumerate(demands):
        for _ in range(demand.units):
            if not serve(number, set()):
                break
            total += 1
    return total


def servable(
    fences: Sequence[tuple[str, int, Sequence[str]]], available: Mapping[str, int]
) -> dict[str, Demand]:
    """How much of each fence (channel, units, locations) can be served, those before it first."""
    found: dict[str, Demand] = {}
    for name, units, locations in fences:
        limits = {location: available.get(location, 0) for location in locations}
        found[name] = Demand(_possible(units, limits, list(found.values()), available), limits)
    return found


def most(
    caller: str,
    limits: Mapping[str, int],
    fences: Sequence[tuple[str, int, Sequence[str]]],
    available: Mapping[str, int],
) -> int:
    """How many units a caller can take within limits so that all others can still be served what
    is fenced for them."""
    kept = [one for name, one in servable(fences, available).items() if name != caller]
    return _possible(sum(limits.values()), limits, kept, available)


def _possible(
    units: int, limits: Mapping[str, int], others: Sequence[Demand], available: Mapping[str, int]
) -> int:
    """As many of the units as can be served beside the others, which can all be served: finding a
    place for one more unit moves those that have one, and never drops them."""
    total = served([*others, Demand(units, limits)], available)
    return total - sum(other.units for other in others)
