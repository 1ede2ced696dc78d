"""Whatever happens, a subscriber is told the filtered log of each shard: no gap, no duplicate, in
order."""

import asyncio

import pytest
from holdfast.v1 import feed_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import events as core
from engine.core.model import Key
from engine.feed.filter import Filter
from engine.feed.hub import Hub, Start
from engine.feed.kinds import NUMBERS
from engine.feed.limits import FeedLimits
from engine.feed.steps import CaughtUp, Checkpoint, Events, FellBehind
from engine.feed.subscriber import Subscriber
from tests.feed.scripted import ScriptedShards, events_of, faults, positions

TENANTS = st.sampled_from(["", "acme"])
SKUS = st.sampled_from(["TEA", "TEA-GREEN", "tea", "CUP"])
LOCATIONS = st.sampled_from(["LONDON", "PARIS"])
KEYS = st.builds(Key, TENANTS, SKUS, LOCATIONS)
EVENTS = st.one_of(
    st.builds(core.StockReceived, KEYS, st.just(5)),
    st.builds(core.StockHeld, KEYS, st.just("0a3-1-1"), st.just("1"), st.just(2)),
    st.builds(core.ReservationExtended, st.just("0a3-1-1"), st.just(1_800_000_000_000), TENANTS),
    st.builds(core.ReservationRenamed, st.just("0a3-1-1"), st.just("order-1"), TENANTS),
    st.builds(core.ReservationExpired, st.just("0a3-1-1"), TENANTS),
)
COMMITS = st.lists(st.lists(EVENTS, min_size=1, max_size=4), min_size=1, max_size=3)
FILTERS = st.builds(
    Filter,
    TENANTS,
    st.frozensets(SKUS, max_size=2),
    st.lists(st.sampled_from(["TEA", "C", "t"]), max_size=2).map(tuple),
    st.frozensets(LOCATIONS, max_size=1),
    kinds=st.frozensets(
        st.sampled_from([NUMBERS["stock_held"], NUMBERS["reservation_renamed"]]), max_size=1
    ),
)
SHARDS = st.integers(0, 3)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), SHARDS, COMMITS),
        st.tuples(st.just("append untold"), SHARDS, COMMITS),
        st.tuples(st.just("fail"), SHARDS, st.none()),
        st.tuples(st.just("recover"), SHARDS, st.none()),
        st.tuples(st.just("take"), st.integers(1, 4), st.none()),
        st.tuples(st.just("reconnect"), st.none(), st.none()),
    ),
    max_size=30,
)
# With no patience at all every step returns at once, so that no test has to wait.
LIMITS = st.builds(
    FeedLimits,
    tail_bytes_max=st.sampled_from([1, 500, 2_000, 1_000_000]),
    message_events_max=st.integers(1, 8),
    message_bytes_max=st.sampled_from([1, 300, 100_000]),
    chunk_bytes_max=st.sampled_from([1, 400, 100_000]),
    pass_events_max=st.integers(1, 10),
    checkpoint_s=st.just(0.0),
    retry_s=st.just(0.0),
)
STEPS_MAX = 5_000


