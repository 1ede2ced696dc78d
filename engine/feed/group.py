"""A group of the log as the feed sends it: decoded once, each event filled in and encoded for every
subscriber."""

import sys
from bisect import bisect_left
from itertools import count

import msgspec

from engine.feed import kinds, wire
from engine.feed.subject import Whom, kind_of, whom_of
from engine.log.v1 import forwarded_pb2, record_pb2

EVENT_OVERHEAD_BYTES = 400
"""What an event takes in memory besides its encoded bytes: the struct, its strings, the bytes'
header."""

_FIRST_POSITION_TAG = wire.tag(record_pb2.CommitGroup.FIRST_POSITION_FIELD_NUMBER, 0)[0]


SkuKey = tuple[str, str]
"""A tenant with a SKU of it; with an empty one, how the node is configured for the tenant."""


class FeedEvent(msgspec.Struct, gc=False):
    """An event with what filters ask about. `sku` and `location` are None for an event of a
    reservation as a whole, or of the configuration."""

    position: int
    tenant: str
    sku: str | None
    location: str | None
    entry: bytes
    """The event as an entry of EventBatch.events, with its shard, position, time and cause."""
    size: int
    """So many bytes at the end of the entry are the event as the log has it."""
    known_kind: int = 0
    """See `kind`; 0 as long as nobody has asked for it."""

    @property
    def kind(self) -> int:
        """The number of its kind in the contract. It is found when the first one asks: most
        filters do not."""
        if not self.known_kind:
            self.known_kind = kind_of(self.entry[len(self.entry) - self.size :])
        return self.known_kind


class FeedGroup(msgspec.Struct):
    """Events with dense positions from `first_position`, at least one."""

    first_position: int
    recorded_at_ms: int
    entries: list[bytes]
    """Each event as FeedEvent.entry."""
    sizes: list[int]
    """Of each event, as FeedEvent.size."""
    whoms: list[Whom]
    """Whom each event concerns."""
    tenant: str | None
    """Whose all events are; None: they are of several tenants."""
    commit_ends: list[int]
    """The last position of each commit."""
    size_bytes: int
    """What the group takes in memory, about."""
    _events: list[FeedEvent] | None = None
    _by_sku: dict[SkuKey, list[FeedEvent]] | None = None

    @property
    def last_position(self) -> int:
        """Position of the last event."""
        return self.first_position + len(self.entries) - 1

    @property
    def events(self) -> list[FeedEvent]:
        """The events, put together once for all whose filters look at each one."""
        if self._events is None:
            each = zip(count(self.first_position), self.whoms, self.entries, self.sizes)
            self._events = [FeedEvent(at, *whom, entry, size) for at, whom, entry, size in each]
        return self._events

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

    def entries_after(self, position: int, events_max: int) -> tuple[list[bytes], int]:
        """The entries of so many events after a position, and of those that complete the last
        commit; and the position up to which these are all."""
        last = self.end_of_commit(min(position + events_max, self.last_position))
        first = self.first_position
        return self.entries[position + 1 - first : last + 1 - first], last

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
    group = encoded.part(encoded.first_position, events_max=sys.maxsize)
    if group is None:
        raise ValueError(f"the commit group at position {encoded.first_position} has no events")
    return group


class EncodedGroup:
    """A CommitGroup of a shard that is decoded bit by bit, from its beginning on."""

    def __init__(self, shard: int, data: bytes) -> None:
        """ValueError if the bytes are no group."""
        group = forwarded_pb2.ForwardedGroup.FromString(data)
        self.first_position = group.first_position
        self.size_bytes = len(data)
        self._shard = shard
        self._recorded_at_ms = group.recorded_at_ms
        self._recorded_at = wire.recorded_at_prefix(group.recorded_at_ms)
        self._commits = group.commits
        # The commit that is decoded next, and the position of its first event.
        self._index = 0
        self._position = group.first_position

    def may_have(self, position: int) -> bool:
        """Whether an event with this position may be in the group: where its end is shows when all
        of it is decoded."""
        return position < self._position or self._index < len(self._commits)

    def part(self, position: int, events_max: int) -> FeedGroup | None:
        """The events from the commit on that has a position: so many, and those that complete the
        last commit. None if the group ends before the position."""
        self._go_to(position)
        shard, recorded_at = self._shard, self._recorded_at
        first_position = position = self._position
        places, rest = wire.run(shard, position, recorded_at)
        entries: list[bytes] = []
        stored: list[bytes] = []
        commit_ends: list[int] = []
        # Slices are lists, which are much faster to go through than what protobuf has.
        for commit in self._commits[self._index : self._index + events_max]:
            cause = commit.cause
            told = wire.varint(len(cause)) + cause
            events = commit.events[:]
            stored += events
            for event in events:
                if not position & wire.IN_RUN:
                    places, rest = wire.run(shard, position, recorded_at)
                entries.append(wire.entry(places[position & wire.IN_RUN] + rest + told + event))
                position += 1
            commit_ends.append(position - 1)
            if len(entries) >= events_max:
                break
        if not entries:
            return None
        self._index += len(commit_ends)
        self._position = position
        whoms = [whom_of(event) for event in stored]
        tenants = {whom[0] for whom in whoms}
        return FeedGroup(
            first_position=first_position,
            recorded_at_ms=self._recorded_at_ms,
            entries=entries,
            sizes=list(map(len, stored)),
            whoms=whoms,
            tenant=tenants.pop() if len(tenants) == 1 else None,
            commit_ends=commit_ends,
            size_bytes=len(entries) * EVENT_OVERHEAD_BYTES + sum(map(len, entries)),
        )

    def _go_to(self, position: int) -> None:
        """Go to the commit that has a position, or to the end."""
        if position < self._position:
            self._index, self._position = 0, self.first_position
        while self._index < len(self._commits):
            after = self._position + len(self._commits[self._index].events)
            if position < after:
                break
            self._index, self._position = self._index + 1, after
