"""Shards whose history a test writes by hand, with groups and outages where it wants them, and what
a feed must say of such a history, worked out the simplest way."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from holdfast.v1 import feed_pb2

from engine.core.events import Event, Recorded, ReservationEvent
from engine.core.model import Cause, Stock
from engine.feed.cursor import Cursor
from engine.feed.filter import Filter
from engine.feed.steps import CaughtUp, Events, Step
from engine.feed.subscriber import Subscriber
from engine.log.codec import encode_group
from engine.log.port import Commit, Group
from engine.log.v1.record_pb2 import CommitGroup
from engine.shard.messages import Request, Result
from engine.shard.port import HistoryDamaged, Overloaded, ShardUnavailable
from engine.shard.queries import Question

HISTORY = "5c217ed0"
EPOCH = 7
START_MS = 1_700_000_000_000


class ScriptedFeed:
    """One shard's history."""

    def __init__(self, shard: int) -> None:
        self.shard = shard
        self.head = 0
        self.oldest = 1
        self.head_time_ms = START_MS
        self.is_up = True
        self.damage = ""
        self.reads = 0
        self._groups: list[tuple[int, bytes]] = []
        self._followers: list[Callable[[bytes], None]] = []

    def append(self, *commits: Sequence[Event], is_told: bool = True) -> None:
        """Make a group durable; one that is not told is what followers miss while a shard
        restarts."""
        self.head_time_ms += 1
        group = Group(
            self.head + 1,
            self.head_time_ms,
            tuple(
                Commit(
                    Cause("Test", f"request-{self.head}-{number}", occurred_at_ms=START_MS),
                    b"key",
                    b"hash",
                    (),
                    tuple(_recorded(event) for event in events),
                )
                for number, events in enumerate(commits)
            ),
        )
        data = encode_group(group)
        self.head = group.last_position
        self._groups.append((self.head, data))
        if is_told:
            for follower in self._followers:
                follower(data)

    def adopt(self, data: bytes) -> None:
        """Take over a group of another history as it is."""
        self._groups.append((0, data))

    def drop_before(self, position: int) -> None:
        """Forget the groups that end before a position."""
        self._groups = [(last, data) for last, data in self._groups if last >= position]
        self.oldest = position

    def lose_group(self, index: int) -> None:
        """Tear a hole into the history, as no sound log has."""
        del self._groups[index]

    def follow(self, on_group: Callable[[bytes], None]) -> None:
        self._followers.append(on_group)

    async def read(self, from_position: int, bytes_max: int) -> list[bytes]:
        self.reads += 1
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        loop.call_soon(turn.set_result, None)
        await turn
        if not self.is_up:
            raise ShardUnavailable(self.shard)
        if self.damage:
            raise HistoryDamaged(self.shard, self.damage)
        chunk: list[bytes] = []
        for last, data in self._groups:
            if last >= from_position and (not chunk or sum(map(len, chunk)) < bytes_max):
                chunk.append(data)
        return chunk

    def events(self) -> list[feed_pb2.Event]:
        """Every event, complete, by the plainest use of protobuf."""
        events = []
        for _, data in self._groups:
            group = CommitGroup.FromString(data)
            position = group.first_position
            for commit in group.commits:
                for event in commit.events:
                    event.shard = self.shard
                    event.position = position
                    event.recorded_at.FromMilliseconds(group.recorded_at_ms)
                    event.cause.CopyFrom(commit.cause)
                    events.append(event)
                    position += 1
        return events


class ScriptedShards:
    """Shards of ScriptedFeed, to which nothing can be submitted."""

    history = HISTORY
    epoch = EPOCH
    past_epochs: Mapping[int, tuple[int, ...]] = {}

    def __init__(self, count: int) -> None:
        self.count = count
        self.feeds = [ScriptedFeed(shard) for shard in range(count)]

    def shard_of(self, slot: int) -> int:
        return slot % self.count

    def submit(self, slot: int, request: Request, deadline_ns: int) -> asyncio.Future[Result]:
        raise ShardUnavailable(self.shard_of(slot))

    def overload(self) -> Overloaded | None:
        return None

    def look_up(self, shard: int, question: Question, deadline_ns: int) -> asyncio.Future[Result]:
        raise ShardUnavailable(shard)

    def feed(self, shard: int) -> ScriptedFeed:
        return self.feeds[shard]


def _recorded(event: Event) -> Recorded:
    return Recorded(event, None if isinstance(event, ReservationEvent) else Stock(version=1))


def passes(feed_filter: Filter, event: feed_pb2.Event) -> bool:
    """What the contract says of a filter."""
    is_narrowed = bool(feed_filter.skus or feed_filter.sku_prefixes or feed_filter.locations)
    number = event.DESCRIPTOR.fields_by_name[event.WhichOneof("kind") or ""].number
    if feed_filter.kinds and number not in feed_filter.kinds:
        return False
    if not event.HasField("key"):
        kind = getattr(event, event.WhichOneof("kind") or "")
        return kind.tenant == feed_filter.tenant and not is_narrowed
    key = event.key
    by_prefix = any(key.sku.startswith(prefix) for prefix in feed_filter.sku_prefixes)
    asks_sku = bool(feed_filter.skus or feed_filter.sku_prefixes)
    return (
        key.tenant == feed_filter.tenant
        and (not asks_sku or key.sku in feed_filter.skus or by_prefix)
        and (not feed_filter.locations or key.location in feed_filter.locations)
    )


def events_of(step: Events) -> list[feed_pb2.Event]:
    """The events of a step as a client reads them."""
    batch = b"".join(step.entries)
    return list(feed_pb2.EventBatch.FromString(batch).events)


def by_shard(events: Iterable[feed_pb2.Event], shards: int) -> list[list[feed_pb2.Event]]:
    """Events of each shard in the order in which they came."""
    parts: list[list[feed_pb2.Event]] = [[] for _ in range(shards)]
    for event in events:
        parts[event.shard].append(event)
    return parts


def faults(
    received: Iterable[feed_pb2.Event],
    log: Sequence[Sequence[feed_pb2.Event]],
    feed_filter: Filter,
    start: dict[int, int],
) -> list[str]:
    """Gaps, duplicates, disorder and wrong content of what a subscriber received since `start`,
    against the whole log."""
    found = []
    for shard, (got, events) in enumerate(zip(by_shard(received, len(log)), log, strict=True)):
        wanted = [
            event
            for event in events
            if event.position > start[shard] and passes(feed_filter, event)
        ]
        if got != wanted:
            places = ([event.position for event in part] for part in (wanted, got))
            found.append("shard {}: wanted {}, got {}".format(shard, *places))
    return found


def positions(cursor: str) -> dict[int, int]:
    """What a cursor says."""
    return dict(Cursor.parse(cursor).positions)


async def until_caught_up(subscriber: Subscriber) -> tuple[list[feed_pb2.Event], Step]:
    """What the subscriber is told until CAUGHT_UP, and that."""
    events: list[feed_pb2.Event] = []
    async for step in subscriber:
        if isinstance(step, Events):
            events += events_of(step)
        elif isinstance(step, CaughtUp):
            return events, step
    raise AssertionError("the feed ended")
