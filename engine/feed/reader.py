"""A subscriber's place in one shard: recent groups from the tail, older ones from history in
chunks."""

from collections import deque

from engine.feed.group import FeedGroup, decode_group, first_position_of
from engine.feed.tail import Tail
from engine.shard.port import ShardFeed, ShardUnavailable


class HistoryDropped(Exception):
    """The position that comes next is older than the oldest that the shard keeps."""


class ShardReader:
    """Reads one shard from right after `position` on. It moves only by `position`, so that nothing
    is lost when a read fails or is cancelled."""

    def __init__(self, feed: ShardFeed, tail: Tail, position: int, chunk_bytes_max: int) -> None:
        self.position = position
        """Everything up to here was given."""
        self.retry_s = 0.0
        """By the event loop's clock: leave the shard's history alone until then."""
        self.feed = feed
        self._tail = tail
        self._chunk_bytes_max = chunk_bytes_max
        self._chunk: deque[bytes] = deque()
        self._group: FeedGroup | None = None

    @property
    def is_behind(self) -> bool:
        """Whether the shard has durable events that were not given yet."""
        return self.feed.head > self.position

    @property
    def lag_events(self) -> int:
        """Events that were not given yet."""
        return max(self.feed.head - self.position, 0)

    @property
    def held_bytes(self) -> int:
        """Memory that this reader holds for itself."""
        own = self._group.size_bytes if self._group is not None else 0
        return own + sum(len(data) for data in self._chunk)

    def group(self) -> FeedGroup | None:
        """The group that contains the next position, if it is in memory."""
        position = self.position + 1
        group = self._tail.group_at(position)
        if group is not None:
            self._chunk.clear()
            self._group = None
            return group
        while self._group is None or self._group.last_position < position:
            if not self._chunk:
                self._group = None
                return None
            self._group = decode_group(self.feed.shard, self._chunk.popleft())
        # A group beyond the position would be a gap; `load` then finds out why.
        return self._group if self._group.first_position <= position else None

    async def load(self) -> bool:
        """Read the next chunk of history. False if there is none at the moment: the end is reached,
        or the shard is not available. HistoryDropped if the next position is not kept any more,
        HistoryDamaged if it cannot be trusted."""
        position = self.position + 1
        if position < self.feed.oldest:
            raise HistoryDropped
        try:
            chunk = await self.feed.read(position, self._chunk_bytes_max)
        except ShardUnavailable:
            return False
        if not chunk:
            return False
        if first_position_of(chunk[0]) > position:
            raise HistoryDropped
        self._chunk = deque(chunk)
        self._group = None
        return True
