"""Queues, picking, returns, transfers, kits, limits and history: the client and the real server
agree on what they mean. Each call is made for real at least once here."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from holdfast import Client, EventKind, Line, LinePart, Location, PickedLine, SyncClient, errors
from holdfast.types import (
    Component,
    CustomerLimit,
    Incoming,
    Kit,
    LineResult,
    OnOverdue,
    ReservationStatus,
    ShortCause,
    UnavailableUnits,
)

EITHER_WAY = pytest.mark.parametrize("coalesce", [True, False], ids=["Execute", "unary"])
NEXT_YEAR = datetime(2030, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def shop(node_address: str) -> AsyncIterator[Client]:
    async with Client(node_address, tenant="acme") as client:
        yield client


@EITHER_WAY
async def test_an_order_is_picked_shipped_and_comes_back(node_address: str, coalesce: bool) -> None:
    async with Client(node_address, coalesce=coalesce) as client:
        await client.receive("TEA", "L", 10)
        await client.receive("TEA", "M", 10)
        held = await client.reserve([("TEA", "L", 3)], reference="cart-7")
        amended = await client.amend(
            reservation_reference="cart-7", set_lines=[Line("TEA", "L", 4, line_id="1")]
        )
        assert sum(line.quantity for line in amended.lines) >= 1
        await client.commit(
            reservation_reference="cart-7",
            reference="order-7",
            confirm_within=HOUR,
            on_overdue="release",
        )
        asked = await client.reservation(reservation_reference="order-7")
        assert asked.confirm_by is not None
        assert asked.on_overdue is OnOverdue.RELEASE
        await client.confirm(reservation_reference="order-7")
        order = held.reservation_id
        picked = await client.pick(order, lines=[PickedLine("1", 2, missing=1)], reference="box")
        assert [line.quantity for line in (*picked.lines, *picked.missing_lines)] == [2, 1]
        with pytest.raises(errors.PickedUnits):
            await client.release(order)
        unpicked = await client.unpick(order, lines={"1": 1})
        assert unpicked.lines == (LineResult("1", "TEA", "L", 1),)
        moved = await client.transfer_reservation(order, to_location="M", lines={"1": 1})
        assert moved.lines == (LineResult("1", "TEA", "M", 1),)
        await client.ship(order, lines=[LinePart("1", 1, "L")], reference="parcel-1")
        with pytest.raises(errors.UnknownShipment):
            await client.return_units(order, shipment_id="parcel-9")
        returned = await client.return_units(
            order, shipment_id="parcel-1", unavailable_cause="inspection"
        )
        assert sum(line.quantity for line in returned.lines) == 1
        balances = (await client.stock("TEA", "L")).balances
        assert UnavailableUnits("inspection", 1) in balances.unavailable
        with pytest.raises(errors.NotShipped):
            await client.return_units(order)


async def test_who_waits_is_served_by_the_next_delivery(shop: Client) -> None:
    await shop.configure("TEA", "L", backorder_limit=5)
    promised = await shop.allocate([Line("TEA", "L", 4, allow_backorder=True)])
    assert promised.lines[0].backordered == 4
    waits = await shop.reserve([("TEA", "L", 6)], wait=timedelta(days=2))
    assert (waits.waiting, waits.lines[0].waiting, waits.lines[0].place) == (True, 6, 5)
    with pytest.raises(errors.StillWaiting):
        await shop.commit(waits.reservation_id)
    with pytest.raises(errors.NotBacked):
        await shop.ship(promised.reservation_id)
    async with shop.watch(skus=["TEA"]) as feed:
        await shop.receive("TEA", "L", 10)
        kinds = [(await anext(feed)).kind for _ in range(3)]
    assert kinds == [
        EventKind.STOCK_RECEIVED,
        EventKind.ALLOCATION_FILLED,
        EventKind.WAIT_FILLED,
    ]
    served = await shop.reservation(waits.reservation_id)
    assert served.status is ReservationStatus.HELD


async def test_lines_come_from_where_they_may(shop: Client) -> None:
    await shop.configure_locations([Location("A", 2, groups=["g"]), Location("B", 1, groups=["g"])])
    await shop.receive("TEA", "A", 3)
    await shop.receive("TEA", "B", 2)
    by_list = await shop.reserve([Line("TEA", quantity=1, locations=["A", "B"])])
    assert [line.location for line in by_list.lines] == ["A"]
    by_group = await shop.reserve([Line("TEA", quantity=3, group="g")], strategy="priority")
    assert [(line.location, line.quantity) for line in by_group.lines] == [("B", 2), ("A", 1)]
    with pytest.raises(errors.UnknownGroup):
        await shop.reserve([Line("TEA", group="nowhere")])


async def test_kits_and_limits_of_customers(shop: Client) -> None:
    await shop.define_kit("SET", {"CUP": 6, "POT": 1})
    await shop.receive("CUP", "L", 20)
    await shop.receive("POT", "L", 5)
    held = await shop.reserve([("SET", "L", 2)])
    skus = {line.sku: line.quantity for line in held.lines}
    assert (skus["CUP"], skus["POT"]) == (12, 2)
    with pytest.raises(errors.KitHasNoStock):
        await shop.receive("SET", "L", 1)
    with pytest.raises(errors.KitInKit):
        await shop.define_kit("SETS", {"SET": 2})
    await shop.limit_customers("POT", 1, window=timedelta(days=30))
    with pytest.raises(errors.CustomerRequired):
        await shop.reserve([("POT", "L", 1)])
    with pytest.raises(errors.InsufficientStock) as short:
        await shop.reserve([("POT", "L", 2)], customer="c-1")
    assert short.value.short_lines[0].cause is ShortCause.CUSTOMER_LIMIT
    await shop.configure_holds(cart=timedelta(minutes=4))
    configured = await shop.configuration()
    assert configured.kits == (Kit("SET", (Component("CUP", 6), Component("POT", 1))),)
    assert configured.customer_limits == (CustomerLimit("POT", 1, timedelta(days=30)),)
    assert configured.hold_times.cart == timedelta(minutes=4)
    assert (await shop.node()).shards == 1


async def test_units_on_their_way_and_units_that_may_not_be_sold(shop: Client) -> None:
    await shop.receive("TEA", "L", 10)
    await shop.expect("TEA", "L", 5, reference="PO-7", expected_at=NEXT_YEAR)
    stock = await shop.stock("TEA", "L")
    assert stock.incoming == (Incoming("PO-7", 5, NEXT_YEAR),)
    await shop.receive("TEA", "L", 5, incoming_reference="PO-7", unavailable_cause="inspection")
    moved = await shop.move("TEA", "L", 2, from_cause="inspection", to_cause="damaged")
    assert moved.balances.unavailable == (
        UnavailableUnits("damaged", 2),
        UnavailableUnits("inspection", 3),
    )
    with pytest.raises(errors.UnavailableQuantityExceeded):
        await shop.move("TEA", "L", 4, from_cause="inspection")
    with pytest.raises(errors.UnknownIncoming):
        await shop.receive("TEA", "L", 1, incoming_reference="PO-9")
    assert (await shop.take_back("TEA", "L", 1, reason="UNWANTED")).balances.on_hand == 16
    sent = await shop.send_transfer("TEA", "L", "M", 4, reference="truck")
    await shop.receive_transfer(sent.transfer_id, 2, lost=1)
    transfer = await shop.transfer(sent.transfer_id)
    assert (transfer.sent, transfer.received, transfer.lost, transfer.in_transit) == (4, 2, 1, 1)
    with pytest.raises(errors.TransferQuantityExceeded):
        await shop.receive_transfer(sent.transfer_id, 2)
    with pytest.raises(errors.UnknownTransfer):
        await shop.transfer("no such transfer")


async def test_sources_and_late_counts(shop: Client) -> None:
    first = await shop.receive("TEA", "L", 10, source="wms", source_sequence=7)
    with pytest.raises(errors.SourceStale) as stale:
        await shop.receive("TEA", "L", 10, source="wms", source_sequence=7)
    assert (stale.value.source, stale.value.last) == ("wms", 7)
    await shop.sell("TEA", "L", 3)
    counted = await shop.set_on_hand("TEA", "L", 9, observed_cursor=first.cursor)
    assert (counted.balances.on_hand, counted.moved_since) == (6, -3)


async def test_the_past_is_read_told_and_explained(shop: Client) -> None:
    first = await shop.receive("TEA", "L", 10, reference="PO-1")
    held = await shop.reserve([("TEA", "L", 4)], reference="cart", customer="c-1")
    await shop.adjust("TEA", "L", -1, reason="DAMAGED", reference="note")
    assert (await shop.stock("TEA", "L", as_of=first.cursor)).balances.held == 0
    assert (await shop.stock("TEA", "L")).balances.held == 4
    told = [event.kind async for event in shop.list_events("TEA", "L", page_size=1)]
    assert told == [EventKind.STOCK_RECEIVED, EventKind.STOCK_HELD, EventKind.STOCK_ADJUSTED]
    lines = shop.list_events(reservation_id=held.reservation_id, newest_first=True)
    assert [event.kind async for event in lines] == [
        EventKind.STOCK_HELD,
        EventKind.RESERVATION_CREATED,
    ]
    why = shop.explain_stock("TEA", "L", "available", page_size=2)
    assert await why.value() == 5
    assert [step.change async for step in why] == [-1, -4, 10]
    for listing in (
        shop.list_reservations("TEA", "L", state="held"),
        shop.list_reservations(reference="cart"),
        shop.list_reservations("TEA", customer="c-1"),
    ):
        assert [each.reservation_id async for each in listing] == [held.reservation_id]
    assert [each async for each in shop.list_reservations("TEA", "L", at_risk=True)] == []
    await shop.reserve([("TEA", "L", 1)], reference="cart")
    with pytest.raises(errors.AmbiguousReference) as ambiguous:
        await shop.reservation(reservation_reference="cart")
    assert (ambiguous.value.reference, ambiguous.value.reservations) == ("cart", 2)


async def test_a_thread_lists_and_explains(node_address: str) -> None:
    def read() -> tuple[list[str], list[int], int]:
        with SyncClient(node_address) as client:
            client.receive("TEA", "L", 10)
            client.reserve([("TEA", "L", 4)], reference="cart")
            kinds = [str(event.kind) for event in client.list_events("TEA", "L", page_size=1)]
            why = client.explain_stock("TEA", "L", "held")
            return kinds, [step.change for step in why], why.value()

    assert await asyncio.to_thread(read) == (["stock_received", "stock_held"], [4], 4)


async def test_a_named_subscriber_is_waited_for(shop: Client) -> None:
    async with shop.watch(name="adapter") as feed:
        written = await shop.receive("TEA", "L", 1)
        assert (await anext(feed)).kind is EventKind.STOCK_RECEIVED
        assert await shop.wait_for_subscriber("adapter", written.cursor)


async def test_one_that_never_came_is_named(shop: Client) -> None:
    written = await shop.receive("TEA", "L", 1)
    with pytest.raises(errors.DeadlineExpired) as late:
        await shop.wait_for_subscriber("adapter", written.cursor, timeout_s=0.2)
    assert late.value.name == "adapter"
    assert str(late.value) == "subscriber adapter was not sent all of it before the deadline"
