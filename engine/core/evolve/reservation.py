"""How events change a reservation. Tables say what each unit of an event moves in its line."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from engine.core.events import (
    AllocationConfirmed,
    AllocationFilled,
    AllocationOverdue,
    AllocationPicked,
    AllocationReleased,
    AllocationUnpicked,
    BasketPrepared,
    BasketResolved,
    ConfirmationAsked,
    Event,
    HoldCommitted,
    HoldExpired,
    HoldFilled,
    HoldReacquired,
    HoldReleased,
    HoldTaken,
    LinesTold,
    PickFellShort,
    ReservationAmended,
    ReservationCreated,
    ReservationExpired,
    ReservationExtended,
    ReservationJoined,
    ReservationPromoted,
    ReservationRenamed,
    ShippedUnexpectedly,
    StockAllocated,
    StockHeld,
    StockReturned,
    StockShipped,
    WaitFilled,
    WaitJoined,
    WaitLeft,
)
from engine.core.model import Key, Line, Reservation, Shipment, ShippedLine

LINE_MOVES: dict[type, tuple[int, int, int, int]] = {
    StockHeld: (+1, 0, 0, 0),
    HoldTaken: (+1, 0, 0, 0),
    HoldCommitted: (-1, +1, 0, +1),
    HoldReleased: (-1, 0, 0, 0),
    HoldExpired: (-1, 0, 0, 0),
    HoldReacquired: (0, +1, 0, +1),
    StockAllocated: (0, +1, 0, 0),
    AllocationReleased: (0, -1, 0, 0),
    StockShipped: (0, -1, +1, 0),
    ShippedUnexpectedly: (0, 0, +1, 0),
    WaitFilled: (+1, 0, 0, 0),
    HoldFilled: (0, 0, 0, 0),
    AllocationFilled: (0, 0, 0, 0),
    WaitJoined: (0, 0, 0, 0),
    WaitLeft: (0, 0, 0, 0),
    AllocationPicked: (0, 0, 0, 0),
    AllocationUnpicked: (0, 0, 0, 0),
    PickFellShort: (0, 0, 0, 0),
    StockReturned: (0, 0, 0, 0),
}
"""What each unit of an event, counted or not, moves in its line: held, allocated, shipped,
committed."""

BACKORDER_LINE_MOVES: dict[type, tuple[int, int]] = {
    StockHeld: (+1, 0),
    HoldCommitted: (-1, +1),
    HoldReleased: (-1, 0),
    HoldExpired: (-1, 0),
    HoldReacquired: (0, +1),
    StockAllocated: (0, +1),
    AllocationReleased: (0, -1),
}
"""What each backordered unit of these events moves besides: held_backordered,
allocated_backordered."""

OTHER_LINE_MOVES: dict[type, dict[str, int]] = {
    HoldExpired: {"expired": +1},
    HoldReacquired: {"expired": -1},
    HoldFilled: {"held_backordered": -1},
    AllocationFilled: {"allocated_backordered": -1},
    WaitJoined: {"waiting": +1},
    WaitLeft: {"waiting": -1},
    WaitFilled: {"waiting": -1},
    AllocationPicked: {"picked": +1},
    AllocationUnpicked: {"picked": -1},
    StockReturned: {"returned": +1},
}
"""What each unit of these events moves besides, by field of Line."""

_MAKING = frozenset({StockHeld, HoldTaken, StockAllocated, WaitJoined, ShippedUnexpectedly})
"""Events by which a line gets its first units at a SKU-location."""

_CHANGING = frozenset({LinesTold, ReservationAmended, BasketResolved})
"""Events of a basket as a whole that change its lines."""

_Lines = dict[tuple[str, Key], Line]


def evolve_lines(
    reservation: Reservation | None, events: Iterable[Event], now_ms: int
) -> Reservation:
    """The reservation after all events of one commit that concern it, in order; those of stock
    alone pass it by.

    `reservation` is None if the first event creates it, at engine time `now_ms`. The cost is linear
    in lines plus events, so that a basket of many lines is given whole rather than line by line.
    Raises ValueError if there is neither a reservation nor an event that creates it.
    """
    lines: _Lines | None = None
    for event in events:
        kind = type(event)
        create = _CREATE.get(kind)
        if create is not None:
            reservation, lines = create(event, now_ms), {}
            continue
        if reservation is None:
            if kind is not BasketResolved:
                raise ValueError(f"the reservation was not created before {event!r}")
            reservation = _unseen(event, now_ms)
        evolve = _EVOLVE.get(kind)
        if evolve is not None:
            reservation = evolve(reservation, event, now_ms)
        if kind in LINE_MOVES:
            lines = _lines(reservation) if lines is None else lines
            _move_line(lines, event, now_ms)
        elif kind in _CHANGING:
            lines = _lines(reservation) if lines is None else lines
            reservation = _change_lines(reservation, lines, event, now_ms)
    if reservation is None:
        raise ValueError("there is neither a reservation nor an event that creates it")
    return reservation if lines is None else replace(reservation, lines=tuple(lines.values()))


def _change_lines(reservation: Reservation, lines: _Lines, event: Any, now_ms: int) -> Reservation:
    """Let an event of a basket as a whole change its lines."""
    if type(event) is LinesTold:
        for told in event.events:
            evolve = _EVOLVE.get(type(told))
            if evolve is not None:
                reservation = evolve(reservation, told, now_ms)
            _move_line(lines, told, now_ms)
    elif type(event) is ReservationAmended:
        _swap(lines, event.swapped_line_ids)
    elif event.taken_by:
        lines.clear()
    return reservation


def _lines(reservation: Reservation) -> _Lines:
    return {(line.line_id, line.key): line for line in reservation.lines}


def _create(event: ReservationCreated, now_ms: int) -> Reservation:
    return Reservation(
        reservation_id=event.reservation_id,
        tenant=event.tenant,
        created_at_ms=now_ms,
        expires_at_ms=event.expires_at_ms,
        reference=event.reference,
        channel=event.channel,
        customer=event.customer,
        hold_ms=event.hold_ms,
    )


def _prepare(event: BasketPrepared, now_ms: int) -> Reservation:
    return Reservation(
        reservation_id=event.reservation_id,
        tenant=event.tenant,
        created_at_ms=now_ms,
        expires_at_ms=event.ask_at_ms,
        channel=event.channel,
        customer=event.customer,
        home_shard=event.home_shard,
        preparing=True,
        prepared_for=event.prepared_for,
    )


def _join(event: ReservationJoined, now_ms: int) -> Reservation:
    return Reservation(
        reservation_id=event.reservation_id,
        tenant=event.tenant,
        created_at_ms=now_ms,
        reference=event.reference,
        channel=event.channel,
        customer=event.customer,
        home_shard=event.home_shard,
    )


def _unseen(event: Any, now_ms: int) -> Reservation:
    # An attempt may be given up before it has reached this shard.
    return Reservation(
        reservation_id=event.reservation_id,
        tenant=event.tenant,
        created_at_ms=now_ms,
        home_shard=event.home_shard,
        preparing=True,
    )


_CREATE: dict[type, Callable[[Any, int], Reservation]] = {
    ReservationCreated: _create,
    BasketPrepared: _prepare,
    ReservationJoined: _join,
}


def _extend(reservation: Reservation, event: ReservationExtended, _now_ms: int) -> Reservation:
    return replace(reservation, expires_at_ms=event.expires_at_ms)


def _rename(reservation: Reservation, event: ReservationRenamed, _now_ms: int) -> Reservation:
    return replace(reservation, reference=event.reference)


def _expire(reservation: Reservation, _event: ReservationExpired, _now_ms: int) -> Reservation:
    return replace(reservation, expired=True)


def _promote(reservation: Reservation, event: ReservationPromoted, _now_ms: int) -> Reservation:
    return replace(reservation, expires_at_ms=event.expires_at_ms, hold_ms=0)


def _ask(reservation: Reservation, event: ConfirmationAsked, _now_ms: int) -> Reservation:
    return replace(reservation, confirm_by_ms=event.confirm_by_ms, on_overdue=event.on_overdue)


def _confirm(
    reservation: Reservation, _event: AllocationConfirmed | AllocationOverdue, _now_ms: int
) -> Reservation:
    return replace(reservation, confirm_by_ms=0)


def _not_expired(reservation: Reservation, event: Any, _now_ms: int) -> Reservation:
    # `expired` says how the reservation ended once nothing is left of it: by the last giving back.
    if reservation.expired and not getattr(event, "expired", False):
        return replace(reservation, expired=False)
    return reservation


def _ship(
    reservation: Reservation, event: StockShipped | ShippedUnexpectedly, now_ms: int
) -> Reservation:
    if not event.shipment_id:
        return reservation
    shipments = {shipment.shipment_id: shipment for shipment in reservation.shipments}
    shipment = shipments.get(event.shipment_id) or Shipment(event.shipment_id, now_ms, ())
    shipped = ShippedLine(event.line_id, event.key, event.quantity)
    shipments[event.shipment_id] = replace(shipment, lines=(*shipment.lines, shipped))
    return replace(reservation, shipments=tuple(shipments.values()))


def _return(reservation: Reservation, event: StockReturned, _now_ms: int) -> Reservation:
    return replace(
        reservation,
        shipments=tuple(
            replace(shipment, lines=_returned(shipment.lines, event))
            if shipment.shipment_id == event.shipment_id
            else shipment
            for shipment in reservation.shipments
        ),
    )


def _returned(lines: tuple[ShippedLine, ...], event: StockReturned) -> tuple[ShippedLine, ...]:
    """One shipment may have shipped a line in several parts: they are used up in order."""
    left = event.quantity
    after = []
    for line in lines:
        units = 0
        if (line.line_id, line.key) == (event.line_id, event.key):
            units = min(left, line.shipped - line.returned)
        left -= units
        after.append(replace(line, returned=line.returned + units))
    return tuple(after)


_EVOLVE: dict[type, Callable[[Reservation, Any, int], Reservation]] = {
    ReservationExtended: _extend,
    ReservationRenamed: _rename,
    ReservationExpired: _expire,
    ReservationPromoted: _promote,
    ConfirmationAsked: _ask,
    AllocationConfirmed: _confirm,
    AllocationOverdue: _confirm,
    HoldReleased: _not_expired,
    AllocationReleased: _not_expired,
    HoldReacquired: _not_expired,
    WaitLeft: _not_expired,
    StockShipped: _ship,
    ShippedUnexpectedly: _ship,
    StockReturned: _return,
}


def _move_line(lines: _Lines, event: Any, now_ms: int) -> None:
    place = (event.line_id, event.key)
    line = lines.get(place)
    kind = type(event)
    units = event.quantity
    held, allocated, shipped, committed = LINE_MOVES[kind]
    if line is None:
        line = Line(
            event.line_id,
            event.key,
            held * units,
            allocated * units,
            shipped * units,
            committed * units,
            event.counted,
            units_each=getattr(event, "units_each", 0) or _units_each(lines, event),
        )
    else:
        if kind in _MAKING and not (line.held or line.allocated or line.waiting or line.shipped):
            # It may have been part of a kit before, or not been counted.
            units_each = event.units_each or line.units_each
            line = replace(line, counted=event.counted, units_each=units_each, former=False)
        line = replace(
            line,
            held=line.held + held * units,
            allocated=line.allocated + allocated * units,
            shipped=line.shipped + shipped * units,
            committed=line.committed + committed * units,
        )
    if kind in OTHER_LINE_MOVES or getattr(event, "backordered", False):
        line = _move_rest(line, event, now_ms)
    elif kind is StockShipped and event.picked:
        line = replace(line, picked=line.picked - event.picked)
    lines[place] = line


def _swap(lines: _Lines, line_ids: Iterable[str]) -> None:
    """The lines are given other SKUs: what they have is given back next, and what they become
    begins after that. What has left, or was lost to the deadline, remains theirs."""
    for place, line in lines.items():
        if line.line_id in line_ids and not (line.shipped or line.expired):
            lines[place] = replace(line, former=True)


def _units_each(lines: _Lines, event: Any) -> int:
    """Of a line that begins where units of it left unexpectedly, in records that do not say it: as
    at its other locations."""
    for line in lines.values():
        if line.line_id == event.line_id and line.key.sku == event.key.sku:
            return line.units_each
    return 1


def _move_rest(line: Line, event: Any, now_ms: int) -> Line:
    """What few events move; and since when the line is in the queue for stock."""
    kind = type(event)
    moves = OTHER_LINE_MOVES.get(kind, {})
    changed = {name: getattr(line, name) + by * event.quantity for name, by in moves.items()}
    backordered = getattr(event, "backordered", 0)
    if backordered:
        held, allocated = BACKORDER_LINE_MOVES[kind]
        changed["held_backordered"] = line.held_backordered + held * backordered
        changed["allocated_backordered"] = line.allocated_backordered + allocated * backordered
    line = replace(line, **changed)
    queued_at_ms = (line.queued_at_ms or now_ms) if line.queued else 0
    return line if queued_at_ms == line.queued_at_ms else replace(line, queued_at_ms=queued_at_ms)
