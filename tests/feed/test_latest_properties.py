"""Whatever happens, a subscriber of mode LATEST is told the last state of each SKU-location, and
never an older one after a newer."""

import asyncio
from typing import Any

import pytest
from holdfast.v1 import feed_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core import events as core
from engine.core.model import Key
from engine.feed.filter import Filter
from engine.feed.hub import Hub, Mode, Start
from engine.feed.latest import Latest
from engine.feed.limits import FeedLimits
from engine.feed.steps import CaughtUp, Checkpoint, Events, FellBehind
from engine.feed.subscriber import Subscriber
from tests.feed.scripted import ScriptedShards, events_of, passes, positions
from tests.feed.test_feed_properties import ACTIONS, LIMITS, LOCATIONS, SKUS, STEPS_MAX, TENANTS

FILTERS = st.builds(
    Filter,
    TENANTS,
    st.frozensets(SKUS, max_size=2),
    st.lists(st.sampled_from(["TEA", "C", "t"]), max_size=1).map(tuple),
    st.frozensets(LOCATIONS, max_size=1),
)
Told = dict[tuple[str, str], feed_pb2.Event]


class Follower:
    """A client that keeps the last event of each SKU-location, and where it is."""

    def __init__(self, hub: Hub, feed_filter: Filter) -> None:
        self.told: Told = {}
        self.start: dict[int, int] = {}
        self.messages = 0
        self.faults: list[str] = []
        self._hub = hub
        self._filter = feed_filter
        self._of_stream: dict[tuple[str, str], int] = {}
        self._places: list[tuple[str, Told]] = []
        self._subscriber: Subscriber | None = None
        self._is_caught_up = False

    async def connect(self, start: Start | None, back: int = 0) -> None:
        """Open the feed, or resume it from the cursor of so many messages ago with what was known
        then."""
        if self._subscriber is not None:
            self._subscriber.close()
        place: Any = start
        if start is None:
            del self._places[len(self._places) - min(back, len(self._places) - 1) :]
            place, self.told = self._places[-1][0], dict(self._places[-1][1])
        self._subscriber = await self._hub.subscribe(self._filter, place, mode=Mode.LATEST)
        self._of_stream = {}
        self._is_caught_up = False
        if start is not None:
            self._places = [(self._subscriber.cursor, {})]
            self.start = positions(self._subscriber.cursor)

    async def take(self) -> bool:
        """Take one step; whether there may be more at once."""
        if self._subscriber is None:
            raise RuntimeError("not connected")
        step = await anext(self._subscriber)
        if isinstance(step, Events):
            self.messages += 1
            events = events_of(step)
            places = [(event.key.sku, event.key.location) for event in events]
            if len(set(places)) < len(places):
                self.faults.append(f"twice in a message: {places}")
            for place, event in zip(places, events, strict=True):
                if event.position <= self._of_stream.get(place, 0):
                    self.faults.append(f"{place}: {event.position} came late")
                self._of_stream[place] = event.position
                if place not in self.told or self.told[place].position < event.position:
                    self.told[place] = event
        elif isinstance(step, CaughtUp | FellBehind):
            self._is_caught_up = isinstance(step, CaughtUp)
        self._places.append((step.cursor, dict(self.told)))
        is_idle = isinstance(step, Checkpoint) and self._subscriber.lag_events == 0
        return not is_idle or not self._is_caught_up


def last_states(shards: ScriptedShards, feed_filter: Filter, start: dict[int, int]) -> Told:
    """The last event of each SKU-location that passes, of those after the start."""
    return {
        (event.key.sku, event.key.location): event
        for feed in shards.feeds
        for event in feed.events()
        if event.position > start[feed.shard]
        and event.HasField("key")
        and passes(feed_filter, event)
    }


def owned(actions: list[Any], count: int) -> list[Any]:
    """The same actions, each event in the shard of its SKU: one shard writes all of a SKU."""
    skus = ["TEA", "TEA-GREEN", "tea", "CUP"]
    mended: list[Any] = []
    for kind, number, commits in actions:
        if commits is None:
            mended.append((kind, number, None))
            continue
        for shard in range(count):
            own = [
                [
                    event
                    for event in commit
                    if (skus.index(event.key.sku) if hasattr(event, "key") else 0) % count == shard
                ]
                for commit in commits
            ]
            if any(own):
                mended.append((kind, shard, [commit for commit in own if commit]))
    return mended


async def follow(
    shards: ScriptedShards,
    feed_filter: Filter,
    limits: FeedLimits,
    start: Start,
    actions: list[Any],
) -> Follower:
    """Act, and then read to the end."""
    follower = Follower(Hub(shards, limits), feed_filter)
    third = len(actions) // 3
    for index, (kind, number, commits) in enumerate(actions):
        if index == third:
            await follower.connect(start)
        if commits is not None:
            shards.feeds[number].append(*commits, is_told=kind == "append")
        elif kind in {"fail", "recover"}:
            shards.feeds[number % shards.count].is_up = kind == "recover"
        elif index > third and kind == "take":
            for _ in range(number):
                await follower.take()
        elif index > third and kind == "reconnect":
            await follower.connect(None, index % 4)
    for feed in shards.feeds:
        feed.is_up = True
    if not follower.start:
        await follower.connect(start)
    for _ in range(STEPS_MAX):
        if not await follower.take():
            break
    return follower


