"""Commands on baskets until they are orders: promised, changed, committed, given back."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Literal, Unpack

from holdfast import types
from holdfast._command import Command, WriteOptions, set_length
from holdfast._fields import (
    FILL,
    IF_SHORT,
    ON_EXPIRED,
    RELEASE_REASON,
    REMAINDER,
    LineQuantities,
    Lines,
    add_line_quantities,
    add_lines,
    add_set_lines,
    enum_number,
    set_confirmation,
    set_reservation,
    set_sourcing,
    set_ttl,
)
from holdfast.types import (
    Allocated,
    Amended,
    Committed,
    Confirmed,
    Extended,
    Line,
    Released,
    Reserved,
)
from holdfast.v1 import inventory_pb2


def reserve(
    lines: Lines,
    *,
    ttl_s: float | None = None,
    hold_class: Literal["cart", "checkout", "order"] | types.HoldClass | None = None,
    fill: Literal["all_or_nothing", "best_effort"] | types.Fill | None = None,
    reference: str = "",
    channel: str = "",
    customer: str = "",
    strategy: Literal["priority", "fewest_splits", "most_stock"] | types.Strategy | None = None,
    split: bool | None = None,
    wait: timedelta | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Reserved]:
    """Holds units for a basket of 1 to 2 000 lines until a deadline.

    The hold lasts `ttl_s` seconds from arrival (1 second to 90 days), or as long as the server's
    configuration gives `hold_class` (CART if neither is given). With ``fill="best_effort"`` it
    holds what is there and reports the rest in `short_lines`. `reference` is the caller's own name
    for the basket, `channel` the channel that sells, `customer` an opaque token without personal
    data. `strategy` says which of several locations lines are filled from, ``split=False`` that
    each line comes from one. With `wait`, up to 90 days, units that are short wait for stock and
    are held as soon as it comes. Gives `Reserved`; raises InsufficientStock, UnknownStock,
    UnknownGroup, CustomerRequired, TooManyLines, InvalidField.
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
    if strategy is not None or split is not None:
        set_sourcing(request, strategy, split)
    if wait is not None:
        set_length(request, "wait", wait)
    return command


def extend(
    reservation_id: str = "",
    *,
    reservation_reference: str = "",
    ttl_s: float | None = None,
    hold_class: Literal["cart", "checkout", "order"] | types.HoldClass | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Extended]:
    """Gives a hold a new deadline, counted from the arrival of this call; it may be earlier than
    the old one.

    The reservation is named by its id, or by `reservation_reference`, the caller's own name for it:
    the one open reservation that has it. Gives `Extended`; raises UnknownReservation,
    AmbiguousReference, ReservationExpired, ReservationReleased, ReservationCommitted.
    """
    message = inventory_pb2.Command()
    request = message.extend
    set_reservation(request, reservation_id, reservation_reference)
    set_ttl(request, ttl_s, hold_class)
    return Command("extend", message, request, options)


def commit(
    reservation_id: str = "",
    *,
    reservation_reference: str = "",
    lines: LineQuantities | None = None,
    remainder: Literal["free", "keep_held"] | types.Remainder | None = None,
    reference: str = "",
    on_expired: Literal["refuse", "reacquire"] | types.OnExpired | None = None,
    confirm_within: timedelta | None = None,
    on_overdue: Literal["keep", "release"] | types.OnOverdue | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Committed]:
    """Turns held units into units allocated to an order: all of them, or `lines`.

    What is not named is given back, or stays held until the deadline with
    ``remainder="keep_held"``. `reference`, the order's name, replaces the reservation's. After the
    deadline, ``on_expired="reacquire"`` takes the lost units again if all of them are available.
    What is not confirmed within `confirm_within` (1 second to 366 days) is overdue: it is kept, or
    released with ``on_overdue="release"``. The reservation is named as in `extend`. Gives
    `Committed`; raises UnknownReservation, AmbiguousReference, UnknownLine, ReservationExpired,
    ReservationReleased, ReservationCommitted, StillWaiting, LineQuantityExceeded, and
    InsufficientStock where units cannot be taken again.
    """
    message = inventory_pb2.Command()
    request = message.commit
    set_reservation(request, reservation_id, reservation_reference)
    command: Command[Committed] = Command("commit", message, request, options)
    command.line_count = add_line_quantities(request, lines)
    if remainder is not None:
        request.remainder = enum_number(REMAINDER, "remainder", remainder)
    if reference:
        request.reference = reference
    if on_expired is not None:
        request.on_expired = enum_number(ON_EXPIRED, "on_expired", on_expired)
    if confirm_within is not None or on_overdue is not None:
        set_confirmation(request, confirm_within, on_overdue)
    return command


