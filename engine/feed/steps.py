"""What a subscriber is told, step by step.

Every cursor is complete: a subscriber that starts after it is told exactly the rest. It is empty as
long as a snapshot lasts: who is cut off then asks for it again. `engine.rpc.convert_feed` encodes
each step as one WatchResponse.
"""

from collections.abc import Sequence

import msgspec

from engine.channels.facts import ChannelUpdate
from engine.core.model import Key, Stock


class Events(msgspec.Struct, frozen=True):
    """Events that pass the filter, at least one, in order for each shard; in mode LATEST each of
    another SKU-location."""

    cursor: str
    entries: Sequence[bytes]
    """Each as FeedEvent.entry."""


class Snapshot(msgspec.Struct, frozen=True):
    """Present states of SKU-locations that pass the filter. With `complete` all were told, and all
    that happened meanwhile."""

    cursor: str
    stocks: Sequence[tuple[Key, Stock]]
    complete: bool


class Numbers(msgspec.Struct, frozen=True):
    """What the filter's channel may sell, each with the engine time of the newest event that led to
    it; 0: it is of a snapshot. `complete`: a snapshot ends here."""

    cursor: str
    updates: Sequence[tuple[ChannelUpdate, int]]
    complete: bool


class CaughtUp(msgspec.Struct, frozen=True):
    """Everything that was past when the subscriber came, or fell behind, has been told. `time_ms`
    is engine time, as in all steps."""

    cursor: str
    time_ms: int


class FellBehind(msgspec.Struct, frozen=True):
    """What comes next is in memory no more, and is read from the history; CaughtUp will say when
    that is told. `lag_events`: events of all shards that were not told yet, whether they pass the
    filter or not."""

    cursor: str
    time_ms: int
    lag_events: int


class Checkpoint(msgspec.Struct, frozen=True):
    """Nothing passed the filter for a while. The cursor may have moved."""

    cursor: str
    time_ms: int


Step = Events | Snapshot | Numbers | CaughtUp | FellBehind | Checkpoint


class FeedStopping(Exception):
    """The node is stopping: the feed goes on elsewhere, or here after a restart, from the last
    cursor."""
