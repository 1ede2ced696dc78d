"""Holds what followers of the latest alone were told against the log.

Nothing is promised of what lies between, nor of the order of SKU-locations. But whatever a cursor
covers is told as it was then, or as it was later: `outdated` are SKU-locations of which the last
that a cursor covers, or something after it, was not told. `altered`, `uncalled for` and `back` are
as in `benchmarks.feed_audit`.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.feed_audit import Interest, LogCopy, Positions
from engine.feed.cursor import Cursor


class State(NamedTuple):
    """What was told of a SKU-location, by an event or in a snapshot."""

    sku: str
    location: str
    version: int
    on_hand: int
    held: int
    allocated: int


@dataclass
class LatestStream:
    """What one follower of the latest was told from one start to the next."""

    interest: Interest
    start: Positions
    """The place it asked to go on from; no positions: it has begun with a snapshot."""
    messages: list[tuple[str, tuple[State, ...]]] = field(default_factory=list)
    """Each message's cursor, empty within a snapshot, and states."""

    def take(self, cursor: str, states: Iterable[State]) -> None:
        """Take down a message."""
        self.messages.append((cursor, tuple(states)))


class _Place(NamedTuple):
    """A SKU-location in the log: where each of its versions is, and what it says."""

    shard: int
    positions: Sequence[int]
    states: Sequence[int]


class LatestAuditor:
    """Holds streams against a complete copy of the log."""

    def __init__(self, log: LogCopy) -> None:
        self._places: dict[tuple[str, str], _Place] = {}
        for number, shard in enumerate(log.shards):
            for position, place in enumerate(shard.places, start=1):
                if place is not None and place[0]:
                    found = self._places.setdefault(place, _Place(number, [], []))
                    found.positions.append(position)  # type: ignore[attr-defined]
                    found.states.append(shard.states[position - 1])  # type: ignore[attr-defined]
        self.findings: Counter[str] = Counter()
        self.states = 0
        """How many told states were looked at."""

    def stream(self, stream: LatestStream) -> None:
        """Look at every message of a stream."""
        followed = {key: of for key, of in self._places.items() if stream.interest.passes(*key)}
        # What was so at its start it knows already.
        told = {
            key: bisect_right(of.positions, stream.start.get(of.shard, 0))
            for key, of in followed.items()
        }
        before = dict(stream.start)
        for cursor, states in stream.messages:
            for state in states:
                self._compare(state, followed)
                key = state[:2]
                told[key] = max(told.get(key, 0), state.version)
            self.states += len(states)
            if cursor:
                after = dict(Cursor.parse(cursor).positions)
                self.findings["back"] += any(after[each] < before[each] for each in before)
                self._cover(after, followed, told)
                before = after

    def _compare(self, state: State, followed: dict[tuple[str, str], _Place]) -> None:
        place = followed.get(state[:2])
        if place is None:
            self.findings["uncalled for"] += 1
        elif not 1 <= state.version <= len(place.states):
            self.findings["altered"] += 1
        else:
            self.findings["altered"] += place.states[state.version - 1] != hash(state)

    def _cover(
        self,
        cursor: Positions,
        followed: dict[tuple[str, str], _Place],
        told: dict[tuple[str, str], int],
    ) -> None:
        """Each SKU-location must be told at least as it was at the cursor."""
        for key, place in followed.items():
            version = bisect_right(place.positions, cursor[place.shard])
            if told[key] < version:
                self.findings["outdated"] += 1
                told[key] = version
