"""InventoryService over a real connection: what each call answers, and how it is refused."""

from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from engine.feed.cursor import Cursor
from engine.shard.slots import slot_of
from tests.rpc.serving import TEA, GatedShards, Node, line, refused, run_batch, serving

SHARDS = 4


def sku_on(shard: int, number: int = 0) -> str:
    """The numbered SKU of those that live on this shard of SHARDS."""
    skus = (f"SKU-{n}" for n in range(10_000))
    return [sku for sku in skus if slot_of("", sku) * SHARDS // 4_096 == shard][number]


async def test_a_basket_from_hold_to_shipment(node: Node) -> None:
    await node.receive(10)
    request = pb.ReserveRequest(
        context=node.context(),
        lines=[line("1", 3), line("2", 2)],
        ttl=Duration(seconds=600),
        reference="cart-7",
        channel="web",
        customer="token",
    )
    held = await node.stub.Reserve(request)
    assert [(entry.line_id, entry.key, entry.quantity) for entry in held.lines] == [
        ("1", TEA, 3),
        ("2", TEA, 2),
    ]
    lasts_ms = held.expires_at.ToMilliseconds() - held.receipt.recorded_at.ToMilliseconds()
    assert lasts_ms == 600_000
    assert not held.HasField("current")

    owner = {"reservation_id": held.reservation_id}
    extended = await node.stub.Extend(
        pb.ExtendRequest(context=node.context(), ttl=Duration(seconds=900), **owner)
    )
    assert extended.expires_at.ToMilliseconds() > held.expires_at.ToMilliseconds()

    part = [pb.LineQuantity(line_id="1", quantity=2)]
    committed = await node.stub.Commit(
        pb.CommitRequest(context=node.context(), lines=part, reference="order-9", **owner)
    )
    assert [(entry.line_id, entry.quantity) for entry in committed.lines] == [("1", 2)]
    freed = {entry.line_id: entry.quantity for entry in committed.freed_lines}
    assert freed == {"1": 1, "2": 2}

    shipped = await node.stub.Ship(
        pb.ShipRequest(
            context=node.context(), lines=[pb.LineQuantity(line_id="1", quantity=1)], **owner
        )
    )
    assert shipped.status == stock_pb2.RESERVATION_STATUS_COMMITTED
    shipped = await node.stub.Ship(pb.ShipRequest(context=node.context(), **owner))
    assert shipped.status == stock_pb2.RESERVATION_STATUS_SHIPPED

    read = await node.stub.GetReservation(pb.GetReservationRequest(**owner))
    reservation = read.reservation
    assert reservation.reference == "order-9"
    assert (reservation.channel, reservation.customer) == ("web", "token")
    assert {entry.line_id: entry.shipped for entry in reservation.lines} == {"1": 2, "2": 0}
    assert reservation.created_at == held.receipt.recorded_at
    assert (await node.stock()).balances == stock_pb2.Balances(on_hand=8, available=8)


async def test_released_twice_is_harmless_and_says_where_it_stands(node: Node) -> None:
    await node.receive(5)
    held = await node.stub.Reserve(node.reservation(2))
    for expected in ([2], []):
        released = await node.stub.Release(
            pb.ReleaseRequest(
                context=node.context(),
                reservation_id=held.reservation_id,
                reason=pb.RELEASE_REASON_PAYMENT_FAILED,
            )
        )
        assert [entry.quantity for entry in released.lines] == expected
        assert released.status == stock_pb2.RESERVATION_STATUS_RELEASED
    assert (await node.stock()).balances.available == 5


async def test_stock_commands_answer_with_the_level_they_left(node: Node) -> None:
    received = await node.receive(10)
    assert received.level == stock_pb2.StockLevel(
        key=TEA, version=1, balances=stock_pb2.Balances(on_hand=10, available=10)
    )
    sold = await node.stub.Sell(pb.SellRequest(context=node.context(), key=TEA, quantity=1))
    assert sold.level.balances.on_hand == 9
    adjusted = await node.stub.Adjust(
        pb.AdjustRequest(
            context=node.context(), key=TEA, delta=-2, reason="DAMAGED", reference="note-1"
        )
    )
    assert adjusted.level.balances.on_hand == 7
    counted = await node.stub.SetOnHand(
        pb.SetOnHandRequest(context=node.context(), key=TEA, on_hand=20, if_version=3, if_on_hand=7)
    )
    assert (counted.expected, counted.level.balances.on_hand) == (7, 20)
    configured = await node.stub.Configure(
        pb.ConfigureRequest(
            context=node.context(),
            key=TEA,
            safety_stock=3,
            selling=stock_pb2.SELLING_STOPPED,
            channel_buffers=[stock_pb2.ChannelBuffer(channel="web", units=4)],
        )
    )
    assert configured.stock == stock_pb2.Stock(
        key=TEA,
        balances=stock_pb2.Balances(on_hand=20, safety_stock=3, available=17),
        tracked=True,
        selling=stock_pb2.SELLING_STOPPED,
        version=5,
        channel_buffers=[stock_pb2.ChannelBuffer(channel="web", units=4)],
    )
    assert await node.stock() == configured.stock


async def test_allocate_and_best_effort(node: Node) -> None:
    await node.receive(5)
    allocated = await node.stub.Allocate(
        pb.AllocateRequest(context=node.context(), lines=[line("1", 4)], reference="order-1")
    )
    assert allocated.lines[0].quantity == 4
    request = node.reservation(3, fill=pb.FILL_BEST_EFFORT)
    held = await node.stub.Reserve(request)
    assert held.lines[0].quantity == 1
    (short,) = held.short_lines
    assert (short.asked, short.available) == (3, 1)
    assert short.cause == stock_pb2.SHORT_CAUSE_STOCK


async def test_a_repeated_request_gets_the_recorded_answer_and_the_present_state(
    node: Node,
) -> None:
    await node.receive(5)
    request = node.reservation(2)
    first = await node.stub.Reserve(request)
    await node.stub.Commit(
        pb.CommitRequest(context=node.context(), reservation_id=first.reservation_id)
    )
    again = await node.stub.Reserve(request)
    assert again.receipt.replayed
    assert again.receipt.cursor == first.receipt.cursor
    assert again.lines == first.lines
    assert again.current.status == stock_pb2.RESERVATION_STATUS_COMMITTED

    request.lines[0].quantity = 3
    refusal = await refused(node.stub.Reserve(request))
    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.reason == "REQUEST_ID_REUSED"
    assert refusal.metadata["request_id"] == request.context.request_id


async def test_the_context_is_no_part_of_the_content(node: Node) -> None:
    await node.receive(5)
    request = node.reservation(2)
    await node.stub.Reserve(request)
    request.context.correlation_id = "another"
    request.context.occurred_at.CopyFrom(Timestamp(seconds=5))
    assert (await node.stub.Reserve(request)).receipt.replayed


async def test_validate_only_answers_and_changes_nothing(node: Node) -> None:
    await node.receive(5)
    request = node.reservation(2)
    request.context.validate_only = True
    answer = await node.stub.Reserve(request)
    assert answer.lines[0].quantity == 2
    assert answer.receipt == pb.WriteReceipt()
    assert (await node.stock()).balances.available == 5


async def test_a_preview_says_where_the_reservation_would_stand(node: Node) -> None:
    await node.receive(5)
    held, sold = [await node.stub.Reserve(node.reservation(2)) for _ in range(2)]
    await node.stub.Commit(
        pb.CommitRequest(context=node.context(), reservation_id=sold.reservation_id)
    )
    release = pb.ReleaseRequest(context=node.context(), reservation_id=held.reservation_id)
    ship = pb.ShipRequest(context=node.context(), reservation_id=sold.reservation_id)
    rows: list[tuple[Any, Any, stock_pb2.ReservationStatus]] = [
        (node.stub.Release, release, stock_pb2.RESERVATION_STATUS_RELEASED),
        (node.stub.Ship, ship, stock_pb2.RESERVATION_STATUS_SHIPPED),
    ]
    for call, request, status in rows:
        before = await node.stock()
        request.context.validate_only = True
        preview = await call(request)
        assert await node.stock() == before
        request.context.validate_only = False
        assert (await call(request)).status == preview.status == status
        assert preview.receipt == pb.WriteReceipt()


async def test_tenants_do_not_see_each_other(node: Node) -> None:
    theirs = stock_pb2.StockKey(tenant="them", sku="TEA", location="LONDON")
    await node.receive(5, theirs)
    request = node.reservation(2, tenant="them")
    held = await node.stub.Reserve(request)
    refusal = await refused(
        node.stub.GetReservation(pb.GetReservationRequest(reservation_id=held.reservation_id))
    )
    assert refusal.reason == "UNKNOWN_RESERVATION"
    refusal = await refused(node.stub.GetStock(pb.GetStockRequest(key=TEA)))
    assert refusal.code is grpc.StatusCode.NOT_FOUND
    assert refusal.metadata == {"tenant": "", "sku": "TEA", "location": "LONDON"}
    found = await node.stub.GetReservation(
        pb.GetReservationRequest(tenant="them", reservation_id=held.reservation_id)
    )
    assert found.reservation.tenant == "them"


async def test_availability_keeps_the_order_of_the_request_over_all_shards() -> None:
    async with serving(count=SHARDS) as node:
        skus = [sku_on(shard) for shard in (2, 0, 3, 1)]
        for quantity, sku in enumerate(skus, start=1):
            for location in ("PARIS", "LONDON"):
                await node.receive(quantity, stock_pb2.StockKey(sku=sku, location=location))
        asked = [("NOWHERE", ""), (skus[0], ""), *((sku, "PARIS") for sku in skus), (skus[0], "")]
        keys = [pb.AvailabilityKey(sku=sku, location=location) for sku, location in asked]
        answer = await node.stub.BatchGetAvailability(pb.BatchGetAvailabilityRequest(keys=keys))
        found = [
            (entry.sku, entry.total_available, [place.location for place in entry.locations])
            for entry in answer.availabilities
        ]
        both = (skus[0], 2, ["LONDON", "PARIS"])
        single = [(sku, units, ["PARIS"]) for units, sku in enumerate(skus, start=1)]
        assert found == [("NOWHERE", 0, []), both, *single, both]
        assert set(Cursor.parse(answer.cursor).positions) == {0, 1, 2, 3}


async def test_availability_by_channel_reservation_and_tracking(node: Node) -> None:
    await node.receive(10)
    await node.stub.Configure(
        pb.ConfigureRequest(
            context=node.context(),
            key=TEA,
            channel_buffers=[stock_pb2.ChannelBuffer(channel="web", units=4)],
        )
    )
    held = await node.stub.Reserve(node.reservation(3))
    postage = stock_pb2.StockKey(sku="POSTAGE", location="LONDON")
    await node.stub.Configure(
        pb.ConfigureRequest(context=node.context(), key=postage, tracked=False)
    )

    async def available(**fields: Any) -> list[tuple[int, bool]]:
        keys = [pb.AvailabilityKey(sku="TEA"), pb.AvailabilityKey(sku="POSTAGE")]
        request = pb.BatchGetAvailabilityRequest(keys=keys, **fields)
        answer = await node.stub.BatchGetAvailability(request)
        return [(entry.total_available, entry.unlimited) for entry in answer.availabilities]

    assert await available() == [(7, False), (0, True)]
    assert await available(channel="web") == [(3, False), (0, True)]
    assert await available(channel="shop") == [(7, False), (0, True)]
    assert await available(excluding_reservation=held.reservation_id) == [(10, False), (0, True)]


async def test_a_basket_over_several_shards_is_held_in_all_of_them_or_in_none() -> None:
    async with serving(count=SHARDS) as node:
        skus = [sku_on(shard) for shard in (1, 0, 3)]
        for sku in skus:
            await node.receive(5, stock_pb2.StockKey(sku=sku, location="LONDON"))
        for call, kind in [
            (node.stub.Reserve, pb.ReserveRequest),
            (node.stub.Allocate, pb.AllocateRequest),
        ]:
            lines = [line(sku, 2, sku) for sku in skus]
            held = await call(kind(context=node.context(), lines=lines))
            assert [result.key.sku for result in held.lines] == skus
            lines[2].quantity = 4
            refusal = await refused(call(kind(context=node.context(), lines=lines)))
            assert refusal.reason == "INSUFFICIENT_STOCK"
        for sku in skus:
            stock = await node.stock(stock_pb2.StockKey(sku=sku, location="LONDON"))
            assert (stock.balances.held, stock.balances.allocated) == (2, 2)


async def test_commands_on_a_reservation_find_its_shard() -> None:
    async with serving(count=SHARDS) as node:
        for shard in range(SHARDS):
            key = stock_pb2.StockKey(sku=sku_on(shard), location="LONDON")
            await node.receive(5, key)
            request = pb.ReserveRequest(context=node.context(), lines=[line("1", 2, key.sku)])
            held = await node.stub.Reserve(request)
            committed = await node.stub.Commit(
                pb.CommitRequest(context=node.context(), reservation_id=held.reservation_id)
            )
            assert set(Cursor.parse(committed.receipt.cursor).positions) == {shard}
            assert (await node.stock(key)).balances.allocated == 2


async def test_reads_cover_the_cursor_of_a_write(node: Node) -> None:
    cursor = (await node.receive(5)).receipt.cursor
    held = await node.stub.Reserve(node.reservation(1))
    await node.stub.GetStock(pb.GetStockRequest(key=TEA, read_at_least=cursor))
    await node.stub.GetReservation(
        pb.GetReservationRequest(reservation_id=held.reservation_id, read_at_least=cursor)
    )
    answer = await node.stub.BatchGetAvailability(
        pb.BatchGetAvailabilityRequest(keys=[pb.AvailabilityKey(sku="TEA")], read_at_least=cursor)
    )
    assert answer.cursor == held.receipt.cursor


@pytest.mark.parametrize(
    ("cursor", "code", "reason"),
    [
        ("1-10ca1000-1-0.99", grpc.StatusCode.OUT_OF_RANGE, "CURSOR_OUT_OF_RANGE"),
        ("1-ffffffff-1-0.1", grpc.StatusCode.DATA_LOSS, "CURSOR_FOREIGN"),
        ("1-10ca1000-2-0.1", grpc.StatusCode.DATA_LOSS, "CURSOR_FOREIGN"),
        ("1-10ca1000-1-1.1", grpc.StatusCode.DATA_LOSS, "CURSOR_FOREIGN"),
    ],
)
async def test_a_cursor_that_cannot_be_covered_has_its_own_error(
    node: Node, cursor: str, code: grpc.StatusCode, reason: str
) -> None:
    await node.receive(5)
    keys = [pb.AvailabilityKey(sku="TEA")]
    for call in (
        node.stub.GetStock(pb.GetStockRequest(key=TEA, read_at_least=cursor)),
        node.stub.BatchGetAvailability(
            pb.BatchGetAvailabilityRequest(keys=keys, read_at_least=cursor)
        ),
    ):
        refusal = await refused(call)
        assert (refusal.code, refusal.reason) == (code, reason)
        assert refusal.metadata["cursor"] == cursor
    if reason == "CURSOR_OUT_OF_RANGE":
        assert refusal.metadata["oldest"] == "1-10ca1000-1-0.0"


async def test_a_full_queue_and_a_shard_that_is_away_say_when_to_try_again() -> None:
    async with serving(GatedShards(queue_commands_max=0)) as node:
        refusal = await refused(node.stub.Reserve(node.reservation()))
        assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert refusal.reason == "OVERLOADED"
        assert refusal.metadata == {"shard": "0", "queued": "0"}
        assert refusal.retry.retry_delay.ToMilliseconds() > 0
        node.shards.shards[0].crash()
        for call in (
            node.stub.Reserve(node.reservation()),
            node.stub.GetStock(pb.GetStockRequest(key=TEA)),
        ):
            refusal = await refused(call)
            assert refusal.code is grpc.StatusCode.UNAVAILABLE
            assert refusal.reason == "SHARD_UNAVAILABLE"
            assert refusal.retry.retry_delay.ToMilliseconds() > 0
        (outcome,) = await run_batch(node, pb.Command(reserve=node.reservation()))
        assert outcome.failure.code == grpc.StatusCode.UNAVAILABLE.value[0]
