"""Commands that promise units to a new basket: Reserve holds them for a while, Allocate for good.

Lines are filled in order and each sees what the lines before it took. An unknown SKU-location is
refused before anything that is short, because no delivery would help.
"""

from engine.core.commands import Allocate, BasketLine, Reserve
from engine.core.decide.bounds import out_of_range, short_line, shortfall
from engine.core.events import (
    Event,
    ReservationCreated,
    ShortfallDetected,
    StockAllocated,
    StockHeld,
)
from engine.core.model import Fill, IfShort, Key, ShortLine, Stock
from engine.core.rejections import (
    BalanceOutOfRange,
    InsufficientStock,
    Rejection,
    UnknownStock,
)
from engine.core.view import Decision, View

_BEST_EFFORT = Fill.BEST_EFFORT

Promise = tuple[BasketLine, int, bool]
"""A line of the basket, the units that it gets, and whether they count: stock that is tracked."""


def reserve(view: View, command: Reserve, now_ms: int) -> Decision | Rejection:
    """Hold the basket, or as much of it as there is if it is a best-effort one."""
    best_effort = command.fill is _BEST_EFFORT
    filled = _fill(view, command.lines, command.channel, partly=best_effort)
    if not isinstance(filled, tuple):
        return filled
    promises, short_lines = filled
    if short_lines and not (best_effort and _is_acceptable(promises)):
        return InsufficientStock(tuple(short_lines))
    expires_at_ms = now_ms + (command.ttl_ms or view.settings.hold_ms(command.hold_class))
    created = _created(view, command, expires_at_ms)
    events: list[Event] = [created]
    events += [
        StockHeld(line.key, created.reservation_id, line.line_id, quantity, counted)
        for line, quantity, counted in promises
        if quantity
    ]
    return Decision(tuple(events), tuple(short_lines))


def allocate(view: View, command: Allocate, _now_ms: int) -> Decision | Rejection:
    """Allocate the whole basket: if there is enough when asked, in any case when told."""
    told = command.if_short is IfShort.RECORD
    if told:
        filled = _record(view, command.lines)
    else:
        filled = _fill(view, command.lines, command.channel, partly=False)
    if not isinstance(filled, tuple):
        return filled
    promises, short_lines = filled
    if short_lines:
        return InsufficientStock(tuple(short_lines))
    created = _created(view, command, 0)
    events: list[Event] = [created]
    events += [
        StockAllocated(line.key, created.reservation_id, line.line_id, quantity, counted)
        for line, quantity, counted in promises
    ]
    if told:
        events += _shortfalls(view, promises)
    return Decision(tuple(events))


def _fill(
    view: View, lines: tuple[BasketLine, ...], channel: str, *, partly: bool
) -> tuple[list[Promise], list[ShortLine]] | UnknownStock:
    """What each line gets, and the lines that do not get all they ask for.

    A short line gets what there is if `partly`, else nothing, so that later lines find it all.
    """
    taken: dict[Key, int] = {}
    promises: list[Promise] = []
    short_lines: list[ShortLine] = []
    for line in lines:
        key = line.key
        stock = view.stock(key)
        if stock is None:
            return UnknownStock(key)
        taken_before = taken.get(key, 0)
        short = short_line(stock, channel, taken_before, line.line_id, key, line.quantity)
        quantity = line.quantity
        if short is not None:
            short_lines.append(short)
            quantity = short.available if partly else 0
        taken[key] = taken_before + quantity
        promises.append((line, quantity, stock.tracked))
    return promises, short_lines


def _record(
    view: View, lines: tuple[BasketLine, ...]
) -> tuple[list[Promise], list[ShortLine]] | UnknownStock | BalanceOutOfRange:
    """All that the lines say, short or not: it has happened.

    The bound is on all that is promised, so that a hold granted earlier still fits when committed.
    """
    promised: dict[Key, int] = {}
    promises: list[Promise] = []
    for line in lines:
        key = line.key
        stock = view.stock(key)
        if stock is None:
            return UnknownStock(key)
        if stock.tracked:
            promised[key] = promised.get(key, stock.promised) + line.quantity
        promises.append((line, line.quantity, stock.tracked))
    for key, units in promised.items():
        refusal = out_of_range(key, "promised", units)
        if refusal is not None:
            return refusal
    return promises, []


def _shortfalls(view: View, promises: list[Promise]) -> list[ShortfallDetected]:
    """What the promises leave missing, once for each SKU-location, in order of first mention."""
    taken: dict[Key, int] = {}
    for line, quantity, _ in promises:
        taken[line.key] = taken.get(line.key, 0) + quantity
    return [
        event
        for key, units in taken.items()
        for event in shortfall(key, view.stock(key) or Stock(), -units)
    ]


def _is_acceptable(promises: list[Promise]) -> bool:
    """Whether a best-effort basket gets anything at all, and every line what it insists on."""
    return any(quantity for _, quantity, _ in promises) and all(
        quantity >= line.minimum for line, quantity, _ in promises
    )


def _created(view: View, command: Reserve | Allocate, expires_at_ms: int) -> ReservationCreated:
    return ReservationCreated(
        reservation_id=view.new_reservation_id(),
        tenant=command.tenant,
        reference=command.reference,
        channel=command.channel,
        customer=command.customer,
        expires_at_ms=expires_at_ms,
    )
