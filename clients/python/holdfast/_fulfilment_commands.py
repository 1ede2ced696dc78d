"""Commands on orders on their way to the customer and back."""

from typing import Literal, Unpack

from holdfast import types
from holdfast._command import Command, WriteOptions
from holdfast._fields import (
    IF_SHORT,
    LineQuantities,
    PickedLines,
    add_line_quantities,
    add_picked_lines,
    enum_number,
    set_reservation,
)
from holdfast.types import Picked, ReservationTransferred, Returned, Shipped, Unpicked
from holdfast.v1 import inventory_pb2


def ship(
    reservation_id: str = "",
    *,
    reservation_reference: str = "",
    lines: LineQuantities | None = None,
    reference: str = "",
    if_unexpected: Literal["refuse", "record"] | types.IfShort | None = None,
    **options: Unpack[WriteOptions],
) -> Command[Shipped]:
    """Records that allocated units have left: all of them, or `lines`. `reference` is the
    shipment's name.

    With ``if_unexpected="record"`` it is a fact and recorded even for units that were not allocated
    to the line or are not there; `LinePart` names another location than the line's. The reservation
    is named as in `extend`. Gives `Shipped`; raises UnknownReservation, AmbiguousReference,
    UnknownLine, ReservationNotCommitted, ReservationShipped, NotBacked, LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.ship
    set_reservation(request, reservation_id, reservation_reference)
    command: Command[Shipped] = Command("ship", message, request, options)
    command.line_count = add_line_quantities(request, lines)
    request.reference = reference
    if if_unexpected is not None:
        request.if_unexpected = enum_number(IF_SHORT, "if_unexpected", if_unexpected)
    return command


def pick(
    reservation_id: str = "",
    *,
    reservation_reference: str = "",
    lines: PickedLines | None = None,
    reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Picked]:
    """Records that allocated units lie in a box: all of them, or `lines`. `reference` is the box's
    name.

    `PickedLine` also says how many units were looked for in vain: they are unavailable from now on,
    for the cause "missing". The reservation is named as in `extend`. Gives `Picked`; raises
    UnknownReservation, AmbiguousReference, UnknownLine, ReservationNotCommitted, NotBacked,
    LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.pick
    set_reservation(request, reservation_id, reservation_reference)
    command: Command[Picked] = Command("pick", message, request, options)
    command.line_count = add_picked_lines(request, lines)
    request.reference = reference
    return command


def unpick(
    reservation_id: str = "",
    *,
    reservation_reference: str = "",
    lines: LineQuantities | None = None,
    reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Unpicked]:
    """Records that picked units are back on the shelf: all of them, or `lines`.

    The reservation is named as in `extend`. Gives `Unpicked`; raises UnknownReservation,
    AmbiguousReference, UnknownLine, LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.unpick
    set_reservation(request, reservation_id, reservation_reference)
    command: Command[Unpicked] = Command("unpick", message, request, options)
    command.line_count = add_line_quantities(request, lines)
    request.reference = reference
    return command


def return_units(
    reservation_id: str = "",
    *,
    reservation_reference: str = "",
    lines: LineQuantities | None = None,
    shipment_id: str = "",
    unavailable_cause: str = "",
    reason: str = "",
    reference: str = "",
    **options: Unpack[WriteOptions],
) -> Command[Returned]:
    """Records that shipped units have come back: all that have not yet, or `lines`.

    They are of the shipment `shipment_id`, or of whichever. With an `unavailable_cause`, such as
    "inspection", they may not be sold; without, they may. `reason` is a code of the caller's,
    `reference` the return's name. The reservation is named as in `extend`. Gives `Returned`; raises
    UnknownReservation, AmbiguousReference, UnknownLine, UnknownShipment, NotShipped,
    LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    # The contract's name is a keyword of Python.
    request = getattr(message, "return")
    set_reservation(request, reservation_id, reservation_reference)
    command: Command[Returned] = Command("return", message, request, options)
    command.line_count = add_line_quantities(request, lines)
    request.shipment_id = shipment_id
    request.unavailable_cause = unavailable_cause
    request.reason = reason
    request.reference = reference
    return command


def transfer_reservation(
    reservation_id: str = "",
    *,
    to_location: str,
    reservation_reference: str = "",
    lines: LineQuantities | None = None,
    **options: Unpack[WriteOptions],
) -> Command[ReservationTransferred]:
    """Serves a reservation from `to_location`: all that is held and allocated and not picked, or
    `lines`.

    The reservation is named as in `extend`. Gives `ReservationTransferred`; raises
    UnknownReservation, AmbiguousReference, UnknownLine, UnknownStock, InsufficientStock,
    PickedUnits, LineQuantityExceeded.
    """
    message = inventory_pb2.Command()
    request = message.transfer_reservation
    set_reservation(request, reservation_id, reservation_reference)
    command: Command[ReservationTransferred] = Command(
        "transfer_reservation", message, request, options
    )
    request.to_location = to_location
    command.line_count = add_line_quantities(request, lines)
    return command
