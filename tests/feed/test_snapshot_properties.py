"""A snapshot and the changes after it are the state of the engine at every cursor: nothing is told
twice, and nothing is left out, whatever is written between its pages."""

import asyncio
from bisect import bisect_left
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.commands import Receive
from engine.core.model import Key
from engine.feed import snapshot
from engine.feed.cursor import CursorOutOfRange
from engine.feed.filter import Filter
from engine.feed.hub import Hub, Mode, Start
from engine.feed.limits import FeedLimits
from engine.feed.steps import CaughtUp, Checkpoint, Snapshot
from engine.feed.subscriber import Subscriber
from tests.feed.living import LOCATIONS, SKUS, Living, State

FILTERS = st.builds(
    Filter,
    st.just(""),
    st.frozensets(st.sampled_from(SKUS), max_size=2),
    st.lists(st.sampled_from(["TEA", "C", "t", "TEA-"]), max_size=2).map(tuple),
    st.frozensets(st.sampled_from(LOCATIONS), max_size=2),
)
HAPPENINGS = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2), st.integers(1, 5))
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), HAPPENINGS),
        st.tuples(st.just("take"), st.integers(1, 3)),
        st.tuples(st.just("cut"), st.integers(0, 3)),
        st.tuples(st.just("forget"), st.integers(0, 2)),
        st.tuples(st.just("crash"), st.integers(0, 2)),
    ),
    max_size=40,
)
LIMITS = st.builds(
    FeedLimits,
    tail_bytes_max=st.sampled_from([1, 2_000, 1_000_000]),
    message_events_max=st.integers(1, 5),
    chunk_bytes_max=st.sampled_from([1, 400, 100_000]),
    snapshot_states_max=st.integers(1, 4),
    pass_events_max=st.integers(1, 10),
    checkpoint_s=st.just(0.0),
    retry_s=st.just(0.0),
)
STEPS_MAX = 3_000


class Client:
    """Keeps what it is told, and asks for a snapshot again where it has no cursor to go on from."""

    def __init__(self, living: Living, limits: FeedLimits, feed_filter: Filter, mode: Mode) -> None:
        self.state = State(is_latest=mode is Mode.LATEST)
        self.differences: list[str] = []
        self.is_forgetful = False
        self._living = living
        self._hub = Hub(living.shards, limits)
        self._filter = feed_filter
        self._mode = mode
        self._subscriber: Subscriber | None = None
        self._cursor = ""
        self._is_caught_up = False

    async def connect(self) -> None:
        """Open the feed with a snapshot, or go on."""
        if self._subscriber is not None:
            self._subscriber.close()
        if not self._cursor:
            self.state = State(is_latest=self._mode is Mode.LATEST)
            self.state.is_forgetful = self.is_forgetful
        start: Any = self._cursor or Start.SNAPSHOT
        self._subscriber = await self._hub.subscribe(self._filter, start, mode=self._mode)
        self.state.resume()
        self._is_caught_up = False

    async def take(self) -> bool:
        """Take one step; whether there may be more at once."""
        if self._subscriber is None:
            await self.connect()
        assert self._subscriber is not None
        step = await anext(self._subscriber)
        self.state.fold(step)
        if isinstance(step, Snapshot):
            assert bool(step.cursor) == step.complete
        if step.cursor:
            self._cursor = step.cursor
            self.differences += self.state.differences(self._living, self._filter, step.cursor)
        else:
            self._cursor = self._cursor if self.state.is_complete else ""
        if isinstance(step, CaughtUp):
            self._is_caught_up = True
        is_idle = isinstance(step, Checkpoint) and self._subscriber.lag_events == 0
        return not is_idle or not self._is_caught_up


