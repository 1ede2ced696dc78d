"""What is configured for the node: in every shard, in pages, and in effect."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from holdfast.v1 import configuration_pb2 as config
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import operations_pb2, stock_pb2

from tests.rpc.serving import Node, line, refused, serving
from tests.rpc.test_references import SHARDS, TEA_SKUS

CUP, POT, BOX = (TEA_SKUS[shard] for shard in range(SHARDS))


@pytest.fixture
async def market() -> AsyncIterator[Node]:
    """A node of three shards."""
    async with serving(count=SHARDS) as served:
        yield served


def at(sku: str, location: str) -> stock_pb2.StockKey:
    return stock_pb2.StockKey(sku=sku, location=location)


async def configure(node: Node, **fields: Any) -> config.ConfigureLocationsResponse:
    request = config.ConfigureLocationsRequest(
        context=node.context(), locations=[config.Location(**fields)]
    )
    response: config.ConfigureLocationsResponse = await node.configuration.ConfigureLocations(
        request
    )
    return response


async def available(
    node: Node, sku: str, location: str = "", **asked: Any
) -> list[tuple[str, int, bool]]:
    request = pb.BatchGetAvailabilityRequest(
        keys=[pb.AvailabilityKey(sku=sku, location=location)], **asked
    )
    (found,) = (await node.stub.BatchGetAvailability(request)).availabilities
    return [(one.location, one.available, one.unlimited) for one in found.locations]


async def test_lines_of_every_shard_are_filled_from_a_group(market: Node) -> None:
    response = await configure(
        market, name="SOUTH", priority=2, region="EU", enabled=True, groups=["eu"]
    )
    assert response.receipt.cursor
    await configure(market, name="NORTH", priority=1, enabled=True, groups=["eu"])
    for sku in (CUP, POT, BOX):
        await market.receive(2, at(sku, "NORTH"))
        await market.receive(2, at(sku, "SOUTH"))
    lines = [pb.BasketLine(line_id=sku, sku=sku, group="eu", quantity=3) for sku in (CUP, POT)]
    held = await market.stub.Reserve(pb.ReserveRequest(context=market.context(), lines=lines))
    assert [(one.line_id, one.key.location, one.quantity) for one in held.lines] == [
        (sku, location, quantity)
        for sku in (CUP, POT)
        for location, quantity in [("NORTH", 2), ("SOUTH", 1)]
    ]
    chosen = pb.BasketLine(line_id="1", sku=BOX, quantity=3)
    chosen.locations.locations.extend(["SOUTH", "NORTH"])
    request = pb.ReserveRequest(context=market.context(), lines=[chosen], split=False)
    assert (await refused(market.stub.Reserve(request))).reason == "INSUFFICIENT_STOCK"
    request.context.CopyFrom(market.context())
    request.split = True
    held = await market.stub.Reserve(request)
    assert [one.key.location for one in held.lines] == ["SOUTH", "NORTH"]
    await configure(market, name="NORTH", enabled=False)
    assert await available(market, BOX) == [("NORTH", 0, False), ("SOUTH", 0, False)]
    lines[0].group = "moon"
    request = pb.ReserveRequest(context=market.context(), lines=lines)
    refusal = await refused(market.stub.Reserve(request))
    assert (refusal.reason, refusal.metadata["group"]) == ("UNKNOWN_GROUP", "moon")
    await configure(market, name="SOUTH", enabled=False, groups=["eu"])
    lines[0].group = "eu"
    request = pb.ReserveRequest(context=market.context(), lines=lines)
    refusal = await refused(market.stub.Reserve(request))
    assert "which no enabled location is in" in refusal.message


async def test_a_kit_is_as_available_as_its_scarcest_component(market: Node) -> None:
    define = config.DefineKitRequest(
        context=market.context(),
        sku="SET",
        components=[
            config.Component(sku=CUP, quantity=4),
            config.Component(sku=POT, quantity=1),
        ],
    )
    await market.configuration.DefineKit(define)
    assert await available(market, "SET") == []
    for sku, location, units in [
        (CUP, "LONDON", 11),
        (POT, "LONDON", 7),
        (CUP, "PARIS", 9),
        (POT, "ROME", 9),
    ]:
        await market.receive(units, at(sku, location))
    assert await available(market, "SET") == [("LONDON", 2, False)]
    assert await available(market, "SET", "LONDON") == [("LONDON", 2, False)]
    assert await available(market, "SET", "PARIS") == []
    request = pb.ReserveRequest(context=market.context(), lines=[line("1", 2, "SET")])
    held = await market.stub.Reserve(request)
    assert await available(market, "SET") == [("LONDON", 0, False)]
    excluding = {"excluding_reservation": held.reservation_id}
    assert await available(market, "SET", **excluding) == [("LONDON", 2, False)]
    for sku in (CUP, POT):
        await market.stub.Configure(
            pb.ConfigureRequest(context=market.context(), key=at(sku, "LONDON"), tracked=False)
        )
    assert await available(market, "SET") == [("LONDON", 0, True)]
    receive = pb.ReceiveRequest(context=market.context(), key=at("SET", "LONDON"), quantity=1)
    assert (await refused(market.stub.Receive(receive))).reason == "KIT_HAS_NO_STOCK"
    nested = config.DefineKitRequest(
        context=market.context(), sku="BOX", components=[config.Component(sku="SET", quantity=1)]
    )
    assert (await refused(market.configuration.DefineKit(nested))).reason == "KIT_IN_KIT"


async def test_customers_may_have_so_many(market: Node) -> None:
    await market.receive(9, at(BOX, "LONDON"))
    limit = config.LimitCustomersRequest(
        context=market.context(), sku=BOX, units=2, window=Duration(seconds=60)
    )
    await market.configuration.LimitCustomers(limit)
    request = pb.ReserveRequest(context=market.context(), lines=[line("1", 3, BOX)])
    assert (await refused(market.stub.Reserve(request))).reason == "CUSTOMER_REQUIRED"
    request.customer = "c-1"
    refusal = await refused(market.stub.Reserve(request))
    assert refusal.reason == "INSUFFICIENT_STOCK"
    (short,) = refusal.short_lines.lines
    assert (short.cause, short.available) == (stock_pb2.SHORT_CAUSE_CUSTOMER_LIMIT, 2)


async def test_holds_last_as_configured_in_every_shard(market: Node) -> None:
    times = config.HoldTimes(cart=Duration(seconds=7))
    request = config.ConfigureHoldsRequest(context=market.context(), hold_times=times)
    first = await market.configuration.ConfigureHolds(request)
    again = await market.configuration.ConfigureHolds(request)
    assert again.receipt.replayed
    assert again.receipt.cursor == first.receipt.cursor
    for sku in (CUP, POT, BOX):
        await market.receive(1, at(sku, "LONDON"))
        held = await market.stub.Reserve(
            pb.ReserveRequest(context=market.context(), lines=[line("1", 1, sku)])
        )
        lasts = held.expires_at.ToMilliseconds() - held.receipt.recorded_at.ToMilliseconds()
        assert lasts == 7_000
    found = await market.operations.GetNode(operations_pb2.GetNodeRequest())
    assert found.hold_times.cart.seconds == 7
    assert found.hold_times.order.seconds == 24 * 3_600
    assert (found.history, found.epoch, found.shards) == ("10ca1000", 1, SHARDS)
    assert found.oldest_cursor == "1-10ca1000-1-0.0_1.0_2.0"
    assert not found.HasField("request_retention")


@pytest.mark.parametrize("page_size", [0, 1, 2])
async def test_everything_configured_is_read_in_pages(market: Node, page_size: int) -> None:
    for name in ("B", "A", "C"):
        await configure(market, name=name, enabled=True, groups=["eu", "all"], priority=-1)
    for sku in ("Y", "X"):
        component = config.Component(sku=CUP, quantity=2)
        await market.configuration.DefineKit(
            config.DefineKitRequest(context=market.context(), sku=sku, components=[component])
        )
    await market.configuration.LimitCustomers(
        config.LimitCustomersRequest(
            context=market.context(), sku=CUP, units=5, window=Duration(seconds=60)
        )
    )
    request = config.GetConfigurationRequest(page_size=page_size)
    everything = config.GetConfigurationResponse()
    while True:
        page = await market.configuration.GetConfiguration(request)
        assert page.hold_times.cart.seconds == 300
        everything.MergeFrom(page)
        request.page_token = page.next_page_token
        if not request.page_token:
            break
    assert [one.name for one in everything.locations] == ["A", "B", "C"]
    assert everything.locations[0] == config.Location(
        name="A", enabled=True, groups=["eu", "all"], priority=-1
    )
    assert [one.sku for one in everything.kits] == ["X", "Y"]
    assert everything.kits[0].components == [config.Component(sku=CUP, quantity=2)]
    (limit,) = everything.customer_limits
    assert (limit.sku, limit.units, limit.window.seconds) == (CUP, 5, 60)
    other = config.GetConfigurationRequest(tenant="another")
    assert not (await market.configuration.GetConfiguration(other)).locations
