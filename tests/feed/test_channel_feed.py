"""What a channel is told, as it meets it over gRPC."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from holdfast.v1 import channels_pb2 as channels
from holdfast.v1 import configuration_pb2 as config
from holdfast.v1 import feed_pb2, stock_pb2

from engine.feed.limits import FeedLimits
from engine.shard.local import LocalShards
from tests.feed.test_feed_modes import LATEST, SNAPSHOT, read
from tests.feed.test_feed_service import FeedNode, feeding
from tests.rpc.serving import refused

Request = feed_pb2.WatchRequest
Filter = feed_pb2.EventFilter
Units = dict[str, int]


class Shop:
    """A node with a channel, and what is configured of that."""

    def __init__(self, node: FeedNode) -> None:
        self.node = node

    async def configure(
        self, *locations: str, remove: bool = False, listed_only: bool = False, **terms: Any
    ) -> None:
        """Configure the channel "web", without a buffer unless the terms say otherwise."""
        terms = {"buffer": channels.Buffer(units=0), **terms}
        channel = channels.Channel(
            name="web",
            locations=locations,
            terms=channels.ChannelTerms(**terms),
            listed_only=listed_only,
        )
        await self.node.channels.ConfigureChannel(
            channels.ConfigureChannelRequest(
                context=self.node.context(), channel=channel, remove=remove
            )
        )

    async def cap(self, sku: str, units: int) -> None:
        """The channel may sell no more than so many units."""
        terms = channels.ChannelTerms(buffer=channels.Buffer(units=0), cap_units=units)
        await self.node.channels.SetChannelPolicies(
            channels.SetChannelPoliciesRequest(
                context=self.node.context(),
                channel="web",
                policies=[channels.ChannelPolicy(sku=sku, terms=terms)],
            )
        )

    async def list(self, sku: str, location: str, item: str) -> None:
        """Map the channel's identifiers; an empty item removes them."""
        shop = "eu" if item else ""
        listing = channels.Listing(sku=sku, location=location, shop=shop, item=item)
        await self.node.channels.MapListings(
            channels.MapListingsRequest(
                context=self.node.context(), channel="web", listings=[listing]
            )
        )

    async def receive(self, sku: str, units: int, location: str = "LONDON") -> None:
        """Let units arrive."""
        await self.node.receive(units, stock_pb2.StockKey(sku=sku, location=location))

    def watch(self, *skus: str, **request: Any) -> Any:
        """Follow what the channel may sell."""
        asked = Filter(channel="web", skus=skus)
        return self.node.watch(Request(filter=asked, mode=LATEST, **request))


@asynccontextmanager
async def selling(count: int = 2, **limits: Any) -> AsyncIterator[Shop]:
    """A node that sells through a channel."""
    async with feeding(LocalShards(count), FeedLimits(checkpoint_s=3_600.0, **limits)) as node:
        shop = Shop(node)
        await shop.configure("LONDON", "PARIS")
        yield shop


def units(messages: list[feed_pb2.WatchResponse]) -> Units:
    """The last number of each SKU."""
    return {
        update.sku: update.units
        for message in messages
        for update in message.channel_updates.updates
    }


async def told(stream: Any) -> channels.ChannelUpdate:
    """The one update that comes next."""
    message: feed_pb2.WatchResponse = await stream.read()
    (update,) = message.channel_updates.updates
    return update


@pytest.mark.parametrize("count", [1, 3])
async def test_a_channel_hears_numbers_and_only_where_they_change(count: int) -> None:
    async with selling(count) as shop:
        await shop.receive("TEA", 10)
        await shop.receive("TEA", 5, "PARIS")
        await shop.receive("CUP", 7)
        stream = shop.watch(start_from=SNAPSHOT)
        snapshot = await read(stream, "caught_up")
        assert units(snapshot) == {"TEA": 15, "CUP": 7}
        assert [message.channel_updates.snapshot_complete for message in snapshot[-2:]] == [
            True,
            False,
        ]
        # What is elsewhere, and what is capped, changes nothing; what is held does.
        await shop.receive("TEA", 100, "ROME")
        await shop.node.stub.Reserve(shop.node.reservation(4))
        update = await told(stream)
        assert [(each.location, each.units) for each in update.locations] == [
            ("LONDON", 6),
            ("PARIS", 5),
        ]
        assert (update.sku, update.units, update.HasField("recorded_at")) == ("TEA", 11, True)
        await shop.cap("TEA", 3)
        assert (await told(stream)).units == 3
        await shop.receive("TEA", 50)
        await shop.list("TEA", "LONDON", "42")
        update = await told(stream)
        assert (update.units, update.locations[0].listing.item) == (3, "42")
        stream.cancel()


