"""HistoryService, and stock as of then: what has happened, and why things are as they are."""

from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import feed_pb2, stock_pb2
from holdfast.v1 import history_pb2 as history
from holdfast.v1 import inventory_pb2 as pb

from engine.rpc.history import NUMBERS
from tests.rpc.serving import TEA, GatedShards, Node, refused, serving

HOUR = Duration(seconds=3_600)
Explanations = list[history.Explanation]


async def lively(node: Node) -> None:
    """A SKU-location to which all sorts of things have happened."""
    await node.receive(6)
    ids = []
    for quantity in (2, 3, 4):
        held = await node.stub.Reserve(node.reservation(quantity, wait=HOUR, reference="cart"))
        ids.append(held.reservation_id)
    on = [{"reservation_id": reservation_id} for reservation_id in ids]
    await node.stub.Commit(pb.CommitRequest(context=node.context(), **on[0]))
    await node.stub.Pick(pb.PickRequest(context=node.context(), **on[0]))
    await node.stub.Expect(
        pb.ExpectRequest(context=node.context(), key=TEA, reference="PO-7", quantity=9)
    )
    await node.stub.Move(
        pb.MoveRequest(
            context=node.context(),
            key=TEA,
            quantity=1,
            to_cause="damaged",
            if_short=pb.IF_SHORT_RECORD,
        )
    )
    await node.stub.Ship(pb.ShipRequest(context=node.context(), **on[0]))
    await node.stub.Release(pb.ReleaseRequest(context=node.context(), **on[1]))
    await node.receive(3)
    await node.stub.Configure(
        pb.ConfigureRequest(context=node.context(), key=TEA, safety_stock=1, backorder_limit=5)
    )
    backordered = node.reservation(3)
    backordered.lines[0].allow_backorder = True
    await node.stub.Reserve(backordered)


async def events(node: Node, page_size: int = 0, **asked: Any) -> list[feed_pb2.Event]:
    """The events of all pages."""
    found: list[feed_pb2.Event] = []
    request = history.ListEventsRequest(page_size=page_size, **asked)
    while True:
        response = await node.history.ListEvents(request)
        assert len(response.events) <= (page_size or 100)
        found += response.events
        request.page_token = response.next_page_token
        if not request.page_token:
            return found


async def explained(
    node: Node, field: history.BalanceField, page_size: int = 0, **as_of: Any
) -> tuple[int, Explanations]:
    """The number, and the explanations of all pages."""
    found: Explanations = []
    request = history.ExplainStockRequest(key=TEA, field=field, page_size=page_size, **as_of)
    while True:
        response = await node.history.ExplainStock(request)
        found += response.explanations
        request.page_token = response.next_page_token
        if not request.page_token:
            return response.value, found


async def test_events_of_a_key_are_those_of_its_versions(node: Node) -> None:
    await lively(node)
    await node.receive(1, stock_pb2.StockKey(sku="MUG", location="LONDON"))
    version = (await node.stock()).version
    for page_size in (0, 1, 3):
        found = await events(node, page_size, key=TEA)
        assert [event.version for event in found] == list(range(1, version + 1))
        back = await events(node, page_size, key=TEA, newest_first=True)
        assert back == found[::-1]
    first = found[0]
    assert first.stock_received.quantity == 6
    assert (first.shard, first.position, first.cause.command) == (0, 1, "Receive")
    assert first.cause.request_id == "request-1"
    assert first.recorded_at.seconds
    assert first.balances.on_hand == 6
    some = await events(node, 2, key=TEA, from_version=3, to_version=6)
    assert some == found[2:6]
    last = found[-1].recorded_at
    assert await events(node, key=TEA, from_time=first.recorded_at, to_time=last) == found
    assert await events(node, key=TEA, to_time=Timestamp(seconds=5)) == []
    later = Timestamp(seconds=last.seconds + 1)
    assert await events(node, key=TEA, from_time=later) == []


async def test_events_of_a_reservation_are_its_own(node: Node) -> None:
    await lively(node)
    everything = await events(node, key=TEA)
    (mine,) = {one.stock_shipped.reservation_id for one in everything} - {""}
    for page_size in (0, 1, 2):
        found = await events(node, page_size, reservation_id=mine)
        kinds = [event.WhichOneof("kind") for event in found]
        assert kinds[0] == "reservation_created"
        assert kinds[-1] == "stock_shipped"
        assert [event for event in found if event.key.sku] == [
            event
            for event in everything
            if getattr(getattr(event, event.WhichOneof("kind") or ""), "reservation_id", "") == mine
        ]
        back = await events(node, page_size, reservation_id=mine, newest_first=True)
        assert back == found[::-1]
    assert await events(node, reservation_id=mine, to_time=Timestamp(seconds=5)) == []
    for tenant, unknown in (("", "336-1-fff"), ("other", mine)):
        request = history.ListEventsRequest(tenant=tenant, reservation_id=unknown)
        refusal = await refused(node.history.ListEvents(request))
        assert refusal.reason == "UNKNOWN_RESERVATION"


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("page_size", [0, 1])
async def test_explanations_add_up_to_the_number(
    node: Node, field: history.BalanceField, page_size: int
) -> None:
    await lively(node)
    value, found = await explained(node, field, page_size)
    balances = (await node.stock()).balances
    name = history.BalanceField.Name(field).removeprefix("BALANCE_FIELD_").lower()
    stated = getattr(balances, name)
    if field == history.BALANCE_FIELD_UNAVAILABLE:
        stated = sum(one.units for one in stated)
    assert value == stated
    assert found, "the scene changes every number"
    assert all(one.change for one in found)
    for one in found:
        assert one.value == value
        value -= one.change
    assert value == 0
    versions = [one.event.version for one in found]
    assert versions == sorted(versions, reverse=True)


