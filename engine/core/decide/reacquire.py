"""Taking again what a basket has lost to its deadline, if it is still there."""

from collections.abc import Sequence

from engine.core.decide.fill import fill
from engine.core.events import HoldReacquired, LineEvent
from engine.core.model import Line, Reservation
from engine.core.rejections import InsufficientStock, Rejection, UnknownStock
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
            counting=not line.counted,
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
