"""A subscriber: a place in each shard and a way to tell. It reads when it is asked for the next
step and only then, so that one that is not asked costs a few positions, at most one chunk and what
its way to tell keeps, and holds up nobody."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType

from engine.feed.cursor import CursorOutOfRange
from engine.feed.followers import Follower
from engine.feed.limits import FeedLimits
from engine.feed.reader import HistoryDropped
from engine.feed.readers import Readers
from engine.feed.steps import CaughtUp, Checkpoint, FeedStopping, FellBehind, Step
from engine.feed.telling import Overtaken, Telling
from engine.shard.port import ShardUnavailable

TellingFrom = Callable[[bool], Telling]
"""Makes a way to tell; True: that begins with a snapshot."""


class Subscriber:
    """One feed, as an asynchronous iterator of steps without end; `engine.feed.hub.Hub.subscribe`
    makes it. One task uses it, and closes it.

    A step raises CursorOutOfRange when what comes next is not kept any more, because the subscriber
    is too far behind, HistoryDamaged when it is kept and cannot be trusted, and FeedStopping when
    the feed ends. A step that is cancelled loses nothing.
    """

    def __init__(
        self,
        readers: Readers,
        telling_from: TellingFrom,
        starts_with_snapshot: bool,
        follower: Follower,
        limits: FeedLimits,
        on_close: Callable[["Subscriber"], None],
    ) -> None:
        self._readers = readers
        self._telling_from = telling_from
        self._telling = telling_from(starts_with_snapshot)
        self._follower = follower
        self._wake = follower.wake
        self._limits = limits
        self._on_close = on_close
        self._targets = readers.heads
        self._loop = asyncio.get_running_loop()
        self._told_s = self._loop.time()
        self._retry_s = 0.0
        self._is_asked = False
        self._sent = self._covered()
        self.on_sent: Callable[[], None] | None = None
        """Is called when `sent` has changed."""

    @property
    def lag_events(self) -> int:
        """Events of all shards that were not looked at yet."""
        return self._readers.lag_events

    @property
    def held_bytes(self) -> int:
        """Memory that this subscriber holds for itself."""
        return self._readers.held_bytes + self._telling.held_bytes

    @property
    def cursor(self) -> str:
        """The place up to which everything was told; empty as long as a snapshot lasts."""
        covered = self._telling.covered
        return "" if covered is None else self._readers.cursor(covered)

    def cursor_of(self, positions: Mapping[int, int]) -> str:
        """The cursor of positions by shard."""
        return self._readers.cursor(positions)

    @property
    def sent(self) -> Mapping[int, int]:
        """By shard, the position up to which all that passes the filter was sent: whoever asks for
        the next step has sent the one before it."""
        if self._is_asked:
            self._sent = self._covered()
        return self._sent

    def _covered(self) -> Mapping[int, int]:
        covered = self._telling.covered
        return dict.fromkeys(self._readers.heads, 0) if covered is None else covered

    def _note_sent(self) -> None:
        """What was told before is sent; only who has a name is asked for that."""
        if self.on_sent is not None:
            before, self._sent = self._sent, self._covered()
            if self._sent != before:
                self.on_sent()

    async def __aenter__(self) -> "Subscriber":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> "Subscriber":
        return self

    def close(self) -> None:
        """Leave the feed; the place of this subscriber is free for another."""
        self._on_close(self)

    async def __anext__(self) -> Step:
        """The next step, as soon as there is one."""
        loop = self._loop
        while True:
            if self._wake.closed:
                raise FeedStopping
            self._note_sent()
            count_seen = self._wake.count
            step = self._change() or await self._tell()
            is_due = loop.time() >= self._told_s + self._limits.checkpoint_s
            if step is None and is_due and not self._telling.has_moved:
                step = Checkpoint(self.cursor, self._readers.time_ms)
            if step is not None:
                self._told_s = loop.time()
                return step
            if self._telling.has_moved:
                await asyncio.sleep(0)
            else:
                await self._rest(count_seen)

    async def _rest(self, count_seen: int) -> None:
        """Wait until there may be something to tell, or to look at again."""
        now_s = self._loop.time()
        until_s = self._told_s + self._limits.checkpoint_s
        until_s = min(until_s, self._readers.retry_at(now_s, until_s))
        if self._retry_s > now_s:
            until_s = min(until_s, self._retry_s)
        self._is_asked = True
        try:
            await self._wake.wait(count_seen, until_s - now_s)
        finally:
            self._note_sent()
            self._is_asked = False

    def _change(self) -> Step | None:
        """Whether the subscriber has just caught up, or fallen behind."""
        readers = self._readers
        if readers.is_following:
            if not readers.were_left_behind:
                return None
            readers.is_following = False
            self._targets = readers.heads
            return FellBehind(self.cursor, readers.time_ms, readers.lag_events)
        covered = self._telling.covered
        if covered is None:
            return None
        if any(covered[shard] < target for shard, target in self._targets.items()):
            return None
        readers.is_following = True
        return CaughtUp(self.cursor, readers.time_ms)

    async def _tell(self) -> Step | None:
        """What the subscriber is told; None if there is nothing, or a shard cannot be asked now."""
        now_s = self._loop.time()
        if self._retry_s > now_s:
            return None
        try:
            return await self._telling.step(
                is_due=now_s >= self._told_s + self._limits.checkpoint_s
            )
        except ShardUnavailable:
            self._telling.has_moved = False
            self._retry_s = self._loop.time() + self._limits.retry_s
        except HistoryDropped as dropped:
            if not self._telling.starts_over:
                raise CursorOutOfRange(self.cursor, self._readers.oldest) from dropped
            self._start_over()
        except Overtaken:
            self._start_over()
        return None

    def _start_over(self) -> None:
        """Begin again with a snapshot."""
        self._readers.start_at(self._readers.heads)
        self._readers.is_following = False
        self._targets = self._readers.heads
        self._telling = self._telling_from(True)
        self._telling.has_moved = True
