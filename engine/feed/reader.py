"""A subscriber's place in one shard: recent groups from the tail, older ones from history in
chunks."""

from collections import deque

from engine.feed.followers import Follower
from engine.feed.group import EncodedGroup, FeedGroup, first_position_of
from engine.feed.tail import Tail
from engine.shard.port import ShardFeed, ShardUnavailable

PART_EVENTS_MAX = 64
"""Events of history that are decoded at a time, and those that complete the last commit."""


class HistoryDropped(Exception):
    """The position that comes next is older than the oldest that the shard keeps."""


class ShardReader:
    """Reads one shard from right after `position` on. It moves only by `position`, so that nothing
    is lost when a read fails or is cancelled."""

    def __init__(
        self,
        feed: ShardFeed,
        tail: Tail,
        position: int,
        chunk_bytes_max: int,
        follower: Follower | None = None,
    ) -> None:
        self.retry_s = 0.0
        """By the event loop's clock: leave the shard's history alone until then."""
        self.feed = feed
        self._position = position
        self._tail = tail
        self._follower = follower or Follower()
        self._chunk_bytes_max = chunk_bytes_max
        self._chunk: deque[bytes] = deque()
        self._encoded: EncodedGroup | None = None
        self._part: FeedGroup | None = None

    @property
    def position(self) -> int:
        """Everything up to here was given, or is of no concern."""
        if self._follower.keys is None:
            return self._position
        tail = self._tail
        return max(self._position, self._follower.quiet_until(tail.shard, tail.last_position))

    @position.setter
    def position(self, position: int) -> None:
        if self._follower.keys is not None:
            self._follower.look(self._tail.shard)
        self._position = position

    def rest(self) -> None:
        """Nothing is there that was not given: go on by what concerns the follower alone."""
        if self._follower.keys is not None and self.position >= self._tail.last_position:
            self._follower.at_end(self._tail.shard)

    @property
    def is_behind(self) -> bool:
        """Whether the shard has durable events that were not given yet."""
        return self.feed.head > self.position

    @property
    def was_left_behind(self) -> bool:
        """Whether the tail has dropped what comes next, which is to be read from history then."""
        return self.position < self._tail.dropped_position and not self.has_chunk

    @property
    def has_chunk(self) -> bool:
        """Whether history was read that is yet to be given."""
        encoded = self._encoded
        return bool(self._chunk) or (encoded is not None and encoded.may_have(self._position + 1))

    @property
    def lag_events(self) -> int:
        """Events that were not given yet."""
        return max(self.feed.head - self.position, 0)

    @property
    def held_bytes(self) -> int:
        """Memory that this reader holds for itself."""
        own = self._encoded.size_bytes if self._encoded is not None else 0
        own += self._part.size_bytes if self._part is not None else 0
        return own + sum(len(data) for data in self._chunk)

    def group(self) -> FeedGroup | None:
        """The group that contains the next position, or of history a part of it, if it is in
        memory."""
        self.position = self.position  # What is of no concern is passed over for good.
        position = self._position + 1
        group = self._tail.group_at(position)
        if group is not None:
            self._forget()
            return group
        while self._part is None or self._part.last_position < position:
            if self._encoded is None:
                if not self._chunk:
                    self._forget()
                    return None
                self._encoded = EncodedGroup(self.feed.shard, self._chunk.popleft())
            if self._encoded.first_position > position:
                # A gap, and `load` finds out why.
                return None
            self._part = self._encoded.part(position, PART_EVENTS_MAX)
            if self._part is None:
                self._encoded = None
        return self._part

    def _forget(self) -> None:
        self._chunk.clear()
        self._encoded = self._part = None

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
        self._forget()
        self._chunk.extend(chunk)
        return True