@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(1, 3),
    feed_filter=FILTERS,
    limits=LIMITS,
    start=st.sampled_from([Start.NOW, Start.BEGINNING]),
    actions=ACTIONS,
)
def test_the_last_state_of_each_is_told_last(
    count: int,
    feed_filter: Filter,
    limits: FeedLimits,
    start: Start,
    actions: list[Any],
) -> None:
    shards = ScriptedShards(count)
    follower = asyncio.run(follow(shards, feed_filter, limits, start, owned(actions, count)))
    assert follower.faults == []
    assert follower.told == last_states(shards, feed_filter, follower.start)


def received(sku: str, quantity: int) -> list[core.Event]:
    return [core.StockReceived(Key("", sku, "LONDON"), quantity)]


async def changing(limits: FeedLimits, rounds: int) -> tuple[Follower, ScriptedShards]:
    """Follow SKUs that change more often than they can be told, now and then from where one was
    before."""
    shards = ScriptedShards(2)
    follower = Follower(Hub(shards, limits), Filter())
    await follower.connect(Start.NOW)
    for number in range(rounds):
        for sku in range(20):
            shards.feeds[sku % 2].append(received(f"SKU-{sku * 7 % 20}", number + 1))
        await follower.take()
        if number % 5 == 4:
            await follower.connect(None, number % 3)
    while await follower.take():
        pass
    return follower, shards


FEW = FeedLimits(checkpoint_s=0.0, retry_s=0.0, message_events_max=3)


async def test_nothing_waits_for_ever_behind_what_changes_more_often() -> None:
    shards = ScriptedShards(1)
    limits = FeedLimits(checkpoint_s=3_600.0, message_events_max=4)
    subscriber = await Hub(shards, limits).subscribe(Filter(), Start.NOW, mode=Mode.LATEST)
    await anext(subscriber)
    heard: set[str] = set()
    for number in range(1, 8):
        # All change between any two messages, always in the same order.
        for sku in range(20):
            shards.feeds[0].append(received(f"SKU-{sku}", number))
        step = await anext(subscriber)
        assert isinstance(step, Events)
        assert len(step.entries) == 4
        assert all(event.key.sku for event in events_of(step))
        heard |= {event.key.sku for event in events_of(step)}
    assert len(heard) == 20


async def test_who_is_slow_is_told_less_and_holds_no_more_than_the_keys() -> None:
    shards = ScriptedShards(1)
    limits = FeedLimits(checkpoint_s=3_600.0, tail_bytes_max=20_000, message_events_max=5)
    hub = Hub(shards, limits)
    subscriber = await hub.subscribe(Filter(), Start.NOW, mode=Mode.LATEST)
    await anext(subscriber)
    for number in range(500):
        shards.feeds[0].append(received(f"SKU-{number % 10}", number + 1))
    assert isinstance(await anext(subscriber), FellBehind)
    first = await anext(subscriber)
    assert isinstance(first, Events)
    # Five are told and five wait, of five hundred.
    assert [event.stock_received.quantity for event in events_of(first)] == [
        491,
        492,
        493,
        494,
        495,
    ]
    assert 0 < subscriber.held_bytes < 2_000
    assert subscriber.lag_events == 0
    second = await anext(subscriber)
    assert isinstance(second, Events)
    assert len(second.entries) == 5
    assert positions(second.cursor) == {0: 500}
    assert isinstance(await anext(subscriber), CaughtUp)
    assert subscriber.held_bytes == 0


@pytest.mark.parametrize("rounds", [12, 40])
async def test_cursors_of_the_past_lose_no_last_state(rounds: int) -> None:
    follower, shards = await changing(FEW, rounds)
    assert follower.faults == []
    assert follower.told == last_states(shards, Filter(), follower.start)


async def test_the_check_finds_a_cursor_ahead_of_what_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Latest, "covered", property(lambda self: self._readers.positions))
    limits = FeedLimits(checkpoint_s=0.0, retry_s=0.0, message_events_max=1)
    shards = ScriptedShards(1)
    follower = Follower(Hub(shards, limits), Filter())
    await follower.connect(Start.NOW)
    for sku in range(5):
        shards.feeds[0].append(received(f"SKU-{sku}", 1))
    await follower.take()
    await follower.take()
    await follower.connect(None)
    while await follower.take():
        pass
    assert follower.told != last_states(shards, Filter(), follower.start)


async def test_the_check_finds_an_older_state_after_a_newer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Latest._longest_waiting

    def first_instead_of_last(self: Latest) -> Any:
        events = told(self)
        again = [event for event in events if event.position > 2]
        return again + [event for event in events if event not in again] + again[:1]

    monkeypatch.setattr(Latest, "_longest_waiting", first_instead_of_last)
    follower, _ = await changing(FEW, 3)
    assert follower.faults != []
