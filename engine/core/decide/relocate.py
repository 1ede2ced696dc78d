"""TransferReservation: lines are served from another location from now on, in one piece."""

from engine.core.commands import TransferReservation
from engine.core.decide.fill import Given, fill
from engine.core.decide.giving_back import GivenBack
from engine.core.decide.portions import counts_kits, find, is_over, kit_of, take
from engine.core.decide.told import to_shards
from engine.core.events import LineEvent, StockAllocated, StockHeld
from engine.core.model import Key, Line, Reservation, Struct
from engine.core.rejections import (
    InsufficientStock,
    PickedUnits,
    Rejection,
    StillWaiting,
    UnknownReservation,
    UnknownStock,
)
from engine.core.view import Decision, Elsewhere, Filled, Grant, Terms, View, Wish


class _Moved(Struct, frozen=True):
    """Units of one line that are to be served from elsewhere."""

    line: Line
    held: int
    allocated: int


def transfer_reservation(
    view: View, command: TransferReservation, now_ms: int
) -> Decision | Elsewhere | Rejection:
    """Hold and allocate at the new location what is given back at the old ones, all or nothing.

    Picked units stay where their box is, and waiting ones where they wait. What is there already
    needs nothing.
    """
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    if not any(line.held or line.allocated for line in reservation.lines):
        is_waiting = reservation.is_open
        return StillWaiting(command.reservation_id) if is_waiting else is_over(reservation)
    moved = _moved(reservation, command)
    if not isinstance(moved, list):
        return moved
    if not moved:
        return _in_boxes(reservation, command) or Decision()
    given = GivenBack(reservation.reservation_id)
    for one in moved:
        given.of(one.line, one.held, one.allocated)
    filled = _filled(view, reservation, command.to_location, moved, given, now_ms)
    if not isinstance(filled, list):
        return filled
    taken: list[LineEvent] = []
    for one, answer in zip(moved, filled, strict=True):
        for grant in answer.grants:
            taken += _taken(reservation.reservation_id, one, grant)
    events = to_shards(
        view, reservation.reservation_id, reservation.tenant, [*given.events, *taken]
    )
    return Decision(tuple(events))


def _moved(reservation: Reservation, command: TransferReservation) -> list[_Moved] | Rejection:
    """What is held and allocated of the named lines, or of all, at other locations."""
    lines = reservation.lines
    away = [line.key.location != command.to_location for line in lines]
    held = [(line, line.held if is_away else 0) for line, is_away in zip(lines, away, strict=True)]
    allocated = [
        (line, line.allocated - line.picked if is_away else 0)
        for line, is_away in zip(lines, away, strict=True)
    ]
    taken = take(reservation.reservation_id, held + allocated, command.lines)
    if not isinstance(taken, list):
        return taken
    units = [count for _, count in taken]
    return [
        _Moved(line, of_held, of_allocated)
        for line, of_held, of_allocated in zip(
            lines, units[: len(lines)], units[len(lines) :], strict=True
        )
        if of_held or of_allocated
    ]


def _in_boxes(reservation: Reservation, command: TransferReservation) -> PickedUnits | None:
    """Why nothing of the lines can be moved: all of it that is elsewhere lies in boxes."""
    named = {part.line_id for part in command.lines}
    for line in reservation.lines:
        is_asked = line.line_id in named or not named
        if is_asked and line.picked and line.key.location != command.to_location:
            return PickedUnits(reservation.reservation_id, line.line_id, line.picked)
    return None


def _filled(
    view: View,
    reservation: Reservation,
    to_location: str,
    moved: list[_Moved],
    given: GivenBack,
    now_ms: int,
) -> list[Filled] | Elsewhere | Rejection:
    """What the new location gives for all that is moved."""
    wishes = [_wish(reservation, one, to_location, given) for one in moved]
    terms = Terms(reservation.channel, reservation.customer)
    # What is given back is free there, and counts for what the channel may have in all.
    filled = fill(view, wishes, terms, now_ms, Given(given.free, {}))
    if not isinstance(filled, list):
        return filled
    for answer in filled:
        if answer.missing is not None:
            return UnknownStock(answer.missing)
    short_lines = tuple(answer.short for answer in filled if answer.short is not None)
    if short_lines:
        return InsufficientStock(short_lines)
    return given.counted_otherwise(reservation, wishes, filled) or filled


def _wish(reservation: Reservation, moved: _Moved, to_location: str, given: GivenBack) -> Wish:
    line = moved.line
    return Wish(
        line.line_id,
        (Key(line.key.tenant, line.key.sku, to_location),),
        moved.held + moved.allocated,
        allow_backorder=line.backordered > 0,
        units_each=line.units_each,
        counting=counts_kits(reservation, line),
        given_back=given.units.get(line.key.sku, 0),
        kit=kit_of(reservation, line),
    )


def _taken(reservation_id: str, moved: _Moved, grant: Grant) -> list[LineEvent]:
    """The events at the new location, in the states of the old one; what no stock backs there is
    held rather than allocated, as far as possible."""
    line_id, units_each = moved.line.line_id, moved.line.units_each
    held_backordered = min(grant.backordered, moved.held)
    allocated_backordered = grant.backordered - held_backordered
    events: list[LineEvent] = []
    if moved.held:
        events.append(
            StockHeld(
                grant.key,
                reservation_id,
                line_id,
                moved.held,
                grant.counted,
                held_backordered,
                units_each,
            )
        )
    if moved.allocated:
        events.append(
            StockAllocated(
                grant.key,
                reservation_id,
                line_id,
                moved.allocated,
                grant.counted,
                allocated_backordered,
                units_each,
            )
        )
    return events
