"""ListReservations: by what is promised, by reference, by customer, and what is at risk."""

from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from holdfast.v1 import history_pb2 as history
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from engine.core.limits import BASKET_LINES_MAX, PAGE_LINES_MAX
from engine.core.model import Key
from engine.core.view import Terms, Wish
from engine.shard.messages import Prepare
from engine.shard.slots import slot_of
from tests.rpc.serving import TEA, GatedShards, Node, line, refused, serving
from tests.rpc.test_references import SHARDS, TEA_SKUS

OF_A = stock_pb2.StockKey(tenant="a", sku="TEA", location="LONDON")
HELD, ALLOCATED = history.PROMISE_STATE_HELD, history.PROMISE_STATE_ALLOCATED


class Clock:
    """A clock that goes on by a millisecond with each look, so that no two reservations are made
    at once."""

    def __init__(self) -> None:
        self.now_ms = 1_700_000_000_000

    def __call__(self) -> int:
        self.now_ms += 1
        return self.now_ms


def key(shard: int) -> stock_pb2.StockKey:
    return stock_pb2.StockKey(sku=TEA_SKUS[shard], location="LONDON")


async def ids(node: Node, page_size: int = 0, **asked: Any) -> list[str]:
    """The ids of the reservations of all pages."""
    found: list[str] = []
    request = history.ListReservationsRequest(page_size=page_size, **asked)
    while True:
        response = await node.history.ListReservations(request)
        assert len(response.reservations) <= (page_size or 100)
        found += [one.reservation_id for one in response.reservations]
        request.page_token = response.next_page_token
        if not request.page_token:
            return found


async def reserve(node: Node, *lines: pb.BasketLine, **fields: Any) -> str:
    request = pb.ReserveRequest(context=node.context(), lines=lines, **fields)
    held: pb.ReserveResponse = await node.stub.Reserve(request)
    return held.reservation_id


async def commit(node: Node, reservation_id: str) -> None:
    await node.stub.Commit(pb.CommitRequest(context=node.context(), reservation_id=reservation_id))


@pytest.mark.parametrize("page_size", [0, 1, 2])
async def test_promises_at_a_key_by_state_newest_first(page_size: int) -> None:
    async with serving(GatedShards(now_ms=Clock())) as node:
        await node.receive(20)
        made = [await reserve(node, line("1", n + 1)) for n in range(5)]
        for index in (1, 3):
            await commit(node, made[index])
        await node.stub.Release(pb.ReleaseRequest(context=node.context(), reservation_id=made[4]))
        part = pb.CommitRequest(
            context=node.context(),
            reservation_id=made[2],
            lines=[pb.LineQuantity(line_id="1", quantity=1)],
            remainder=pb.REMAINDER_KEEP_HELD,
        )
        await node.stub.Commit(part)
        newest_first = made[::-1]
        assert await ids(node, page_size, key=TEA) == newest_first[1:]
        assert await ids(node, page_size, key=TEA, state=HELD) == [made[2], made[0]]
        assert await ids(node, page_size, key=TEA, state=ALLOCATED) == newest_first[1:4]
        other = stock_pb2.StockKey(sku="TEA", location="PARIS")
        assert await ids(node, page_size, key=other) == []


@pytest.mark.parametrize("page_size", [0, 1])
async def test_at_risk_are_holds_then_allocations_until_they_cover_it(page_size: int) -> None:
    async with serving(GatedShards(now_ms=Clock())) as node:
        await node.receive(10)
        made = [await reserve(node, line("1", 2)) for _ in range(5)]
        await commit(node, made[4])
        await commit(node, made[0])
        assert await ids(node, page_size, at_risk=TEA) == []
        sell = pb.SellRequest(
            context=node.context(), key=TEA, quantity=3, if_short=pb.IF_SHORT_RECORD
        )
        await node.stub.Sell(sell)
        assert await ids(node, page_size, at_risk=TEA) == [made[3], made[2]]
        sell.context.CopyFrom(node.context())
        sell.quantity = 4
        await node.stub.Sell(sell)
        assert await ids(node, page_size, at_risk=TEA) == [made[3], made[2], made[1], made[4]]


@pytest.mark.parametrize("page_size", [0, 1, 2, 3])
async def test_a_reference_is_looked_for_in_all_shards(page_size: int) -> None:
    async with serving(GatedShards(SHARDS, now_ms=Clock())) as node:
        made = []
        for n in range(9):
            shard = n * n % SHARDS
            await node.receive(1, key(shard))
            made.append(await reserve(node, line("1", 1, key(shard).sku), reference="cart"))
            if n % 4 == 0:
                await commit(node, made[-1])
        assert await ids(node, page_size, reference="cart") == made[::-1]
        assert await ids(node, page_size, reference="cart", tenant="another") == []
        assert await ids(node, page_size, reference="car") == []