async def test_an_explanation_goes_on_as_of_its_first_page(node: Node) -> None:
    await lively(node)
    request = history.ExplainStockRequest(key=TEA, field=history.BALANCE_FIELD_ON_HAND, page_size=1)
    first = await node.history.ExplainStock(request)
    await node.receive(1)
    request.page_token = first.next_page_token
    second = await node.history.ExplainStock(request)
    assert second.value == first.value
    last, following = first.explanations[0], second.explanations[0]
    assert following.value == last.value - last.change


async def test_stock_as_of_a_cursor_is_what_was_answered_then() -> None:
    now_ms = [1_700_000_000_000]
    shards = GatedShards(2, now_ms=lambda: now_ms[0])
    async with serving(shards) as node:
        answers = []
        for quantity in (1, 2, 3):
            now_ms[0] += 1_000
            answers.append((now_ms[0], await node.receive(quantity)))
        for at_ms, answer in answers:
            cursor = answer.receipt.cursor
            for as_of in (
                {"as_of_cursor": cursor},
                {"as_of_time": Timestamp(seconds=at_ms // 1_000)},
            ):
                request = pb.GetStockRequest(key=TEA, read_at_least=cursor, **as_of)
                past = (await node.stub.GetStock(request)).stock
                assert past.balances == answer.level.balances
                assert past.version == answer.level.version
                value, found = await explained(node, history.BALANCE_FIELD_ON_HAND, **as_of)
                assert value == answer.level.balances.on_hand
                assert found[0].event.version == answer.level.version
        before = pb.GetStockRequest(key=TEA, as_of_time=Timestamp(seconds=1))
        past = (await node.stub.GetStock(before)).stock
        assert (past.version, past.balances.on_hand) == (0, 0)


async def test_what_is_not_kept_is_named_with_the_oldest_that_is(node: Node) -> None:
    cursor = (await node.receive(1)).receipt.cursor
    await node.receive(1)
    (shard,) = node.shards.shards
    dropped_before = shard.log.head.position

    class Forgetful(type(shard.log)):  # type: ignore[misc]
        oldest_position = dropped_before + 1

    shard.log.__class__ = Forgetful
    for as_of in ({"as_of_cursor": cursor}, {"as_of_time": Timestamp(seconds=5)}):
        for call in (
            node.stub.GetStock(pb.GetStockRequest(key=TEA, **as_of)),
            node.history.ExplainStock(
                history.ExplainStockRequest(key=TEA, field=history.BALANCE_FIELD_HELD, **as_of)
            ),
        ):
            refusal = await refused(call)
            assert refusal.code is grpc.StatusCode.OUT_OF_RANGE
            assert refusal.reason == "READ_NOT_KEPT"
            assert refusal.metadata["oldest"]
            assert refusal.metadata["as_of"] in (cursor, "1970-01-01T00:00:05.000Z")


async def test_cursors_of_the_future_and_of_other_shards_are_refused() -> None:
    async with serving(count=2) as node:
        await node.receive(1)
        ahead = pb.GetStockRequest(key=TEA, as_of_cursor="1-10ca1000-1-0.999_1.999")
        refusal = await refused(node.stub.GetStock(ahead))
        assert refusal.reason == "CURSOR_OUT_OF_RANGE"
        shard = (await node.receive(1)).receipt.cursor.rpartition("-")[2].partition(".")[0]
        elsewhere = pb.GetStockRequest(key=TEA, as_of_cursor=f"1-10ca1000-1-{1 - int(shard)}.1")
        refusal = await refused(node.stub.GetStock(elsewhere))
        assert (refusal.reason, refusal.metadata["field"]) == ("INVALID_FIELD", "as_of_cursor")


async def test_a_token_names_its_query(node: Node) -> None:
    await lively(node)
    request = history.ListEventsRequest(key=TEA, page_size=1)
    token = (await node.history.ListEvents(request)).next_page_token
    others = [
        history.ListEventsRequest(key=TEA, page_token=other)
        for other in (token[:-4], "nonsense", "x" * 5_000, "\u00e9")
    ]
    others.append(history.ListEventsRequest(key=TEA, page_token=token, newest_first=True))
    for other in others:
        refusal = await refused(node.history.ListEvents(other))
        assert (refusal.reason, refusal.metadata["field"]) == ("INVALID_FIELD", "page_token")
    (shard,) = node.shards.shards
    shard.crash()
    shard.start()
    larger = history.ListEventsRequest(key=TEA, page_token=token, page_size=2)
    found = await node.history.ListEvents(larger)
    assert [event.version for event in found.events] == [2, 3]


async def test_an_unknown_key_has_no_events_and_no_explanation(node: Node) -> None:
    assert await events(node, key=TEA) == []
    request = history.ExplainStockRequest(key=TEA, field=history.BALANCE_FIELD_HELD)
    refusal = await refused(node.history.ExplainStock(request))
    assert refusal.reason == "UNKNOWN_STOCK"
