"""Builds commands without sending them: for `Client.execute`, and shared by the methods of both
clients.

Every write takes the options of `WriteOptions` as keywords. Arguments that can never be right, such
as an unknown name of an enum or an empty list of lines, raise ValueError here; everything else is
checked by the server.
"""

from collections.abc import Mapping
from typing import Literal, Unpack

from holdfast import types
from holdfast._command import Command, WriteOptions
from holdfast._fields import (
    FILL,
    IF_SHORT,
    RELEASE_REASON,
    REMAINDER,
    SELLING,
    LineQuantities,
    Lines,
    add_line_quantities,
    add_lines,
    enum_number,
    set_key,
    set_ttl,
)
from holdfast.types import (
    Allocated,
    Committed,
    Configured,
    Counted,
    Extended,
    Released,
    Reserved,
    Shipped,
    StockChanged,
)
from holdfast.v1 import inventory_pb2

__all__ = [
    "Command",
    "LineQuantities",
    "Lines",
    "WriteOptions",
    "adjust",
    "allocate",
    "commit",
    "configure",
    "extend",
    "receive",
    "release",
    "reserve",
    "sell",
    "set_on_hand",
    "ship",
]


def reserve(
    lines: Lines,
    *,
    ttl_s: float | None = None,
    hold_class: Literal["cart", "checkout", "order"] | types.HoldClass | None = None,
    fill: Literal["all_or_nothing", "best_effort"] | types.Fill | None = None,
    reference: str = "",
    channel: str = "",
    customer: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Reserved]:
    """Holds units for a basket of 1 to 2 000 lines until a deadline.

    The hold lasts `ttl_s` seconds from arrival (1 second to 90 days), or as long as the server's
    configuration gives `hold_class` (CART if neither is given). With ``fill="best_effort"`` it
    holds what is there and reports the rest in `short_lines`. `reference` is the caller's own name
    for the basket, `channel` the channel that sells, `customer` an opaque token without personal
    data. Gives `Reserved`; raises InsufficientStock, UnknownStock, InvalidField.
    """
    message = inventory_pb2.Command()
    request = message.reserve
    command: Command[Reserved] = Command("reserve", message, request, options)
    command.line_count = add_lines(request, lines)
    if ttl_s is not None or hold_class is not None:
        set_ttl(request, ttl_s, hold_class)
    if fill is not None:
        request.fill = enum_number(FILL, "fill", fill)
    if reference:
        request.reference = reference
    if channel:
        request.channel = channel
    if customer:
        request.customer = customer
    return command


def extend(
    reservation_id: str,
    *,
    ttl_s: float | None = None,
    hold_class: Literal["cart", "checkout", "order"] | types.HoldClass | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Extended]:
    """Gives a hold a new deadline, counted from the arrival of this call; it may be earlier than
    the old one.

    Gives `Extended`; raises UnknownReservation, ReservationExpired, ReservationReleased,
    ReservationCommitted.
    """
    message = inventory_pb2.Command()
    request = message.extend
    request.reservation_id = reservation_id
    set_ttl(request, ttl_s, hold_class)
    return Command("extend", message, request, options)


def commit(
    reservation_id: str,
    *,
    lines: LineQuantities | None = None,
    remainder: Literal["free", "keep_held"] | types.Remainder | None = None,
    reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Committed]:
    """Turns held units into units allocated to an order: all of them, or `lines`.

    What is not named is given back, or stays held until the deadline with
    ``remainder="keep_held"``. `reference`, the order's name, replaces the reservation's. Gives
    `Committed`; raises UnknownReservation, UnknownLine, ReservationExpired, ReservationReleased,
    ReservationCommitted, LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.commit
    request.reservation_id = reservation_id
    command: Command[Committed] = Command("commit", message, request, options)
    command.line_count = add_line_quantities(request, lines)
    if remainder is not None:
        request.remainder = enum_number(REMAINDER, "remainder", remainder)
    if reference:
        request.reference = reference
    return command


def release(
    reservation_id: str,
    *,
    lines: LineQuantities | None = None,
    reason: Literal[
        "customer_cancelled", "payment_failed", "out_of_stock", "exchanged", "fraud", "other"
    ]
    | types.ReleaseReason
    | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Released]:
    """Gives held or allocated units back: all of them, or `lines`. Doing it twice is harmless.

    Gives `Released`, whose `status` is EXPIRED when the deadline came first; raises
    UnknownReservation, UnknownLine, LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.release
    request.reservation_id = reservation_id
    command: Command[Released] = Command("release", message, request, options)
    command.line_count = add_line_quantities(request, lines)
    if reason is not None:
        request.reason = enum_number(RELEASE_REASON, "reason", reason)
    return command


