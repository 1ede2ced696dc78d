"""Every command of a basket's and a delivery's life, as callers see its answer."""

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import errors_pb2 as errors
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from tests.rpc.serving import TEA, Node, line, refused, run_batch

MUG = stock_pb2.StockKey(sku="MUG", location="LONDON")
PARIS = stock_pb2.StockKey(sku="TEA", location="PARIS")
WAITING = stock_pb2.RESERVATION_STATUS_WAITING


def units(lines: list[pb.LineResult]) -> list[tuple[str, str, int]]:
    return [(one.line_id, one.key.location, one.quantity) for one in lines]


async def read(node: Node, reservation_id: str) -> stock_pb2.Reservation:
    request = pb.GetReservationRequest(reservation_id=reservation_id)
    found: pb.GetReservationResponse = await node.stub.GetReservation(request)
    return found.reservation


async def test_an_order_from_cart_to_return(node: Node) -> None:
    await node.receive(10)
    await node.receive(10, MUG)
    request = node.reservation(3, reference="cart-7", customer="c-1")
    held = await node.stub.Reserve(request)
    on = {"reservation_id": held.reservation_id}
    amended = await node.stub.Amend(
        pb.AmendRequest(context=node.context(), set_lines=[line("1", 2), line("2", 4, "MUG")], **on)
    )
    assert units(amended.lines) == [("2", "LONDON", 4)]
    assert units(amended.freed_lines) == [("1", "LONDON", 1)]
    await node.stub.Commit(
        pb.CommitRequest(
            context=node.context(),
            confirm_within=Duration(seconds=60),
            on_overdue=stock_pb2.ON_OVERDUE_RELEASE,
            **on,
        )
    )
    before = await read(node, held.reservation_id)
    assert before.confirm_by.seconds > before.created_at.seconds
    assert before.on_overdue == stock_pb2.ON_OVERDUE_RELEASE
    confirmed = await node.stub.Confirm(pb.ConfirmRequest(context=node.context(), **on))
    assert confirmed.reservation_id == held.reservation_id
    assert not (await read(node, held.reservation_id)).HasField("confirm_by")
    picked = await node.stub.Pick(
        pb.PickRequest(
            context=node.context(),
            lines=[pb.PickedLine(line_id="2", quantity=3, missing=1)],
            **on,
        )
    )
    assert units(picked.lines) == [("2", "LONDON", 3)]
    assert units(picked.missing_lines) == [("2", "LONDON", 1)]
    stock = await node.stock(MUG)
    assert stock.balances.picked == 3
    assert [(one.cause, one.units) for one in stock.balances.unavailable] == [("missing", 1)]
    unpicked = await node.stub.Unpick(
        pb.UnpickRequest(
            context=node.context(), lines=[pb.LineQuantity(line_id="2", quantity=1)], **on
        )
    )
    assert units(unpicked.lines) == [("2", "LONDON", 1)]
    shipped = await node.stub.Ship(
        pb.ShipRequest(
            context=node.context(),
            reference="parcel-1",
            lines=[pb.LineQuantity(line_id="1"), pb.LineQuantity(line_id="2", quantity=3)],
            **on,
        )
    )
    assert units(shipped.lines) == [("1", "LONDON", 2), ("2", "LONDON", 3)]
    returned = await node.stub.Return(
        pb.ReturnRequest(
            context=node.context(),
            lines=[pb.LineQuantity(line_id="1", quantity=1)],
            shipment_id="parcel-1",
            unavailable_cause="opened",
            reason="TOO_LATE",
            **on,
        )
    )
    assert units(returned.lines) == [("1", "LONDON", 1)]
    after = await read(node, held.reservation_id)
    assert after.customer == "c-1"
    (shipment,) = after.shipments
    assert shipment.shipment_id == "parcel-1"
    assert shipment.shipped_at.seconds
    assert [(one.line_id, one.shipped, one.returned) for one in shipment.lines] == [
        ("1", 2, 1),
        ("2", 3, 0),
    ]
    assert [(one.shipped, one.returned, one.units_each) for one in after.lines] == [
        (2, 1, 1),
        (3, 0, 1),
    ]


async def test_a_basket_moves_to_another_location(node: Node) -> None:
    await node.receive(5)
    await node.receive(5, PARIS)
    held = await node.stub.Reserve(node.reservation(2))
    moved = await node.stub.TransferReservation(
        pb.TransferReservationRequest(
            context=node.context(), reservation_id=held.reservation_id, to_location="PARIS"
        )
    )
    assert units(moved.lines) == [("1", "PARIS", 2)]
    assert units(moved.freed_lines) == [("1", "LONDON", 2)]