class Reader:
    """A client that keeps the last cursor, and notes what it is told."""

    def __init__(self, hub: Hub, shards: ScriptedShards, feed_filter: Filter) -> None:
        self.received: list[feed_pb2.Event] = []
        self.start: dict[int, int] = {}
        self.is_caught_up = False
        self._hub = hub
        self._shards = shards
        self._filter = feed_filter
        self._cursor = ""
        self._heads: dict[int, int] = {}
        self._subscriber: Subscriber | None = None

    async def connect(self, start: Start | None) -> None:
        """Open the feed, or resume it from the last cursor."""
        if self._subscriber is not None:
            self._subscriber.close()
        self._subscriber = await self._hub.subscribe(self._filter, start or self._cursor)
        self._cursor = self._subscriber.cursor
        self._heads = {feed.shard: feed.head for feed in self._shards.feeds}
        self.is_caught_up = False
        if start is not None:
            self.start = positions(self._cursor)

    async def take(self) -> bool:
        """Take one step; whether there may be more at once."""
        if self._subscriber is None:
            raise RuntimeError("not connected")
        step = await anext(self._subscriber)
        before, self._cursor = positions(self._cursor), step.cursor
        after = positions(step.cursor)
        assert all(after[shard] >= before[shard] for shard in before)
        if isinstance(step, Events):
            events = events_of(step)
            assert events
            # The cursor of a message is exact: nothing it carries lies behind the last one or ahead
            # of its own.
            assert all(before[e.shard] < e.position <= after[e.shard] for e in events)
            self.received += events
        elif isinstance(step, FellBehind):
            # Only who is up to date can fall behind, and is told of it before anything else.
            assert self.is_caught_up
            assert step.lag_events == self._subscriber.lag_events > 0
            self.is_caught_up = False
            self._heads = {feed.shard: feed.head for feed in self._shards.feeds}
        elif isinstance(step, CaughtUp):
            assert not self.is_caught_up
            self.is_caught_up = True
            assert all(after[shard] >= head for shard, head in self._heads.items())
        is_idle = isinstance(step, Checkpoint) and self._subscriber.lag_events == 0
        return not is_idle or not self.is_caught_up


async def follow(
    shards: ScriptedShards,
    feed_filter: Filter,
    limits: FeedLimits,
    start: Start,
    actions: list[tuple[str, int | None, list[list[core.Event]] | None]],
) -> Reader:
    """Act, and then read to the end."""
    hub = Hub(shards, limits)
    reader = Reader(hub, shards, feed_filter)
    half = len(actions) // 3
    for index, (kind, number, commits) in enumerate(actions):
        if index == half:
            await reader.connect(start)
        if commits is not None:
            feed = shards.feeds[(number or 0) % shards.count]
            feed.append(*commits, is_told=kind == "append")
        elif kind in {"fail", "recover"}:
            shards.feeds[(number or 0) % shards.count].is_up = kind == "recover"
        elif index > half and kind == "take":
            for _ in range(number or 0):
                await reader.take()
        elif index > half and kind == "reconnect":
            await reader.connect(None)
    for feed in shards.feeds:
        feed.is_up = True
    if not reader.start:
        await reader.connect(start)
    for _ in range(STEPS_MAX):
        if not await reader.take():
            break
    assert hub.lag_events_max == 0
    assert reader.is_caught_up
    return reader


@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(1, 4),
    feed_filter=FILTERS,
    limits=LIMITS,
    start=st.sampled_from([Start.NOW, Start.BEGINNING]),
    actions=ACTIONS,
)
def test_a_subscriber_is_told_the_filtered_log(
    count: int,
    feed_filter: Filter,
    limits: FeedLimits,
    start: Start,
    actions: list[tuple[str, int | None, list[list[core.Event]] | None]],
) -> None:
    shards = ScriptedShards(count)
    reader = asyncio.run(follow(shards, feed_filter, limits, start, actions))
    log = [feed.events() for feed in shards.feeds]
    assert faults(reader.received, log, feed_filter, reader.start) == []


@pytest.mark.parametrize("fault", ["gap", "duplicate", "disorder", "changed"])
async def test_the_check_finds_a_planted_fault(fault: str) -> None:
    shards = ScriptedShards(1)
    key = Key("", "TEA", "LONDON")
    for quantity in range(1, 6):
        shards.feeds[0].append([core.StockReceived(key, quantity)])
    reader = await follow(shards, Filter(), FeedLimits(checkpoint_s=0.0), Start.BEGINNING, [])
    log = [feed.events() for feed in shards.feeds]
    assert faults(reader.received, log, Filter(), reader.start) == []
    if fault == "gap":
        del reader.received[2]
    elif fault == "duplicate":
        reader.received.insert(2, reader.received[2])
    elif fault == "disorder":
        reader.received[1:3] = reversed(reader.received[1:3])
    else:
        reader.received[2].version += 1
    assert faults(reader.received, log, Filter(), reader.start) != []
