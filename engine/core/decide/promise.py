"""Commands that promise units to a new basket: Reserve holds them for a while, Allocate for good.

An unknown SKU-location is refused before anything that is short, because no delivery would help.
"""

from collections.abc import Iterable, Sequence

from engine.core.commands import Allocate, BasketLine, Reserve
from engine.core.decide.bounds import shortfall
from engine.core.decide.fill import fill, promised_too_much
from engine.core.decide.told import to_shards
from engine.core.decide.wishes import wishes_of
from engine.core.events import (
    AtRisk,
    ConfirmationAsked,
    Event,
    LineEvent,
    ReservationCreated,
    ShortfallDetected,
    StockAllocated,
    StockHeld,
    WaitJoined,
)
from engine.core.limits import BALANCE_MAX
from engine.core.model import Fill, IfShort, Key, ShortLine, Struct
from engine.core.rejections import (
    BalanceOutOfRange,
    InsufficientStock,
    Rejection,
    UnknownStock,
)
from engine.core.view import HERE, Decision, Elsewhere, Filled, Terms, View, Wish

_BEST_EFFORT = Fill.BEST_EFFORT


class Promises(Struct, frozen=True):
    """What a basket gets, wish by wish, and the lines that do not get all they ask for."""

    wishes: list[Wish]
    filled: list[Filled]
    short_lines: tuple[ShortLine, ...] = ()
    acceptable: bool = True
    """Whether every line gets what it insists on, and any line anything at all. If not, the lines
    that do not get it come first among the short ones."""


def reserve(view: View, command: Reserve, now_ms: int) -> Decision | Elsewhere | Rejection:
    """Hold the basket, or as much of it as there is if it is a best-effort one; what is short may
    wait."""
    best_effort = command.fill is _BEST_EFFORT
    terms = Terms(
        command.channel,
        command.customer,
        command.strategy,
        command.split,
        best_effort,
        command.wait_ms > 0,
    )
    made = promises_of(view, command.lines, terms, now_ms)
    if type(made) is not Promises:
        return made  # type: ignore[return-value]
    if made.short_lines and not (best_effort and made.acceptable):
        return InsufficientStock(made.short_lines)
    waits = False
    if command.wait_ms:
        waits = any(grant.waiting for one in made.filled for grant in one.grants)
    hold_ms = command.ttl_ms or view.settings.hold_ms(command.hold_class)
    reservation_id = view.new_reservation_id()
    created = ReservationCreated(
        reservation_id,
        command.tenant,
        command.reference,
        command.channel,
        command.customer,
        now_ms + (command.wait_ms if waits else hold_ms),
        hold_ms if waits else 0,
    )
    held = held_events(reservation_id, made.wishes, made.filled)
    lines = to_shards(view, reservation_id, command.tenant, held)
    return Decision((created, *lines), made.short_lines)


def allocate(view: View, command: Allocate, now_ms: int) -> Decision | Elsewhere | Rejection:
    """Allocate the whole basket: if there is enough when asked, in any case when told."""
    told = command.if_short is IfShort.RECORD
    terms = Terms(command.channel, command.customer, command.strategy, command.split, told=told)
    made = promises_of(view, command.lines, terms, now_ms)
    if type(made) is not Promises:
        return made  # type: ignore[return-value]
    if made.short_lines:
        return InsufficientStock(made.short_lines)
    reservation_id = view.new_reservation_id()
    tenant = command.tenant
    events: list[Event] = [
        ReservationCreated(
            reservation_id, tenant, command.reference, command.channel, command.customer, 0
        )
    ]
    if command.confirm_within_ms:
        confirm_by_ms = now_ms + command.confirm_within_ms
        events.append(ConfirmationAsked(reservation_id, tenant, confirm_by_ms, command.on_overdue))
    allocated = allocated_events(reservation_id, made.wishes, made.filled)
    events += to_shards(view, reservation_id, tenant, allocated)
    if told:
        events += shortfalls(view, reservation_id, made.filled)
    return Decision(tuple(events))


