"""Commands on units that are on their way, come back, or may not be sold."""

from datetime import datetime
from typing import Literal, Unpack

from holdfast import types
from holdfast._command import Command, WriteOptions, set_moment
from holdfast._fields import IF_SHORT, enum_number, set_key
from holdfast.types import StockChanged, TransferReceived, TransferSent
from holdfast.v1 import inventory_pb2


def expect(
    sku: str,
    location: str,
    quantity: int,
    *,
    reference: str,
    expected_at: datetime | None = None,
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Records that units are on their way; a new SKU-location is created. `reference` is the
    delivery's name; a second expect of the same name replaces the first, 0 units end it.

    Gives `StockChanged`; raises KitHasNoStock.
    """
    message = inventory_pb2.Command()
    request = message.expect
    key = set_key(request, sku, location)
    request.quantity = quantity
    request.reference = reference
    if expected_at is not None:
        set_moment(request.expected_at, expected_at)
    return Command("expect", message, key, options)


def take_back(
    sku: str,
    location: str,
    quantity: int,
    *,
    reason: str,
    reference: str = "",
    unavailable_cause: str = "",
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Records units that have come back of which no shipment is known; a new SKU-location is
    created. `reason` is a code of the caller's, `reference` the return's name.

    With an `unavailable_cause` they may not be sold. Gives `StockChanged`; raises KitHasNoStock.
    """
    message = inventory_pb2.Command()
    request = message.take_back
    key = set_key(request, sku, location)
    request.quantity = quantity
    request.reason = reason
    request.reference = reference
    request.unavailable_cause = unavailable_cause
    return Command("take_back", message, key, options)


def move(
    sku: str,
    location: str,
    quantity: int,
    *,
    from_cause: str = "",
    to_cause: str = "",
    reason: str = "",
    reference: str = "",
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Makes units unavailable for `to_cause`, such as "damaged"; available again, where that is
    empty; or unavailable for another cause, where both are given.

    Without a `from_cause` the units could be sold so far. Gives `StockChanged`; raises
    UnknownStock, BelowPromised, UnavailableQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.move
    key = set_key(request, sku, location)
    request.quantity = quantity
    request.from_cause = from_cause
    request.to_cause = to_cause
    request.reason = reason
    request.reference = reference
    if if_short is not None:
        request.if_short = enum_number(IF_SHORT, "if_short", if_short)
    return Command("move", message, key, options)


def send_transfer(
    sku: str,
    from_location: str,
    to_location: str,
    quantity: int,
    *,
    expected_at: datetime | None = None,
    reference: str = "",
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    **options: Unpack[WriteOptions],
) -> Command[TransferSent]:
    """Records that units have left one location for another, where they are expected from now on.

    `reference` is the caller's own name for the transfer. Gives `TransferSent`, with the
    `transfer_id`; raises UnknownStock, InsufficientStock, KitHasNoStock.
    """
    message = inventory_pb2.Command()
    request = message.send_transfer
    request.sku = sku
    request.from_location = from_location
    request.to_location = to_location
    request.quantity = quantity
    if expected_at is not None:
        set_moment(request.expected_at, expected_at)
    request.reference = reference
    if if_short is not None:
        request.if_short = enum_number(IF_SHORT, "if_short", if_short)
    return Command("send_transfer", message, request, options)


def receive_transfer(
    transfer_id: str,
    quantity: int,
    *,
    lost: int = 0,
    unavailable_cause: str = "",
    reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[TransferReceived]:
    """Records that `quantity` units of a transfer have arrived, and that `lost` ones never will.

    With an `unavailable_cause` they may not be sold. Gives `TransferReceived`; raises
    UnknownTransfer, TransferQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.receive_transfer
    request.transfer_id = transfer_id
    request.quantity = quantity
    request.lost = lost
    request.unavailable_cause = unavailable_cause
    request.reference = reference
    return Command("receive_transfer", message, request, options)
