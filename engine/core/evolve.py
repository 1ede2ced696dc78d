"""How facts change state: `evolve` applies an event and never refuses, because it has happened.

Two tables say everything about units: what one unit of an event moves in a SKU-location's balances,
and what it moves in a reservation's line. Replaying the log is nothing but this file.
"""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from engine.core.events import (
    AllocationReleased,
    Event,
    HoldCommitted,
    HoldExpired,
    HoldReleased,
    LineEvent,
    ReservationCreated,
    ReservationExpired,
    ReservationExtended,
    ReservationRenamed,
    ShortfallDetected,
    StockAdjusted,
    StockAllocated,
    StockConfigured,
    StockCounted,
    StockEvent,
    StockHeld,
    StockReceived,
    StockShipped,
    StockSold,
)
from engine.core.model import Key, Line, Reservation, Stock

BALANCE_MOVES: dict[type, tuple[int, int, int]] = {
    StockHeld: (0, +1, 0),
    HoldCommitted: (0, -1, +1),
    HoldReleased: (0, -1, 0),
    HoldExpired: (0, -1, 0),
    StockAllocated: (0, 0, +1),
    AllocationReleased: (0, 0, -1),
    StockShipped: (-1, 0, -1),
    StockSold: (-1, 0, 0),
}
"""What each counted unit of an event moves in its SKU-location: on_hand, held, allocated."""

LINE_MOVES: dict[type, tuple[int, int, int, int]] = {
    StockHeld: (+1, 0, 0, 0),
    HoldCommitted: (-1, +1, 0, +1),
    HoldReleased: (-1, 0, 0, 0),
    HoldExpired: (-1, 0, 0, 0),
    StockAllocated: (0, +1, 0, 0),
    AllocationReleased: (0, -1, 0, 0),
    StockShipped: (0, -1, +1, 0),
}
"""What each unit of an event, counted or not, moves in its line of the reservation: held,
allocated, shipped, committed."""

_NEW = Stock()


def evolve_stock(stock: Stock | None, event: StockEvent) -> Stock:
    """The stock after the event, one version on; `stock` is None if the event is its first."""
    return _EVOLVE_STOCK[type(event)](_NEW if stock is None else stock, event)


def _move(stock: Stock, event: LineEvent | StockSold) -> Stock:
    units = event.quantity if event.counted else 0
    on_hand, held, allocated = BALANCE_MOVES[type(event)]
    return replace(
        stock,
        on_hand=stock.on_hand + on_hand * units,
        held=stock.held + held * units,
        allocated=stock.allocated + allocated * units,
        version=stock.version + 1,
    )


def _receive(stock: Stock, event: StockReceived) -> Stock:
    return replace(stock, on_hand=stock.on_hand + event.quantity, version=stock.version + 1)


def _adjust(stock: Stock, event: StockAdjusted) -> Stock:
    return replace(stock, on_hand=stock.on_hand + event.delta, version=stock.version + 1)


def _count(stock: Stock, event: StockCounted) -> Stock:
    return replace(stock, on_hand=event.on_hand, version=stock.version + 1)


def _configure(stock: Stock, event: StockConfigured) -> Stock:
    return replace(
        stock,
        safety_stock=event.safety_stock,
        tracked=event.tracked,
        selling=event.selling,
        channel_buffers=event.channel_buffers,
        version=stock.version + 1,
    )


def _detect_shortfall(stock: Stock, event: ShortfallDetected) -> Stock:
    # A shortfall moves nothing, but it is an event of the SKU-location and has a version.
    return replace(stock, version=stock.version + 1)


_EVOLVE_STOCK: dict[type, Callable[[Stock, Any], Stock]] = {
    **dict.fromkeys(BALANCE_MOVES, _move),
    StockReceived: _receive,
    StockAdjusted: _adjust,
    StockCounted: _count,
    StockConfigured: _configure,
    ShortfallDetected: _detect_shortfall,
}


def evolve_lines(
    reservation: Reservation | None, events: Iterable[Event], now_ms: int
) -> Reservation:
    """The reservation after all events of one commit, in order; those of stock alone pass it by.

    `reservation` is None if the first event creates it, at engine time `now_ms`. The cost is linear
    in lines plus events, so that a basket of many lines is given whole rather than line by line.
    Raises ValueError if there is neither a reservation nor an event that creates it.
    """
    lines: dict[tuple[str, Key], Line] | None = None
    for event in events:
        kind = type(event)
        if kind is ReservationCreated:
            reservation = _create(event, now_ms)
            continue
        if reservation is None:
            raise ValueError(f"the reservation was not created before {event!r}")
        evolve = _EVOLVE_RESERVATION.get(kind)
        if evolve is not None:
            reservation = evolve(reservation, event)
        moves = LINE_MOVES.get(kind)
        if moves is not None:
            if lines is None:
                lines = {(line.line_id, line.key): line for line in reservation.lines}
            _move_line(lines, event, moves)
    if reservation is None:
        raise ValueError("there is neither a reservation nor an event that creates it")
    return reservation if lines is None else replace(reservation, lines=tuple(lines.values()))


def _create(event: Any, now_ms: int) -> Reservation:
    return Reservation(
        reservation_id=event.reservation_id,
        tenant=event.tenant,
        created_at_ms=now_ms,
        expires_at_ms=event.expires_at_ms,
        reference=event.reference,
        channel=event.channel,
        customer=event.customer,
    )


def _extend(reservation: Reservation, event: ReservationExtended) -> Reservation:
    return replace(reservation, expires_at_ms=event.expires_at_ms)


def _rename(reservation: Reservation, event: ReservationRenamed) -> Reservation:
    return replace(reservation, reference=event.reference)


def _expire(reservation: Reservation, _event: ReservationExpired) -> Reservation:
    return replace(reservation, expired=True)


def _give_back(reservation: Reservation, _event: HoldReleased | AllocationReleased) -> Reservation:
    # `expired` says how the reservation ended once nothing is left of it: by the last giving back.
    return replace(reservation, expired=False) if reservation.expired else reservation


_EVOLVE_RESERVATION: dict[type, Callable[[Reservation, Any], Reservation]] = {
    ReservationExtended: _extend,
    ReservationRenamed: _rename,
    ReservationExpired: _expire,
    HoldReleased: _give_back,
    AllocationReleased: _give_back,
}


def _move_line(
    lines: dict[tuple[str, Key], Line], event: Any, moves: tuple[int, int, int, int]
) -> None:
    place = (event.line_id, event.key)
    line = lines.get(place)
    if line is None:
        line = Line(event.line_id, event.key, counted=event.counted)
    units = event.quantity
    held, allocated, shipped, committed = moves
    lines[place] = replace(
        line,
        held=line.held + held * units,
        allocated=line.allocated + allocated * units,
        shipped=line.shipped + shipped * units,
        committed=line.committed + committed * units,
    )
