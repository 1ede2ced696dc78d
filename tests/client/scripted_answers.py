"""What the scripted server answers: to writes as if there were enough of everything, to reads the
same each time."""

from collections.abc import Callable, Mapping
from typing import Any

from holdfast.v1 import inventory_pb2, operations_pb2, stock_pb2


def fill_in(response: Any, request: Any) -> None:
    """Answers what was asked for."""
    names = response.DESCRIPTOR.fields_by_name
    if "reservation_id" in names:
        known = getattr(request, "reservation_id", "")
        response.reservation_id = known or f"r-{request.context.request_id}"
    if "transfer_id" in names:
        response.transfer_id = getattr(request, "transfer_id", f"t-{request.context.request_id}")
    if "expires_at" in names:
        response.expires_at.FromMilliseconds(1_700_000_300_000)
    _fill_in_lines(response, request)
    if "waiting" in names:
        response.waiting = request.HasField("wait")
    if "status" in names:
        response.status = stock_pb2.RESERVATION_STATUS_SHIPPED
    if "level" in names:
        response.level.key.CopyFrom(_key(request))
        response.level.version = 7
        response.level.balances.on_hand = 10
        response.level.balances.available = 10
    if "moved_since" in names:
        response.moved_since = -1
    if "stock" in names:
        response.stock.key.CopyFrom(request.key)
        response.stock.tracked = True
        response.stock.selling = stock_pb2.SELLING_OPEN


def _fill_in_lines(response: Any, request: Any) -> None:
    names = response.DESCRIPTOR.fields_by_name
    asked = "lines" if "lines" in request.DESCRIPTOR.fields_by_name else "set_lines"
    for line in getattr(request, asked) if "lines" in names else ():
        done = response.lines.add(line_id=line.line_id, quantity=line.quantity)
        done.key.sku = getattr(line, "sku", "TEA")
        done.key.location = getattr(line, "location", "LONDON") or "LONDON"
    for line in request.lines if "missing_lines" in names else ():
        response.missing_lines.add(line_id=line.line_id, quantity=line.missing)
    for line_id in getattr(request, "drop_line_ids", ()):
        response.freed_lines.add(line_id=line_id, quantity=1)


def _key(request: Any) -> stock_pb2.StockKey:
    if "key" in request.DESCRIPTOR.fields_by_name:
        key: stock_pb2.StockKey = request.key
        return key
    sku, location = getattr(request, "sku", "TEA"), getattr(request, "from_location", "PARIS")
    return stock_pb2.StockKey(tenant=request.tenant, sku=sku, location=location)


def _get_stock(request: inventory_pb2.GetStockRequest) -> inventory_pb2.GetStockResponse:
    response = inventory_pb2.GetStockResponse(cursor="c-read")
    stock = response.stock
    stock.key.CopyFrom(request.key)
    stock.selling = stock_pb2.SELLING_STOPPED
    stock.version = 3
    stock.channel_buffers.add(channel="web", units=2)
    stock.backorder_limit = 6
    balances = stock.balances
    balances.on_hand, balances.picked, balances.incoming = 10, 1, 5
    balances.backordered, balances.waiting = 3, 4
    balances.unavailable.add(cause="damaged", units=2)
    delivery = stock.incoming.add(reference="PO-7", quantity=5)
    delivery.expected_at.FromMilliseconds(1_700_000_000_000)
    stock.incoming.add(reference="T-1", quantity=1, transfer_id="t")
    stock.sources.add(source="till", sequence=8)
    return response


def _get_reservation(
    request: inventory_pb2.GetReservationRequest,
) -> inventory_pb2.GetReservationResponse:
    response = inventory_pb2.GetReservationResponse(cursor="c-read")
    reservation = response.reservation
    reservation.reservation_id = request.reservation_id or "r-found"
    reservation.tenant = request.tenant
    reservation.reference = request.reservation_reference
    reservation.status = stock_pb2.RESERVATION_STATUS_WAITING
    reservation.lines.add(line_id="1", sku="TEA", location="LONDON", held=2)
    reservation.lines.add(
        line_id="2",
        sku="CUP",
        location="LONDON",
        allocated=5,
        shipped=3,
        committed=8,
        backordered=1,
        waiting=2,
        picked=4,
        returned=1,
        expired=6,
        units_each=12,
    )
    reservation.created_at.FromMilliseconds(1_700_000_000_000)
    reservation.hold.seconds = 300
    reservation.confirm_by.FromMilliseconds(1_700_000_300_000)
    reservation.on_overdue = stock_pb2.ON_OVERDUE_RELEASE
    shipment = reservation.shipments.add(shipment_id="parcel-1")
    shipment.shipped_at.FromMilliseconds(1_700_000_300_000)
    shipment.lines.add(line_id="2", sku="CUP", location="LONDON", shipped=3, returned=1)
    return response


def _get_transfer(request: inventory_pb2.GetTransferRequest) -> inventory_pb2.GetTransferResponse:
    response = inventory_pb2.GetTransferResponse(cursor="c-read")
    transfer = response.transfer
    transfer.transfer_id, transfer.tenant = request.transfer_id, request.tenant
    transfer.sku, transfer.from_location, transfer.to_location = "TEA", "LONDON", "PARIS"
    transfer.sent, transfer.received, transfer.lost, transfer.in_transit = 9, 4, 2, 3
    transfer.created_at.FromMilliseconds(1_700_000_000_000)
    return response


def _availability(
    request: inventory_pb2.BatchGetAvailabilityRequest,
) -> inventory_pb2.BatchGetAvailabilityResponse:
    response = inventory_pb2.BatchGetAvailabilityResponse(cursor="c-read")
    for key in request.keys:
        answer = response.availabilities.add(sku=key.sku, total_available=5)
        answer.locations.add(location=key.location or "LONDON", available=5, version=1)
    return response


def _get_node(_: operations_pb2.GetNodeRequest) -> operations_pb2.GetNodeResponse:
    response = operations_pb2.GetNodeResponse(
        version="1.2.3", history="0badcafe", epoch=1, shards=4, oldest_cursor="c-old"
    )
    response.hold_times.cart.seconds = 300
    return response


READS: Mapping[str, Callable[[Any], Any]] = {
    "get_stock": _get_stock,
    "get_reservation": _get_reservation,
    "get_transfer": _get_transfer,
    "batch_get_availability": _availability,
    "get_node": _get_node,
}
"""Answers to reads, by method; those that come in pages are the script's."""
