"""What is told of all that happens. Here: each event; other ways to tell are in `latest`,
`snapshot` and `channel_feed`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from engine.feed.filter import Predicate
from engine.feed.group import FeedEvent, FeedGroup
from engine.feed.limits import FeedLimits
from engine.feed.reader import ShardReader
from engine.feed.readers import Readers
from engine.feed.scope import Scope
from engine.feed.steps import Events, Step


class Overtaken(Exception):
    """What is to be told from now on cannot be told by what happens alone: a snapshot comes
    first."""


class Telling(ABC):
    """What a subscriber is told, and what is kept to be told.

    `step` is asked again and again by one task. A call that is cancelled loses nothing.
    """

    has_moved = False
    """Whether the last step has got further without telling anything: then the next one is asked
    for at once."""
    starts_over = False
    """Whether a snapshot takes the place of what is not kept any more."""

    @abstractmethod
    async def step(self, *, is_due: bool) -> Step | None:
        """The next message, None if there is none now. `is_due`: nothing was told for so long that
        it is better to tell what there is than to wait for more.

        HistoryDropped, HistoryDamaged, ShardUnavailable if it cannot go on; Overtaken if it can
        from a snapshot alone.
        """

    @property
    @abstractmethod
    def covered(self) -> Mapping[int, int] | None:
        """By shard, the position up to which everything was told; None as long as a snapshot
        lasts."""

    @property
    def held_bytes(self) -> int:
        """Memory that is held for what is yet to be told."""
        return 0


class EveryEvent(Telling):
    """Tells each event that passes, in messages of so many as there are, up to a limit."""

    def __init__(self, readers: Readers, scope: Scope, limits: FeedLimits) -> None:
        self._readers = readers
        self._scope = scope
        self._limits = limits

    @property
    def covered(self) -> Mapping[int, int]:
        """See Telling.covered."""
        return self._readers.positions

    async def step(self, *, is_due: bool) -> Step | None:
        """See Telling.step."""
        del is_due
        if self._scope.is_stale:
            await self._scope.refresh()
        self.has_moved = False
        if self._readers.rest():
            return None
        message = Message(self._scope, self._limits)
        self.has_moved = await self._readers.gather(message)
        if not message.entries:
            return None
        return Events(self._readers.cursor(self.covered), message.entries)


class Message:
    """The events of one message, while it is put together."""

    def __init__(self, scope: Scope, limits: FeedLimits) -> None:
        self.entries: list[bytes] = []
        self._looked_at = 0
        self._bytes = 0
        self._scope = scope
        self._limits = limits

    @property
    def is_full(self) -> bool:
        """Whether the message goes as it is: it is large enough, or took long enough to put
        together."""
        return (
            self._is_large
            or self._looked_at >= self._limits.pass_events_max
            or self._scope.is_stale
        )

    @property
    def _is_large(self) -> bool:
        limits = self._limits
        return (
            len(self.entries) >= limits.message_events_max
            or self._bytes >= limits.message_bytes_max
        )

    @property
    def waits_for_history(self) -> bool:
        """Nothing that was taken waits for a read."""
        return not self.entries

    def take(self, reader: ShardReader, group: FeedGroup) -> None:
        """Take what passes, up to the end of a commit, so that no cursor lies inside one, unless it
        is too large for a message."""
        scope, limits = self._scope, self._limits
        room = limits.pass_events_max - self._looked_at
        if scope.tells_all(group) and self._has_taken_all(reader, group, room):
            return
        events, position = scope.candidates(group, reader.position, room)
        self._looked_at += len(events) + 1
        tells = scope.tells(reader.feed.shard)
        if not scope.follows_configuration:
            told = [event.entry for event in events if tells(event)]
            size_bytes = self._bytes + sum(map(len, told))
            fits = len(self.entries) + len(told) < limits.message_events_max
            if fits and size_bytes < limits.message_bytes_max:
                # So it is nearly always, and it costs half as much as to look at each one.
                self.entries += told
                self._bytes = size_bytes
                reader.position = position
                return
        reader.position = self._take_each(events, position, group, tells)

    def _has_taken_all(self, reader: ShardReader, group: FeedGroup, room: int) -> bool:
        """Take what comes, of so many events at most and those that complete the last commit,
        without a look at each one; False if these may be too many bytes."""
        limits = self._limits
        room = min(room, limits.message_events_max - len(self.entries))
        told, position = group.entries_after(reader.position, room)
        size_bytes = self._bytes + sum(map(len, told))
        if size_bytes >= limits.message_bytes_max:
            return False
        self.entries += told
        self._bytes = size_bytes
        self._looked_at += len(told) + 1
        reader.position = position
        return True

    def _take_each(
        self, events: Sequence[FeedEvent], position: int, group: FeedGroup, tells: Predicate
    ) -> int:
        """Take what passes one by one, until the message is full or the configuration changes; give
        the position up to which all was looked at, at most this one."""
        limits = self._limits
        end = position
        for event in events:
            if event.position > end:
                return end
            if self._bytes >= limits.commit_bytes_max:
                return event.position - 1
            if tells(event):
                self.entries.append(event.entry)
                self._bytes += len(event.entry)
                if self._is_large:
                    end = min(end, group.end_of_commit(event.position))
            elif event.sku is None and self._scope.note(event):
                # What comes after that is judged by the new configuration.
                end = min(end, group.end_of_commit(event.position))
        return end
