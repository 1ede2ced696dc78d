"""What a decided command is answered with: read off the events it made, now or from the log."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from engine.core.answers import (
    Allocated,
    Answer,
    Committed,
    Extended,
    Released,
    Reserved,
    Shipped,
    StockChanged,
)
from engine.core.commands import (
    Adjust,
    Allocate,
    Command,
    Commit,
    Configure,
    Extend,
    OnStock,
    Receive,
    Release,
    Reserve,
    Sell,
    SetOnHand,
    Ship,
)
from engine.core.events import (
    AllocationReleased,
    Event,
    HoldCommitted,
    HoldReleased,
    LineEvent,
    Recorded,
    ReservationCreated,
    ReservationExtended,
    StockAllocated,
    StockCounted,
    StockHeld,
    StockShipped,
)
from engine.core.model import Key, LineResult, Reservation, ShortLine


def answer(
    command: Command,
    recorded: Sequence[Recorded],
    short_lines: tuple[ShortLine, ...],
    reservation: Reservation | None,
) -> Answer:
    """The answer to a command that made the `recorded` events.

    `short_lines` are those of the decision. `reservation` is needed only for a Commit without
    events: what it asked for was done before, and the reservation's lines say what that was.
    Raises ValueError if the events cannot be those of the command.
    """
    return _ANSWER[type(command)](command, recorded, short_lines, reservation)


def _reserved(
    _command: Reserve,
    recorded: Sequence[Recorded],
    short_lines: tuple[ShortLine, ...],
    _reservation: Reservation | None,
) -> Reserved:
    created = _first(recorded, ReservationCreated)
    return Reserved(
        reservation_id=created.reservation_id,
        lines=_lines(recorded, StockHeld),
        short_lines=short_lines,
        expires_at_ms=created.expires_at_ms,
    )


def _extended(
    command: Extend,
    recorded: Sequence[Recorded],
    _short_lines: tuple[ShortLine, ...],
    _reservation: Reservation | None,
) -> Extended:
    extended = _first(recorded, ReservationExtended)
    return Extended(command.reservation_id, extended.expires_at_ms)


def _committed(
    command: Commit,
    recorded: Sequence[Recorded],
    _short_lines: tuple[ShortLine, ...],
    reservation: Reservation | None,
) -> Committed:
    if recorded:
        return Committed(
            reservation_id=command.reservation_id,
            lines=_lines(recorded, HoldCommitted),
            freed_lines=_lines(recorded, HoldReleased),
        )
    if reservation is None:
        raise ValueError("a Commit without events is answered from its reservation")
    done = tuple(
        LineResult(line.line_id, line.key, line.committed)
        for line in reservation.lines
        if line.committed
    )
    return Committed(command.reservation_id, lines=done, freed_lines=())


def _released(
    command: Release,
    recorded: Sequence[Recorded],
    _short_lines: tuple[ShortLine, ...],
    _reservation: Reservation | None,
) -> Released:
    # Held and allocated units of the same line come back as two events and are one result.
    units: dict[tuple[str, Key], int] = {}
    for kind in (HoldReleased, AllocationReleased):
        for line in _lines(recorded, kind):
            place = (line.line_id, line.key)
            units[place] = units.get(place, 0) + line.quantity
    results = (LineResult(*place, quantity) for place, quantity in units.items())
    return Released(command.reservation_id, tuple(results))


def _allocated(
    _command: Allocate,
    recorded: Sequence[Recorded],
    _short_lines: tuple[ShortLine, ...],
    _reservation: Reservation | None,
) -> Allocated:
    created = _first(recorded, ReservationCreated)
    return Allocated(created.reservation_id, _lines(recorded, StockAllocated))


def _shipped(
    command: Ship,
    recorded: Sequence[Recorded],
    _short_lines: tuple[ShortLine, ...],
    _reservation: Reservation | None,
) -> Shipped:
    return Shipped(command.reservation_id, _lines(recorded, StockShipped))


def _stock_changed(
    command: OnStock,
    recorded: Sequence[Recorded],
    _short_lines: tuple[ShortLine, ...],
    _reservation: Reservation | None,
) -> StockChanged:
    stock = recorded[-1].stock if recorded else None
    if stock is None:
        raise ValueError("a command on stock is answered from the stock after its last event")
    event = recorded[0].event
    expected = event.expected if isinstance(event, StockCounted) else 0
    return StockChanged(command.key, stock, expected)


_ANSWER: dict[type, Callable[[Any, Sequence[Recorded], Any, Any], Answer]] = {
    Reserve: _reserved,
    Extend: _extended,
    Commit: _committed,
    Release: _released,
    Allocate: _allocated,
    Ship: _shipped,
    Sell: _stock_changed,
    Receive: _stock_changed,
    Adjust: _stock_changed,
    SetOnHand: _stock_changed,
    Configure: _stock_changed,
}

_Expected = TypeVar("_Expected", bound=Event)


def _first(recorded: Sequence[Recorded], kind: type[_Expected]) -> _Expected:
    event = recorded[0].event if recorded else None
    if not isinstance(event, kind):
        raise ValueError(f"the first event should be {kind.__name__}, not {event!r}")
    return event


def _lines(recorded: Sequence[Recorded], kind: type[LineEvent]) -> tuple[LineResult, ...]:
    return tuple(
        [
            LineResult(event.line_id, event.key, event.quantity)
            for one in recorded
            if type(event := one.event) is kind
        ]
    )
