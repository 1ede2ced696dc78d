"""Commit: held units become an order's, and units lost to the deadline may be taken again."""

from engine.core.commands import Commit
from engine.core.decide.portions import (
    Portion,
    expired,
    find,
    held_backed,
    held_backordered,
    in_pools,
    portions_of,
    take,
)
from engine.core.decide.reacquire import reacquire
from engine.core.decide.told import to_shards
from engine.core.events import (
    ConfirmationAsked,
    Event,
    HoldCommitted,
    HoldReleased,
    LineEvent,
    ReservationRenamed,
)
from engine.core.model import Line, OnExpired, Remainder, Reservation, ReservationStatus
from engine.core.rejections import (
    AlreadyCommitted,
    AlreadyReleased,
    Rejection,
    StillWaiting,
    UnknownReservation,
)
from engine.core.view import Decision, Elsewhere, View

# Python 3.11 takes 0.1 us to look up an enum member, and these are needed for every Commit.
_WAITING = ReservationStatus.WAITING
_HELD = ReservationStatus.HELD
_RELEASED = ReservationStatus.RELEASED
_REACQUIRE = OnExpired.REACQUIRE
_DONE = frozenset({ReservationStatus.COMMITTED, ReservationStatus.SHIPPED})


def commit(view: View, command: Commit, now_ms: int) -> Decision | Elsewhere | Rejection:
    """Allocate held units, all or those named; the rest is freed or stays held. Backed units come
    first, so that the rest keeps those that still wait for stock.

    When nothing is held any more, a commit of the same content makes no events: it was done.
    """
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    status = reservation.status
    if status is _WAITING:
        return StillWaiting(command.reservation_id)
    reacquires = command.on_expired is _REACQUIRE and status is not _RELEASED
    reacquires = reacquires and _has_lost(reservation)
    if status is not _HELD:
        if _was_done(command, reservation):
            return Decision()
        if not reacquires:
            return _nothing_is_held(reservation)
    taken = _take(reservation, command, reacquires=reacquires)
    if not isinstance(taken, tuple):
        return taken
    lines, lost = taken
    if any(units for _, units in lost):
        again = reacquire(view, reservation, lost, now_ms)
        if not isinstance(again, list):
            return again
        lines += again
    events = _of_the_whole(command, reservation, now_ms) if lines else []
    events += to_shards(view, reservation.reservation_id, reservation.tenant, lines)
    return Decision(tuple(events))


def _take(
    reservation: Reservation, command: Commit, *, reacquires: bool
) -> tuple[list[LineEvent], list[Portion]] | Rejection:
    """What happens to held units, and which expired ones are to be taken again."""
    lines = reservation.lines
    portions = portions_of(reservation, held_backed)
    pools = 1
    if reacquires or any(line.held_backordered for line in lines):
        portions += portions_of(reservation, held_backordered)
        pools += 1
    if reacquires:
        portions += portions_of(reservation, _lost)
        pools += 1
    taken = take(reservation.reservation_id, portions, command.lines)
    if not isinstance(taken, list):
        return taken
    units = in_pools(taken, pools)
    backed = units[0]
    backordered = units[1] if pools > 1 else [0] * len(lines)
    frees = bool(command.lines) and command.remainder is Remainder.FREE
    events = _committed(reservation, backed, backordered)
    if frees:
        events += _freed(reservation, backed, backordered)
    return events, taken[2 * len(lines) :]


def _committed(
    reservation: Reservation, backed: list[int], backordered: list[int]
) -> list[LineEvent]:
    return [
        HoldCommitted(
            line.key,
            reservation.reservation_id,
            line.line_id,
            with_stock + without,
            line.counted,
            without,
        )
        for line, with_stock, without in zip(reservation.lines, backed, backordered, strict=True)
        if with_stock or without
    ]


def _freed(reservation: Reservation, backed: list[int], backordered: list[int]) -> list[LineEvent]:
    return [
        HoldReleased(
            line.key,
            reservation.reservation_id,
            line.line_id,
            units,
            line.counted,
            backordered=line.held_backordered - without,
        )
        for line, with_stock, without in zip(reservation.lines, backed, backordered, strict=True)
        if (units := line.held - with_stock - without)
    ]


def _of_the_whole(command: Commit, reservation: Reservation, now_ms: int) -> list[Event]:
    """What the Commit changes beside lines."""
    reservation_id, tenant = reservation.reservation_id, reservation.tenant
    events: list[Event] = []
    if command.reference not in ("", reservation.reference):
        events.append(ReservationRenamed(reservation_id, command.reference, tenant))
    if command.confirm_within_ms:
        confirm_by_ms = now_ms + command.confirm_within_ms
        events.append(ConfirmationAsked(reservation_id, tenant, confirm_by_ms, command.on_overdue))
    return events


def _lost(line: Line) -> int:
    """Units lost to the deadline."""
    return line.expired


def _has_lost(reservation: Reservation) -> bool:
    return any(line.expired for line in reservation.lines)


def _nothing_is_held(reservation: Reservation) -> Rejection:
    """Why there is nothing to commit. That units were lost to the deadline outweighs that others
    were committed or shipped in time."""
    status = reservation.status
    if reservation.expired or (status in _DONE and _has_lost(reservation)):
        return expired(reservation)
    if status in _DONE:
        return AlreadyCommitted(reservation.reservation_id)
    return AlreadyReleased(reservation.reservation_id)


def _was_done(command: Commit, reservation: Reservation) -> bool:
    """Whether an earlier Commit has already done what this one asks for.

    A Commit of everything was done if nothing was lost to the deadline; also where Allocate left
    nothing to commit. One that names lines was done if exactly these units of them were committed.
    """
    if reservation.status not in _DONE:
        return False
    if command.reference not in ("", reservation.reference):
        return False
    if not command.lines:
        return not reservation.expired and not _has_lost(reservation)
    committed = _committed_units(reservation)
    named = {part.line_id: part.quantity or committed.get(part.line_id) for part in command.lines}
    return any(committed.values()) and named == {
        line_id: units for line_id, units in committed.items() if units or line_id in named
    }


def _committed_units(reservation: Reservation) -> dict[str, int]:
    """What was ever committed of each line of the caller, in its units: of a kit, whole kits."""
    by_sku: dict[str, dict[str, int]] = {}
    units_each: dict[tuple[str, str], int] = {}
    for line in reservation.lines:
        of_line = by_sku.setdefault(line.line_id, {})
        sku = line.key.sku
        of_line[sku] = of_line.get(sku, 0) + line.committed
        units_each.setdefault((line.line_id, sku), line.units_each)
    return {
        line_id: min(units // units_each[line_id, sku] for sku, units in of_line.items())
        for line_id, of_line in by_sku.items()
    }
