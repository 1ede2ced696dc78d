"""Reads protobuf messages into the SDK's own types. The hot path is the answer to a reserve, so it
avoids protobuf's slow helpers."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from holdfast import types
from holdfast.errors import HoldfastError, make_error
from holdfast.types import (
    Allocated,
    Availability,
    Balances,
    ChannelBuffer,
    Committed,
    Configured,
    Counted,
    Extended,
    LineResult,
    LocationAvailability,
    Released,
    Reservation,
    ReservationLine,
    Reserved,
    Result,
    Shipped,
    ShortLine,
    Stock,
    StockChanged,
)
from holdfast.v1 import errors_pb2, inventory_pb2, stock_pb2

MemberT = TypeVar("MemberT")

_from_timestamp = datetime.fromtimestamp
_REASON_PREFIX = "ERROR_REASON_"


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
_RELEASE_REASON = _names(inventory_pb2.ReleaseReason, "RELEASE_REASON_", types.ReleaseReason)
_REASON: Mapping[int, str] = {
    number: name.removeprefix(_REASON_PREFIX)
    for name, number in errors_pb2.ErrorReason.items()
    if number
}


def release_reason(number: int) -> types.ReleaseReason:
    """Why units were given back."""
    return _RELEASE_REASON.get(number, types.ReleaseReason.UNKNOWN)


def selling(number: int) -> types.Selling:
    """Whether new promises may be made."""
    return _SELLING.get(number, types.Selling.UNKNOWN)


def moment(timestamp: Timestamp) -> datetime:
    """A timestamp as a datetime in UTC, exact to the microsecond."""
    return _from_timestamp(timestamp.seconds + timestamp.nanos / 1e9, UTC)


def _moment_or_none(timestamp: Timestamp) -> datetime | None:
    # The server never means 1970: reading the seconds is cheaper than asking whether the field is
    # set.
    seconds = timestamp.seconds
    return _from_timestamp(seconds + timestamp.nanos / 1e9, UTC) if seconds else None


def balances(message: stock_pb2.Balances) -> Balances:
    """The numbers of a SKU-location."""
    return Balances(
        message.on_hand,
        message.held,
        message.allocated,
        message.safety_stock,
        message.available,
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
    )


def reservation(message: stock_pb2.Reservation, cursor: str = "") -> Reservation:
    """A basket as it stands."""
    return Reservation(
        message.reservation_id,
        _STATUS.get(message.status, types.ReservationStatus.UNKNOWN),
        tuple(
            [
                ReservationLine(
                    line.line_id, line.sku, line.location, line.held, line.allocated, line.shipped
                )
                for line in message.lines
            ]
        ),
        message.reference,
        message.channel,
        message.customer,
        _moment_or_none(message.expires_at),
        _moment_or_none(message.created_at),
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


def _lines(messages: Iterable[inventory_pb2.LineResult]) -> tuple[LineResult, ...]:
    return tuple(
        [
            LineResult(line.line_id, (key := line.key).sku, key.location, line.quantity)
            for line in messages
        ]
    )


def _receipt(message: Any) -> tuple[str, bool, datetime | None]:
    """Cursor, replayed and recorded_at of any answer to a write."""
    receipt = message.receipt
    return receipt.cursor, receipt.replayed, _moment_or_none(receipt.recorded_at)


def _current(message: Any) -> Reservation | None:
    return reservation(message.current) if message.HasField("current") else None


def reserved(message: inventory_pb2.ReserveResponse) -> Reserved:
    """The answer to a reserve."""
    short = message.short_lines
    return Reserved(
        message.reservation_id,
        _lines(message.lines),
        short_lines(short) if short else (),
        _moment_or_none(message.expires_at),
        *_receipt(message),
        _current(message),
    )


def extended(message: inventory_pb2.ExtendResponse) -> Extended:
    """The answer to an extend."""
    return Extended(
        message.reservation_id,
        _moment_or_none(message.expires_at),
        *_receipt(message),
        _current(message),
    )


def committed(message: inventory_pb2.CommitResponse) -> Committed:
    """The answer to a commit."""
    return Committed(
        message.reservation_id,
        _lines(message.lines),
        _lines(message.freed_lines),
        *_receipt(message),
        _current(message),
    )


def released(message: inventory_pb2.ReleaseResponse) -> Released:
    """The answer to a release."""
    return Released(
        message.reservation_id,
        _lines(message.lines),
        _STATUS.get(message.status, types.ReservationStatus.UNKNOWN),
        *_receipt(message),
        _current(message),
    )


def allocated(message: inventory_pb2.AllocateResponse) -> Allocated:
    """The answer to an allocate."""
    return Allocated(
        message.reservation_id, _lines(message.lines), *_receipt(message), _current(message)
    )


def shipped(message: inventory_pb2.ShipResponse) -> Shipped:
    """The answer to a ship."""
    return Shipped(
        message.reservation_id,
        _lines(message.lines),
        _STATUS.get(message.status, types.ReservationStatus.UNKNOWN),
        *_receipt(message),
        _current(message),
    )


def stock_changed(
    message: inventory_pb2.SellResponse
    | inventory_pb2.ReceiveResponse
    | inventory_pb2.AdjustResponse,
) -> StockChanged:
    """The answer to a sell, a receive or an adjust."""
    level = message.level
    key = level.key
    return StockChanged(
        key.sku, key.location, level.version, balances(level.balances), *_receipt(message)
    )


def counted(message: inventory_pb2.SetOnHandResponse) -> Counted:
    """The answer to a set_on_hand."""
    level = message.level
    key = level.key
    return Counted(
        key.sku,
        key.location,
        level.version,
        balances(level.balances),
        message.expected,
        *_receipt(message),
    )


def configured(message: inventory_pb2.ConfigureResponse) -> Configured:
    """The answer to a configure."""
    return Configured(stock(message.stock), *_receipt(message))


READ_ANSWER: Mapping[str, Callable[[Any], Result]] = {
    "reserve": reserved,
    "extend": extended,
    "commit": committed,
    "release": released,
    "allocate": allocated,
    "ship": shipped,
    "sell": stock_changed,
    "receive": stock_changed,
    "adjust": stock_changed,
    "set_on_hand": counted,
    "configure": configured,
}
"""How to read the answer to each kind of command, by its name in Command and Outcome."""


def outcome(message: inventory_pb2.Outcome) -> Result | HoldfastError:
    """One outcome of a batch: the answer, or why there is none."""
    kind = message.WhichOneof("result")
    read = READ_ANSWER.get(kind) if kind else None
    if kind is not None and read is not None:
        return read(getattr(message, kind))
    if kind == "failure":
        return failure(message.failure)
    return make_error(
        "", 13, "The server sent an outcome of a kind that this SDK does not know.", {}
    )


def failure(message: errors_pb2.Failure) -> HoldfastError:
    """Why one command of a batch was refused."""
    number = message.reason
    retry_after = message.retry_after
    return make_error(
        _REASON.get(number, f"REASON_{number}" if number else ""),
        message.code,
        message.message,
        message.metadata,
        short_lines(message.short_lines),
        retry_after.seconds + retry_after.nanos / 1e9,
    )