async def follow(
    count: int, feed_filter: Filter, limits: FeedLimits, mode: Mode, actions: list[Any]
) -> tuple[Client, Living]:
    """Act, and then read to the end."""
    living = Living(count)
    client = Client(living, limits, feed_filter, mode)
    for kind, argument in actions:
        if kind == "happen":
            await living.happen(*argument)
        elif kind == "take":
            for _ in range(argument):
                await client.take()
        elif kind == "cut":
            await client.connect()
        elif kind == "forget" and mode is Mode.LATEST:
            shard = living.shards.shards[argument % count]
            shard.oldest = shard.head + 1
            client.is_forgetful = client.state.is_forgetful = True
        elif kind == "crash":
            shard = living.shards.shards[argument % count]
            shard.crash()
            shard.start()
    for _ in range(STEPS_MAX):
        if not await client.take():
            break
    return client, living


@settings(max_examples=200, deadline=None)
@given(
    count=st.integers(1, 3),
    feed_filter=FILTERS,
    limits=LIMITS,
    mode=st.sampled_from(list(Mode)),
    actions=ACTIONS,
)
def test_a_snapshot_and_its_changes_are_the_state_at_every_cursor(
    count: int, feed_filter: Filter, limits: FeedLimits, mode: Mode, actions: list[Any]
) -> None:
    async def check() -> None:
        client, living = await follow(count, feed_filter, limits, mode, actions)
        assert client.state.faults == []
        assert client.differences == []
        assert client.state.is_complete
        end = Hub(living.shards, limits)
        cursor = (await end.place(Start.NOW)).encode()
        assert client.state.differences(living, feed_filter, cursor) == []
        living.close()

    asyncio.run(check())


async def changing(mode: Mode) -> Client:
    """A snapshot, with something written to all SKU-locations between any two pages."""
    living = Living(1)
    limits = FeedLimits(checkpoint_s=0.0, retry_s=0.0, snapshot_states_max=3, message_events_max=4)
    places = [(sku, location) for sku in SKUS for location in LOCATIONS]
    for sku, location in places[::2]:
        await living.do(Receive(Key("", sku, location), 1), sku)
    client = Client(living, limits, Filter(), mode)
    for _ in range(8):
        await client.take()
        for sku, location in places:
            await living.do(Receive(Key("", sku, location), 1), sku)
    while await client.take():
        pass
    living.close()
    return client


@pytest.mark.parametrize("mode", list(Mode))
async def test_writes_between_all_pages(mode: Mode) -> None:
    client = await changing(mode)
    assert (client.state.faults, client.differences) == ([], [])


@pytest.mark.parametrize("pages", [-1, 1])
async def test_the_check_finds_a_page_boundary_that_is_off_by_one(
    pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another_page(ends: list[tuple[str, str]], place: tuple[str, str]) -> int:
        return min(bisect_left(ends, place) + pages, len(ends))

    monkeypatch.setattr(snapshot, "bisect_left", another_page)
    client = await changing(Mode.EVERY_EVENT)
    assert client.state.faults != []


async def test_the_check_finds_changes_that_are_told_beside_the_snapshot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshot.StockPages, "has_shown", lambda *_: False)
    client = await changing(Mode.EVERY_EVENT)
    assert client.state.faults != []


@pytest.mark.parametrize("mode", list(Mode))
async def test_a_snapshot_that_is_overtaken_begins_again_where_states_will_do(mode: Mode) -> None:
    living = Living(1)
    try:
        for sku in range(len(SKUS)):
            await living.happen(0, sku, 0, 1)
        hub = Hub(living.shards, FeedLimits(snapshot_states_max=1, tail_bytes_max=1))
        subscriber = await hub.subscribe(Filter(), Start.SNAPSHOT, mode=mode)
        assert isinstance(await anext(subscriber), Snapshot)
        for sku in range(len(SKUS)):
            await living.happen(0, sku, 0, 1)
        living.shards.shards[0].oldest = living.heads[0] + 1
        if mode is Mode.EVERY_EVENT:
            with pytest.raises(CursorOutOfRange) as caught:
                [step async for step in subscriber]
            assert caught.value.cursor == ""
            return
        state = State(is_latest=True)
        state.is_forgetful = True
        while not state.is_complete:
            step = await anext(subscriber)
            state.fold(step)
        assert state.faults == []
        assert state.differences(living, Filter(), step.cursor) == []
    finally:
        living.close()
