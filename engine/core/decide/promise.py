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
from engine.core.view import HERE, Decision, Elsewhere, Filled, Grant, Terms, View, Wish

_BEST_EFFORT = Fill.BEST_EFFORT


class Promise(Struct, frozen=True):
    """What one line of a basket gets of one SKU."""

    line_id: str
    units_each: int
    grants: tuple[Grant, ...]


class Promises(Struct, frozen=True):
    """What a basket gets, line by line, and the lines that do not get all they ask for."""

    promises: tuple[Promise, ...]
    short_lines: tuple[ShortLine, ...]
    acceptable: bool
    """Whether every line gets what it insists on, and any line anything at all."""


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
    hold_ms = command.ttl_ms or view.settings.hold_ms(command.hold_class)
    waits = bool(command.wait_ms) and any(
        grant.waiting for promise in made.promises for grant in promise.grants
    )
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
    lines = to_shards(
        view, reservation_id, command.tenant, held_events(reservation_id, made.promises)
    )
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
    allocated = allocated_events(reservation_id, made.promises)
    events += to_shards(view, reservation_id, tenant, allocated)
    if told:
        events += shortfalls(view, reservation_id, made.promises)
    return Decision(tuple(events))


def promises_of(
    view: View, lines: Sequence[BasketLine], terms: Terms, now_ms: int
) -> Promises | Elsewhere | Rejection:
    """What the lines get."""
    wished = wishes_of(view, lines)
    if type(wished) is not list:
        return wished  # type: ignore[return-value]
    wishes = [wish for _, of_line in wished for wish in of_line]
    filled = fill(view, wishes, terms, now_ms)
    if type(filled) is not list:
        return filled  # type: ignore[return-value]
    for one in filled:
        if one.missing is not None:
            return UnknownStock(one.missing)
    if terms.told:
        too_much = promised_too_much(view, filled)
        if too_much is not None:
            return BalanceOutOfRange(too_much[0], "promised", too_much[1], BALANCE_MAX)
    return _by_line(wished, filled)


def _by_line(
    wished: Sequence[tuple[BasketLine, tuple[Wish, ...]]], filled: Sequence[Filled]
) -> Promises:
    promises: list[Promise] = []
    short_lines: list[ShortLine] = []
    anything, acceptable = False, True
    index = 0
    for line, wishes in wished:
        of_line = filled[index : index + len(wishes)]
        index += len(wishes)
        if len(wishes) == 1:
            one = of_line[0]
            promises.append(Promise(line.line_id, 1, one.grants))
            if one.short is not None:
                short_lines.append(one.short)
        else:
            of_kit, short = _of_kit(line, wishes, of_line)
            promises += of_kit
            if short is not None:
                short_lines.append(short)
        got = sum([grant.quantity + grant.waiting for grant in promises[-1].grants])
        anything = anything or got > 0
        # The last promise of a kit is of a component.
        acceptable = acceptable and got >= line.minimum * wishes[-1].units_each
    return Promises(tuple(promises), tuple(short_lines), anything and acceptable)


def _of_kit(
    line: BasketLine, wishes: Sequence[Wish], filled: Sequence[Filled]
) -> tuple[list[Promise], ShortLine | None]:
    """Only whole kits are of use: as many as the scarcest component makes."""
    kits = line.quantity
    short: ShortLine | None = None
    for wish, one in zip(wishes, filled, strict=True):
        units = sum(grant.quantity + grant.waiting for grant in one.grants)
        if one.short is not None and not one.grants:
            units = one.short.available
        possible = units // wish.units_each
        if possible < kits:
            kits = possible
            short = one.short
    if short is not None:
        short = ShortLine(line.line_id, line.key, short.cause, line.quantity, kits)
    of_kit = []
    for wish, one in zip(wishes, filled, strict=True):
        grants = _at_most(one.grants, kits * wish.units_each)
        of_kit.append(Promise(line.line_id, wish.units_each, grants))
    return of_kit, short


def _at_most(grants: Iterable[Grant], units: int) -> tuple[Grant, ...]:
    """The first so many units of the grants."""
    kept = []
    for grant in grants:
        quantity = min(grant.quantity, units)
        waiting = min(grant.waiting, units - quantity)
        units -= quantity + waiting
        if quantity or waiting:
            # What no stock backs goes first.
            backordered = max(0, grant.backordered - (grant.quantity - quantity))
            kept.append(
                Grant(grant.key, quantity, grant.counted, backordered, waiting, grant.place)
            )
    return tuple(kept)


def held_events(reservation_id: str, promises: Iterable[Promise]) -> list[LineEvent]:
    """The events that hold what was promised, and let wait what waits."""
    events: list[LineEvent] = []
    for promise in promises:
        for grant in promise.grants:
            if grant.quantity:
                events.append(
                    StockHeld(
                        grant.key,
                        reservation_id,
                        promise.line_id,
                        grant.quantity,
                        grant.counted,
                        grant.backordered,
                        promise.units_each,
                    )
                )
            if grant.waiting:
                events.append(
                    WaitJoined(
                        grant.key,
                        reservation_id,
                        promise.line_id,
                        grant.waiting,
                        True,
                        grant.place,
                        promise.units_each,
                    )
                )
    return events


def allocated_events(reservation_id: str, promises: Iterable[Promise]) -> list[LineEvent]:
    """The events that allocate what was promised."""
    return [
        StockAllocated(
            grant.key,
            reservation_id,
            promise.line_id,
            grant.quantity,
            grant.counted,
            grant.backordered,
            promise.units_each,
        )
        for promise in promises
        for grant in promise.grants
        if grant.quantity
    ]


def shortfalls(
    view: View, reservation_id: str, promises: Iterable[Promise]
) -> list[ShortfallDetected]:
    """What told promises leave missing in this shard, once for each SKU-location, in order of first
    mention; the newest allocation is their own."""
    taken: dict[Key, int] = {}
    for promise in promises:
        for grant in promise.grants:
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