def promises_of(
    view: View, lines: Sequence[BasketLine], terms: Terms, now_ms: int
) -> Promises | Elsewhere | Rejection:
    """What the lines get."""
    wishes = wishes_of(view, lines)
    if type(wishes) is not list:
        return wishes  # type: ignore[return-value]
    filled = fill(view, wishes, terms, now_ms)
    if type(filled) is not list:
        return filled  # type: ignore[return-value]
    short = False
    for one in filled:
        if one.missing is not None:
            return UnknownStock(one.missing)
        short = short or one.short is not None
    if terms.told:
        too_much = promised_too_much(view, filled)
        if too_much is not None:
            return BalanceOutOfRange(too_much[0], "promised", too_much[1], BALANCE_MAX)
    return _by_line(lines, wishes, filled) if short else Promises(wishes, filled)


def _by_line(lines: Sequence[BasketLine], wishes: list[Wish], filled: list[Filled]) -> Promises:
    """What each line gets, if not every wish was filled."""
    short_lines: list[ShortLine] = []
    below_minimum: list[ShortLine] = []
    anything = False
    of_lines: dict[str, list[tuple[Wish, Filled]]] = {line.line_id: [] for line in lines}
    for wish, one in zip(wishes, filled, strict=True):
        of_lines[wish.line_id].append((wish, one))
    for line in lines:
        of_line = of_lines[line.line_id]
        short = _short(line, of_line)
        if short is not None:
            short_lines.append(short)
        wish, one = of_line[-1]
        got = sum(grant.quantity + grant.waiting for grant in one.grants)
        anything = anything or got > 0
        if short is not None and got < line.minimum * wish.units_each:
            below_minimum.append(short)
    if below_minimum:
        # These are why the basket is refused: they come first.
        others = [short for short in short_lines if short not in below_minimum]
        return Promises(wishes, filled, (*below_minimum, *others), acceptable=False)
    return Promises(wishes, filled, tuple(short_lines), anything)


def _short(line: BasketLine, of_line: Sequence[tuple[Wish, Filled]]) -> ShortLine | None:
    """Why a line does not get all it asks for; of a kit, because of its scarcest component."""
    short: ShortLine | None = None
    possible = line.quantity
    for wish, one in of_line:
        if one.short is not None and one.short.available // wish.units_each < possible:
            possible = one.short.available // wish.units_each
            short = one.short
    if short is not None and len(of_line) > 1:
        return ShortLine(line.line_id, line.key, short.cause, line.quantity, possible)
    return short


def held_events(
    reservation_id: str, wishes: Sequence[Wish], filled: Sequence[Filled]
) -> list[LineEvent]:
    """The events that hold what the wishes get, and let wait what waits."""
    events: list[LineEvent] = []
    for wish, one in zip(wishes, filled, strict=True):
        for grant in one.grants:
            if grant.quantity:
                events.append(
                    StockHeld(
                        grant.key,
                        reservation_id,
                        wish.line_id,
                        grant.quantity,
                        grant.counted,
                        grant.backordered,
                        wish.units_each,
                    )
                )
            if grant.waiting:
                events.append(
                    WaitJoined(
                        grant.key,
                        reservation_id,
                        wish.line_id,
                        grant.waiting,
                        True,
                        grant.place,
                        wish.units_each,
                    )
                )
    return events


def allocated_events(
    reservation_id: str, wishes: Sequence[Wish], filled: Sequence[Filled]
) -> list[LineEvent]:
    """The events that allocate what the wishes get."""
    return [
        StockAllocated(
            grant.key,
            reservation_id,
            wish.line_id,
            grant.quantity,
            grant.counted,
            grant.backordered,
            wish.units_each,
        )
        for wish, one in zip(wishes, filled, strict=True)
        for grant in one.grants
        if grant.quantity
    ]


def shortfalls(
    view: View, reservation_id: str, filled: Iterable[Filled]
) -> list[ShortfallDetected]:
    """What told promises leave missing in this shard, once for each SKU-location, in order of first
    mention; the newest allocation is their own."""
    taken: dict[Key, int] = {}
    for one in filled:
        for grant in one.grants:
            key = grant.key
            if grant.counted and view.shard_of(key.tenant, key.sku) == HERE:
                taken[key] = taken.get(key, 0) + grant.quantity - grant.backordered
    return [
        event
        for key, units in taken.items()
        if (stock := view.stock(key)) is not None
        for event in shortfall(
            view, key, stock, -units, AtRisk(reservation_id, units, allocated=True)
        )
    ]
