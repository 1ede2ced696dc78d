"""Amend: lines are added, dropped, resized and swapped as one, under the same id.

What the basket has already counts as free: units that one line gives back serve another one before
anything is taken from stock.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from engine.core.commands import Amend
from engine.core.decide.fill import fill
from engine.core.decide.giving_back import GivenBack
from engine.core.decide.portions import find, is_over
from engine.core.decide.promise import allocated_events, held_events
from engine.core.decide.told import to_shards
from engine.core.decide.wishes import wishes_of
from engine.core.events import ReservationAmended
from engine.core.limits import KIT_LINES_MAX
from engine.core.model import Key, Line, Reservation, ReservationStatus
from engine.core.rejections import (
    InsufficientStock,
    Rejection,
    TooManyLines,
    UnknownLine,
    UnknownReservation,
    UnknownStock,
)
from engine.core.view import Decision, Elsewhere, Filled, Grant, Terms, View, Wish

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
    return Decision((ReservationAmended(reservation_id, tenant), *events))


def _changes(
    reservation: Reservation,
    command: Amend,
    wished: Sequence[Wish],
    given: GivenBack,
) -> list[Wish] | Rejection:
    """Give back what is no longer wanted, and say what is wanted besides."""
    lines: dict[str, list[Line]] = {}
    for line in reservation.lines:
        if line.held or line.allocated or line.waiting:
            lines.setdefault(line.line_id, []).append(line)
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
    reused = [_reuse(wish, given.free, split=command.split) for wish in growth]
    kept: dict[str, int] = {}
    for wish, grants in zip(growth, reused, strict=True):
        kept[wish.sku] = kept.get(wish.sku, 0) + sum(grant.quantity for grant in grants)
    wishes = []
    for wish, grants in zip(growth, reused, strict=True):
        quantity = wish.quantity - sum(grant.quantity for grant in grants)
        given_back = given.units.get(wish.sku, 0) - kept[wish.sku]
        wishes.append(replace(wish, quantity=quantity, given_back=given_back))
    asked = [wish for wish in wishes if wish.quantity]
    terms = Terms(reservation.channel, reservation.customer, command.strategy, command.split)
    filled = fill(view, asked, terms, now_ms)
    if not isinstance(filled, list):
        return filled
    for one in filled:
        if one.missing is not None:
            return UnknownStock(one.missing)
    short_lines = tuple(one.short for one in filled if one.short is not None)
    if short_lines:
        return InsufficientStock(short_lines)
    answers = iter(filled)
    together = [
        _together(grants, next(answers) if wish.quantity else Filled(()))
        for wish, grants in zip(wishes, reused, strict=True)
    ]
    return wishes, together


def _reuse(wish: Wish, free: dict[Key, int], *, split: bool) -> tuple[Grant, ...]:
    """Take for a wish what the basket itself has given back; a line that may not be split takes
    none, unless it has only one place to come from."""
    if wish.counting or (not split and len(wish.keys) > 1):
        return ()
    grants = []
    left = wish.quantity
    for key in wish.keys:
        units = min(left, free.get(key, 0))
        if units:
            free[key] -= units
            left -= units
            grants.append(Grant(key, units))
    return tuple(grants)


def _together(reused: Sequence[Grant], filled: Filled) -> Filled:
    """One grant for each location."""
    by_key: dict[Key, Grant] = {}
    for grant in (*reused, *filled.grants):
        before = by_key.get(grant.key)
        units = grant.quantity + (before.quantity if before is not None else 0)
        by_key[grant.key] = replace(grant, quantity=units)
    return Filled(tuple(by_key.values()))
