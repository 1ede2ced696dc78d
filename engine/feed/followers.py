"""Who follows the feed, and who of them is concerned by what is told.

A follower of few SKUs is woken by nothing else, and need not look at what it was not woken for: a
thousand of them cost no more than the events that they want.
"""

from collections import defaultdict
from collections.abc import Iterable

from engine.feed.group import SkuKey
from engine.feed.wake import Wake

_NOT_AT_END = -1
_QUIET = 0


class Follower:
    """A subscriber as the tails know it. `keys` None: everything concerns it."""

    def __init__(self) -> None:
        self.wake = Wake()
        self.keys: frozenset[SkuKey] | None = None
        # By shard, the first position that may concern the follower, or one of those above.
        self._marks: defaultdict[int, int] = defaultdict(lambda: _NOT_AT_END)

    def at_end(self, shard: int) -> None:
        """The follower has seen all that the tail of a shard was told."""
        if self.keys is not None:
            self._marks[shard] = _QUIET

    def look(self, shard: int) -> None:
        """The follower goes through the groups of a shard by itself, until it is at the end."""
        self._marks[shard] = _NOT_AT_END

    def concern(self, shard: int, position: int) -> None:
        """Something from this position on concerns the follower."""
        if self._marks[shard] == _QUIET:
            self._marks[shard] = position
        self.wake.wake()

    def quiet_until(self, shard: int, last_position: int) -> int:
        """The position up to which nothing is of any concern that the follower has not seen;
        `last_position` is the last one that was told. 0: it has to look for itself."""
        mark = self._marks[shard]
        if mark == _QUIET:
            return last_position
        return max(mark - 1, 0)


class Followers:
    """All who follow the tails of a node."""

    def __init__(self) -> None:
        self._of_all: set[Follower] = set()
        self._of_some: set[Follower] = set()
        self._by_key: dict[SkuKey, set[Follower]] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        """Nothing more will be told."""
        return self._closed

    @property
    def want_keys(self) -> bool:
        """Whether it makes a difference which SKUs a group is of."""
        return bool(self._of_some)

    def join(self, follower: Follower, keys: frozenset[SkuKey] | None) -> None:
        """A follower comes, or is concerned by other keys from now on."""
        if follower.keys is not None:
            self.leave(follower)
        follower.keys = keys
        if keys is None:
            self._of_all.add(follower)
            return
        self._of_some.add(follower)
        for key in keys:
            self._by_key.setdefault(key, set()).add(follower)

    def leave(self, follower: Follower) -> None:
        """A follower goes."""
        self._of_all.discard(follower)
        self._of_some.discard(follower)
        for key in follower.keys or ():
            found = self._by_key.get(key)
            if found is not None:
                found.discard(follower)
                if not found:
                    del self._by_key[key]

    def told(self, shard: int, first_position: int, keys: Iterable[SkuKey]) -> None:
        """A group was told that is of these keys."""
        if self._by_key:
            concerned: set[Follower] = set()
            for key in keys:
                concerned |= self._by_key.get(key, _NOBODY)
            for follower in concerned:
                follower.concern(shard, first_position)
        for follower in self._of_all:
            follower.wake.wake()

    def missed(self, shard: int, position: int) -> None:
        """What comes from this position on was not told: everybody has to look for it."""
        for follower in self._of_some:
            follower.concern(shard, position)

    def close(self) -> None:
        """Wake all, for the last time."""
        self._closed = True
        for follower in (*self._of_all, *self._of_some):
            follower.wake.close()


_NOBODY: frozenset[Follower] = frozenset()
