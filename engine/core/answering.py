"""What a decided command is answered with: read off the events it made, now or from the log.

Lines of other shards are read off what their shards were told. Events that the command made happen
to other reservations, such as filling those that waited, are none of its answer.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from engine.core.answers import (
    Allocated,
    Amended,
    Answer,
    BufferAnswered,
    Committed,
    Configured,
    Confirmed,
    Extended,
    Mapped,
    Picked,
    Released,
    ReservationTransferred,
    Reserved,
    Returned,
    Shipped,
    StockChanged,
    TransferChanged,
    Unpicked,
)
from engine.core.commands import (
    Adjust,
    Allocate,
    Amend,
    Command,
    Commit,
    ComputeBuffer,
    Configure,
    ConfigureChannel,
    ConfigureHolds,
    ConfigureLocations,
    Confirm,
    DefineKit,
    DefineSkuGroup,
    Expect,
    Extend,
    LimitCustomers,
    MapListings,
    Move,
    OnConfiguration,
    OnStock,
    Pick,
    Receive,
    ReceiveTransfer,
    Release,
    Reserve,
    Return,
    Sell,
    SendTransfer,
    SetChannelPolicies,
    SetOnHand,
    Ship,
    TakeBack,
    TransferReservation,
    Unpick,
)
from engine.core.events import (
    KEYLESS_EVENTS,
    AllocationFilled,
    AllocationPicked,
    AllocationReleased,
    AllocationUnpicked,
    BufferComputed,
    Event,
    HoldCommitted,
    HoldFilled,
    HoldReacquired,
    HoldReleased,
    LinesTold,
    ListingsMapped,
    PickFellShort,
    Recorded,
    ReservationCreated,
    ReservationExtended,
    ReservationPromoted,
    ShippedUnexpectedly,
    StockAllocated,
    StockCounted,
    StockHeld,
    StockReturned,
    StockShipped,
    TransferReceived,
    TransferSent,
    WaitFilled,
    WaitJoined,
    WaitLeft,
)
from engine.core.model import Key, LineResult, Reservation, ShortLine, Stock

_Recorded = Sequence[Recorded]
_ShortLines = tuple[ShortLine, ...]

_COMMITTED = frozenset({HoldCommitted, HoldReacquired})
_GIVEN_BACK = frozenset({WaitLeft, HoldReleased, AllocationReleased})
_TAKEN = frozenset({StockHeld, StockAllocated, WaitJoined})
_FILLED = frozenset({HoldFilled, AllocationFilled})
_TAKEN_OR_FILLED = _TAKEN | _FILLED | {WaitFilled}
"""A buffer that is a part of what is there shrinks with it: who has just begun to wait may have got
more in the same turn."""


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
    command: Reserve, recorded: _Recorded, short_lines: _ShortLines, _reservation: object
) -> Reserved:
    created = _first(recorded, ReservationCreated)
    reservation_id = created.reservation_id
    lines = _as_asked(command, _lines(recorded, reservation_id, _TAKEN_OR_FILLED))
    for one in recorded:
        event = one.event
        if type(event) is ReservationPromoted and event.reservation_id == reservation_id:
            return Reserved(reservation_id, lines, short_lines, event.expires_at_ms)
    waiting = any(line.waiting for line in lines) if created.hold_ms else False
    return Reserved(reservation_id, lines, short_lines, created.expires_at_ms, waiting=waiting)


def _extended(
    command: Extend, recorded: _Recorded, _short_lines: object, _reservation: object
) -> Extended:
    extended = _first(recorded, ReservationExtended)
    return Extended(command.reservation_id, extended.expires_at_ms)


def _committed(
    command: Commit,
    recorded: _Recorded,
    _short_lines: object,
    reservation: Reservation | None,
) -> Committed:
    reservation_id = command.reservation_id
    if recorded:
        return Committed(
            reservation_id,
            _lines(recorded, reservation_id, _COMMITTED),
            _lines(recorded, reservation_id, _GIVEN_BACK),
        )
    if reservation is None:
        raise ValueError("a Commit without events is answered from its reservation")
    done = tuple(
        LineResult(line.line_id, line.key, line.committed)
        for line in reservation.lines
        if line.committed
    )
    return Committed(reservation_id, lines=done, freed_lines=())


def _allocated(
    command: Allocate, recorded: _Recorded, _short_lines: object, _reservation: object
) -> Allocated:
    created = _first(recorded, ReservationCreated)
    lines = _lines(recorded, created.reservation_id, _TAKEN_OR_FILLED)
    return Allocated(created.reservation_id, _as_asked(command, lines))


def _confirmed(
    command: Confirm, _recorded: _Recorded, _short_lines: object, _reservation: object
) -> Confirmed:
    return Confirmed(command.reservation_id)


def _picked(
    command: Pick, recorded: _Recorded, _short_lines: object, _reservation: object
) -> Picked:
    reservation_id = command.reservation_id
    return Picked(
        reservation_id,
        _lines(recorded, reservation_id, frozenset({AllocationPicked})),
        _lines(recorded, reservation_id, frozenset({PickFellShort})),
    )


def _with_lines(
    make: Callable[[str, tuple[LineResult, ...]], Answer], *kinds: type
) -> Callable[[Any, _Recorded, Any, Any], Answer]:
    """For commands that do one thing to lines: their units by these kinds of events."""
    of_kinds = frozenset(kinds)

    def answered(
        command: Any, recorded: _Recorded, _short_lines: object, _reservation: object
    ) -> Answer:
        reservation_id: str = command.reservation_id
        return make(reservation_id, _lines(recorded, reservation_id, of_kinds))

    return answered


def _with_freed_lines(
    make: Callable[[str, tuple[LineResult, ...], tuple[LineResult, ...]], Answer],
) -> Callable[[Any, _Recorded, Any, Any], Answer]:
    """For commands that give units back and take others."""

    def answered(
        command: Any, recorded: _Recorded, _short_lines: object, _reservation: object
    ) -> Answer:
        reservation_id: str = command.reservation_id
        taken = _lines(recorded, reservation_id, _TAKEN)
        return make(reservation_id, taken, _lines(recorded, reservation_id, _GIVEN_BACK))

    return answered


def _stock_changed(
    command: OnStock, recorded: _Recorded, _short_lines: object, _reservation: object
) -> StockChanged:
    stock = _last_stock(recorded, command.key)
    for one in recorded:
        event = one.event
        if type(event) is StockCounted:
            return StockChanged(command.key, stock, event.expected, event.moved_since)
    return StockChanged(command.key, stock)


def _transfer_changed(
    command: SendTransfer | ReceiveTransfer,
    recorded: _Recorded,
    _short_lines: object,
    _reservation: object,
) -> TransferChanged:
    kind = TransferSent if type(command) is SendTransfer else TransferReceived
    for one in recorded:
        event = one.event
        if type(event) is kind:
            return TransferChanged(event.transfer_id, event.key, _last_stock(recorded, event.key))
    raise ValueError(f"there should be a {kind.__name__} among {recorded!r}")


def _configured(
    _command: OnConfiguration, _recorded: _Recorded, _short_lines: object, _reservation: object
) -> Configured:
    return Configured()


def _mapped(
    command: MapListings, recorded: _Recorded, _short_lines: object, _reservation: object
) -> Mapped:
    problems = _first(recorded, ListingsMapped).problems if recorded else ()
    return Mapped(len(command.listings) - len(problems), problems)


def _buffer(
    _command: ComputeBuffer, recorded: _Recorded, _short_lines: object, _reservation: object
) -> BufferAnswered:
    return BufferAnswered(_first(recorded, BufferComputed).buffer)


_ANSWER: dict[type, Callable[[Any, Sequence[Recorded], Any, Any], Answer]] = {
    Reserve: _reserved,
    Allocate: _allocated,
    Amend: _with_freed_lines(Amended),
    Extend: _extended,
    Commit: _committed,
    Confirm: _confirmed,
    Release: _with_lines(Released, *_GIVEN_BACK),
    Pick: _picked,
    Unpick: _with_lines(Unpicked, AllocationUnpicked),
    Ship: _with_lines(Shipped, StockShipped, ShippedUnexpectedly),
    Return: _with_lines(Returned, StockReturned),
    TransferReservation: _with_freed_lines(ReservationTransferred),
    **dict.fromkeys(
        (Sell, Receive, Expect, TakeBack, Adjust, SetOnHand, Move, Configure), _stock_changed
    ),
    **dict.fromkeys((SendTransfer, ReceiveTransfer), _transfer_changed),
    **dict.fromkeys((ConfigureLocations, DefineKit, LimitCustomers, ConfigureHolds), _configured),
    **dict.fromkeys((ConfigureChannel, SetChannelPolicies, DefineSkuGroup), _configured),
    ComputeBuffer: _buffer,
    MapListings: _mapped,
}

_Expected = TypeVar("_Expected", bound=Event)


def _as_asked(command: Reserve | Allocate, lines: tuple[LineResult, ...]) -> tuple[LineResult, ...]:
    """The lines in the order of the request: those of other shards were recorded after those of the
    home."""
    if len(lines) < 2:
        return lines
    places = {line.line_id: place for place, line in enumerate(command.lines)}
    return tuple(sorted(lines, key=lambda line: places[line.line_id]))


def _first(recorded: _Recorded, kind: type[_Expected]) -> _Expected:
    event = recorded[0].event if recorded else None
    if not isinstance(event, kind):
        raise ValueError(f"the first event should be {kind.__name__}, not {event!r}")
    return event


def _last_stock(recorded: _Recorded, key: Key) -> Stock:
    """The stock of the SKU-location after the last of its events."""
    for one in reversed(recorded):
        if type(one.event) not in KEYLESS_EVENTS and one.event.key == key:  # type: ignore[union-attr]
            if one.stock is not None:
                return one.stock
            break
    raise ValueError("a command on stock is answered from the stock after its last event")


def _lines(
    recorded: _Recorded, reservation_id: str, kinds: frozenset[type]
) -> tuple[LineResult, ...]:
    """What events of these kinds did to each line of the reservation, in this shard and in others:
    one result for each line and SKU-location, in order of first mention."""
    results: dict[tuple[str, Key], LineResult] = {}
    for one in recorded:
        event = one.event
        kind = type(event)
        if kind in kinds:
            _add(results, event, reservation_id)
        elif kind is LinesTold:
            for told in event.events:  # type: ignore[union-attr]
                if type(told) in kinds:
                    _add(results, told, reservation_id)
    return tuple(results.values())


def _add(results: dict[tuple[str, Key], LineResult], event: Any, reservation_id: str) -> None:
    """Add what an event did to the result of its line, if it is of the reservation."""
    if event.reservation_id != reservation_id:
        return
    line_id, key, units = event.line_id, event.key, event.quantity
    kind = type(event)
    if kind is WaitJoined:
        result = LineResult(line_id, key, 0, 0, units, event.place)
    elif kind is WaitLeft:
        result = LineResult(line_id, key, 0, 0, units)
    elif kind is WaitFilled:
        result = LineResult(line_id, key, units, 0, -units)
    elif kind in _FILLED:
        result = LineResult(line_id, key, 0, -units)
    else:
        result = LineResult(line_id, key, units, getattr(event, "backordered", 0))
    place = (line_id, key)
    before = results.get(place)
    results[place] = result if before is None else _together(before, result)


def _together(one: LineResult, other: LineResult) -> LineResult:
    waiting = one.waiting + other.waiting
    return LineResult(
        one.line_id,
        one.key,
        one.quantity + other.quantity,
        one.backordered + other.backordered,
        waiting,
        (one.place or other.place) if waiting else 0,
    )
