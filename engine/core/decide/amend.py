"""Amend: lines are added, dropped, resized and swapped as one, under the same id.

What the basket has already counts as free: units that one line gives back serve another one before
anything is taken from stock.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from engine.core.commands import Amend
from engine.core.decide.fill import Given, fill
from engine.core.decide.giving_back import GivenBack
from engine.core.decide.portions import find, is_over
from engine.core.decide.promise import allocated_events, held_events
from engine.core.decide.told import to_shards
from engine.core.decide.wishes import wishes_of
from engine.core.events import ReservationAmended
from engine.core.limits import KIT_LINES_MAX
from engine.core.model import Key, Line, Reservation, ReservationStatus, ShortLine
from engine.core.rejections import (
    InsufficientStock,
    LineExists,
    Rejection,
    TooManyLines,
    UnknownLine,
    UnknownReservation,
    UnknownStock,
)
from engine.core.view import HERE, Decision, Elsewhere, Filled, Grant, Terms, View, Wish

_AMENDABLE = frozenset(
    {ReservationStatus.WAITING, ReservationStatus.HELD, ReservationStatus.COMMITTED}
)


def amend(view: View, command: Amend, now_ms: int) -> Decision | Elsewhere | Rejection:
    """Change the basket. What it gains is held as long as anything of it is held or waits, and else
    allocated."""
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    if reservation.status not in _AMENDABLE:
        return is_over(reservation)
    wishes = wishes_of(view, command.set_lines)
    if not isinstance(wishes, list):
        return wishes
    given = GivenBack(reservation.reservation_id)
    growth = _changes(reservation, command, wishes, given)
    if not isinstance(growth, list):
        return growth
    lines = len(reservation.lines) + len(growth)
    if lines > KIT_LINES_MAX:
        return TooManyLines(lines, KIT_LINES_MAX)
    if not given.events and not growth:
        return Decision()
    grown = _grown(view, reservation, command, growth, given, now_ms)
    if not isinstance(grown, tuple):
        return grown
    reservation_id, tenant = reservation.reservation_id, reservation.tenant
    committed = reservation.status is ReservationStatus.COMMITTED
    taken = (allocated_events if committed else held_events)(reservation_id, *grown)
    events = to_shards(view, reservation_id, tenant, [*given.events, *taken])
    amended = ReservationAmended(reservation_id, tenant, _swapped(reservation, wishes))
    return Decision((amended, *events))


def _changes(
    reservation: Reservation,
    command: Amend,
    wished: Sequence[Wish],
    given: GivenBack,
) -> list[Wish] | Rejection:
    """Give back what is no longer wanted, and say what is wanted besides."""
    lines: dict[str, list[Line]] = {}
    shipped: dict[str, set[tuple[str, int]]] = {}
    for line in reservation.lines:
        if _is_present(line):
            lines.setdefault(line.line_id, []).append(line)
        if line.shipped:
            shipped.setdefault(line.line_id, set()).add((line.key.sku, line.units_each))
    for line_id in command.drop_line_ids:
        if line_id not in lines:
            return UnknownLine(reservation.reservation_id, line_id)
        refusal = given.all_of(lines.pop(line_id))
        if refusal is not None:
            return refusal
    of_lines: dict[str, list[Wish]] = {}
    for wish in wished:
        of_lines.setdefault(wish.line_id, []).append(wish)
    growth: list[Wish] = []
    for line_id, wishes in of_lines.items():
        if not shipped.get(line_id, set()) <= {(wish.sku, wish.units_each) for wish in wishes}:
            return LineExists(reservation.reservation_id, line_id)
        present = lines.get(line_id, [])
        if not _is_resized(present, wishes):
            refusal = given.all_of(present)
            if refusal is not None:
                return refusal
            present = []
        more = _resize(present, wishes, given)
        if not isinstance(more, list):
            return more
        growth += more
    return growth


def _is_present(line: Line) -> bool:
    return bool(line.held or line.allocated or line.waiting)


def _swapped(reservation: Reservation, wished: Sequence[Wish]) -> tuple[str, ...]:
    """The lines that are set and have, or had, SKUs that they are not to have. One that is resized
    keeps what it has, whatever it was before."""
    of_lines: dict[str, list[Wish]] = {}
    for wish in wished:
        of_lines.setdefault(wish.line_id, []).append(wish)
    swapped = []
    for line_id, wishes in of_lines.items():
        own = [line for line in reservation.lines if line.line_id == line_id]
        skus = {wish.sku for wish in wishes}
        if all(line.key.sku in skus for line in own):
            continue
        if not _is_resized([line for line in own if _is_present(line)], wishes):
            swapped.append(line_id)
    return tuple(swapped)


def _resize(
    lines: Sequence[Line], wishes: Sequence[Wish], given: GivenBack
) -> list[Wish] | Rejection:
    """Give back what the lines have too much, and say what they have too little."""
    growth = []
    for wish in wishes:
        of_sku = [line for line in lines if line.key.sku == wish.sku]
        more = wish.quantity - sum(line.held + line.allocated + line.waiting for line in of_sku)
        if more > 0:
            growth.append(replace(wish, quantity=more))
        elif more < 0:
            refusal = given.some_of(of_sku, -more)
            if refusal is not None:
                return refusal
    return growth


def _is_resized(lines: Sequence[Line], wishes: Sequence[Wish]) -> bool:
    """Whether a line stays what it is but for its quantity: the same SKUs, all of them from where
    they may come."""
    places = {wish.sku: (wish.units_each, None if wish.counting else wish.keys) for wish in wishes}
    if {line.key.sku for line in lines} != places.keys():
        return False
    for line in lines:
        units_each, keys = places[line.key.sku]
        if line.units_each != units_each:
            return False
        if keys is not None and line.key not in keys:
            return False
    return True


def _grown(
    view: View,
    reservation: Reservation,
    command: Amend,
    growth: Sequence[Wish],
    given: GivenBack,
    now_ms: int,
) -> tuple[list[Wish], list[Filled]] | Elsewhere | Rejection:
    """What the growing lines get: of what the basket has given back, and of stock."""
    kept = [_kept_elsewhere(view, wish, given, split=command.split) for wish in growth]
    kept_of_sku: dict[str, int] = {}
    for wish, grants in zip(growth, kept, strict=True):
        units = sum(grant.quantity for grant in grants)
        kept_of_sku[wish.sku] = kept_of_sku.get(wish.sku, 0) + units
    wishes = []
    for wish, grants in zip(growth, kept, strict=True):
        quantity = wish.quantity - sum(grant.quantity for grant in grants)
        given_back = given.units.get(wish.sku, 0) - kept_of_sku[wish.sku]
        wishes.append(replace(wish, quantity=quantity, given_back=given_back))
    asked = [wish for wish in wishes if wish.quantity]
    terms = Terms(reservation.channel, reservation.customer, command.strategy, command.split)
    filled = fill(view, asked, terms, now_ms, Given(given.free, given.backordered))
    if not isinstance(filled, list):
        return filled
    for one in filled:
        if one.missing is not None:
            return UnknownStock(one.missing)
    if any(one.short is not None for one in filled):
        return InsufficientStock(_short_lines(command, asked, filled))
    answers = iter(filled)
    together = [
        _together(grants, next(answers) if wish.quantity else Filled(()))
        for wish, grants in zip(wishes, kept, strict=True)
    ]
    refusal = given.counted_otherwise(reservation, wishes, together)
    return (wishes, together) if refusal is None else refusal


def _short_lines(
    command: Amend, asked: Sequence[Wish], filled: Sequence[Filled]
) -> tuple[ShortLine, ...]:
    """The lines that are short, in the units that they were asked for: with what they have
    already."""
    shorts: dict[str, ShortLine] = {}
    lines = {line.line_id: line for line in command.set_lines}
    for wish, one in zip(asked, filled, strict=True):
        if one.short is not None:
            line = lines[wish.line_id]
            has = line.quantity * wish.units_each - wish.quantity
            available = (has + one.short.available) // wish.units_each
            before = shorts.get(wish.line_id)
            if before is None or available < before.available:
                shorts[wish.line_id] = ShortLine(
                    line.line_id, line.key, one.short.cause, line.quantity, available
                )
    return tuple(shorts.values())


def _kept_elsewhere(view: View, wish: Wish, given: GivenBack, *, split: bool) -> tuple[Grant, ...]:
    """Take for a wish of another shard what the basket itself gives back there, so that the other
    shard is asked only for what is needed besides. A line that may not be split takes it only where
    that is all it needs, or where it has no other place to come from."""
    if wish.counting or view.shard_of(wish.tenant, wish.sku) == HERE:
        return ()
    keys = wish.keys
    if not split and len(keys) > 1:
        keys = tuple(key for key in keys if given.free.get(key, 0) >= wish.quantity)[:1]
    grants = []
    left = wish.quantity
    for key in keys:
        units = min(left, given.free.get(key, 0))
        if units:
            given.free[key] -= units
            left -= units
            grants.append(Grant(key, units))
    return tuple(grants)


def _together(kept: Sequence[Grant], filled: Filled) -> Filled:
    """One grant for each location."""
    by_key: dict[Key, Grant] = {}
    for grant in (*kept, *filled.grants):
        before = by_key.get(grant.key)
        units = grant.quantity + (before.quantity if before is not None else 0)
        by_key[grant.key] = replace(grant, quantity=units)
    return Filled(tuple(by_key.values()))
