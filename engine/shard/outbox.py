"""What a shard has yet to tell others. The log holds all of it; a bounded part is on its way.

What is told to one shard goes out in the order of its positions: what a turn tells it in one
message, with the position of what it was told before. After a start everything that was not
acknowledged is sent again.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from engine.core.events import LinesTold
from engine.log.codec import decode_group
from engine.log.port import Acknowledged, Group, Log, LogError
from engine.shard.messages import Outgoing, Tell, Tiding
from engine.shard.turn import Turn

ON_THE_WAY_MAX = 1_000
"""Events that one shard is told of and that are on their way at once: more of them stay in the
log."""

TIDINGS_MAX = 100
"""Events in one message: bounds what its receiver takes in one after the other."""


class _Way:
    """What one other shard is told."""

    def __init__(self, told: int) -> None:
        self.told = told
        """The position up to which it has acknowledged."""
        self.last = told
        """The position of the last event that it has to hear of."""
        self.sent = told
        """The position of the last one that was sent."""
        self.on_the_way: deque[int] = deque()
        self.pending = 0
        self.since_ms = 0
        """Nothing that is pending was appended before this."""
        self.last_ms = 0
        self._mark = (0, 0)

    def note(self, position: int, now_ms: int) -> None:
        """An event was appended that has to be told."""
        if not self.pending:
            self.since_ms = now_ms
            self._mark = (position, now_ms)
        self.last, self.last_ms = position, now_ms
        self.pending += 1

    def heard_before(self, position: int, count: int) -> None:
        """Up to `position` so many events were heard before they were sent in this life: what is
        sent next follows on them."""
        self.sent = position
        self.pending -= count

    def acknowledged(self, position: int) -> list[int]:
        """Everything up to `position` was heard; what of it was on its way."""
        self.told = position
        heard = []
        while self.on_the_way and self.on_the_way[0] <= position:
            heard.append(self.on_the_way.popleft())
        self.pending -= len(heard)
        if position >= self._mark[0]:
            self.since_ms = self._mark[1]
            self._mark = (self.last, self.last_ms)
        return heard


class Outbox:
    """What is to be told by shard number `origin`, and has not been acknowledged."""

    def __init__(self, log: Log, origin: int, shards: int) -> None:
        self._log = log
        self._origin = origin
        self._ways = {shard: _Way(log.told(shard)) for shard in range(shards) if shard != origin}
        self._heard: dict[int, list[int]] = {}
        for target, way in self._ways.items():
            for position in log.tells(target):
                way.note(position, 0)
            way.last_ms = log.head.recorded_at_ms

    def __len__(self) -> int:
        """How many events have yet to be acknowledged, summed over the shards."""
        return sum(way.pending for way in self._ways.values())

    def since_ms(self, now_ms: int) -> int:
        """The engine time since when something has been waiting to be told; `now_ms` if nothing
        is."""
        return min([way.since_ms for way in self._ways.values() if way.pending], default=now_ms)

    def add(self, turn: Turn) -> list[Outgoing]:
        """What a turn has appended has to be told; the messages of it that go out at once."""
        going: dict[int, list[tuple[int, Any]]] = {}
        for position, event in turn.tells:
            targets = [event.shard] if isinstance(event, LinesTold) else self._ways
            for target in targets:
                way = self._ways[target]
                told = going.setdefault(target, [])
                room = ON_THE_WAY_MAX - len(way.on_the_way) - len(told)
                if room > 0 and way.last == (told[-1][0] if told else way.sent):
                    told.append((position, event))
                way.note(position, turn.now_ms)
        return [one for target, told in going.items() for one in self._send(turn, target, told)]

    def acknowledge(self, target: int, position: int) -> None:
        """A shard has heard everything up to `position`: perhaps from an earlier life of this one,
        which was gone before it learned that. `heard` says so to the log."""
        way = self._ways[target]
        if position <= way.told:
            return
        heard = self._heard.setdefault(target, [])
        if position > way.sent:
            unsent = [at for at in self._log.tells(target, way.sent) if at <= position]
            way.heard_before(position, len(unsent))
            heard += unsent
        heard += way.acknowledged(position)

    def heard(self) -> Acknowledged:
        """What was acknowledged since this was asked last."""
        if not self._heard:
            return {}
        heard, self._heard = self._heard, {}
        return {target: (self._ways[target].told, tells) for target, tells in heard.items()}

    def refill(self, turn: Turn) -> list[Outgoing]:
        """What goes out now that there is room for it, after a turn was appended."""
        outgoing: list[Outgoing] = []
        for target, way in self._ways.items():
            room = ON_THE_WAY_MAX - len(way.on_the_way)
            if way.sent == way.last or room < ON_THE_WAY_MAX // 2:
                continue
            positions = list(islice(self._log.tells(target, way.sent), room))
            outgoing += self._send(turn, target, self._events(positions))
        return outgoing

    def _send(self, turn: Turn, target: int, told: Iterable[tuple[int, Any]]) -> Iterator[Outgoing]:
        """Messages of events, given in order with their positions, that `target` is to be told."""
        way = self._ways[target]
        events = iter(told)
        while tidings := tuple(_tiding(turn, *each) for each in islice(events, TIDINGS_MAX)):
            previous, way.sent = way.sent, tidings[-1].position
            way.on_the_way += [tiding.position for tiding in tidings]
            yield Outgoing(target, Tell(self._origin, previous, tidings))

    def _events(self, positions: list[int]) -> Iterator[tuple[int, Any]]:
        """The events at these positions, read from the log."""
        group: Group | None = None
        for position in positions:
            if group is None or position > group.last_position:
                read = self._log.read(position, 0, self._log.head.position)
                if not read:
                    raise LogError(f"the group at position {position} is missing")
                group = decode_group(read[0])
            recorded = [one for commit in group.commits for one in commit.recorded]
            yield position, recorded[position - group.first_position].event


def _tiding(turn: Turn, position: int, event: Any) -> Tiding:
    named = isinstance(event, LinesTold) and event.reservation_id
    reservation = turn.reservation(event.reservation_id) if named else None
    if reservation is None:
        return Tiding(position, event)
    return Tiding(position, event, reservation.reference, reservation.channel, reservation.customer)