def release(
    reservation_id: str = "",
    *,
    reservation_reference: str = "",
    lines: LineQuantities | None = None,
    reason: Literal[
        "customer_cancelled", "payment_failed", "out_of_stock", "exchanged", "fraud", "other"
    ]
    | types.ReleaseReason
    | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Released]:
    """Gives held or allocated units back: all of them, or `lines`. Doing it twice is harmless.

    The reservation is named as in `extend`. Gives `Released`, whose `status` is EXPIRED when the
    deadline came first; raises UnknownReservation, AmbiguousReference, UnknownLine, PickedUnits,
    LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.release
    set_reservation(request, reservation_id, reservation_reference)
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
    strategy: Literal["priority", "fewest_splits", "most_stock"] | types.Strategy | None = None,
    split: bool | None = None,
    confirm_within: timedelta | None = None,
    on_overdue: Literal["keep", "release"] | types.OnOverdue | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Allocated]:
    """Promises units to an order without a hold before it: what was sold elsewhere, all or nothing.

    With ``if_short="record"`` it is a fact and recorded even when units are missing. `strategy` and
    `split` are as in `reserve`, `confirm_within` and `on_overdue` as in `commit`. Gives
    `Allocated`; raises InsufficientStock, UnknownStock, UnknownGroup, CustomerRequired,
    TooManyLines.
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
    set_sourcing(request, strategy, split)
    set_confirmation(request, confirm_within, on_overdue)
    return command


def amend(
    reservation_id: str = "",
    *,
    reservation_reference: str = "",
    set_lines: Iterable[Line] = (),
    drop_lines: Iterable[str] = (),
    strategy: Literal["priority", "fewest_splits", "most_stock"] | types.Strategy | None = None,
    split: bool | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Amended]:
    """Changes a basket as one: lines are added, changed and dropped, or nothing is.

    `set_lines` have this quantity and source from now on; each is a `Line` with its `line_id`, of
    the reservation or a new one. `drop_lines` are ids of lines that are given back. What the basket
    has already counts as free for it. `strategy` and `split` are as in `reserve`; the reservation
    is named as in `extend`. Gives `Amended`; raises UnknownReservation, AmbiguousReference,
    UnknownLine, InsufficientStock, UnknownStock, ReservationExpired, ReservationReleased,
    PickedUnits, LineExists.
    """
    for name, value in (("set_lines", set_lines), ("drop_lines", drop_lines)):
        if isinstance(value, str):
            raise TypeError(f"{name} is the string {value!r}; it must be a list")
    message = inventory_pb2.Command()
    request = message.amend
    set_reservation(request, reservation_id, reservation_reference)
    command: Command[Amended] = Command("amend", message, request, options)
    request.drop_line_ids.extend(drop_lines)
    command.line_count = add_set_lines(request, set_lines) + len(request.drop_line_ids)
    if not command.line_count:
        raise ValueError("set_lines and drop_lines are empty; at least one line is changed")
    set_sourcing(request, strategy, split)
    return command


def confirm(
    reservation_id: str = "",
    *,
    reservation_reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Confirmed]:
    """Says that an order stands, so that its allocation does not become overdue.

    The reservation is named as in `extend`. Gives `Confirmed`; raises UnknownReservation,
    AmbiguousReference, ReservationNotCommitted, ReservationReleased.
    """
    message = inventory_pb2.Command()
    request = message.confirm
    set_reservation(request, reservation_id, reservation_reference)
    return Command("confirm", message, request, options)
