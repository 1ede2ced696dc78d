"""Taking again what a basket has lost to its deadline, if it is still there."""

from collections.abc import Sequence

from engine.core.decide.fill import fill
from engine.core.decide.portions import counts_kits, kit_of
from engine.core.events import HoldReacquired, LineEvent
from engine.core.model import Line, Reservation
from engine.core.rejections import (
    InsufficientStock,
    LineExists,
    Rejection,
    UnknownStock,
)
from engine.core.view import Elsewhere, Terms, View, Wish


def reacquire(
    view: View, reservation: Reservation, portions: Sequence[tuple[Line, int]], now_ms: int
) -> list[LineEvent] | Elsewhere | Rejection:
    """The events that allocate so many expired units of each line at its location, all or
    nothing."""
    wishes = [
        Wish(
            line.line_id,
            (line.key,),
            units,
            units_each=line.units_each,
            counting=counts_kits(reservation, line),
            kit=kit_of(reservation, line),
        )
        for line, units in portions
        if units
    ]
    terms = Terms(reservation.channel, reservation.customer)
    filled = fill(view, wishes, terms, now_ms)
    if not isinstance(filled, list):
        return filled
    for one in filled:
        if one.missing is not None:
            return UnknownStock(one.missing)
    short_lines = tuple(one.short for one in filled if one.short is not None)
    if short_lines:
        return InsufficientStock(short_lines)
    counted = {(line.line_id, line.key): line.counted for line, _ in portions}
    for wish, one in zip(wishes, filled, strict=True):
        for grant in one.grants:
            if grant.counted != counted[wish.line_id, grant.key]:
                return LineExists(reservation.reservation_id, wish.line_id)
    return [
        HoldReacquired(
            grant.key,
            reservation.reservation_id,
            wish.line_id,
            grant.quantity,
            grant.counted,
            grant.backordered,
        )
        for wish, one in zip(wishes, filled, strict=True)
        for grant in one.grants
    ]
