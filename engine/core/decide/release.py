"""Commands that give a reservation time or end it: Extend, Confirm and Release."""

from engine.core.commands import Confirm, Extend, LineQuantity, Release
from engine.core.decide.portions import (
    Portion,
    allocated_backordered,
    expired,
    find,
    held_backed,
    held_backordered,
    in_pools,
    is_over,
    picked,
    portions_of,
    take,
    unpicked,
    waiting,
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
from engine.core.model import Reservation, ReservationStatus
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

_GIVEN_BACK = (waiting, held_backordered, held_backed, allocated_backordered, unpicked)
"""What is given back first, and what last: nothing is lost by what no stock backs."""


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
    portions = [portion for state in _GIVEN_BACK for portion in portions_of(reservation, state)]
    in_boxes: list[Portion] = []
    if any(line.picked for line in reservation.lines):
        in_boxes = portions_of(reservation, picked)
    named = command.lines
    if named:
        line_ids = {part.line_id for part in named}
        if not any(units for line, units in portions + in_boxes if line.line_id in line_ids):
            named = tuple([LineQuantity(part.line_id) for part in named])
    taken = take(reservation.reservation_id, portions, named)
    if in_boxes:
        refusal = _boxes_in_the_way(reservation.reservation_id, taken, portions, in_boxes, named)
        if refusal is not None:
            return refusal
    if not isinstance(taken, list):
        return taken
    events = _released(reservation, command, taken)
    return Decision(tuple(to_shards(view, reservation.reservation_id, reservation.tenant, events)))


def _released(reservation: Reservation, command: Release, taken: list[Portion]) -> list[LineEvent]:
    left, without, held, unbacked, allocated = in_pools(taken, len(_GIVEN_BACK))
    reservation_id, reason = reservation.reservation_id, command.reason
    lines = list(enumerate(reservation.lines))
    events: list[LineEvent] = [
        WaitLeft(line.key, reservation_id, line.line_id, left[index], line.counted, reason)
        for index, line in lines
        if left[index]
    ]
    events += [
        HoldReleased(
            line.key, reservation_id, line.line_id, units, line.counted, reason, without[index]
        )
        for index, line in lines
        if (units := held[index] + without[index])
    ]
    events += [
        AllocationReleased(
            line.key, reservation_id, line.line_id, units, line.counted, reason, unbacked[index]
        )
        for index, line in lines
        if (units := allocated[index] + unbacked[index])
    ]
    return events


def _boxes_in_the_way(
    reservation_id: str,
    taken: object,
    portions: list[Portion],
    in_boxes: list[Portion],
    named: tuple[LineQuantity, ...],
) -> PickedUnits | None:
    """The refusal where more is asked for than lies outside boxes; None if boxes are not why."""
    if isinstance(taken, LineQuantityExceeded):
        with_boxes = take(reservation_id, portions + in_boxes, named)
        if isinstance(with_boxes, LineQuantityExceeded) and with_boxes.line_id == taken.line_id:
            return None
        return PickedUnits(reservation_id, taken.line_id, whole_units(in_boxes, taken.line_id))
    if not isinstance(taken, list):
        return None
    everything_of = {part.line_id for part in named if not part.quantity}
    for line, units in in_boxes:
        if units and (not named or line.line_id in everything_of):
            line_id = line.line_id
            return PickedUnits(reservation_id, line_id, whole_units(in_boxes, line_id))
    return None
