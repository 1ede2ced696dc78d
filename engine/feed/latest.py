"""Tells the latest event of each SKU-location that was not told yet: who is slow is told less, and
never something old."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from engine.feed.configured import CONFIGURATION_SHARD
from engine.feed.group import FeedEvent, FeedGroup
from engine.feed.limits import FeedLimits
from engine.feed.reader import ShardReader
from engine.feed.readers import Readers
from engine.feed.scope import Scope
from engine.feed.steps import Events, Step
from engine.feed.telling import Overtaken, Telling

Place = tuple[str, str]
"""A SKU and a location."""


class _Waiting(NamedTuple):
    """What is to be told of a SKU-location: the position of the first event that was not told, and
    the last event."""

    first_position: int
    event: FeedEvent


class Latest(Telling):
    """Takes in all that there is before it tells anything, so that it tells as little as can be.

    What has waited longest is told first, so that no SKU-location waits for ever behind others that
    change more often. A cursor lies before the first event that was not told of any SKU-location
    that still waits: whoever goes on from there is told its last state. When more locations pass
    than before, what is there already has to be told too: a snapshot does that.
    """

    starts_over = True

    def __init__(self, readers: Readers, scope: Scope, limits: FeedLimits) -> None:
        self._readers = readers
        self._scope = scope
        self._limits = limits
        self._waiting: dict[int, OrderedDict[Place, _Waiting]] = {
            reader.feed.shard: OrderedDict() for reader in readers.all
        }
        self._targets: dict[int, int] | None = None
        self._looked_at = 0
        self._held_bytes = 0
        self._turn = 0
        self._is_overtaken = False

    @property
    def covered(self) -> Mapping[int, int]:
        """See Telling.covered."""
        return {
            shard: next(iter(waiting.values())).first_position - 1 if waiting else reached
            for (shard, reached), waiting in zip(
                self._readers.positions.items(), self._waiting.values(), strict=True
            )
        }

    @property
    def held_bytes(self) -> int:
        """See Telling.held_bytes."""
        return self._held_bytes

    @property
    def is_full(self) -> bool:
        """Whether others have their turn first."""
        return self._looked_at >= self._limits.pass_events_max or self._scope.is_stale

    @property
    def waits_for_history(self) -> bool:
        """Something newer may lie there."""
        return True

    async def step(self, *, is_due: bool) -> Step | None:
        """See Telling.step."""
        await self._scope.refresh()
        if self._targets is None:
            self._targets = self._readers.heads
        self._looked_at = 0
        self.has_moved = await self._readers.gather(self)
        if self._is_overtaken:
            raise Overtaken
        positions = self._readers.positions
        is_all = all(positions[shard] >= head for shard, head in self._targets.items())
        if self.has_moved and not (is_all or is_due):
            return None
        self._targets = None
        events = self._longest_waiting()
        if not events:
            return None
        return Events(self._readers.cursor(self.covered), [event.entry for event in events])

    def take(self, reader: ShardReader, group: FeedGroup) -> None:
        """Keep what passes in place of what was kept of the same SKU-location."""
        scope = self._scope
        waiting = self._waiting[reader.feed.shard]
        room = self._limits.pass_events_max - self._looked_at
        events, position = scope.candidates(group, reader.position, room)
        tells = scope.tells(reader.feed.shard)
        self._looked_at += len(events) + 1
        for event in events:
            if event.sku is None or event.location is None:
                if reader.feed.shard == CONFIGURATION_SHARD and scope.widens(event):
                    self._is_overtaken = True
                if scope.note(event):
                    position = event.position
                    break
            elif tells(event):
                place = (event.sku, event.location)
                older = waiting.get(place)
                first = event.position if older is None else older.first_position
                self._held_bytes += len(event.entry)
                self._held_bytes -= 0 if older is None else len(older.event.entry)
                waiting[place] = _Waiting(first, event)
        reader.position = position

    def _longest_waiting(self) -> list[FeedEvent]:
        """Take out as much as a message may have, of all shards in turn."""
        events: list[FeedEvent] = []
        size_bytes = 0
        limits = self._limits
        shards = [waiting for waiting in self._waiting.values() if waiting]
        while shards and len(events) < limits.message_events_max:
            self._turn = (self._turn + 1) % len(shards)
            waiting = shards[self._turn]
            _, (_, event) = waiting.popitem(last=False)
            events.append(event)
            size_bytes += len(event.entry)
            if size_bytes >= limits.message_bytes_max:
                break
            if not waiting:
                shards.remove(waiting)
        self._held_bytes -= size_bytes
        return events
