"""Whatever happens, a channel's feed tells what it may sell: always the last number, and each
number only once."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels.facts import ChannelUpdate
from engine.channels.updates import channel_updates
from engine.core.channels import Buffer, Channel, ChannelPolicy, ChannelTerms
from engine.core.commands import Receive
from engine.core.commands.channels import ConfigureChannel, DefineSkuGroup, SetChannelPolicies
from engine.core.commands.configuration import ConfigureLocations, DefineKit
from engine.core.commands.listings import MapListings
from engine.core.configuration import Component, Location
from engine.core.listings import Listing
from engine.core.model import Key
from engine.feed.channel_feed import ChannelFeed
from engine.feed.filter import Filter
from engine.feed.hub import Hub, Mode, Start
from engine.feed.limits import FeedLimits
from engine.feed.steps import CaughtUp, Checkpoint, Numbers
from engine.feed.subscriber import Subscriber
from tests.feed.living import LOCATIONS, SKUS, Living

KIT = "KIT"
ALL = (*SKUS, KIT)
FILTERS = st.builds(
    Filter,
    st.just(""),
    st.frozensets(st.sampled_from(ALL), max_size=2),
    st.lists(st.sampled_from(["TEA", "K", "t"]), max_size=1).map(tuple),
    channel=st.just("web"),
)
TERMS = st.builds(
    ChannelTerms,
    st.one_of(st.none(), st.builds(Buffer, st.integers(0, 3)), st.just(Buffer(percent=50))),
    st.one_of(st.none(), st.integers(0, 9)),
    st.one_of(st.none(), st.integers(1, 9)),
)
CHANNELS = st.builds(
    Channel,
    st.sampled_from(["web", "web", "shop"]),
    st.lists(st.sampled_from(LOCATIONS), max_size=2, unique=True).map(tuple),
    st.lists(st.just("stores"), max_size=1).map(tuple),
    TERMS,
    st.booleans(),
)
POLICIES = st.one_of(
    st.builds(ChannelPolicy, st.sampled_from(ALL), st.just(""), st.one_of(st.none(), TERMS)),
    st.builds(ChannelPolicy, st.just(""), st.just("teas"), st.one_of(st.none(), TERMS)),
)
LISTINGS = st.builds(
    Listing,
    st.sampled_from(SKUS),
    st.sampled_from(["", *LOCATIONS]),
    st.just("eu"),
    st.sampled_from(["", "1", "2", "3"]),
)
CONFIGURED = st.one_of(
    st.builds(ConfigureChannel, st.just(""), CHANNELS),
    st.builds(
        SetChannelPolicies, st.just(""), st.sampled_from(["web", "shop"]), st.tuples(POLICIES)
    ),
    st.builds(
        DefineSkuGroup, st.just(""), st.just("teas"), st.just(()), st.sampled_from([("TEA",), ()])
    ),
    st.builds(MapListings, st.just(""), st.just("web"), st.tuples(LISTINGS)),
    st.builds(
        ConfigureLocations,
        st.just(""),
        st.tuples(
            st.builds(
                Location,
                st.sampled_from(LOCATIONS),
                enabled=st.booleans(),
                groups=st.sampled_from([(), ("stores",)]),
            )
        ),
    ),
    st.builds(
        DefineKit,
        st.just(""),
        st.just(KIT),
        st.lists(
            st.builds(Component, st.sampled_from(SKUS), st.integers(1, 2)),
            max_size=2,
            unique_by=lambda component: component.sku,
        ).map(tuple),
    ),
)
HAPPENINGS = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2), st.integers(1, 5))
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("happen"), HAPPENINGS),
        st.tuples(st.just("happen"), HAPPENINGS),
        st.tuples(st.just("configure"), CONFIGURED),
        st.tuples(st.just("take"), st.integers(1, 3)),
        st.tuples(st.just("cut"), st.integers(0, 2)),
        st.tuples(st.just("forget"), st.integers(0, 2)),
    ),
    max_size=30,
)
LIMITS = st.builds(
    FeedLimits,
    tail_bytes_max=st.sampled_from([1, 2_000, 1_000_000]),
    updates_max=st.integers(1, 5),
    snapshot_states_max=st.integers(1, 4),
    pass_events_max=st.integers(1, 10),
    checkpoint_s=st.just(0.0),
    retry_s=st.just(0.0),
)
STEPS_MAX = 3_000
Facts = tuple[int, bool, Any, Any]


def facts(update: ChannelUpdate) -> Facts:
    return update.units, update.unlimited, update.locations, update.listing


NOWHERE: Facts = (0, False, (), None)


class Shop:
    """A client that keeps the last number of each SKU."""

    def __init__(self, living: Living, limits: FeedLimits, feed_filter: Filter) -> None:
        self.known: dict[str, ChannelUpdate] = {}
        self.faults: list[str] = []
        self.messages = 0
        self.is_forgetful = False
        self._living = living
        self._hub = Hub(living.shards, limits)
        self._filter = feed_filter
        self._subscriber: Subscriber | None = None
        self._cursor = ""
        self._of_stream: dict[str, ChannelUpdate] = {}
        self._is_caught_up = False
        self._is_snapshot = True

    async def connect(self) -> None:
        """Open the feed with a snapshot, or go on."""
        if self._subscriber is not None:
            self._subscriber.close()
        start: Any = self._cursor or Start.SNAPSHOT
        self._subscriber = await self._hub.subscribe(self._filter, start, mode=Mode.LATEST)
        self._is_snapshot = not self._cursor
        self._of_stream = {}
        self._is_caught_up = False

    async def take(self) -> bool:
        """Take one step; whether there may be more at once."""
        if self._subscriber is None:
            await self.connect()
        assert self._subscriber is not None
        step = await anext(self._subscriber)
        if isinstance(step, Numbers):
            self.messages += 1
            if (step.complete or not step.cursor) and not self._is_snapshot:
                # What was to be told next is forgotten: all comes anew.
                self._is_snapshot, self._of_stream = True, {}
            for update, recorded_at_ms in step.updates:
                self._note(update, recorded_at_ms)
            if step.complete:
                self._is_snapshot = False
        self._cursor = step.cursor or self._cursor
        if isinstance(step, CaughtUp):
            self._is_caught_up = True
        is_idle = isinstance(step, Checkpoint) and self._subscriber.lag_events == 0
        return not is_idle or not self._is_caught_up

    def _note(self, update: ChannelUpdate, recorded_at_ms: int) -> None:
        before = self._of_stream.get(update.sku)
        if not self._filter.admits(update.sku):
            self.faults.append(f"{update.sku} was not asked for")
        # A snapshot that is overtaken by what is forgotten begins again, and nobody can see where.
        may_repeat = self._is_snapshot and self.is_forgetful
        if before is not None and facts(before) == facts(update) and not may_repeat:
            self.faults.append(f"{update.sku} has not changed")
        known = self.known.get(update.sku)
        if known is not None and known.version > update.version:
            self.faults.append(f"{update.sku}: {update.version} after {known.version}")
        if not (recorded_at_ms or self._is_snapshot):
            self.faults.append(f"{update.sku} has no time")
        self._of_stream[update.sku] = self.known[update.sku] = update

    async def differences(self) -> list[str]:
        """Where what is known differs from what the channel may sell."""
        skus = [sku for sku in ALL if self._filter.admits(sku)]
        found = []
        for update in await channel_updates(self._living.shards, "", "web", skus):
            known = self.known.get(update.sku)
            is_same = (NOWHERE if known is None else facts(known)) == facts(update)
            # A kit that may not be sold at all is told of as well.
            if update.told and not is_same:
                found.append(f"{update.sku}: {known}, not {update}")
        return found


async def follow(
    count: int, feed_filter: Filter, limits: FeedLimits, actions: list[Any]
) -> tuple[Shop, list[str]]:
    """Act, and read to the end; what differs then."""
    living = Living(count)
    await living.do(ConfigureChannel("", Channel("web", terms=ChannelTerms(Buffer(0)))), None)
    shop = Shop(living, limits, feed_filter)
    for kind, argument in actions:
        if kind == "happen":
            await living.happen(*argument)
        elif kind == "configure":
            listings = argument.listings if isinstance(argument, MapListings) else ()
            there = {sku for sku, _ in living.states(living.heads)}
            # What does not exist is not mapped: that is found out before it is decided.
            if all(listing.sku in there for listing in listings):
                await living.do(argument, None)
        elif kind == "take":
            for _ in range(argument):
                await shop.take()
        elif kind == "cut":
            await shop.connect()
        elif kind == "forget":
            shard = living.shards.shards[argument % count]
            shard.oldest = shard.head + 1
            shop.is_forgetful = True
    for _ in range(STEPS_MAX):
        if not await shop.take():
            break
    differences = await shop.differences()
    living.close()
    return shop, differences


@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(1, 3),
    feed_filter=FILTERS,
    limits=LIMITS,
    actions=ACTIONS,
)
def test_the_last_number_is_told_and_each_once(
    count: int, feed_filter: Filter, limits: FeedLimits, actions: list[Any]
) -> None:
    shop, differences = asyncio.run(follow(count, feed_filter, limits, actions))
    assert shop.faults == []
    assert differences == []


async def restocked(limits: FeedLimits) -> tuple[Shop, list[str]]:
    """Follow while stock comes, and go on from where it was."""
    happen = ("happen", (0, 1, 0, 5))
    actions = [happen, ("take", 9), *[happen] * 5, ("take", 1), ("cut", 0), ("take", 2)]
    return await follow(2, Filter(channel="web"), limits, actions)


SLOW = FeedLimits(checkpoint_s=0.0, retry_s=0.0, updates_max=1)


async def test_a_number_is_told_once_however_often_it_was_asked_about() -> None:
    shop, differences = await restocked(SLOW)
    assert (shop.faults, differences) == ([], [])
    assert shop.known["TEA"].units == 30


async def test_what_changes_no_number_is_not_told() -> None:
    living = Living(1)
    terms = ChannelTerms(Buffer(0), cap_units=5)
    await living.do(ConfigureChannel("", Channel("web", ("LONDON",), terms=terms)), None)
    await living.do(Receive(Key("", "TEA", "LONDON"), 50), "TEA")
    shop = Shop(living, SLOW, Filter(channel="web"))
    while await shop.take():
        pass
    told = shop.messages
    # It may not sell more than five, and nothing from Paris.
    await living.do(Receive(Key("", "TEA", "LONDON"), 50), "TEA")
    await living.do(Receive(Key("", "TEA", "PARIS"), 50), "TEA")
    await living.do(ConfigureChannel("", Channel("shop", ("PARIS",))), None)
    while await shop.take():
        pass
    assert (shop.messages, shop.known["TEA"].units) == (told, 5)
    living.close()


async def test_the_check_finds_a_cursor_ahead_of_what_was_not_asked_about(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ChannelFeed, "_covered", lambda self: self._readers.positions)
    living = Living(1)
    await living.do(ConfigureChannel("", Channel("web", terms=ChannelTerms(Buffer(0)))), None)
    shop = Shop(living, SLOW, Filter(channel="web"))
    while await shop.take():
        pass
    for sku in SKUS:
        await living.do(Receive(Key("", sku, "LONDON"), 5), sku)
    await shop.take()
    await shop.connect()
    while await shop.take():
        pass
    assert await shop.differences() != []
    living.close()


async def test_the_check_finds_a_change_of_the_configuration_that_is_passed_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ChannelFeed, "_named", lambda *_: ())
    actions = [
        ("happen", (0, 1, 0, 5)),
        ("take", 9),
        ("configure", ConfigureChannel("", Channel("web", ("PARIS",)))),
    ]
    _, differences = await follow(1, Filter(channel="web"), SLOW, actions)
    assert differences != []
