"""Commit: held units become an order's, and units lost to the deadline may be taken again."""

from engine.core.commands import Commit
from engine.core.decide.portions import (
    Portion,
    committed_units,
    expired,
    find,
    in_whole_kits,
    take_of,
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
from engine.core.model import OnExpired, Remainder, Reservation, ReservationStatus
from engine.core.rejections import (
    AlreadyCommitted,
    AlreadyReleased,
    Rejection,
    StillWaiting,
    UnknownReservation,
)
from engine.core.view import Decision, Elsewhere, View

# Python 3.11 takes 0.1 us to look up an enum member, and these are needed for every Commit.
_RELEASED = ReservationStatus.RELEASED
_REACQUIRE = OnExpired.REACQUIRE
_FREE = Remainder.FREE
_DONE = frozenset({ReservationStatus.COMMITTED, ReservationStatus.SHIPPED})


def commit(view: View, command: Commit, now_ms: int) -> Decision | Elsewhere | Rejection:
    """Allocate held units, all or those named; the rest is freed or stays held. Backed units come
    first, so that the rest keeps those that still wait for stock.

    When nothing is held any more, a commit of the same content makes no events: it was done.
    """
    reservation = find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    # Sums in one loop: the status, and a comprehension for each state, would take twice as long.
    held = unbacked = 0
    for line in reservation.lines:
        if line.waiting:
            return StillWaiting(command.reservation_id)
        held += line.held
        unbacked += line.held_backordered
    lost = _lost(reservation) if command.on_expired is _REACQUIRE else []
    reacquires = any(lost)
    if not held:
        if _was_done(command, reservation):
            return Decision()
        if not reacquires:
            return _nothing_is_held(reservation)
    pools = [[line.held - line.held_backordered for line in reservation.lines]]
    if unbacked or reacquires:
        pools.append([line.held_backordered for line in reservation.lines])
    if reacquires:
        pools.append(lost)
    taken = take_of(reservation, pools, command.lines)
    if not isinstance(taken, list):
        return taken
    lines = _held_events(reservation, command, taken)
    if reacquires and any(taken[2]):
        portions = list(zip(reservation.lines, taken[2], strict=True))
        again = reacquire(view, reservation, portions, now_ms)
        if not isinstance(again, list):
            return again
        lines += again
    events = to_shards(view, reservation.reservation_id, reservation.tenant, lines)
    if lines and (command.reference or command.confirm_within_ms or reservation.confirm_by_ms):
        return Decision((*_of_the_whole(command, reservation, now_ms), *events))
    return Decision(tuple(events))


def _held_events(
    reservation: Reservation, command: Commit, taken: list[list[int]]
) -> list[LineEvent]:
    """What happens to held units."""
    backed = taken[0]
    backordered = taken[1] if len(taken) > 1 else [0] * len(backed)
    events = _committed(reservation, backed, backordered)
    if command.lines and command.remainder is _FREE:
        events += _freed(reservation, backed, backordered)
    return events


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
    elif 0 < reservation.confirm_by_ms <= now_ms:
        # What was to be confirmed by then is not allocated any more: this was not asked for.
        events.append(ConfirmationAsked(reservation_id, tenant, 0, command.on_overdue))
    return events


def _lost(reservation: Reservation) -> list[int]:
    """Units of each line that were lost to the deadline and may be taken again: of kits, whole
    ones. None if somebody has ended the reservation since."""
    if reservation.status is _RELEASED:
        return []
    portions: list[Portion] = [(line, line.expired) for line in reservation.lines]
    line_ids = {line.line_id for line in reservation.lines}
    return [units for _, units in in_whole_kits(portions, line_ids)]


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
    committed = committed_units(reservation)
    named = {part.line_id: part.quantity or committed.get(part.line_id) for part in command.lines}
    return any(committed.values()) and named == {
        line_id: units for line_id, units in committed.items() if units or line_id in named
    }
