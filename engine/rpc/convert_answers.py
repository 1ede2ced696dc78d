"""Answers to protobuf: see `convert_state` for what they consist of.

Each filler writes into a message it is given, so that a unary answer and an outcome of Execute
share one conversion.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from holdfast.v1 import configuration_pb2, stock_pb2
from holdfast.v1 import inventory_pb2 as pb

from engine.core import answers as core
from engine.core.model import LineResult
from engine.feed.cursor import write_cursor
from engine.rpc.convert_state import (
    STATUSES,
    put_balances,
    put_key,
    put_reservation,
    put_short_line,
    put_stock,
    put_time,
)
from engine.shard.messages import Accepted


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a write was decided: the history, its epoch, and the shard."""

    history: str
    epoch: int
    shard: int


Filler = Callable[[Any, Any, Accepted, Place], None]
"""Fills the response of one kind of command from its answer, and from what came with the answer."""


def put_receipt(message: pb.WriteReceipt, accepted: Accepted, place: Place) -> None:
    """Fill a WriteReceipt."""
    position = accepted.position
    if position:
        message.cursor = write_cursor(
            place.history, place.epoch, place.shard, position, accepted.elsewhere
        )
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
        if line.backordered:
            entry.backordered = line.backordered
        if line.waiting:
            entry.waiting = line.waiting
            entry.place = line.place


def _put_current(message: Any, accepted: Accepted) -> None:
    """On a replay, say where the reservation stands now."""
    if accepted.replayed and accepted.current is not None:
        put_reservation(message.current, accepted.current)


def _put_level(
    message: stock_pb2.StockLevel, answer: core.StockChanged | core.TransferChanged
) -> None:
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
    if answer.waiting:
        message.waiting = True
    put_receipt(message.receipt, accepted, place)
    _put_current(message, accepted)


def _extended(
    message: pb.ExtendResponse, answer: core.Extended, accepted: Accepted, place: Place
) -> None:
    message.reservation_id = answer.reservation_id
    put_time(message.expires_at, answer.expires_at_ms)
    put_receipt(message.receipt, accepted, place)
    _put_current(message, accepted)


def _with_freed_lines(
    message: pb.CommitResponse | pb.AmendResponse | pb.TransferReservationResponse,
    answer: core.Committed | core.Amended | core.ReservationTransferred,
    accepted: Accepted,
    place: Place,
) -> None:
    _put_lines(message.freed_lines, answer.freed_lines)
    _with_lines(message, answer, accepted, place)


def _picked(
    message: pb.PickResponse, answer: core.Picked, accepted: Accepted, place: Place
) -> None:
    _put_lines(message.missing_lines, answer.missing_lines)
    _with_lines(message, answer, accepted, place)


def _with_lines(message: Any, answer: Any, accepted: Accepted, place: Place) -> None:
    message.reservation_id = answer.reservation_id
    _put_lines(message.lines, answer.lines)
    put_receipt(message.receipt, accepted, place)
    _put_current(message, accepted)


def _confirmed(
    message: pb.ConfirmResponse, answer: core.Confirmed, accepted: Accepted, place: Place
) -> None:
    message.reservation_id = answer.reservation_id
    put_receipt(message.receipt, accepted, place)
    _put_current(message, accepted)


def _released_or_shipped(
    message: pb.ReleaseResponse | pb.ShipResponse,
    answer: core.Released | core.Shipped,
    accepted: Accepted,
    place: Place,
) -> None:
    if accepted.current is not None:
        message.status = STATUSES[accepted.current.status]
    _with_lines(message, answer, accepted, place)


def _changed(
    message: pb.SellResponse
    | pb.ReceiveResponse
    | pb.AdjustResponse
    | pb.ExpectResponse
    | pb.TakeBackResponse
    | pb.MoveResponse,
    answer: core.StockChanged,
    accepted: Accepted,
    place: Place,
) -> None:
    _put_level(message.level, answer)
    put_receipt(message.receipt, accepted, place)


def _counted(
    message: pb.SetOnHandResponse, answer: core.StockChanged, accepted: Accepted, place: Place
) -> None:
    _put_level(message.level, answer)
    message.expected = answer.expected
    message.moved_since = answer.moved_since
    put_receipt(message.receipt, accepted, place)


def _configured(
    message: pb.ConfigureResponse, answer: core.StockChanged, accepted: Accepted, place: Place
) -> None:
    put_stock(message.stock, answer.key, answer.stock)
    put_receipt(message.receipt, accepted, place)


def _transferred(
    message: pb.SendTransferResponse | pb.ReceiveTransferResponse,
    answer: core.TransferChanged,
    accepted: Accepted,
    place: Place,
) -> None:
    message.transfer_id = answer.transfer_id
    _put_level(message.level, answer)
    put_receipt(message.receipt, accepted, place)


def _node_configured(
    message: configuration_pb2.ConfigureLocationsResponse
    | configuration_pb2.DefineKitResponse
    | configuration_pb2.LimitCustomersResponse
    | configuration_pb2.ConfigureHoldsResponse,
    _answer: core.Configured,
    accepted: Accepted,
    place: Place,
) -> None:
    put_receipt(message.receipt, accepted, place)


FILLERS: dict[str, Filler] = {
    "reserve": _reserved,
    "extend": _extended,
    "commit": _with_freed_lines,
    "release": _released_or_shipped,
    "allocate": _with_lines,
    "ship": _released_or_shipped,
    "sell": _changed,
    "receive": _changed,
    "adjust": _changed,
    "set_on_hand": _counted,
    "configure": _configured,
    "amend": _with_freed_lines,
    "confirm": _confirmed,
    "pick": _picked,
    "unpick": _with_lines,
    "return": _with_lines,
    "transfer_reservation": _with_freed_lines,
    "expect": _changed,
    "take_back": _changed,
    "move": _changed,
    "send_transfer": _transferred,
    "receive_transfer": _transferred,
    "configure_locations": _node_configured,
    "define_kit": _node_configured,
    "limit_customers": _node_configured,
    "configure_holds": _node_configured,
    "configure_channel": _node_configured,
    "set_channel_policies": _node_configured,
    "define_sku_group": _node_configured,
}
"""The filler of each command's response, by its name in the oneofs of `Command` and `Outcome` or,
for those that configure the node, of its method."""