def allocate(
    lines: Lines,
    *,
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    reference: str = "",
    channel: str = "",
    customer: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Allocated]:
    """Promises units to an order without a hold before it: what was sold elsewhere, all or nothing.

    With ``if_short="record"`` it is a fact and recorded even when units are missing. Gives
    `Allocated`; raises InsufficientStock, UnknownStock.
    """
    message = inventory_pb2.Command()
    request = message.allocate
    command: Command[Allocated] = Command("allocate", message, request, options)
    command.line_count = add_lines(request, lines)
    if if_short is not None:
        request.if_short = enum_number(IF_SHORT, "if_short", if_short)
    request.reference = reference
    request.channel = channel
    request.customer = customer
    return command


def ship(
    reservation_id: str,
    *,
    lines: LineQuantities | None = None,
    reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Shipped]:
    """Records that allocated units have left: all of them, or `lines`. `reference` is the
    shipment's name.

    Gives `Shipped`; raises UnknownReservation, UnknownLine, ReservationNotCommitted,
    ReservationShipped, LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.ship
    request.reservation_id = reservation_id
    command: Command[Shipped] = Command("ship", message, request, options)
    command.line_count = add_line_quantities(request, lines)
    request.reference = reference
    return command


def sell(
    sku: str,
    location: str,
    quantity: int,
    *,
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    reference: str = "",
    channel: str = "",
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Records a sale that took the units away at once: a till. `reference` is the receipt's name.

    Gives `StockChanged`; raises InsufficientStock, UnknownStock.
    """
    message = inventory_pb2.Command()
    request = message.sell
    key = set_key(request, sku, location)
    request.quantity = quantity
    if if_short is not None:
        request.if_short = enum_number(IF_SHORT, "if_short", if_short)
    request.reference = reference
    request.channel = channel
    return Command("sell", message, key, options)


def receive(
    sku: str,
    location: str,
    quantity: int,
    *,
    reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Records units that have arrived; a new SKU-location is created. `reference` is the delivery's
    name.

    Gives `StockChanged`.
    """
    message = inventory_pb2.Command()
    request = message.receive
    key = set_key(request, sku, location)
    request.quantity = quantity
    request.reference = reference
    return Command("receive", message, key, options)


def adjust(
    sku: str,
    location: str,
    delta: int,
    *,
    reason: str,
    reference: str,
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    **options: Unpack[WriteOptions],
) -> Command[StockChanged]:
    """Corrects the units on hand by `delta`, for a `reason` (a code of the caller's) and by a
    document, `reference`.

    Gives `StockChanged`; raises BelowPromised.
    """
    message = inventory_pb2.Command()
    request = message.adjust
    key = set_key(request, sku, location)
    request.delta = delta
    request.reason = reason
    request.reference = reference
    if if_short is not None:
        request.if_short = enum_number(IF_SHORT, "if_short", if_short)
    return Command("adjust", message, key, options)


def set_on_hand(
    sku: str,
    location: str,
    on_hand: int,
    *,
    if_version: int | None = None,
    if_on_hand: int | None = None,
    if_short: Literal["refuse", "record"] | types.IfShort | None = None,
    reference: str = "",
    reason: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Counted]:
    """Records a count; a new SKU-location is created.

    `if_version` makes it conditional on the SKU-location's version (0: it must be new),
    `if_on_hand` on its units on hand. Gives `Counted`; raises VersionMismatch, OnHandMismatch,
    BelowPromised.
    """
    message = inventory_pb2.Command()
    request = message.set_on_hand
    key = set_key(request, sku, location)
    request.on_hand = on_hand
    if if_version is not None:
        request.if_version = if_version
    if if_on_hand is not None:
        request.if_on_hand = if_on_hand
    if if_short is not None:
        request.if_short = enum_number(IF_SHORT, "if_short", if_short)
    request.reference = reference
    request.reason = reason
    return Command("set_on_hand", message, key, options)


def configure(
    sku: str,
    location: str,
    *,
    safety_stock: int | None = None,
    tracked: bool | None = None,
    selling: Literal["open", "stopped"] | types.Selling | None = None,
    channel_buffers: Mapping[str, int] | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Configured]:
    """Sets how a SKU-location may be promised; what is not given stays as it is. A new SKU-location
    is created.

    `safety_stock` units are kept back from every promise; ``tracked=False`` stops counting
    (postage, downloads); ``selling="stopped"`` stops new promises; `channel_buffers` are units that
    a channel must leave to the others, 0 to remove the buffer. Gives `Configured`.
    """
    message = inventory_pb2.Command()
    request = message.configure
    key = set_key(request, sku, location)
    if safety_stock is not None:
        request.safety_stock = safety_stock
    if tracked is not None:
        request.tracked = tracked
    if selling is not None:
        request.selling = enum_number(SELLING, "selling", selling)
    for channel, units in (channel_buffers or {}).items():
        request.channel_buffers.add(channel=channel, units=units)
    return Command("configure", message, key, options)