async def test_versions_and_cursors_go_on_after_a_cut() -> None:
    async with selling() as shop:
        stream = shop.watch(start_from=SNAPSHOT)
        await read(stream, "caught_up")
        versions = []
        for number in range(4):
            await shop.receive("TEA", 1)
            message = await stream.read()
            (update,) = message.channel_updates.updates
            assert update.units == number + 1
            versions.append((update.epoch, update.version))
            if number == 1:
                stream.cancel()
                await shop.receive("CUP", 1)
                stream = shop.watch(after_cursor=message.cursor)
                assert units(await read(stream, "caught_up")) == {"CUP": 1}
        assert versions == sorted(set(versions))
        stream.cancel()


async def test_a_kit_changes_with_its_components() -> None:
    async with selling(3) as shop:
        for sku in ("TEA", "CUP"):
            await shop.receive(sku, 8)
        stream = shop.watch("SET", start_from=SNAPSHOT)
        assert units(await read(stream, "caught_up")) == {}
        components = [config.Component(sku=sku, quantity=2) for sku in ("TEA", "CUP")]
        await shop.node.configuration.DefineKit(
            config.DefineKitRequest(context=shop.node.context(), sku="SET", components=components)
        )
        assert (await told(stream)).units == 4
        await shop.receive("TEA", 2)
        await shop.node.stub.Reserve(shop.node.reservation(6))
        update = await told(stream)
        # Two of ten are left, which is one kit; the eighth and ninth cup do not help.
        while update.units != 2:
            update = await told(stream)
        assert update.sku == "SET"
        stream.cancel()


async def test_a_channel_that_sells_from_elsewhere_hears_of_all_again() -> None:
    async with selling(2, updates_max=3) as shop:
        skus = [f"SKU-{number}" for number in range(10)]
        for number, sku in enumerate(skus):
            await shop.receive(sku, 10 + number)
            await shop.receive(sku, 1, "ROME")
        stream = shop.watch(start_from=SNAPSHOT)
        assert units(await read(stream, "caught_up")) == {
            sku: 10 + number for number, sku in enumerate(skus)
        }
        await shop.configure("ROME")
        heard: Units = {}
        while heard != dict.fromkeys(skus, 1):
            heard |= units([await stream.read()])
        stream.cancel()


async def test_where_a_channel_sells_no_longer_its_listing_has_no_units() -> None:
    async with selling() as shop:
        for location, count in (("LONDON", 5), ("PARIS", 3)):
            await shop.receive("TEA", count, location)
            await shop.list("TEA", location, f"item in {location}")
        stream = shop.watch(start_from=SNAPSHOT)
        await read(stream, "caught_up")
        await shop.configure("PARIS")
        update = await told(stream)
        assert update.units == 3
        assert [(each.location, each.units, each.listing.item) for each in update.locations] == [
            ("PARIS", 3, "item in PARIS"),
            ("LONDON", 0, "item in LONDON"),
        ]
        stream.cancel()


@pytest.mark.parametrize("is_cut_off", [False, True])
async def test_what_loses_its_listing_is_told_of_once_more(is_cut_off: bool) -> None:
    async with selling() as shop:
        await shop.configure("LONDON", listed_only=True)
        for sku in ("TEA", "CUP"):
            await shop.receive(sku, 5)
        await shop.list("TEA", "LONDON", "tea")
        stream = shop.watch(start_from=SNAPSHOT)
        snapshot = await read(stream, "caught_up")
        assert units(snapshot) == {"TEA": 5}
        if is_cut_off:
            stream.cancel()
        await shop.list("TEA", "LONDON", "")
        if is_cut_off:
            stream = shop.watch(after_cursor=snapshot[-1].cursor)
        update = await told(stream)
        assert (update.sku, update.units, len(update.locations)) == ("TEA", 0, 0)
        for sku in ("TEA", "CUP"):
            await shop.receive(sku, 1)
        await shop.list("CUP", "LONDON", "cup")
        message = (await read(stream, "channel_updates"))[-1]
        assert units([message]) == {"CUP": 6}
        stream.cancel()


async def test_a_channel_that_is_configured_no_longer_has_no_feed() -> None:
    async with selling() as shop:
        stream = shop.watch()
        await read(stream, "caught_up")
        await shop.configure(remove=True)
        refusal = await refused(stream.read())
        assert (refusal.code.name, refusal.reason) == ("NOT_FOUND", "UNKNOWN_CHANNEL")


async def test_every_event_where_a_channel_sells_from() -> None:
    async with selling() as shop:
        stream = shop.node.watch(Request(filter=Filter(channel="web")))
        await read(stream, "caught_up")
        for location in ("LONDON", "ROME", "PARIS"):
            await shop.receive("TEA", 1, location)
        await shop.configure("ROME")
        for location in ("LONDON", "ROME"):
            await shop.receive("TEA", 1, location)
        heard: list[tuple[str, int]] = []
        while len(heard) < 3:
            events = (await stream.read()).events.events
            heard += [(event.key.location, event.version) for event in events]
        assert heard == [("LONDON", 1), ("PARIS", 1), ("ROME", 2)]
        stream.cancel()
