"""Answers to protobuf. Messages are filled field by field, which takes a third of the time of
nested keyword arguments.

Each filler writes into a message it is given, so that a unary answer and an outcome of Execute
share one conversion.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from engine.core import answers as core
from engine.core.model import (
    Key,
    LineResult,
    Reservation,
    ReservationStatus,
    Selling,
    ShortCause,
    ShortLine,
    Stock,
)
from engine.feed.cursor import write_cursor
from engine.shard.messages import Accepted, LocationAvailable

_SELLINGS = {
    Selling.OPEN: stock_pb2.SELLING_OPEN,
    Selling.STOPPED: stock_pb2.SELLING_STOPPED,
}
_CAUSES = {
    ShortCause.STOCK: stock_pb2.SHORT_CAUSE_STOCK,
    ShortCause.CHANNEL: stock_pb2.SHORT_CAUSE_CHANNEL,
    ShortCause.STOPPED: stock_pb2.SHORT_CAUSE_STOPPED,
}
_STATUSES = {
    ReservationStatus.HELD: stock_pb2.RESERVATION_STATUS_HELD,
    ReservationStatus.COMMITTED: stock_pb2.RESERVATION_STATUS_COMMITTED,
    ReservationStatus.SHIPPED: stock_pb2.RESERVATION_STATUS_SHIPPED,
    ReservationStatus.RELEASED: stock_pb2.RESERVATION_STATUS_RELEASED,
    ReservationStatus.EXPIRED: stock_pb2.RESERVATION_STATUS_EXPIRED,
}


class Place(NamedTuple):
    """Where a write was decided: the history, its epoch, and the shard."""

    history: str
    epoch: int
    shard: int


TOTAL_MAX = 2**63 - 1
"""The highest sum that an answer can state: a higher one is stated as this."""

Filler = Callable[[Any, Any, Accepted, Place], None]
"""Fills the response of one kind of command from its answer, and from what came with the answer."""


def put_time(message: Timestamp, time_ms: int) -> None:
    """Fill a Timestamp from milliseconds since 1970."""
    message.seconds, rest_ms = divmod(time_ms, 1_000)
    if rest_ms:
        message.nanos = rest_ms * 1_000_000


def put_key(message: stock_pb2.StockKey, key: Key) -> None:
    """Fill a StockKey."""
    if key.tenant:
        message.tenant = key.tenant
    message.sku = key.sku
    message.location = key.location


def put_balances(message: stock_pb2.Balances, stock: Stock) -> None:
    """Fill Balances. Zeros are what a message starts with, so they are not written."""
    message.on_hand = stock.on_hand
    if stock.held:
        message.held = stock.held
    if stock.allocated:
        message.allocated = stock.allocated
    if stock.safety_stock:
        message.safety_stock = stock.safety_stock
    message.available = stock.available


def put_stock(message: stock_pb2.Stock, key: Key, stock: Stock) -> None:
    """Fill a Stock with everything that is known of a SKU-location."""
    put_key(message.key, key)
    put_balances(message.balances, stock)
    message.tracked = stock.tracked
    message.selling = _SELLINGS[stock.selling]
    message.version = stock.version
    for channel, units in stock.channel_buffers:
        message.channel_buffers.add(channel=channel, units=units)


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
    message.status = _STATUSES[reservation.status]
    message.reference = reservation.reference
    message.channel = reservation.channel
    message.customer = reservation.customer
    if reservation.expires_at_ms:
        put_time(message.expires_at, reservation.expires_at_ms)
    put_time(message.created_at, reservation.created_at_ms)
    for line in reservation.lines:
        entry = message.lines.add()
        entry.line_id = line.line_id
        entry.sku = line.key.sku
        entry.location = line.key.location
        entry.held = line.held
        entry.allocated = line.allocated
        entry.shipped = line.shipped


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


def _put_receipt(message: pb.WriteReceipt, accepted: Accepted, place: Place) -> None:
    position = accepted.position
    if position:
        message.cursor = write_cursor(place.history, place.epoch, place.shard, position)
        put_time(message.recorded_at, accepted.recorded_at_ms)
    if accepted.replayed:
        message.replayed = True


def _put_lines(messages: Any, lines: tuple[LineResult, ...]) -> None:
    add = messages.add
    for line in lines:
        entry = add()
        entry.line_id = line.line_id
        entry.quantity = line.quantity
        put_key(entry.key, line.key)


def _put_current(message: Any, accepted: Accepted) -> None:
    """On a replay, say where the reservation stands now."""
    if accepted.replayed and accepted.current is not None:
        put_reservation(message.current, accepted.current)


def _put_level(message: stock_pb2.StockLevel, answer: core.StockChanged) -> None:
    put_key(message.key, answer.key)
    message.version = answer.stock.version
    put_balances(message.balances, answer.stock)


def _reserved(
    message: pb.ReserveResponse, answer: core.Reserved, accepted: Accepted, place: Place
) -> None:
    message.reservation_id = answer.reservation_id
    _put_lines(message.lines, answer.lines)
    for line in answer.short_lines:
        put_short_line(message.short_lines.add(), line)
    put_time(message.expires_at, answer.expires_at_ms)
    _put_receipt(message.receipt, accepted, place)
    _put_current(message, accepted)


def _extended(
    message: pb.ExtendResponse, answer: core.Extended, accepted: Accepted, place: Place
) -> None:
    message.reservation_id = answer.reservation_id
    put_time(message.expires_at, answer.expires_at_ms)
    _put_receipt(message.receipt, accepted, place)
    _put_current(message, accepted)


def _committed(
    message: pb.CommitResponse, answer: core.Committed, accepted: Accepted, place: Place
) -> None:
    message.reservation_id = answer.reservation_id
    _put_lines(message.lines, answer.lines)
    _put_lines(message.freed_lines, answer.freed_lines)
    _put_receipt(message.receipt, accepted, place)
    _put_current(message, accepted)


def _allocated(
    message: pb.AllocateResponse, answer: core.Allocated, accepted: Accepted, place: Place
) -> None:
    message.reservation_id = answer.reservation_id
    _put_lines(message.lines, answer.lines)
    _put_receipt(message.receipt, accepted, place)
    _put_current(message, accepted)


def _released_or_shipped(
    message: pb.ReleaseResponse | pb.ShipResponse,
    answer: core.Released | core.Shipped,
    accepted: Accepted,
    place: Place,
) -> None:
    message.reservation_id = answer.reservation_id
    _put_lines(message.lines, answer.lines)
    if accepted.current is not None:
        message.status = _STATUSES[accepted.current.status]
    _put_receipt(message.receipt, accepted, place)
    _put_current(message, accepted)


def _changed(
    message: pb.SellResponse | pb.ReceiveResponse | pb.AdjustResponse,
    answer: core.StockChanged,
    accepted: Accepted,
    place: Place,
) -> None:
    _put_level(message.level, answer)
    _put_receipt(message.receipt, accepted, place)


def _counted(
    message: pb.SetOnHandResponse, answer: core.StockChanged, accepted: Accepted, place: Place
) -> None:
    _put_level(message.level, answer)
    message.expected = answer.expected
    _put_receipt(message.receipt, accepted, place)


def _configured(
    message: pb.ConfigureResponse, answer: core.StockChanged, accepted: Accepted, place: Place
) -> None:
    put_stock(message.stock, answer.key, answer.stock)
    _put_receipt(message.receipt, accepted, place)


FILLERS: dict[str, Filler] = {
    "reserve": _reserved,
    "extend": _extended,
    "commit": _committed,
    "release": _released_or_shipped,
    "allocate": _allocated,
    "ship": _released_or_shipped,
    "sell": _changed,
    "receive": _changed,
    "adjust": _changed,
    "set_on_hand": _counted,
    "configure": _configured,
}
"""The filler of each command's response, by its name in the oneofs of `Command` and `Outcome`."""
