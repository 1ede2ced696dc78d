"""The recent end of each shard's history, in memory, shared by all subscribers.

Most subscribers follow closely and want the same few groups at the same moment. The tail keeps
those, decodes each at most once, and drops the oldest beyond its bound; whoever wants older ones
reads the shard's history.
"""

from bisect import bisect_right

from engine.feed.followers import Followers
from engine.feed.group import FeedGroup, decode_group, first_position_of
from engine.shard.port import ShardFeed

TAIL_BYTES_MAX = 16 * 1024 * 1024
"""Memory for the tail of one shard."""

_COMPACT_AT = 1_024
"""Dropped groups after which the lists are shortened, so that dropping one costs nothing."""


class Tail:
    """The most recent groups of one shard, within `bytes_max`; the newest is always kept.

    `follow` of the shard's feed must call from the event loop's thread.
    """

    def __init__(
        self, feed: ShardFeed, followers: Followers, bytes_max: int = TAIL_BYTES_MAX
    ) -> None:
        self.shard = feed.shard
        self.size_bytes = 0
        self._feed = feed
        self.last_position = feed.head
        """The last position that was told."""
        self.dropped_position = 0
        """The last position of what was dropped to keep the bound; 0: nothing was."""
        self._followers = followers
        self._bytes_max = bytes_max
        # The same index in both lists is the same group. What lies before `_start` was dropped.
        self._firsts: list[int] = []
        self._groups: list[bytes | FeedGroup | None] = []
        self._start = 0
        feed.follow(self._on_group)

    def group_at(self, position: int) -> FeedGroup | None:
        """The group that contains `position`, if it is kept."""
        index = bisect_right(self._firsts, position, lo=self._start) - 1
        if index < self._start:
            return None
        group = self._decoded(index)
        if position > group.last_position:
            # Past the end of the newest group, or in a gap: a shard was restarted and the groups
            # between were never told. What lies before the gap is then of no more use.
            if index + 1 < len(self._groups):
                self._drop_until(index + 1)
            return None
        return group

    def _decoded(self, index: int) -> FeedGroup:
        group = self._groups[index]
        if isinstance(group, bytes):
            decoded = decode_group(self.shard, group)
            self.size_bytes += decoded.size_bytes - len(group)
            self._groups[index] = decoded
            self._trim(keep=index)
            return decoded
        if group is None:
            raise RuntimeError(f"group {index} of the tail of shard {self.shard} was dropped")
        return group

    def _on_group(self, data: bytes) -> None:
        first_position = first_position_of(data)
        if self._firsts and first_position <= self._firsts[-1]:
            self._drop_until(len(self._groups))
        self._firsts.append(first_position)
        self._groups.append(data)
        self.size_bytes += len(data)
        self._trim(keep=len(self._groups) - 1)
        followers = self._followers
        if first_position != self.last_position + 1:
            followers.missed(self.shard, min(first_position, self.last_position + 1))
        self.last_position = self._feed.head
        # Only those who follow few SKUs make a difference between groups.
        keys = self._decoded(len(self._groups) - 1).by_sku() if followers.want_keys else ()
        followers.told(self.shard, first_position, keys)

    def _trim(self, keep: int) -> None:
        """Drop the oldest groups beyond the bound, but none from index `keep` on."""
        end = self._start
        excess = self.size_bytes - self._bytes_max
        while excess > 0 and end < keep:
            excess -= _size_bytes(self._groups[end])
            end += 1
        if end > self._start:
            self.dropped_position = self._firsts[end] - 1
            self._drop_until(end)

    def _drop_until(self, end: int) -> None:
        for index in range(self._start, end):
            self.size_bytes -= _size_bytes(self._groups[index])
            self._groups[index] = None
        self._start = end
        if end >= _COMPACT_AT or end == len(self._groups):
            del self._groups[:end], self._firsts[:end]
            self._start = 0


def _size_bytes(group: bytes | FeedGroup | None) -> int:
    if group is None:
        return 0
    return group.size_bytes if isinstance(group, FeedGroup) else len(group)
