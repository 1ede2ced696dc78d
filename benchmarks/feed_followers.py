"""Those who follow the feed for `benchmarks.feed_kills`: what they ask for, when they leave, and
where they go on."""

import random
from dataclasses import dataclass, field
from itertools import count, islice

from holdfast import Client
from holdfast.errors import CursorOutOfRange
from holdfast.feed_messages import EventBatch, FeedMessage, SnapshotBatch

from benchmarks.feed_audit import Interest, Positions, Refusal, Stream, fact_of_message
from benchmarks.feed_latest_audit import LatestStream, State
from engine.feed.cursor import Cursor
from engine.shard.slots import shard_of, slot_of

SHARDS = 2
SKUS = [
    f"{kind}-{number}"
    for kind in ("TEA", "CUP", "POT")
    for shard in range(SHARDS)
    for number in islice(
        (each for each in count() if shard_of(slot_of("", f"{kind}-{each}"), SHARDS) == shard), 4
    )
]
"""As many in each shard."""
LOCATIONS = ("LONDON", "LEEDS")
EARLIER = 0.25
"""Of those who come back, the part that does so with an earlier cursor of theirs."""


def interest_of(number: int, chance: random.Random) -> Interest:
    """What the n-th subscriber follows: every fifth everything."""
    kinds = (
        Interest(),
        Interest(skus=tuple(chance.sample(SKUS, 3))),
        Interest(sku_prefixes=(chance.choice(("TEA-", "CUP-1", "P")),)),
        Interest(locations=(chance.choice(LOCATIONS),)),
        Interest(
            skus=tuple(chance.sample(SKUS, 2)),
            sku_prefixes=("CUP-",),
            locations=(chance.choice(LOCATIONS),),
        ),
    )
    return kinds[number % len(kinds)]


def mode_of(number: int) -> str:
    """How much the n-th subscriber is told: every sixth the latest alone, of everything or of
    less."""
    return "latest" if number % 6 == 5 else "every_event"


@dataclass
class Progress:
    """How far the run is; subscribers look at it."""

    rounds: int
    rounds_done: int = 0
    goal: Positions | None = None
    """The end of the log, once nobody writes."""


@dataclass
class Follower:
    """One who follows, leaves and comes back."""

    interest: Interest
    mode: str
    reconnects: int
    chance: random.Random
    progress: Progress
    streams: list[Stream | LatestStream] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    left: int = 0
    _cursors: list[str] = field(default_factory=list)

    async def follow(self, client: Client) -> None:
        """Follow until the end of the log."""
        is_latest = self.mode == "latest"
        start, positions = "snapshot" if is_latest else "beginning", dict.fromkeys(range(SHARDS), 0)
        while True:
            stream = (LatestStream if is_latest else Stream)(self.interest, positions)
            self.streams.append(stream)
            try:
                if await self._stream(client, start, stream):
                    return
                start = self._next_start()
            except CursorOutOfRange as refused:
                self.refusals.append(Refusal(start, refused.oldest))
                start = refused.oldest
            if start != "snapshot":
                positions = dict(Cursor.parse(start).positions)

    async def _stream(self, client: Client, start: str, stream: Stream | LatestStream) -> bool:
        """Take in one stream; gives whether it has come to the end of the log."""
        feed = client.watch(start=start, mode=self.mode, **self.interest._asdict())
        try:
            async for message in feed.batches():
                _take(stream, message)
                if self._is_at_end(message.cursor):
                    return True
                if self._leaves():
                    return False
        finally:
            await feed.close()
            if feed.cursor:
                self._cursors.append(feed.cursor)
        return False

    def _leaves(self) -> bool:
        """Whether it is time to leave: as often over the whole run as was asked for, at moments
        that nobody agreed on."""
        if self.left >= self.reconnects:
            return False
        done = (self.progress.rounds_done + self.chance.random()) / self.progress.rounds
        if self.left >= done * self.reconnects or self.chance.random() < 0.5:
            return False
        self.left += 1
        return True

    def _is_at_end(self, cursor: str) -> bool:
        goal = self.progress.goal
        if not cursor or goal is None or self.left < self.reconnects:
            return False
        positions = Cursor.parse(cursor).positions
        return all(positions[shard] >= position for shard, position in goal.items())

    def _next_start(self) -> str:
        if not self._cursors:
            return "snapshot"
        if self.chance.random() < EARLIER:
            return self.chance.choice(self._cursors)
        return self._cursors[-1]


def _take(stream: Stream | LatestStream, message: FeedMessage) -> None:
    """Take down a message."""
    events = message.events if isinstance(message, EventBatch) else ()
    if isinstance(stream, Stream):
        stream.take(message.cursor, [event.message for event in events])
        return
    states = [State(*fact_of_message(event.message)[2:]) for event in events]
    for stock in message.stocks if isinstance(message, SnapshotBatch) else ():
        has = stock.balances
        states.append(
            State(stock.sku, stock.location, stock.version, has.on_hand, has.held, has.allocated)
        )
    stream.take(message.cursor, states)
