"""What a channel is shown of a kit is what it may promise of it: that many, and not one more."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.channels.facts import ChannelUpdate
from engine.channels.updates import channel_updates
from engine.core.channels import Buffer, Channel, ChannelPolicy, ChannelTerms
from engine.core.commands import (
    BasketLine,
    Command,
    Configure,
    ConfigureChannel,
    ConfigureLocations,
    Context,
    DefineKit,
    Receive,
    Reserve,
    SetChannelPolicies,
)
from engine.core.configuration import Component, Location
from engine.core.decide import filler
from engine.core.model import Key, Selling, ShortCause
from engine.core.rejections import InsufficientStock
from engine.shard.local import LocalShards
from engine.shard.messages import Accepted, Refused, Write
from engine.shard.queries import AvailabilityRead, ReadAvailability
from engine.shard.slots import slot_of
from tests.model.shard_engine import slot_for

LOCATIONS = ("LONDON", "PARIS", "ROME")
PARTS = ("CUP", "POT", "TEA")
KIT = "SET"
UNLIMITED_ASKED = 1_000

BUFFERS = st.one_of(
    st.none(),
    st.builds(Buffer, units=st.integers(0, 3)),
    st.builds(Buffer, percent=st.integers(0, 60)),
)
TERMS = st.builds(ChannelTerms, BUFFERS, st.one_of(st.none(), st.integers(2, 25)))
FENCED = st.builds(ChannelTerms, BUFFERS, st.none(), st.integers(0, 20))
SOME = st.lists(st.sampled_from(LOCATIONS), max_size=2, unique=True).map(tuple)
KEYS = [Key("", sku, location) for sku in PARTS for location in LOCATIONS]
KEY = st.sampled_from(KEYS)
STOCKS = st.lists(st.integers(-2, 25), min_size=len(KEYS), max_size=len(KEYS)).map(
    lambda units: [Receive(key, n) for key, n in zip(KEYS, units, strict=True) if n >= 0]
)
OF_KIT = st.builds(ChannelPolicy, st.just(KIT), st.just(""), TERMS)
OF_PART = st.builds(ChannelPolicy, st.sampled_from(PARTS), st.just(""), st.one_of(TERMS, FENCED))
OTHER = st.builds(Channel, st.just("app"), SOME, st.just(()), st.one_of(TERMS, FENCED))
CONFIGURED = st.lists(
    st.one_of(
        st.builds(SetChannelPolicies, st.just(""), st.just("web"), st.tuples(OF_KIT)),
        st.builds(
            SetChannelPolicies, st.just(""), st.sampled_from(["web", "app"]), st.tuples(OF_PART)
        ),
        st.builds(ConfigureChannel, st.just(""), OTHER),
        st.builds(Configure, KEY, channel_buffers=st.just((("web", 1),))),
        st.builds(Configure, st.sampled_from(KEYS[:3]), tracked=st.just(False)),
        st.builds(
            ConfigureLocations,
            st.just(""),
            st.tuples(st.builds(Location, st.just("ROME"), enabled=st.booleans())),
        ),
    ),
    max_size=6,
)
KITS = st.lists(
    st.builds(Component, st.sampled_from(PARTS), st.integers(1, 3)),
    min_size=1,
    max_size=3,
    unique_by=lambda component: component.sku,
).map(tuple)


class Shop:
    """A node with a channel and a kit."""

    def __init__(self, count: int) -> None:
        self.shards = LocalShards(count)
        self._requests = 0

    async def do(self, command: Command, *, only: bool = False) -> Any:
        self._requests += 1
        context = Context(f"request-{self._requests}", validate_only=only)
        return await self.shards.submit(slot_for(command), Write(context, b"", command), 0)

    async def tried(self, kits: int) -> Any:
        """What a basket of so many kits, from wherever the channel sells, would come to."""
        lines = (BasketLine("1", Key("", KIT, ""), kits, locations=LOCATIONS),)
        return await self.do(Reserve("", lines, channel="web"), only=True)


async def check(
    count: int, channel: Channel, kit: tuple[Component, ...], commands: Iterable[Command]
) -> ChannelUpdate:
    shop = Shop(count)
    await shop.do(ConfigureChannel("", channel))
    await shop.do(DefineKit("", KIT, kit))
    for command in commands:
        await shop.do(command)
    [update] = await channel_updates(shop.shards, "", "web", [KIT])
    assert sum(one.units for one in update.locations) <= update.units or update.unlimited
    if update.unlimited:
        assert isinstance(await shop.tried(UNLIMITED_ASKED), Accepted)
        return update
    if update.units:
        assert isinstance(await shop.tried(update.units), Accepted), update
    for place in update.locations:
        if place.units:
            lines = (BasketLine("1", Key("", KIT, place.location), place.units),)
            alone = await shop.do(Reserve("", lines, channel="web"), only=True)
            assert isinstance(alone, Accepted), place
    more = await shop.tried(update.units + 1)
    assert isinstance(more, Refused), (update, more)
    if isinstance(more.rejection, InsufficientStock):
        [short] = more.rejection.short_lines
        closed = {ShortCause.LOCATION_DISABLED}
        assert short.cause in {ShortCause.CHANNEL, ShortCause.STOCK} | closed, short
        assert short.available == update.units
    return update


CHANNELS = st.builds(Channel, st.just("web"), SOME, st.just(()), st.one_of(TERMS, TERMS, FENCED))


NOT_COUNTED = Configure(Key("", "CUP", "ROME"), tracked=False)


@pytest.mark.parametrize(
    "closing",
    [
        Configure(Key("", "CUP", "ROME"), selling=Selling.STOPPED),
        ConfigureLocations("", (Location("ROME", enabled=False),)),
    ],
)
def test_nothing_is_without_limit_where_nothing_is_sold(closing: Command) -> None:
    async def shown() -> list[bool]:
        shop = Shop(1)
        await shop.do(ConfigureChannel("", Channel("web")))
        await shop.do(NOT_COUNTED)
        found = []
        for command in (None, closing):
            if command is not None:
                await shop.do(command)
            [update] = await channel_updates(shop.shards, "", "web", ["CUP"])
            asked = ReadAvailability("", (("CUP", ""),), "", "")
            read = await shop.shards.submit(slot_of("", "CUP"), asked, 0)
            assert isinstance(read, AvailabilityRead)
            [[place]] = read.availabilities
            found += [update.unlimited, update.locations[0].unlimited, place.unlimited]
        return found

    assert asyncio.run(shown()) == [True] * 3 + [False] * 3


@pytest.mark.parametrize("count", [1, 3])
@settings(max_examples=200, deadline=None)
@given(channel=CHANNELS, kit=KITS, stocks=STOCKS, commands=CONFIGURED)
def test_what_is_shown_of_a_kit_may_be_promised_and_no_more(
    count: int,
    channel: Channel,
    kit: tuple[Component, ...],
    stocks: list[Command],
    commands: list[Command],
) -> None:
    asyncio.run(check(count, channel, kit, [*stocks, *commands]))


def test_a_forgotten_term_of_a_kit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    web = Channel("web", terms=ChannelTerms(Buffer(units=0)))
    kept = SetChannelPolicies("", "web", (ChannelPolicy(KIT, "", ChannelTerms(Buffer(units=1))),))
    arguments = (3, web, (Component("CUP", 1),), (Receive(Key("", "CUP", "ROME"), 5), kept))
    assert asyncio.run(check(*arguments)).units == 4
    monkeypatch.setattr(filler, "room_for_kits", lambda *_: None)
    with pytest.raises(AssertionError):
        asyncio.run(check(*arguments))
