"""State to protobuf: stock, reservations, transfers, availability. Messages are filled field by
field, which takes a third of the time of nested keyword arguments; what a message starts with is
not written."""

from collections.abc import Iterable

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from engine.core.model import (
    Key,
    Line,
    OnOverdue,
    Reservation,
    ReservationStatus,
    Selling,
    Shipment,
    ShortCause,
    ShortLine,
    Stock,
    Transfer,
)
from engine.shard.channel_queries import LocationAvailable

_SELLINGS = {
    Selling.OPEN: stock_pb2.SELLING_OPEN,
    Selling.STOPPED: stock_pb2.SELLING_STOPPED,
}
_CAUSES = {
    ShortCause.STOCK: stock_pb2.SHORT_CAUSE_STOCK,
    ShortCause.CHANNEL: stock_pb2.SHORT_CAUSE_CHANNEL,
    ShortCause.STOPPED: stock_pb2.SHORT_CAUSE_STOPPED,
    ShortCause.CUSTOMER_LIMIT: stock_pb2.SHORT_CAUSE_CUSTOMER_LIMIT,
    ShortCause.LOCATION_DISABLED: stock_pb2.SHORT_CAUSE_LOCATION_DISABLED,
}
STATUSES = {
    ReservationStatus.HELD: stock_pb2.RESERVATION_STATUS_HELD,
    ReservationStatus.COMMITTED: stock_pb2.RESERVATION_STATUS_COMMITTED,
    ReservationStatus.SHIPPED: stock_pb2.RESERVATION_STATUS_SHIPPED,
    ReservationStatus.RELEASED: stock_pb2.RESERVATION_STATUS_RELEASED,
    ReservationStatus.EXPIRED: stock_pb2.RESERVATION_STATUS_EXPIRED,
    ReservationStatus.WAITING: stock_pb2.RESERVATION_STATUS_WAITING,
    ReservationStatus.PREPARED: stock_pb2.RESERVATION_STATUS_PREPARED,
}
_ON_OVERDUE = {
    OnOverdue.KEEP: stock_pb2.ON_OVERDUE_KEEP,
    OnOverdue.RELEASE: stock_pb2.ON_OVERDUE_RELEASE,
}

TOTAL_MAX = 2**63 - 1
"""The highest sum that an answer can state: a higher one is stated as this."""


def put_time(message: Timestamp, time_ms: int) -> None:
    """Fill a Timestamp from milliseconds since 1970."""
    message.seconds, rest_ms = divmod(time_ms, 1_000)
    if rest_ms:
        message.nanos = rest_ms * 1_000_000


def put_duration(message: Duration, duration_ms: int) -> None:
    """Fill a Duration from milliseconds."""
    message.seconds, rest_ms = divmod(duration_ms, 1_000)
    if rest_ms:
        message.nanos = rest_ms * 1_000_000


def put_key(message: stock_pb2.StockKey, key: Key) -> None:
    """Fill a StockKey."""
    if key.tenant:
        message.tenant = key.tenant
    message.sku = key.sku
    message.location = key.location


def put_balances(message: stock_pb2.Balances, stock: Stock) -> None:
    """Fill Balances."""
    message.on_hand = stock.on_hand
    if stock.held:
        message.held = stock.held
    if stock.allocated:
        message.allocated = stock.allocated
    if stock.safety_stock:
        message.safety_stock = stock.safety_stock
    message.available = stock.available
    if stock.unavailable:
        for cause, units in stock.unavailable:
            message.unavailable.add(cause=cause, units=units)
    if stock.picked:
        message.picked = stock.picked
    if stock.incoming:
        message.incoming = stock.incoming_units
    if stock.backordered:
        message.backordered = stock.backordered
    if stock.waiting:
        message.waiting = stock.waiting