async def test_who_waits_hears_the_place_at_first_and_as_of_now(node: Node) -> None:
    await node.receive(1)
    patience = Duration(seconds=600)
    first = await node.stub.Reserve(node.reservation(3, wait=patience))
    second = await node.stub.Reserve(node.reservation(2, wait=patience))
    assert [(one.quantity, one.waiting, one.place) for one in first.lines] == [(1, 2, 1)]
    assert [(one.quantity, one.waiting, one.place) for one in second.lines] == [(0, 2, 3)]
    assert first.waiting
    assert second.waiting
    ids = [first.reservation_id, second.reservation_id]
    standing = [await read(node, reservation_id) for reservation_id in ids]
    assert [(one.status, one.lines[0].waiting) for one in standing] == [(WAITING, 2)] * 2
    assert [one.lines[0].place for one in standing] == [1, 3]
    assert standing[0].HasField("hold")
    refusal = await refused(
        node.stub.Commit(pb.CommitRequest(context=node.context(), reservation_id=ids[1]))
    )
    assert refusal.reason == "STILL_WAITING"
    await node.receive(2)
    standing = [await read(node, reservation_id) for reservation_id in ids]
    assert [(one.lines[0].held, one.lines[0].place) for one in standing] == [(3, 0), (0, 1)]
    balances = (await node.stock()).balances
    assert (balances.held, balances.waiting) == (3, 2)


async def test_backorders_are_promised_up_to_their_limit(node: Node) -> None:
    await node.receive(1)
    await node.stub.Configure(
        pb.ConfigureRequest(context=node.context(), key=TEA, backorder_limit=2)
    )
    request = node.reservation(3)
    request.lines[0].allow_backorder = True
    held = await node.stub.Reserve(request)
    assert [(one.quantity, one.backordered) for one in held.lines] == [(3, 2)]
    stock = await node.stock()
    assert (stock.balances.backordered, stock.backorder_limit) == (2, 2)
    (found,) = (await read(node, held.reservation_id)).lines
    assert (found.held, found.backordered, found.place) == (3, 2, 1)


async def test_deliveries_are_expected_and_received(node: Node) -> None:
    at = Timestamp(seconds=4_000_000_000)
    expected = await node.stub.Expect(
        pb.ExpectRequest(
            context=node.context(), key=TEA, reference="PO-7", quantity=9, expected_at=at
        )
    )
    assert expected.level.balances.incoming == 9
    received = await node.stub.Receive(
        pb.ReceiveRequest(
            context=node.context(source="wms", source_sequence=4),
            key=TEA,
            quantity=4,
            incoming_reference="PO-7",
            unavailable_cause="inspection",
        )
    )
    assert received.level.balances.incoming == 5
    stock = await node.stock()
    (incoming,) = stock.incoming
    assert (incoming.reference, incoming.quantity, incoming.expected_at) == ("PO-7", 5, at)
    (mark,) = stock.sources
    assert (mark.source, mark.sequence) == ("wms", 4)
    stale = pb.ReceiveRequest(
        context=node.context(source="wms", source_sequence=4), key=TEA, quantity=1
    )
    refusal = await refused(node.stub.Receive(stale))
    assert refusal.reason == "SOURCE_STALE"
    assert refusal.metadata["last"] == "4"


async def test_units_become_unavailable_and_come_back(node: Node) -> None:
    await node.receive(5)
    moved = await node.stub.Move(
        pb.MoveRequest(context=node.context(), key=TEA, quantity=2, to_cause="damaged")
    )
    balances = moved.level.balances
    assert (balances.on_hand, balances.available) == (5, 3)
    taken = await node.stub.TakeBack(
        pb.TakeBackRequest(
            context=node.context(),
            key=TEA,
            quantity=1,
            reason="NO_RECEIPT",
            unavailable_cause="damaged",
        )
    )
    assert [(one.cause, one.units) for one in taken.level.balances.unavailable] == [("damaged", 3)]
    await node.stub.Adjust(
        pb.AdjustRequest(
            context=node.context(),
            key=TEA,
            delta=-3,
            reason="SCRAPPED",
            reference="note-1",
            unavailable_cause="damaged",
        )
    )
    balances = (await node.stock()).balances
    assert (balances.on_hand, balances.available, len(balances.unavailable)) == (3, 3, 0)


async def test_a_late_count_is_brought_up_to_date(node: Node) -> None:
    counted_at = (await node.receive(5)).receipt.cursor
    await node.receive(2)
    response = await node.stub.SetOnHand(
        pb.SetOnHandRequest(context=node.context(), key=TEA, on_hand=4, observed_cursor=counted_at)
    )
    assert (response.expected, response.moved_since) == (7, 2)
    assert response.level.balances.on_hand == 6


async def test_a_count_that_was_overtaken_by_one_of_the_same_source_is_stale(node: Node) -> None:
    at_first = (await node.receive(5)).receipt.cursor
    request = pb.SetOnHandRequest(key=TEA, on_hand=4)
    request.context.CopyFrom(node.context(source="wms"))
    await node.stub.SetOnHand(request)
    request.context.CopyFrom(node.context(source="wms"))
    request.observed_cursor = at_first
    stale = await refused(node.stub.SetOnHand(request))
    assert (stale.reason, stale.info.metadata["source"]) == ("COUNT_STALE", "wms")
    assert stale.info.metadata["observed_at"] <= stale.info.metadata["last"]
    request.context.CopyFrom(node.context(source="shop"))
    assert (await node.stub.SetOnHand(request)).level.balances.on_hand == 4


