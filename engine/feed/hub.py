"""Where subscribers come and go: the tails of all shards, and who follows them."""

import time
from collections.abc import Callable, Mapping
from enum import Enum, IntEnum
from functools import partial
from weakref import WeakValueDictionary

from holdfast.v1 import feed_pb2

from engine.feed.channel_feed import ChannelFeed
from engine.feed.configured import Configurations
from engine.feed.cursor import Cursor, CursorOutOfRange, own
from engine.feed.desk import Desk
from engine.feed.filter import Filter
from engine.feed.followers import Follower, Followers
from engine.feed.latest import Latest
from engine.feed.limits import FeedLimits
from engine.feed.names import Names
from engine.feed.reader import ShardReader
from engine.feed.readers import Readers
from engine.feed.scope import Scope
from engine.feed.snapshot import SnapshotFirst
from engine.feed.steps import FeedStopping
from engine.feed.subscriber import Subscriber
from engine.feed.tail import Tail
from engine.feed.telling import EveryEvent, Telling
from engine.feed.turns import Turns
from engine.shard.port import Shards


class Start(Enum):
    """A named place to start from."""

    NOW = "now"
    """After the last event that is durable when the subscriber comes."""
    BEGINNING = "beginning"
    """With the oldest event that is kept."""
    SNAPSHOT = "snapshot"
    """With the present state of all that passes the filter."""


class Mode(IntEnum):
    """How much to tell, numbered as in the contract."""

    EVERY_EVENT = feed_pb2.WATCH_MODE_EVERY_EVENT
    """Each event."""
    LATEST = feed_pb2.WATCH_MODE_LATEST
    """Of each SKU-location the latest event that was not told yet; with a channel, what that may
    sell."""