def put_stock(message: stock_pb2.Stock, key: Key, stock: Stock) -> None:
    """Fill a Stock with everything that is known of a SKU-location."""
    put_key(message.key, key)
    put_balances(message.balances, stock)
    message.tracked = stock.tracked
    message.selling = _SELLINGS[stock.selling]
    message.version = stock.version
    for channel, units in stock.channel_buffers:
        message.channel_buffers.add(channel=channel, units=units)
    for incoming in stock.incoming:
        entry = message.incoming.add()
        entry.reference = incoming.reference
        entry.quantity = incoming.quantity
        entry.transfer_id = incoming.transfer_id
        if incoming.expected_at_ms:
            put_time(entry.expected_at, incoming.expected_at_ms)
    message.backorder_limit = stock.backorder_limit
    for mark in stock.sources:
        told = message.sources.add(source=mark.source, sequence=mark.sequence)
        if mark.counted_at_ms:
            put_time(told.counted_at, mark.counted_at_ms)
    for use in stock.channel_uses:
        message.channel_uses.add(channel=use.channel, units=use.units)


def put_short_line(message: stock_pb2.ShortLine, line: ShortLine) -> None:
    """Fill a ShortLine."""
    message.line_id = line.line_id
    put_key(message.key, line.key)
    message.cause = _CAUSES[line.cause]
    message.asked = line.asked
    message.available = line.available


def put_reservation(message: stock_pb2.Reservation, reservation: Reservation) -> None:
    """Fill a Reservation as it stands."""
    message.reservation_id = reservation.reservation_id
    message.tenant = reservation.tenant
    message.status = STATUSES[reservation.status]
    message.reference = reservation.reference
    message.channel = reservation.channel
    message.customer = reservation.customer
    # Until what an attempt sets aside is decided, its deadline is nobody's.
    if reservation.expires_at_ms and not reservation.preparing:
        put_time(message.expires_at, reservation.expires_at_ms)
    put_time(message.created_at, reservation.created_at_ms)
    if reservation.hold_ms:
        put_duration(message.hold, reservation.hold_ms)
    if reservation.confirm_by_ms:
        put_time(message.confirm_by, reservation.confirm_by_ms)
        message.on_overdue = _ON_OVERDUE[reservation.on_overdue]
    message.prepared_for = reservation.prepared_for
    for line in reservation.lines:
        _put_line(message.lines.add(), line)
    for shipment in reservation.shipments:
        _put_shipment(message.shipments.add(), shipment)


def _put_line(entry: stock_pb2.ReservationLine, line: Line) -> None:
    entry.line_id = line.line_id
    entry.sku = line.key.sku
    entry.location = line.key.location
    entry.held = line.held
    entry.allocated = line.allocated
    entry.shipped = line.shipped
    entry.committed = line.committed
    if line.backordered:
        entry.backordered = line.backordered
    if line.waiting:
        entry.waiting = line.waiting
    if line.picked:
        entry.picked = line.picked
    if line.returned:
        entry.returned = line.returned
    if line.expired:
        entry.expired = line.expired
    entry.units_each = line.units_each


def _put_shipment(entry: stock_pb2.Shipment, shipment: Shipment) -> None:
    entry.shipment_id = shipment.shipment_id
    put_time(entry.shipped_at, shipment.shipped_at_ms)
    for line in shipment.lines:
        entry.lines.add(
            line_id=line.line_id,
            sku=line.key.sku,
            location=line.key.location,
            shipped=line.shipped,
            returned=line.returned,
        )


def put_transfer(message: stock_pb2.Transfer, transfer: Transfer) -> None:
    """Fill a Transfer as it stands."""
    message.transfer_id = transfer.transfer_id
    message.tenant = transfer.tenant
    message.sku = transfer.sku
    message.from_location = transfer.from_location
    message.to_location = transfer.to_location
    put_time(message.created_at, transfer.created_at_ms)
    message.sent = transfer.sent
    message.received = transfer.received
    message.lost = transfer.lost
    message.reference = transfer.reference
    if transfer.expected_at_ms:
        put_time(message.expected_at, transfer.expected_at_ms)
    message.in_transit = transfer.in_transit


def put_availability(
    message: pb.Availability, sku: str, locations: Iterable[LocationAvailable]
) -> None:
    """Fill what may be promised of a SKU: by location, and in total."""
    message.sku = sku
    total = 0
    for location in locations:
        entry = message.locations.add()
        entry.location = location.location
        entry.version = location.version
        if location.unlimited:
            entry.unlimited = True
            message.unlimited = True
        elif location.available:
            entry.available = location.available
            total += location.available
    if total:
        message.total_available = min(total, TOTAL_MAX)
