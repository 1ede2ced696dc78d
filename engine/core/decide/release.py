"""Commands that give a reservation time or end it: Extend, Confirm and Release."""

from engine.core.commands import Confirm, Extend, LineQuantity, Release
from engine.core.decide.portions import (
    expired,
    find,
    is_over,
    take_of,
    unpicked,
    whole_units,
)
from engine.core.decide.told import to_shards
from engine.core.events import (
    AllocationConfirmed,
    AllocationReleased,
    HoldReleased,
    LineEvent,
    ReservationExtended,
    WaitLeft,
)
from engine.core.model import ReleaseReason, Reservation, ReservationStatus
from engine.core.rejections import (
    AlreadyCommitted,
    LineQuantityExceeded,
    NotCommitted,
    PickedUnits,
    Rejection,
    UnknownReservation,
)
from engine.core.view import Decision, View

_EXTENDABLE = frozenset({ReservationStatus.HELD, ReservationStatus.WAITING})


def extend(view: View, command: Extend, now_ms: int) -> Decision | Rejection:
    """Give the hold a new deadline from now, also an earlier one; where the basket waits for stock,
    its patience."""
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    if reservation.status not in _EXTENDABLE:
        # That units were lost to the deadline outweighs that others were committed or shipped.
        if reservation.expired:
            return expired(reservation)
        if reservation.status is ReservationStatus.COMMITTED:
            return AlreadyCommitted(command.reservation_id)
        return is_over(reservation)
    ttl_ms = command.ttl_ms or view.settings.hold_ms(command.hold_class)
    extended = ReservationExtended(reservation.reservation_id, now_ms + ttl_ms, reservation.tenant)
    return Decision((extended,))


def confirm(view: View, command: Confirm, now_ms: int) -> Decision | Rejection:
    """Let the allocation stand. What nobody has to confirm, or not any more, stands already."""
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    if not any(line.allocated or line.shipped for line in reservation.lines):
        if reservation.is_open:
            return NotCommitted(command.reservation_id)
        return is_over(reservation)
    if not reservation.confirm_by_ms:
        return Decision()
    return Decision((AllocationConfirmed(reservation.reservation_id, reservation.tenant),))


def release(view: View, command: Release, now_ms: int) -> Decision | Rejection:
    """Give units back, all or those named: waiting ones, then held ones, then allocated ones. Those
    that lie in a box have to be unpicked first.

    Where nothing is left of what is named, nothing happens: giving back twice is harmless.
    """
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    *pools, in_boxes = _pools(reservation)
    named = _named(reservation, command, [*pools, in_boxes]) if command.lines else ()
    taken = take_of(reservation, pools, named)
    if any(in_boxes):
        refusal = _boxes_in_the_way(reservation, taken, pools, in_boxes, named)
        if refusal is not None:
            return refusal
    if not isinstance(taken, list):
        return taken
    events = _released(reservation, command.reason, taken)
    return Decision(tuple(to_shards(view, reservation.reservation_id, reservation.tenant, events)))


def _pools(reservation: Reservation) -> list[list[int]]:
    """The units of each line by state: what is given back first, because nothing is lost by what no
    stock backs, what is given back last, and what lies in a box."""
    lines = reservation.lines
    # Most states are empty: one loop that says so takes less time than a list for each.
    waiting = held = held_backordered = allocated = backordered = picked = 0
    for line in lines:
        waiting += line.waiting
        held += line.held
        held_backordered += line.held_backordered
        allocated += line.allocated
        backordered += line.allocated_backordered
        picked += line.picked
    none = [0] * len(lines)
    return [
        [line.waiting for line in lines] if waiting else none,
        [line.held_backordered for line in lines] if held_backordered else none,
        [line.held - line.held_backordered for line in lines] if held else none,
        [line.allocated_backordered for line in lines] if backordered else none,
        [unpicked(line) for line in lines] if allocated else none,
        [line.picked for line in lines] if picked else none,
    ]


def _named(
    reservation: Reservation, command: Release, pools: list[list[int]]
) -> tuple[LineQuantity, ...]:
    """The lines that are named; where nothing is left of any of them, all of that."""
    line_ids = {part.line_id for part in command.lines}
    for pool in pools:
        for line, units in zip(reservation.lines, pool, strict=True):
            if units and line.line_id in line_ids:
                return command.lines
    return tuple([LineQuantity(part.line_id) for part in command.lines])


def _released(
    reservation: Reservation, reason: ReleaseReason, taken: list[list[int]]
) -> list[LineEvent]:
    waiting, held_without, held, without, allocated = taken
    reservation_id, lines = reservation.reservation_id, reservation.lines
    events: list[LineEvent] = []
    if any(waiting):
        events += [
            WaitLeft(line.key, reservation_id, line.line_id, units, line.counted, reason)
            for line, units in zip(lines, waiting, strict=True)
            if units
        ]
    if any(held) or any(held_without):
        events += [
            HoldReleased(
                line.key, reservation_id, line.line_id, units, line.counted, reason, backordered
            )
            for line, backed, backordered in zip(lines, held, held_without, strict=True)
            if (units := backed + backordered)
        ]
    if any(allocated) or any(without):
        events += [
            AllocationReleased(
                line.key, reservation_id, line.line_id, units, line.counted, reason, backordered
            )
            for line, backed, backordered in zip(lines, allocated, without, strict=True)
            if (units := backed + backordered)
        ]
    return events


def _boxes_in_the_way(
    reservation: Reservation,
    taken: list[list[int]] | Rejection,
    pools: list[list[int]],
    in_boxes: list[int],
    named: tuple[LineQuantity, ...],
) -> PickedUnits | None:
    """The refusal where more is asked for than lies outside boxes; None if boxes are not why."""
    reservation_id = reservation.reservation_id
    boxes = list(zip(reservation.lines, in_boxes, strict=True))
    if isinstance(taken, LineQuantityExceeded):
        with_boxes = take_of(reservation, [*pools, in_boxes], named)
        if isinstance(with_boxes, LineQuantityExceeded) and with_boxes.line_id == taken.line_id:
            return None
        return PickedUnits(reservation_id, taken.line_id, whole_units(boxes, taken.line_id))
    if not isinstance(taken, list):
        return None
    everything_of = {part.line_id for part in named if not part.quantity}
    for line, units in boxes:
        if units and (not named or line.line_id in everything_of):
            line_id = line.line_id
            return PickedUnits(reservation_id, line_id, whole_units(boxes, line_id))
    return None