class TooManySubscribers(Exception):
    """As many feeds are open as may be."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} feeds are open, which is the limit")
        self.limit = limit


class Hub:
    """The feed of a node. One for each front end, made and used in its event loop; it follows the
    shards from then on."""

    def __init__(
        self,
        shards: Shards,
        limits: FeedLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock`, in seconds, times the work for those who catch up: see `Turns`."""
        self._shards = shards
        self.limits = limits or FeedLimits()
        self._feeds = [shards.feed(shard) for shard in range(shards.count)]
        self._followers = Followers()
        self._tails = [
            Tail(feed, self._followers, self.limits.tail_bytes_max) for feed in self._feeds
        ]
        self._configurations = Configurations(shards)
        self._desks: WeakValueDictionary[tuple[str, str], Desk] = WeakValueDictionary()
        self._subscribers: set[Subscriber] = set()
        self._joining = 0
        self._names = Names(self._followers)
        self._turns = Turns(lambda: sum(feed.head for feed in self._feeds), clock)

    @property
    def names(self) -> Names:
        """Whom callers can wait for."""
        return self._names

    @property
    def subscribers(self) -> int:
        """Feeds that are open."""
        return len(self._subscribers) + self._joining

    @property
    def lag_events_max(self) -> int:
        """Events that the slowest subscriber has not looked at yet; 0 without subscribers. Any
        thread may ask: subscribers that come and go meanwhile do not disturb it."""
        # Iterating over the set itself fails when it changes; a copy is made in one step.
        subscribers = self._subscribers.copy()
        return max((subscriber.lag_events for subscriber in subscribers), default=0)

    @property
    def tail_bytes(self) -> int:
        """Memory that the tails of all shards hold."""
        return sum(tail.size_bytes for tail in self._tails)

    async def check(self, feed_filter: Filter) -> None:
        """Raise what makes every feed of this filter impossible now: ChannelMissing; or
        ShardUnavailable or HistoryDamaged if the configuration cannot be read."""
        await Scope(feed_filter, self._configurations).refresh()

    async def subscribe(
        self,
        feed_filter: Filter,
        start: Start | str,
        name: str = "",
        mode: Mode = Mode.EVERY_EVENT,
    ) -> Subscriber:
        """Open a feed at a named place, or right after the cursor whose text is given; the caller
        closes it. Under its `name`, if it has one, others can wait for it.

        MalformedCursor, CursorForeign or CursorOutOfRange if there is no such place (in mode
        LATEST, an expired one and one of a past epoch begin with a snapshot); ChannelMissing;
        TooManySubscribers; FeedStopping; ShardUnavailable or HistoryDamaged if a shard has to be
        asked and cannot be.
        """
        if self._followers.closed:
            raise FeedStopping
        if self.subscribers >= self.limits.subscribers_max:
            raise TooManySubscribers(self.limits.subscribers_max)
        self._joining += 1
        try:
            scope = Scope(feed_filter, self._configurations, needs_kits=mode is Mode.LATEST)
            await scope.refresh()
            positions, is_snapshot = await self._start(start, mode)
        finally:
            self._joining -= 1
        return self._join(scope, positions, is_snapshot, name, mode)

    async def _start(self, start: Start | str, mode: Mode) -> tuple[dict[int, int], bool]:
        """Where to start, and whether with a snapshot."""
        try:
            positions = await self._positions(start)
            if mode is not Mode.LATEST or not self.is_of_past_epoch(start):
                return positions, start is Start.SNAPSHOT
        except CursorOutOfRange as error:
            if mode is not Mode.LATEST or error.is_ahead:
                raise
        return await self._positions(Start.NOW), True

    def is_of_past_epoch(self, start: Start | str) -> bool:
        """Whether a start is a cursor of an epoch before this one. What was told of states may
        have been ahead of it, and is lost with that epoch."""
        return not isinstance(start, Start) and Cursor.parse(start).epoch != self._shards.epoch

    def _join(
        self,
        scope: Scope,
        positions: Mapping[int, int],
        is_snapshot: bool,
        name: str,
        mode: Mode,
    ) -> Subscriber:
        follower = Follower()
        self._followers.join(follower, scope.keys)
        scope.on_keys = partial(self._followers.join, follower)
        chunk_bytes_max = max(self.limits.chunk_bytes_max // len(self._feeds), 1)
        readers = Readers(
            (self._shards.history, self._shards.epoch),
            [
                ShardReader(feed, tail, positions[feed.shard], chunk_bytes_max, follower)
                for feed, tail in zip(self._feeds, self._tails, strict=True)
            ],
            self.limits,
            self._turns,
        )
        tenant = scope.filter.tenant

        def on_close(subscriber: Subscriber) -> None:
            self._subscribers.discard(subscriber)
            self._followers.leave(follower)
            self._names.leave(tenant, name, subscriber)

        subscriber = Subscriber(
            readers,
            partial(self._telling, readers, scope, mode),
            is_snapshot,
            follower,
            self.limits,
            on_close,
        )
        self._subscribers.add(subscriber)
        if name:
            self._names.join(tenant, name, subscriber)
        return subscriber

    def _telling(self, readers: Readers, scope: Scope, mode: Mode, is_snapshot: bool) -> Telling:
        """What tells in a mode; `is_snapshot`: beginning with what is there."""
        shards, limits, feed_filter = self._shards, self.limits, scope.filter
        if is_snapshot:
            scope.begin()
        if mode is Mode.LATEST and feed_filter.channel:
            ask = self._desk(feed_filter.tenant, feed_filter.channel).ask
            return ChannelFeed(shards, readers, scope, limits, ask, is_snapshot=is_snapshot)
        kind = Latest if mode is Mode.LATEST else EveryEvent
        changes = kind(readers, scope, limits)
        return SnapshotFirst(shards, readers, scope, limits, changes) if is_snapshot else changes

    def _desk(self, tenant: str, channel: str) -> Desk:
        """Where the feeds of a channel ask; it lasts as long as one of them."""
        desk = self._desks.get((tenant, channel))
        if desk is None:
            desk = self._desks[tenant, channel] = Desk(self._shards, tenant, channel)
        return desk

    async def place(self, start: Start | str) -> Cursor:
        """The complete cursor of a place to start from, other than a snapshot. Raises as
        `subscribe` does for the cursor."""
        return Cursor(self._shards.history, self._shards.epoch, await self._positions(start))

    async def wait_for(self, tenant: str, name: str, cursor: str) -> str:
        """Wait until the subscriber of this name has been sent what a cursor covers, however long
        that takes; return how far it is. Raises as `subscribe` does for the cursor."""
        return await self._names.wait(tenant, name, await self._cursor_positions(cursor))

    def stop(self) -> None:
        """End every feed and every wait with FeedStopping, and admit none any more."""
        self._followers.close()
        self._names.close()

    async def _positions(self, start: Start | str) -> dict[int, int]:
        """The position of each shard to start after."""
        if start is Start.BEGINNING:
            return self._before_oldest()
        positions = {feed.shard: feed.head for feed in self._feeds}
        if not isinstance(start, Start):
            positions.update(await self._cursor_positions(start))
        return positions

    async def _cursor_positions(self, text: str) -> dict[int, int]:
        cursor = own(Cursor.parse(text), text, self._shards)
        for shard, position in cursor.positions.items():
            feed = self._feeds[shard]
            # The shard itself has the last word on what is ahead of it: another front end may have
            # sent this cursor, right after a write that this one has not heard of yet.
            is_ahead = position > feed.head and not await feed.read(position, 1)
            if is_ahead or position + 1 < feed.oldest:
                oldest = Cursor(cursor.history, cursor.epoch, self._before_oldest())
                raise CursorOutOfRange(text, oldest.encode(), is_ahead=is_ahead)
        return dict(cursor.positions)

    def _before_oldest(self) -> dict[int, int]:
        return {feed.shard: feed.oldest - 1 for feed in self._feeds}