@pytest.mark.parametrize("page_size", [0, 1])
async def test_a_customer_has_units_of_a_sku(page_size: int) -> None:
    async with serving(GatedShards(SHARDS, now_ms=Clock())) as node:
        await node.receive(9, key(1))
        made = [
            await reserve(node, line("1", 1, key(1).sku), customer=customer)
            for customer in ("c-1", "c-2", "c-1")
        ]
        mine = history.CustomerSku(sku=key(1).sku, customer="c-1")
        assert await ids(node, page_size, customer=mine) == [made[2], made[0]]
        await commit(node, made[0])
        await node.stub.Ship(pb.ShipRequest(context=node.context(), reservation_id=made[0]))
        assert await ids(node, page_size, customer=mine) == [made[2], made[0]]
        other = history.CustomerSku(sku=key(0).sku, customer="c-1")
        assert await ids(node, page_size, customer=other) == []


async def test_a_part_in_another_shard_is_shown_as_the_whole() -> None:
    async with serving(GatedShards(SHARDS, now_ms=Clock())) as node:
        for shard in range(SHARDS):
            await node.receive(5, key(shard))
        lines = [line(str(shard), shard + 1, key(shard).sku) for shard in (1, 0, 2)]
        mine = await reserve(node, *lines, reference="cart", customer="c-1")
        for asked in (
            {"key": key(0)},
            {"key": key(2)},
            {"reference": "cart"},
            {"customer": history.CustomerSku(sku=key(2).sku, customer="c-1")},
        ):
            response = await node.history.ListReservations(history.ListReservationsRequest(**asked))
            (found,) = response.reservations
            assert found.reservation_id == mine
            assert [(one.line_id, one.held) for one in found.lines] == [
                ("1", 2),
                ("0", 1),
                ("2", 3),
            ]
            assert found.HasField("expires_at")


async def test_places_are_told_for_lines_of_every_shard() -> None:
    async with serving(GatedShards(SHARDS, now_ms=Clock())) as node:
        for shard in range(SHARDS):
            await node.receive(1, key(shard))
        patience = Duration(seconds=600)
        for shard in (0, 2):
            await reserve(node, line("1", shard + 2, key(shard).sku), wait=patience)
        lines = [line(str(shard), 2, key(shard).sku) for shard in (1, 0, 2)]
        mine = await reserve(node, *lines, wait=patience)
        request = pb.GetReservationRequest(reservation_id=mine)
        found = (await node.stub.GetReservation(request)).reservation
        places = {one.line_id: one.place for one in found.lines}
        assert places == {"1": 1, "0": 2, "2": 4}
        assert not any(one.place_is_minimum for one in found.lines)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({}, "key"),
        ({"key": stock_pb2.StockKey(sku="TEA")}, "key.location"),
        ({"key": TEA, "state": 9}, "state"),
        ({"reference": "cart", "state": HELD}, "state"),
        ({"at_risk": stock_pb2.StockKey(location="LONDON")}, "at_risk.sku"),
        ({"reference": ""}, "reference"),
        ({"customer": history.CustomerSku(sku="TEA")}, "customer.customer"),
        ({"customer": history.CustomerSku(customer="c-1")}, "customer.sku"),
        ({"key": TEA, "tenant": "a b\n"}, "tenant"),
        (
            {"key": stock_pb2.StockKey(tenant="a", sku="T", location="L"), "tenant": "b"},
            "key.tenant",
        ),
        ({"key": TEA, "page_size": 1_001}, "page_size"),
        ({"key": TEA, "page_size": -1}, "page_size"),
        ({"key": TEA, "page_token": "x"}, "page_token"),
    ],
)
async def test_what_cannot_be_listed(node: Node, asked: dict[str, Any], field: str) -> None:
    refusal = await refused(node.history.ListReservations(history.ListReservationsRequest(**asked)))
    assert (refusal.reason, refusal.metadata["field"]) == ("INVALID_FIELD", field)


async def test_a_page_of_large_baskets_ends_early() -> None:
    async with serving(GatedShards(now_ms=Clock())) as node:
        await node.receive(3 * BASKET_LINES_MAX)
        lines = [line(str(n), 1) for n in range(BASKET_LINES_MAX)]
        made = [await reserve(node, *lines) for _ in range(3)]
        request = history.ListReservationsRequest(key=TEA)
        first = await node.history.ListReservations(request)
        assert len(first.reservations) == PAGE_LINES_MAX // BASKET_LINES_MAX
        assert await ids(node, key=TEA) == made[::-1]


async def test_what_is_set_aside_for_a_basket_is_listed_but_no_reservation() -> None:
    async with serving(count=SHARDS) as node:
        await node.receive(5, key(1))
        wish = Wish("1", (Key("", TEA_SKUS[1], "LONDON"),), 4)
        prepare = Prepare("front/1", "", 0, (wish,), Terms())
        await node.shards.submit(slot_of("", TEA_SKUS[1]), prepare, 0)
        request = history.ListReservationsRequest(key=key(1))
        (found,) = (await node.history.ListReservations(request)).reservations
        assert found.status == stock_pb2.RESERVATION_STATUS_PREPARED
        named = pb.GetReservationRequest(reservation_id=found.reservation_id)
        assert (await refused(node.stub.GetReservation(named))).reason == "UNKNOWN_RESERVATION"
