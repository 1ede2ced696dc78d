"""What a channel may sell: numbers, identifiers and versions, of SKUs and of kits."""

from collections.abc import AsyncIterator

import pytest
from holdfast.v1 import channels_pb2 as pb
from holdfast.v1 import configuration_pb2, inventory_pb2, stock_pb2

from engine.channels.updates import channel_updates
from tests.rpc.serving import Node, line, refused, serving
from tests.rpc.test_channel_listings import CUP, POT, listing, map_listings
from tests.rpc.test_channel_service import configure, define_group, set_policies


@pytest.fixture(params=[1, 3], ids=["1 shard", "3 shards"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Node]:
    """A channel that sells from LONDON, then from LEEDS, and leaves nothing to others."""
    async with serving(count=request.param) as served:
        terms = pb.ChannelTerms(buffer=pb.Buffer(units=0))
        web = pb.Channel(name="web", locations=["LONDON", "LEEDS"], terms=terms)
        await configure(served, web)
        for sku, location, units in [
            (CUP, "LONDON", 10),
            (CUP, "LEEDS", 7),
            (CUP, "PARIS", 50),
            (POT, "LEEDS", 3),
            (POT, "LONDON", 4),
        ]:
            await served.receive(units, stock_pb2.StockKey(sku=sku, location=location))
        yield served


async def asked(node: Node, sku: str, channel: str = "web") -> pb.GetChannelAvailabilityResponse:
    request = pb.GetChannelAvailabilityRequest(channel=channel, sku=sku)
    response: pb.GetChannelAvailabilityResponse = await node.channels.GetChannelAvailability(
        request
    )
    return response


def places(update: pb.ChannelUpdate) -> list[tuple[str, int]]:
    return [(one.location, one.units) for one in update.locations]


async def test_a_channel_sees_its_locations_in_its_order(shop: Node) -> None:
    found = await asked(shop, CUP)
    assert (found.update.sku, found.update.units) == (CUP, 17)
    assert places(found.update) == [("LONDON", 10), ("LEEDS", 7)]
    assert (found.available_units, found.buffer_units) == (17, 0)
    assert not found.HasField("policy")
    nowhere = await asked(shop, "HAT")
    assert (nowhere.update.units, places(nowhere.update)) == (0, [])


async def test_buffers_and_caps_come_off(shop: Node) -> None:
    await define_group(shop, "china", skus=[CUP, POT])
    quarter = pb.ChannelTerms(buffer=pb.Buffer(percent=25))
    await set_policies(shop, "web", pb.ChannelPolicy(sku_group="china", terms=quarter))
    found = await asked(shop, CUP)
    assert (found.update.units, found.buffer_units) == (12, 5)
    assert found.policy.sku_group == "china"
    assert found.terms == quarter
    assert places(found.update) == [("LONDON", 10), ("LEEDS", 2)]
    capped = pb.ChannelTerms(buffer=pb.Buffer(units=1), cap_units=3)
    await set_policies(shop, "web", pb.ChannelPolicy(sku=CUP, terms=capped))
    found = await asked(shop, CUP)
    assert found.update.units == 3
    assert places(found.update) == [("LONDON", 3), ("LEEDS", 0)]
    assert found.policy.sku == CUP


async def test_what_is_allocated_to_others_cannot_be_sold(shop: Node) -> None:
    await configure(shop, pb.Channel(name="app", locations=["LONDON"]))
    ring = pb.ChannelTerms(allocation_units=8)
    await set_policies(shop, "app", pb.ChannelPolicy(sku=CUP, terms=ring))
    web, app = await asked(shop, CUP), await asked(shop, CUP, "app")
    assert (web.available_units, web.allocated_to_others_units, web.update.units) == (17, 8, 9)
    assert (app.update.units, app.allocation_used_units) == (8, 0)
    await shop.stub.Reserve(
        inventory_pb2.ReserveRequest(
            context=shop.context(), channel="app", lines=[line("1", 3, CUP)]
        )
    )
    web, app = await asked(shop, CUP), await asked(shop, CUP, "app")
    assert (web.update.units, app.update.units, app.allocation_used_units) == (9, 5, 3)
    assert app.terms.HasField("allocation_since")


async def test_a_kit_is_what_its_components_allow(shop: Node) -> None:
    parts = [
        configuration_pb2.Component(sku=CUP, quantity=4),
        configuration_pb2.Component(sku=POT, quantity=1),
    ]
    await shop.configuration.DefineKit(
        configuration_pb2.DefineKitRequest(context=shop.context(), sku="SET", components=parts)
    )
    found = await asked(shop, "SET")
    # The cups of a fourth one come from both.
    assert (found.update.units, places(found.update)) == (4, [("LONDON", 2), ("LEEDS", 1)])
    own = pb.ChannelTerms(buffer=pb.Buffer(percent=50), cap_units=9)
    await set_policies(shop, "web", pb.ChannelPolicy(sku="SET", terms=own))
    found = await asked(shop, "SET")
    assert (found.available_units, found.buffer_units, found.update.units) == (4, 2, 2)
    assert (places(found.update), found.terms) == ([("LONDON", 2), ("LEEDS", 0)], own)
    await set_policies(shop, "web", pb.ChannelPolicy(sku="SET"))
    capped = pb.ChannelTerms(buffer=pb.Buffer(units=0), cap_units=5)
    await set_policies(shop, "web", pb.ChannelPolicy(sku=CUP, terms=capped))
    found = await asked(shop, "SET")
    assert (found.update.units, places(found.update)) == (1, [("LONDON", 1), ("LEEDS", 0)])
    for sku in (CUP, POT):
        for location in ("LONDON", "LEEDS"):
            key = stock_pb2.StockKey(sku=sku, location=location)
            await shop.stub.Configure(
                inventory_pb2.ConfigureRequest(context=shop.context(), key=key, tracked=False)
            )
    await set_policies(shop, "web", pb.ChannelPolicy(sku=CUP))
    found = await asked(shop, "SET")
    assert found.update.unlimited
    assert all(one.unlimited for one in found.update.locations)


async def test_a_kit_has_no_stock_to_allocate(shop: Node) -> None:
    parts = [configuration_pb2.Component(sku=CUP, quantity=4)]
    await shop.configuration.DefineKit(
        configuration_pb2.DefineKitRequest(context=shop.context(), sku="SET", components=parts)
    )
    ring = pb.ChannelTerms(allocation_units=8)
    problem = await refused(set_policies(shop, "web", pb.ChannelPolicy(sku="SET", terms=ring)))
    assert problem.reason == "KIT_HAS_NO_STOCK"


async def test_a_channel_of_listed_stock_is_told_of_that_alone(shop: Node) -> None:
    terms = pb.ChannelTerms(buffer=pb.Buffer(units=0))
    web = pb.Channel(name="web", locations=["LONDON", "LEEDS"], terms=terms, listed_only=True)
    await configure(shop, web)
    await map_listings(shop, listing(CUP, "LEEDS", "cup", "leeds"))
    cup, pot = await channel_updates(shop.shards, "", "web", [CUP, POT])
    assert (cup.told, cup.units) == (True, 17)
    assert [(at.location, at.units) for at in cup.locations] == [("LEEDS", 7)]
    assert (pot.told, pot.locations) == (False, ())
    await map_listings(shop, listing(CUP, "", "cup"), listing(POT, "", "pot"))
    cup, pot = await channel_updates(shop.shards, "", "web", [CUP, POT])
    assert [at.location for at in cup.locations] == ["LONDON", "LEEDS"]
    assert (pot.told, pot.units) == (True, 7)


async def test_updates_carry_the_channels_names_and_grow_in_version(shop: Node) -> None:
    everywhere, london = listing(CUP, "", "cup"), listing(CUP, "LONDON", "cup", "ldn")
    await map_listings(shop, everywhere, london)
    before = (await asked(shop, CUP)).update
    assert before.listing == everywhere
    assert [one.HasField("listing") for one in before.locations] == [True, False]
    assert before.locations[0].listing == london
    assert before.epoch == shop.shards.epoch
    await shop.receive(1, stock_pb2.StockKey(sku=POT, location="LONDON"))
    after = (await asked(shop, CUP)).update
    assert after.version > before.version
    pot, cup = await channel_updates(shop.shards, "", "web", [POT, CUP])
    assert (pot.sku, pot.units, cup.sku, cup.units) == (POT, 8, CUP, 17)
    assert pot.listing is None
    assert (cup.version, cup.epoch) == (after.version, after.epoch)
