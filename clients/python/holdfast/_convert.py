"""Reads protobuf messages about how things are into the SDK's own types. The hot path is the answer
to a reserve, so it avoids protobuf's slow helpers."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from holdfast import types
from holdfast.types import (
    Availability,
    Balances,
    ChannelBuffer,
    Incoming,
    LocationAvailability,
    OnOverdue,
    Reservation,
    ReservationLine,
    ReservationStatus,
    Shipment,
    ShippedLine,
    ShortLine,
    SourceMark,
    Stock,
    Transfer,
    UnavailableUnits,
)
from holdfast.v1 import inventory_pb2, stock_pb2

MemberT = TypeVar("MemberT")

_from_timestamp = datetime.fromtimestamp


def _names(enum: Any, prefix: str, members: Callable[[str], MemberT]) -> dict[int, MemberT]:
    """The SDK's enum member for each number of a protobuf enum, except for UNSPECIFIED."""
    return {
        number: members(name.removeprefix(prefix).lower())
        for name, number in enum.items()
        if number
    }


_STATUS = _names(stock_pb2.ReservationStatus, "RESERVATION_STATUS_", types.ReservationStatus)
_SELLING = _names(stock_pb2.Selling, "SELLING_", types.Selling)
_CAUSE = _names(stock_pb2.ShortCause, "SHORT_CAUSE_", types.ShortCause)
_ON_OVERDUE: Mapping[int, OnOverdue] = _names(
    stock_pb2.OnOverdue, "ON_OVERDUE_", types.OnOverdue
) | {0: OnOverdue.KEEP}
_RELEASE_REASON = _names(inventory_pb2.ReleaseReason, "RELEASE_REASON_", types.ReleaseReason)


def release_reason(number: int) -> types.ReleaseReason:
    """Why units were given back."""
    return _RELEASE_REASON.get(number, types.ReleaseReason.UNKNOWN)


def selling(number: int) -> types.Selling:
    """Whether new promises may be made."""
    return _SELLING.get(number, types.Selling.UNKNOWN)


def status(number: int) -> ReservationStatus:
    """Where a reservation stands in its life."""
    return _STATUS.get(number, ReservationStatus.UNKNOWN)


def on_overdue(number: int) -> OnOverdue:
    """What becomes of an allocation that nobody confirms."""
    return _ON_OVERDUE.get(number, OnOverdue.UNKNOWN)


def moment(timestamp: Timestamp) -> datetime:
    """A timestamp as a datetime in UTC, exact to the microsecond."""
    return _from_timestamp(timestamp.seconds + timestamp.nanos / 1e9, UTC)


def moment_or_none(timestamp: Timestamp) -> datetime | None:
    """A timestamp as a datetime in UTC; None if it is not set."""
    # The server never means 1970: reading the seconds is cheaper than asking whether the field is
    # set.
    seconds = timestamp.seconds
    return _from_timestamp(seconds + timestamp.nanos / 1e9, UTC) if seconds else None


def length_or_none(duration: Duration) -> timedelta | None:
    """A duration; None if it is not set, since none of the contract's may be 0."""
    if not duration.seconds and not duration.nanos:
        return None
    return timedelta(seconds=duration.seconds, microseconds=duration.nanos // 1_000)


def balances(message: stock_pb2.Balances) -> Balances:
    """The numbers of a SKU-location."""
    return Balances(
        message.on_hand,
        message.held,
        message.allocated,
        message.safety_stock,
        message.available,
        tuple([UnavailableUnits(each.cause, each.units) for each in message.unavailable]),
        message.picked,
        message.incoming,
        message.backordered,
        message.waiting,
    )


def channel_buffers(messages: Iterable[stock_pb2.ChannelBuffer]) -> tuple[ChannelBuffer, ...]:
    """Buffers by channel."""
    return tuple([ChannelBuffer(each.channel, each.units) for each in messages])


def stock(message: stock_pb2.Stock, cursor: str = "") -> Stock:
    """The state of a SKU-location."""
    key = message.key
    return Stock(
        key.sku,
        key.location,
        balances(message.balances),
        message.tracked,
        selling(message.selling),
        message.version,
        channel_buffers(message.channel_buffers),
        key.tenant,
        cursor,
        message.backorder_limit,
        tuple(
            [
                Incoming(
                    each.reference,
                    each.quantity,
                    moment_or_none(each.expected_at),
                    each.transfer_id,
                )
                for each in message.incoming
            ]
        ),
        tuple(
            [
                SourceMark(each.source, each.sequence, moment_or_none(each.counted_at))
                for each in message.sources
            ]
        ),
    )


def _reservation_line(line: stock_pb2.ReservationLine) -> ReservationLine:
    return ReservationLine(
        line.line_id,
        line.sku,
        line.location,
        line.held,
        line.allocated,
        line.shipped,
        line.committed,
        line.backordered,
        line.waiting,
        line.picked,
        line.returned,
        line.expired,
        line.units_each or 1,
    )


def _shipment(message: stock_pb2.Shipment) -> Shipment:
    return Shipment(
        message.shipment_id,
        moment_or_none(message.shipped_at),
        tuple(
            [
                ShippedLine(each.line_id, each.sku, each.location, each.shipped, each.returned)
                for each in message.lines
            ]
        ),
    )


def reservation(message: stock_pb2.Reservation, cursor: str = "") -> Reservation:
    """A basket as it stands."""
    return Reservation(
        message.reservation_id,
        status(message.status),
        tuple([_reservation_line(line) for line in message.lines]),
        message.reference,
        message.channel,
        message.customer,
        moment_or_none(message.expires_at),
        moment_or_none(message.created_at),
        message.tenant,
        cursor,
        length_or_none(message.hold),
        moment_or_none(message.confirm_by),
        on_overdue(message.on_overdue),
        tuple([_shipment(each) for each in message.shipments]),
        message.prepared_for,
    )


def transfer(message: stock_pb2.Transfer, cursor: str = "") -> Transfer:
    """Units on their way."""
    return Transfer(
        message.transfer_id,
        message.sku,
        message.from_location,
        message.to_location,
        message.sent,
        message.received,
        message.lost,
        message.in_transit,
        message.reference,
        moment_or_none(message.created_at),
        moment_or_none(message.expected_at),
        message.tenant,
        cursor,
    )


def availability(message: inventory_pb2.Availability) -> Availability:
    """What may be promised of a SKU."""
    return Availability(
        message.sku,
        message.total_available,
        message.unlimited,
        tuple(
            [
                LocationAvailability(each.location, each.available, each.unlimited, each.version)
                for each in message.locations
            ]
        ),
    )


def short_lines(messages: Iterable[stock_pb2.ShortLine]) -> tuple[ShortLine, ...]:
    """Lines that could not be filled."""
    return tuple(
        [
            ShortLine(
                line.line_id,
                line.key.sku,
                line.key.location,
                _CAUSE.get(line.cause, types.ShortCause.UNKNOWN),
                line.asked,
                line.available,
            )
            for line in messages
        ]
    )
