"""What an answer covers: every query sees what was answered before it, and says so."""

from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from holdfast.v1 import configuration_pb2 as configuration
from holdfast.v1 import history_pb2 as history
from holdfast.v1 import inventory_pb2 as pb

from engine.core.limits import BASKET_LINES_MAX, QUEUE_ENTRIES_READ_MAX
from engine.feed.cursor import Cursor
from tests.rpc.serving import TEA, Node, line, refused, serving

SHARDS = 3

Question = Callable[[Node, str, str], Any]


def read_stock(node: Node, cursor: str, _id: str) -> Any:
    return node.stub.GetStock(pb.GetStockRequest(key=TEA, read_at_least=cursor))


def read_past_stock(node: Node, cursor: str, _id: str) -> Any:
    request = pb.GetStockRequest(key=TEA, read_at_least=cursor)
    request.as_of_time.seconds = 4_000_000_000
    return node.stub.GetStock(request)


def read_reservation(node: Node, cursor: str, reservation_id: str) -> Any:
    return node.stub.GetReservation(
        pb.GetReservationRequest(reservation_id=reservation_id, read_at_least=cursor)
    )


def read_by_reference(node: Node, cursor: str, _id: str) -> Any:
    return node.stub.GetReservation(
        pb.GetReservationRequest(reservation_reference="cart", read_at_least=cursor)
    )


def read_availability(node: Node, cursor: str, _id: str) -> Any:
    return node.stub.BatchGetAvailability(
        pb.BatchGetAvailabilityRequest(keys=[pb.AvailabilityKey(sku="TEA")], read_at_least=cursor)
    )


def read_events(node: Node, cursor: str, _id: str) -> Any:
    return node.history.ListEvents(history.ListEventsRequest(key=TEA, read_at_least=cursor))


def explain(node: Node, cursor: str, _id: str) -> Any:
    return node.history.ExplainStock(
        history.ExplainStockRequest(key=TEA, field=history.BALANCE_FIELD_HELD, read_at_least=cursor)
    )


def read_reservations(node: Node, cursor: str, _id: str) -> Any:
    return node.history.ListReservations(
        history.ListReservationsRequest(key=TEA, read_at_least=cursor)
    )


def read_configuration(node: Node, cursor: str, _id: str) -> Any:
    return node.configuration.GetConfiguration(
        configuration.GetConfigurationRequest(read_at_least=cursor)
    )


QUESTIONS = [
    read_events,
    explain,
    read_reservations,
    read_stock,
    read_past_stock,
    read_reservation,
    read_by_reference,
    read_availability,
]


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_query_covers_what_it_is_asked_to(question: Question) -> None:
    async with serving(count=SHARDS) as node:
        await node.receive(1)
        held = await node.stub.Reserve(node.reservation(reference="cart"))
        answered = held.receipt.cursor
        response = await question(node, answered, held.reservation_id)
        ((shard, position),) = Cursor.parse(answered).positions.items()
        assert Cursor.parse(response.cursor).positions[shard] >= position
        everywhere = f"1-10ca1000-1-{'_'.join(f'{n}.{10**9}' for n in range(SHARDS))}"
        refusal = await refused(question(node, everywhere, held.reservation_id))
        assert refusal.reason == "CURSOR_OUT_OF_RANGE"
        refusal = await refused(question(node, "1-ffffffff-1-0.1", held.reservation_id))
        assert refusal.reason == "CURSOR_FOREIGN"


async def test_a_transfer_is_read_as_it_was_answered(node: Node) -> None:
    await node.receive(2)
    sent = await node.stub.SendTransfer(
        pb.SendTransferRequest(
            context=node.context(),
            sku="TEA",
            from_location="LONDON",
            to_location="PARIS",
            quantity=1,
        )
    )
    request = pb.GetTransferRequest(transfer_id=sent.transfer_id, read_at_least=sent.receipt.cursor)
    assert (await node.stub.GetTransfer(request)).transfer.sent == 1
    request.read_at_least = "1-10ca1000-1-0.99"
    assert (await refused(node.stub.GetTransfer(request))).reason == "CURSOR_OUT_OF_RANGE"


async def test_lists_and_explanations_show_what_was_answered(node: Node) -> None:
    for count in range(1, 6):
        answered = (await node.receive(1)).receipt.cursor
        events = await node.history.ListEvents(history.ListEventsRequest(key=TEA))
        explained = await node.history.ExplainStock(
            history.ExplainStockRequest(key=TEA, field=history.BALANCE_FIELD_ON_HAND)
        )
        assert len(events.events) == explained.value == count
        for response in (events, explained):
            assert response.cursor == answered


async def test_a_long_queue_is_not_looked_through_to_its_end(node: Node) -> None:
    await node.stub.Configure(pb.ConfigureRequest(context=node.context(), key=TEA, safety_stock=0))
    patience = Duration(seconds=600)
    lines = [line(str(n), 1) for n in range(BASKET_LINES_MAX)]
    baskets = QUEUE_ENTRIES_READ_MAX // BASKET_LINES_MAX
    for _ in range(baskets):
        await node.stub.Reserve(
            pb.ReserveRequest(context=node.context(), lines=lines, wait=patience)
        )
    ids = []
    for _ in range(2):
        held = await node.stub.Reserve(node.reservation(5, wait=patience))
        ids.append(held.reservation_id)
        assert held.lines[0].place == QUEUE_ENTRIES_READ_MAX + 1 + 5 * (len(ids) - 1)
    for reservation_id in ids:
        request = pb.GetReservationRequest(reservation_id=reservation_id)
        (found,) = (await node.stub.GetReservation(request)).reservation.lines
        assert (found.place, found.place_is_minimum) == (QUEUE_ENTRIES_READ_MAX + 1, True)


def test_every_query_of_stock_can_say_what_it_has_to_cover() -> None:
    services = [
        pb.DESCRIPTOR.services_by_name["InventoryService"],
        history.DESCRIPTOR.services_by_name["HistoryService"],
        configuration.DESCRIPTOR.services_by_name["ConfigurationService"],
    ]
    queries = [
        method.input_type
        for service in services
        for method in service.methods
        if "context" not in method.input_type.fields_by_name and not method.client_streaming
    ]
    assert len(queries) == 8
    assert [each.name for each in queries if "read_at_least" not in each.fields_by_name] == []


@pytest.mark.parametrize("ahead", [False, True])
async def test_the_configuration_covers_what_it_is_asked_to(ahead: bool) -> None:
    async with serving() as node:
        cursor = (await node.receive(1)).receipt.cursor
        if not ahead:
            assert (await read_configuration(node, cursor, "")).cursor >= cursor
            return
        place = Cursor.parse(cursor)
        later = Cursor(place.history, place.epoch, {0: place.positions[0] + 1}).encode()
        refusal = await refused(read_configuration(node, later, ""))
        assert refusal.reason == "CURSOR_OUT_OF_RANGE"
