"""How events change a SKU-location. Three tables say what each unit of an event moves in its
balances."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from engine.core.events import (
    AllocationDrawn,
    AllocationFilled,
    AllocationPicked,
    AllocationReleased,
    AllocationUnpicked,
    HoldCommitted,
    HoldExpired,
    HoldFilled,
    HoldReacquired,
    HoldReleased,
    HoldTaken,
    IncomingExpected,
    PickFellShort,
    ShippedUnexpectedly,
    ShortfallDetected,
    SourceAdvanced,
    StockAdjusted,
    StockAllocated,
    StockConfigured,
    StockCounted,
    StockEvent,
    StockHeld,
    StockMoved,
    StockReceived,
    StockReturned,
    StockShipped,
    StockSold,
    StockTakenBack,
    TransferExpected,
    TransferReceived,
    TransferSent,
    WaitFilled,
    WaitJoined,
    WaitLeft,
)
from engine.core.limits import MISSING_CAUSE
from engine.core.model import ChannelUse, Incoming, SourceMark, Stock

PROMISE_MOVES: dict[type, tuple[int, int]] = {
    StockHeld: (+1, 0),
    HoldCommitted: (-1, +1),
    HoldReleased: (-1, 0),
    HoldExpired: (-1, 0),
    HoldReacquired: (0, +1),
    StockAllocated: (0, +1),
    AllocationReleased: (0, -1),
}
"""What each counted unit with stock behind it moves: held, allocated."""

BACKORDER_MOVES: dict[type, int] = {
    StockHeld: +1,
    HoldCommitted: 0,
    HoldReleased: -1,
    HoldExpired: -1,
    HoldReacquired: +1,
    StockAllocated: +1,
    AllocationReleased: -1,
}
"""What each backordered unit of the same events moves: backordered."""

MOVES: dict[type, dict[str, int]] = {
    HoldFilled: {"backordered": -1, "held": +1},
    AllocationFilled: {"backordered": -1, "allocated": +1},
    WaitJoined: {"waiting": +1},
    WaitLeft: {"waiting": -1},
    WaitFilled: {"waiting": -1, "held": +1},
    AllocationPicked: {"picked": +1},
    AllocationUnpicked: {"picked": -1},
    ShippedUnexpectedly: {"on_hand": -1, "moved": -1},
    StockSold: {"on_hand": -1, "moved": -1},
    TransferSent: {"on_hand": -1, "moved": -1},
}
"""What each counted unit of the other events moves, by field of Stock."""

_NEW = Stock()


def evolve_stock(stock: Stock | None, event: StockEvent) -> Stock:
    """The stock after the event, one version on; `stock` is None if the event is its first."""
    return _EVOLVE[type(event)](_NEW if stock is None else stock, event)


def _promise(stock: Stock, event: Any) -> Stock:
    held, allocated = PROMISE_MOVES[type(event)]
    units = event.quantity if event.counted else 0
    backordered = stock.backordered
    if event.backordered:
        units -= event.backordered
        backordered += BACKORDER_MOVES[type(event)] * event.backordered
    return replace(
        stock,
        held=stock.held + held * units,
        allocated=stock.allocated + allocated * units,
        backordered=backordered,
        version=stock.version + 1,
    )


def _move(stock: Stock, event: Any) -> Stock:
    # An event without the field is of what is always counted.
    units = event.quantity if getattr(event, "counted", True) else 0
    changed = {name: getattr(stock, name) + by * units for name, by in MOVES[type(event)].items()}
    return replace(stock, version=stock.version + 1, **changed)


def _ship(stock: Stock, event: StockShipped) -> Stock:
    if not event.counted:
        return _only_version(stock, event)
    units = event.quantity
    return replace(
        stock,
        on_hand=stock.on_hand - units,
        allocated=stock.allocated - units,
        picked=stock.picked - event.picked,
        moved=stock.moved - units,
        version=stock.version + 1,
    )


def _arrive(
    stock: Stock, event: StockReceived | StockTakenBack | StockReturned | TransferReceived
) -> Stock:
    if not getattr(event, "counted", True):
        return _only_version(stock, event)
    cause = event.unavailable_cause
    units = event.quantity
    return replace(
        stock,
        on_hand=stock.on_hand + units,
        moved=stock.moved + units,
        unavailable=_with(stock.unavailable, cause, units) if cause else stock.unavailable,
        version=stock.version + 1,
    )


def _receive(stock: Stock, event: StockReceived) -> Stock:
    stock = _arrive(stock, event)
    if not event.incoming_closed:
        return stock
    incoming = _less(stock.incoming, event.incoming_reference, "", event.incoming_closed)
    return replace(stock, incoming=incoming)


def _receive_transfer(stock: Stock, event: TransferReceived) -> Stock:
    stock = _arrive(stock, event)
    gone = event.quantity + event.lost
    return replace(stock, incoming=_less(stock.incoming, "", event.transfer_id, gone))


def _expect(stock: Stock, event: IncomingExpected) -> Stock:
    others = [one for one in stock.incoming if one.transfer_id or one.reference != event.reference]
    if event.quantity:
        others.append(Incoming(event.reference, event.quantity, event.expected_at_ms))
    return replace(stock, incoming=tuple(others), version=stock.version + 1)


def _expect_transfer(stock: Stock, event: TransferExpected) -> Stock:
    expected = Incoming(event.reference, event.quantity, event.expected_at_ms, event.transfer_id)
    return replace(stock, incoming=(*stock.incoming, expected), version=stock.version + 1)


def _adjust(stock: Stock, event: StockAdjusted) -> Stock:
    cause = event.unavailable_cause
    return replace(
        stock,
        on_hand=stock.on_hand + event.delta,
        unavailable=_with(stock.unavailable, cause, event.delta) if cause else stock.unavailable,
        version=stock.version + 1,
    )


def _count(stock: Stock, event: StockCounted) -> Stock:
    return replace(stock, on_hand=event.on_hand, version=stock.version + 1)


def _move_between_causes(stock: Stock, event: StockMoved) -> Stock:
    unavailable = stock.unavailable
    if event.from_cause:
        unavailable = _with(unavailable, event.from_cause, -event.quantity)
    if event.to_cause:
        unavailable = _with(unavailable, event.to_cause, event.quantity)
    return replace(stock, unavailable=unavailable, version=stock.version + 1)


def _miss(stock: Stock, event: PickFellShort) -> Stock:
    if not event.counted:
        return _only_version(stock, event)
    unavailable = _with(stock.unavailable, MISSING_CAUSE, event.quantity)
    return replace(stock, unavailable=unavailable, version=stock.version + 1)


def _configure(stock: Stock, event: StockConfigured) -> Stock:
    return replace(
        stock,
        safety_stock=event.safety_stock,
        tracked=event.tracked,
        selling=event.selling,
        channel_buffers=event.channel_buffers,
        backorder_limit=event.backorder_limit,
        version=stock.version + 1,
    )


def _advance(stock: Stock, event: SourceAdvanced) -> Stock:
    marks = {mark.source: mark for mark in stock.sources}
    marks[event.source] = SourceMark(event.source, event.sequence, event.counted_at_ms)
    in_order = tuple(marks[source] for source in sorted(marks))
    return replace(stock, sources=in_order, version=stock.version + 1)


def _draw(stock: Stock, event: AllocationDrawn) -> Stock:
    uses = {use.channel: use for use in stock.channel_uses}
    before = uses.pop(event.channel, None)
    # An allocation that was stated anew begins at 0, and nothing is given back beyond that.
    counted = before.units if before is not None and before.since_ms == event.since_ms else 0
    units = max(0, counted + event.units)
    if units:
        uses[event.channel] = ChannelUse(event.channel, units, event.since_ms)
    in_order = tuple(uses[channel] for channel in sorted(uses))
    return replace(stock, channel_uses=in_order, version=stock.version + 1)


def _only_version(stock: Stock, _event: StockEvent) -> Stock:
    # It moves nothing, but it is an event of the SKU-location and has a version.
    return replace(stock, version=stock.version + 1)


_EVOLVE: dict[type, Callable[[Stock, Any], Stock]] = {
    **dict.fromkeys(PROMISE_MOVES, _promise),
    **dict.fromkeys(MOVES, _move),
    StockShipped: _ship,
    StockReturned: _arrive,
    StockTakenBack: _arrive,
    StockReceived: _receive,
    TransferReceived: _receive_transfer,
    IncomingExpected: _expect,
    TransferExpected: _expect_transfer,
    StockAdjusted: _adjust,
    StockCounted: _count,
    StockMoved: _move_between_causes,
    PickFellShort: _miss,
    StockConfigured: _configure,
    SourceAdvanced: _advance,
    AllocationDrawn: _draw,
    ShortfallDetected: _only_version,
    HoldTaken: _only_version,
}


def _with(
    unavailable: tuple[tuple[str, int], ...], cause: str, units: int
) -> tuple[tuple[str, int], ...]:
    """So many more units for the cause; a cause without units is left out."""
    by_cause = dict(unavailable)
    by_cause[cause] = by_cause.get(cause, 0) + units
    return tuple(sorted((name, count) for name, count in by_cause.items() if count))


def _less(
    incoming: tuple[Incoming, ...], reference: str, transfer_id: str, units: int
) -> tuple[Incoming, ...]:
    """So many units fewer are expected of a delivery, or of a transfer; what is complete is left
    out."""
    left = []
    for one in incoming:
        is_it = one.transfer_id == transfer_id and (transfer_id or one.reference == reference)
        quantity = one.quantity - units if is_it else one.quantity
        if quantity > 0:
            left.append(replace(one, quantity=quantity))
    return tuple(left)
