"""Where subscribers come and go: the tails of all shards, and who follows them."""

from enum import Enum

from engine.feed.cursor import Cursor, CursorOutOfRange, own
from engine.feed.filter import Filter
from engine.feed.limits import FeedLimits
from engine.feed.names import Names
from engine.feed.reader import ShardReader
from engine.feed.steps import FeedStopping
from engine.feed.subscriber import Subscriber
from engine.feed.tail import Tail
from engine.feed.wake import Wake
from engine.shard.port import Shards


class Start(Enum):
    """A named place to start from."""

    NOW = "now"
    """After the last event that is durable when the subscriber comes."""
    BEGINNING = "beginning"
    """With the oldest event that is kept."""
    SNAPSHOT = "snapshot"
    """With the present state of all that passes the filter."""


class TooManySubscribers(Exception):
    """As many feeds are open as may be."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} feeds are open, which is the limit")
        self.limit = limit


class Hub:
    """The feed of a node. One for each front end, made and used in its event loop; it follows the
    shards from then on."""

    def __init__(self, shards: Shards, limits: FeedLimits | None = None) -> None:
        self._shards = shards
        self._limits = limits or FeedLimits()
        self._wake = Wake()
        self._feeds = [shards.feed(shard) for shard in range(shards.count)]
        self._tails = [Tail(feed, self._wake, self._limits.tail_bytes_max) for feed in self._feeds]
        self._subscribers: set[Subscriber] = set()
        self._joining = 0
        self._names = Names()

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

    async def subscribe(
        self, feed_filter: Filter, start: Start | str, name: str = ""
    ) -> Subscriber:
        """Open a feed at a named place, or right after the cursor whose text is given; the caller
        closes it. Under its `name`, if it has one, others can wait for it.

        MalformedCursor, CursorForeign or CursorOutOfRange if there is no such place;
        TooManySubscribers; FeedStopping; ShardUnavailable or HistoryDamaged if the cursor is ahead
        of what is known here and its shard cannot be asked.
        """
        if self._wake.closed:
            raise FeedStopping
        if self.subscribers >= self._limits.subscribers_max:
            raise TooManySubscribers(self._limits.subscribers_max)
        self._joining += 1
        try:
            positions = await self._positions(start)
        finally:
            self._joining -= 1
        chunk_bytes_max = max(self._limits.chunk_bytes_max // len(self._feeds), 1)
        readers = [
            ShardReader(feed, tail, positions[feed.shard], chunk_bytes_max)
            for feed, tail in zip(self._feeds, self._tails, strict=True)
        ]
        tenant = feed_filter.tenant

        def on_close(subscriber: Subscriber) -> None:
            self._subscribers.discard(subscriber)
            self._names.leave(tenant, name, subscriber)

        subscriber = Subscriber(
            (self._shards.history, self._shards.epoch),
            readers,
            feed_filter,
            self._wake,
            self._limits,
            on_close,
        )
        self._subscribers.add(subscriber)
        if name:
            self._names.join(tenant, name, subscriber)
        return subscriber

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
        self._wake.close()
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
                raise CursorOutOfRange(text, oldest.encode())
        return dict(cursor.positions)

    def _before_oldest(self) -> dict[int, int]:
        return {feed.shard: feed.oldest - 1 for feed in self._feeds}