async def test_a_time_ahead_counts_as_now(node: Node) -> None:
    await node.receive(5)
    ahead = Timestamp(seconds=4_000_000_000)
    request = pb.SetOnHandRequest(context=node.context(), key=TEA, on_hand=4, observed_at=ahead)
    response = await node.stub.SetOnHand(request)
    assert (response.expected, response.moved_since) == (5, 0)
    read = await node.stub.GetStock(pb.GetStockRequest(key=TEA, as_of_time=ahead))
    assert read.stock.balances.on_hand == 4


async def test_a_count_is_not_of_what_is_yet_to_happen(node: Node) -> None:
    newest = (await node.receive(5)).receipt.cursor
    request = pb.SetOnHandRequest(
        context=node.context(), key=TEA, on_hand=4, observed_cursor=f"{newest}9"
    )
    assert (await refused(node.stub.SetOnHand(request))).reason == "CURSOR_OUT_OF_RANGE"
    (outcome,) = await run_batch(node, pb.Command(set_on_hand=request))
    assert outcome.failure.reason == errors.ERROR_REASON_CURSOR_OUT_OF_RANGE
    request.observed_cursor = newest
    assert (await node.stub.SetOnHand(request)).level.balances.on_hand == 4


async def test_a_count_may_be_of_what_is_not_heard_of_yet(node: Node) -> None:
    newest = (await node.receive(5)).receipt.cursor
    node.shards.shards[0].head -= 1
    request = pb.SetOnHandRequest(
        context=node.context(), key=TEA, on_hand=4, observed_cursor=newest
    )
    (outcome,) = await run_batch(node, pb.Command(set_on_hand=request))
    assert outcome.set_on_hand.level.balances.on_hand == 4


async def test_a_transfer_is_one_document_for_both_ends(node: Node) -> None:
    await node.receive(5)
    sent = await node.stub.SendTransfer(
        pb.SendTransferRequest(
            context=node.context(),
            sku="TEA",
            from_location="LONDON",
            to_location="PARIS",
            quantity=4,
            reference="truck-1",
        )
    )
    assert (sent.level.key.location, sent.level.balances.on_hand) == ("LONDON", 1)
    received = await node.stub.ReceiveTransfer(
        pb.ReceiveTransferRequest(
            context=node.context(), transfer_id=sent.transfer_id, quantity=2, lost=1
        )
    )
    assert (received.level.key.location, received.level.balances.on_hand) == ("PARIS", 2)
    question = pb.GetTransferRequest(
        transfer_id=sent.transfer_id, read_at_least=received.receipt.cursor
    )
    found = (await node.stub.GetTransfer(question)).transfer
    assert (found.sent, found.received, found.lost, found.in_transit) == (4, 2, 1, 1)
    assert (found.from_location, found.to_location, found.reference) == (
        "LONDON",
        "PARIS",
        "truck-1",
    )
    question.tenant = "another"
    assert (await refused(node.stub.GetTransfer(question))).reason == "UNKNOWN_TRANSFER"
    question.transfer_id = "nonsense"
    assert (await refused(node.stub.GetTransfer(question))).reason == "UNKNOWN_TRANSFER"


async def test_the_same_commands_in_a_batch(node: Node) -> None:
    await node.receive(9)
    held = await node.stub.Reserve(node.reservation(2))
    on = {"reservation_id": held.reservation_id}
    await node.stub.Commit(pb.CommitRequest(context=node.context(), **on))
    commands: dict[str, object] = {
        "amend": pb.AmendRequest(set_lines=[line("1", 3)], **on),
        "confirm": pb.ConfirmRequest(**on),
        "pick": pb.PickRequest(**on),
        "unpick": pb.UnpickRequest(**on),
        "transfer_reservation": pb.TransferReservationRequest(to_location="LONDON", **on),
        "ship": pb.ShipRequest(**on),
        "return": pb.ReturnRequest(**on),
        "expect": pb.ExpectRequest(key=TEA, reference="PO-7", quantity=1),
        "take_back": pb.TakeBackRequest(key=TEA, quantity=1, reason="R"),
        "move": pb.MoveRequest(key=TEA, quantity=1, to_cause="damaged"),
        "send_transfer": pb.SendTransferRequest(
            sku="TEA", from_location="LONDON", to_location="PARIS", quantity=1
        ),
    }
    for request in commands.values():
        request.context.CopyFrom(node.context())  # type: ignore[attr-defined]
    batch = [pb.Command(**{name: request}) for name, request in commands.items()]  # type: ignore[arg-type]
    outcomes = await run_batch(node, *batch)
    assert [outcome.WhichOneof("result") for outcome in outcomes] == list(commands)
    sent = outcomes[-1].send_transfer
    receive = pb.ReceiveTransferRequest(
        context=node.context(), transfer_id=sent.transfer_id, quantity=1
    )
    (outcome,) = await run_batch(node, pb.Command(receive_transfer=receive))
    assert outcome.receive_transfer.level.balances.on_hand == 1
