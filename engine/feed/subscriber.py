"""A subscriber: a place in each shard and a filter. It reads when it is asked for the next step and
only then, so that one that is not asked costs a few positions and at most one chunk, and holds up
nobody."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from engine.feed.cursor import Cursor, CursorOutOfRange
from engine.feed.filter import Filter
from engine.feed.group import FeedEvent, FeedGroup
from engine.feed.limits import FeedLimits
from engine.feed.reader import HistoryDropped, ShardReader
from engine.feed.steps import CaughtUp, Checkpoint, Events, FeedStopping, Step
from engine.feed.wake import Wake


class Subscriber:
    """One feed, as an asynchronous iterator of steps without end; `engine.feed.hub.Hub.subscribe`
    makes it. One task uses it, and closes it.

    A step raises CursorOutOfRange when what comes next is not kept any more, because the subscriber
    is too far behind, HistoryDamaged when it is kept and cannot be trusted, and FeedStopping when
    the feed ends. A step that is cancelled loses nothing.
    """

    def __init__(
        self,
        identity: tuple[str, int],
        readers: Sequence[ShardReader],
        feed_filter: Filter,
        wake: Wake,
        limits: FeedLimits,
        on_close: Callable[["Subscriber"], None],
    ) -> None:
        self._history, self._epoch = identity
        self._readers = readers
        self._passes = feed_filter.predicate()
        self._wake = wake
        self._limits = limits
        self._on_close = on_close
        self._targets = [reader.feed.head for reader in readers]
        self._caught_up = False
        self._first_reader = 0
        self._told_s = asyncio.get_running_loop().time()
        self.sent = self._positions()
        """By shard, the position up to which all that passes the filter was sent: whoever asks for
        the next step has sent the one before it."""
        self.on_sent: Callable[[], None] | None = None
        """Is called when `sent` has changed."""

    @property
    def lag_events(self) -> int:
        """Events of all shards that were not looked at yet."""
        return sum(reader.lag_events for reader in self._readers)

    @property
    def held_bytes(self) -> int:
        """Memory that this subscriber holds for itself."""
        return sum(reader.held_bytes for reader in self._readers)

    @property
    def cursor(self) -> str:
        """The place up to which everything was told."""
        return self.cursor_of(self._positions())

    def cursor_of(self, positions: Mapping[int, int]) -> str:
        """The cursor of positions by shard."""
        return Cursor(self._history, self._epoch, positions).encode()

    def _positions(self) -> dict[int, int]:
        return {reader.feed.shard: reader.position for reader in self._readers}

    def _note_sent(self) -> None:
        """Nothing that was looked at is left to be sent; only who has a name is asked for that."""
        if self.on_sent is not None:
            positions = self._positions()
            if positions != self.sent:
                self.sent = positions
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
        loop = asyncio.get_running_loop()
        while True:
            if self._wake.closed:
                raise FeedStopping
            self._note_sent()
            step: Step | None = None
            count_seen = self._wake.count
            if self._is_newly_caught_up():
                self._caught_up = True
                step = CaughtUp(self.cursor, self._time_ms())
            else:
                events, has_moved = await self._pass(loop.time())
                if events:
                    step = Events(self.cursor, events)
                elif loop.time() >= self._told_s + self._limits.checkpoint_s:
                    step = Checkpoint(self.cursor, self._time_ms())
            if step is not None:
                self._told_s = loop.time()
                return step
            if has_moved:
                await asyncio.sleep(0)
            else:
                await self._wake.wait(count_seen, self._patience_s(loop.time()))

    def _is_newly_caught_up(self) -> bool:
        return not self._caught_up and all(
            reader.position >= target
            for reader, target in zip(self._readers, self._targets, strict=True)
        )

    def _time_ms(self) -> int:
        return max(reader.feed.head_time_ms for reader in self._readers)

    def _patience_s(self, now_s: float) -> float:
        """How long to wait at most: to the next checkpoint, or to the next look at a shard that
        could not be read."""
        until_s = self._told_s + self._limits.checkpoint_s
        for reader in self._readers:
            if reader.retry_s > now_s:
                until_s = min(until_s, reader.retry_s)
        return until_s - now_s

    async def _pass(self, now_s: float) -> tuple[list[FeedEvent], bool]:
        """Gather the events of one message, and say whether any reader has moved.

        Each pass begins with another shard, so that a busy one does not keep the others from being
        heard. Nothing that was gathered waits for a read of history.
        """
        gathered = _Message(self._limits)
        count = len(self._readers)
        first = self._first_reader
        self._first_reader = (first + 1) % count
        for index in range(first, first + count):
            reader = self._readers[index % count]
            while not gathered.is_full:
                group = reader.group()
                if group is None:
                    if gathered.events or reader.retry_s > now_s:
                        break
                    group = await self._load(reader)
                if group is None:
                    break
                gathered.take(reader, group, self._passes)
        return gathered.events, gathered.looked_at > 0

    async def _load(self, reader: ShardReader) -> FeedGroup | None:
        """Read the next chunk of history; None if there is none at the moment."""
        if not reader.is_behind:
            return None
        try:
            if await reader.load():
                return reader.group()
        except HistoryDropped as error:
            oldest = {each.feed.shard: each.feed.oldest - 1 for each in self._readers}
            cursor = Cursor(self._history, self._epoch, oldest).encode()
            raise CursorOutOfRange(self.cursor, cursor) from error
        reader.retry_s = asyncio.get_running_loop().time() + self._limits.retry_s
        return None


class _Message:
    """The events of one message, while it is put together."""

    def __init__(self, limits: FeedLimits) -> None:
        self.events: list[FeedEvent] = []
        self.looked_at = 0
        self._bytes = 0
        self._limits = limits

    @property
    def is_full(self) -> bool:
        """Whether the message goes as it is: it is large enough, or took long enough to put
        together."""
        return (
            len(self.events) >= self._limits.message_events_max
            or self._bytes >= self._limits.message_bytes_max
            or self.looked_at >= self._limits.pass_events_max
        )

    def take(
        self, reader: ShardReader, group: FeedGroup, passes: Callable[[FeedEvent], bool]
    ) -> None:
        """Take what passes from the group, from the reader's place on, and move the reader: to the
        end of a commit, so that no cursor lies inside one, unless it is too large for a message."""
        limits = self._limits
        start = reader.position + 1 - group.first_position
        end = start + limits.pass_events_max - self.looked_at
        position = self._take(
            group.events[start:end], passes, limits.message_events_max, limits.message_bytes_max
        )
        rest = slice(
            position + 1 - group.first_position,
            group.end_of_commit(position) + 1 - group.first_position,
        )
        if rest.start < rest.stop and self._bytes < limits.commit_bytes_max:
            position = self._take(group.events[rest], passes, sys.maxsize, limits.commit_bytes_max)
        self.looked_at += position - reader.position
        reader.position = position

    def _take(
        self,
        group_events: Sequence[FeedEvent],
        passes: Callable[[FeedEvent], bool],
        events_max: int,
        bytes_max: int,
    ) -> int:
        """Take what passes, until there is so much of it; gives the position of the last event that
        was looked at."""
        events = self.events
        position = 0
        for event in group_events:
            position = event.position
            if passes(event):
                events.append(event)
                self._bytes += len(event.entry)
                if len(events) >= events_max or self._bytes >= bytes_max:
                    break
        return position
