"""A group of the log as the feed sends it: decoded once, each event filled in and encoded for every
subscriber."""

import sys
from bisect import bisect_left, bisect_right
from itertools import accumulate

import msgspec
from holdfast.v1 import feed_pb2

from engine.feed import kinds, wire
from engine.log.v1 import record_pb2

EVENT_OVERHEAD_BYTES = 400
"""What a FeedEvent takes in memory besides its encoded bytes: the struct, its strings, the bytes'
header."""

_FIRST_POSITION_TAG = wire.tag(record_pb2.CommitGroup.FIRST_POSITION_FIELD_NUMBER, 0)[0]


SkuKey = tuple[str, str]
"""A tenant with a SKU of it; with an empty one, how the node is configured for the tenant."""


class FeedEvent(msgspec.Struct, frozen=True, gc=False):
    """An event with what filters ask about. `sku` and `location` are None for an event of a
    reservation as a whole, or of the configuration."""

    position: int
    tenant: str
    sku: str | None
    location: str | None
    entry: bytes
    """The event as an entry of EventBatch.events, with its shard, position, time and cause."""
    kind: int
    """The number of its kind in the contract."""


class FeedGroup(msgspec.Struct):
    """Events with dense positions from `first_position`, at least one."""

    first_position: int
    recorded_at_ms: int
    events: list[FeedEvent]
    commit_ends: list[int]
    """The last position of each commit."""
    size_bytes: int
    """What the group takes in memory, about."""
    _by_sku: dict[SkuKey, list[FeedEvent]] | None = None

    @property
    def last_position(self) -> int:
        """Position of the last event."""
        return self.first_position + len(self.events) - 1

    def by_sku(self) -> dict[SkuKey, list[FeedEvent]]:
        """The events of each SKU, and of the configuration, in order. It is put together once, for
        all who ask for few SKUs."""
        found = self._by_sku
        if found is None:
            found = self._by_sku = {}
            for event in self.events:
                if event.sku is not None:
                    found.setdefault((event.tenant, event.sku), []).append(event)
                elif event.kind in kinds.CONFIGURATION:
                    found.setdefault((event.tenant, ""), []).append(event)
        return found

    def end_of_commit(self, position: int) -> int:
        """The last position of the commit that a position of the group is of."""
        return self.commit_ends[bisect_left(self.commit_ends, position)]


def first_position_of(data: bytes) -> int:
    """The first position of an encoded CommitGroup, from its first bytes where they are as our
    codec writes them."""
    if data[:1] != bytes((_FIRST_POSITION_TAG,)):
        return record_pb2.CommitGroup.FromString(data).first_position
    position = shift = 0
    for byte in data[1:11]:
        position |= (byte & 0x7F) << shift
        if byte < 0x80:
            return position
        shift += 7
    raise ValueError("an encoded commit group does not begin with a position")


def decode_group(shard: int, data: bytes) -> FeedGroup:
    """Decode an encoded CommitGroup of a shard. ValueError if it is none."""
    encoded = EncodedGroup(shard, data)
    return encoded.part(encoded.first_position, events_max=sys.maxsize)


class EncodedGroup:
    """A CommitGroup of a shard that is decoded bit by bit."""

    def __init__(self, shard: int, data: bytes) -> None:
        """ValueError if the bytes are no group."""
        group = record_pb2.CommitGroup()
        group.ParseFromString(data)
        self.first_position = group.first_position
        self.size_bytes = len(data)
        self._commits = group.commits
        self._recorded_at_ms = group.recorded_at_ms
        self._recorded_at = wire.timestamp(group.recorded_at_ms).SerializeToString()
        self._place = wire.place_prefix(shard)
        # The first position after each commit.
        self._ends = list(
            accumulate(
                (len(commit.events) for commit in group.commits), initial=group.first_position
            )
        )[1:]
        self.last_position = self._ends[-1] - 1 if self._ends else 0
        if self.last_position < self.first_position:
            raise ValueError(f"the commit group at position {group.first_position} has no events")

    def part(self, position: int, events_max: int) -> FeedGroup:
        """The events from the commit on that has a position: so many, and those that complete the
        last commit."""
        index = bisect_right(self._ends, position)
        first_position = position = self._ends[index - 1] if index else self.first_position
        place, recorded_at = self._place, self._recorded_at
        events: list[FeedEvent] = []
        commit_ends: list[int] = []
        size_bytes = 0
        for number in range(index, len(self._commits)):
            commit = self._commits[number]
            around = wire.circumstances(recorded_at, commit.cause.SerializeToString())
            for event in commit.events:
                entry = wire.batch_entry(place, position, around, event.SerializeToString())
                events.append(_feed_event(position, event, entry))
                size_bytes += len(entry) + EVENT_OVERHEAD_BYTES
                position += 1
            commit_ends.append(position - 1)
            if len(events) >= events_max:
                break
        return FeedGroup(first_position, self._recorded_at_ms, events, commit_ends, size_bytes)


def _feed_event(position: int, event: feed_pb2.Event, entry: bytes) -> FeedEvent:
    key = event.key
    sku = key.sku
    kind = event.WhichOneof("kind")
    number = kinds.NUMBERS[kind] if kind is not None else 0
    if sku:
        return FeedEvent(position, key.tenant, sku, key.location, entry, number)
    # An event of a reservation names its tenant itself. One of a kind that this version does not
    # know yet has none that can be read, and is shown to nobody rather than to the wrong tenant.
    tenant = getattr(getattr(event, kind), "tenant", _NOBODY) if kind is not None else _NOBODY
    return FeedEvent(position, tenant, None, None, entry, number)


_NOBODY = "\0"
"""No tenant has this name, since control characters are not allowed in one."""
