"""Reads the answers to writes, and their failures, into the SDK's own types."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from holdfast import _convert
from holdfast.errors import HoldfastError, make_error
from holdfast.types import (
    Allocated,
    Amended,
    Balances,
    Committed,
    Configured,
    Confirmed,
    Counted,
    Extended,
    LineResult,
    NodeConfigured,
    Picked,
    Released,
    Reservation,
    ReservationTransferred,
    Reserved,
    Result,
    Returned,
    Shipped,
    StockChanged,
    TransferReceived,
    TransferSent,
    Unpicked,
)
from holdfast.v1 import errors_pb2, inventory_pb2

_REASON_PREFIX = "ERROR_REASON_"
_REASON: Mapping[int, str] = {
    number: name.removeprefix(_REASON_PREFIX)
    for name, number in errors_pb2.ErrorReason.items()
    if number
}


def _lines(messages: Iterable[inventory_pb2.LineResult]) -> tuple[LineResult, ...]:
    return tuple(
        [
            LineResult(
                line.line_id,
                (key := line.key).sku,
                key.location,
                line.quantity,
                line.backordered,
                line.waiting,
                line.place,
            )
            for line in messages
        ]
    )


def _receipt(message: Any) -> tuple[str, bool, datetime | None]:
    """Cursor, replayed and recorded_at of any answer to a write."""
    receipt = message.receipt
    return receipt.cursor, receipt.replayed, _convert.moment_or_none(receipt.recorded_at)


def _current(message: Any) -> Reservation | None:
    return _convert.reservation(message.current) if message.HasField("current") else None


def reserved(message: inventory_pb2.ReserveResponse) -> Reserved:
    """The answer to a reserve."""
    short = message.short_lines
    return Reserved(
        message.reservation_id,
        _lines(message.lines),
        _convert.short_lines(short) if short else (),
        _convert.moment_or_none(message.expires_at),
        *_receipt(message),
        _current(message),
        message.waiting,
    )


def extended(message: inventory_pb2.ExtendResponse) -> Extended:
    """The answer to an extend."""
    return Extended(
        message.reservation_id,
        _convert.moment_or_none(message.expires_at),
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
        _convert.status(message.status),
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
        _convert.status(message.status),
        *_receipt(message),
        _current(message),
    )


def amended(message: inventory_pb2.AmendResponse) -> Amended:
    """The answer to an amend."""
    return Amended(
        message.reservation_id,
        _lines(message.lines),
        _lines(message.freed_lines),
        *_receipt(message),
        _current(message),
    )


def confirmed(message: inventory_pb2.ConfirmResponse) -> Confirmed:
    """The answer to a confirm."""
    return Confirmed(message.reservation_id, *_receipt(message), _current(message))


def picked(message: inventory_pb2.PickResponse) -> Picked:
    """The answer to a pick."""
    return Picked(
        message.reservation_id,
        _lines(message.lines),
        _lines(message.missing_lines),
        *_receipt(message),
        _current(message),
    )


def unpicked(message: inventory_pb2.UnpickResponse) -> Unpicked:
    """The answer to an unpick."""
    return Unpicked(
        message.reservation_id, _lines(message.lines), *_receipt(message), _current(message)
    )


def returned(message: inventory_pb2.ReturnResponse) -> Returned:
    """The answer to a return."""
    return Returned(
        message.reservation_id, _lines(message.lines), *_receipt(message), _current(message)
    )


def reservation_transferred(
    message: inventory_pb2.TransferReservationResponse,
) -> ReservationTransferred:
    """The answer to a transfer_reservation."""
    return ReservationTransferred(
        message.reservation_id,
        _lines(message.lines),
        _lines(message.freed_lines),
        *_receipt(message),
        _current(message),
    )


def _level(message: Any) -> tuple[str, str, int, Balances]:
    """SKU, location, version and balances of any answer that has a level."""
    level = message.level
    key = level.key
    return key.sku, key.location, level.version, _convert.balances(level.balances)


def stock_changed(message: Any) -> StockChanged:
    """The answer to a command on one SKU-location that leaves a level there and says no more."""
    return StockChanged(*_level(message), *_receipt(message))


def counted(message: inventory_pb2.SetOnHandResponse) -> Counted:
    """The answer to a set_on_hand."""
    return Counted(*_level(message), message.expected, *_receipt(message), message.moved_since)


def transfer_sent(message: inventory_pb2.SendTransferResponse) -> TransferSent:
    """The answer to a send_transfer."""
    return TransferSent(message.transfer_id, *_level(message), *_receipt(message))


def transfer_received(message: inventory_pb2.ReceiveTransferResponse) -> TransferReceived:
    """The answer to a receive_transfer."""
    return TransferReceived(message.transfer_id, *_level(message), *_receipt(message))


def node_configured(message: Any) -> NodeConfigured:
    """The answer to any write of the configuration."""
    return NodeConfigured(*_receipt(message))


def configured(message: inventory_pb2.ConfigureResponse) -> Configured:
    """The answer to a configure."""
    return Configured(_convert.stock(message.stock), *_receipt(message))


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
    "amend": amended,
    "confirm": confirmed,
    "pick": picked,
    "unpick": unpicked,
    "return": returned,
    "transfer_reservation": reservation_transferred,
    "expect": stock_changed,
    "take_back": stock_changed,
    "move": stock_changed,
    "send_transfer": transfer_sent,
    "receive_transfer": transfer_received,
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
        _convert.short_lines(message.short_lines),
        retry_after.seconds + retry_after.nanos / 1e9,
    )
