"""Commands that resolve what a basket was promised: Extend, Commit, Release, Ship; and expiry.

A hold whose deadline has come counts as expired from that millisecond on, swept or not: every
command here is decided as if the sweep had just run, so its answer does not depend on the sweep.
"""

from collections.abc import Callable

from engine.core.commands import Commit, Extend, LineQuantity, OnReservation, Release, Ship
from engine.core.decide.bounds import out_of_range
from engine.core.events import (
    AllocationReleased,
    Event,
    HoldCommitted,
    HoldExpired,
    HoldReleased,
    ReservationExpired,
    ReservationExtended,
    ReservationRenamed,
    StockShipped,
)
from engine.core.evolve import evolve_lines
from engine.core.model import (
    Key,
    Line,
    Remainder,
    Reservation,
    ReservationStatus,
    Stock,
)
from engine.core.rejections import (
    AlreadyCommitted,
    AlreadyReleased,
    AlreadyShipped,
    HoldHasExpired,
    LineQuantityExceeded,
    NotCommitted,
    Rejection,
    UnknownLine,
    UnknownReservation,
)
from engine.core.view import Decision, View

Portion = tuple[Line, int]
"""Units of one line in one state, held or allocated: what there is, or what is taken of it."""

_NOT_EXTENDED: dict[ReservationStatus, Callable[[str], Rejection]] = {
    ReservationStatus.COMMITTED: AlreadyCommitted,
    ReservationStatus.SHIPPED: AlreadyShipped,
    ReservationStatus.RELEASED: AlreadyReleased,
}
_NOT_COMMITTED: dict[ReservationStatus, Callable[[str], Rejection]] = {
    ReservationStatus.COMMITTED: AlreadyCommitted,
    ReservationStatus.SHIPPED: AlreadyCommitted,
    ReservationStatus.RELEASED: AlreadyReleased,
}
_NOT_SHIPPED: dict[ReservationStatus, Callable[[str], Rejection]] = {
    ReservationStatus.HELD: NotCommitted,
    ReservationStatus.SHIPPED: AlreadyShipped,
    ReservationStatus.RELEASED: AlreadyReleased,
}


def expire(reservation: Reservation) -> Decision:
    """Give back what is held because the deadline has passed. Whether it has, the caller knows."""
    events: list[Event] = [ReservationExpired(reservation.reservation_id, reservation.tenant)]
    events += [
        HoldExpired(line.key, reservation.reservation_id, line.line_id, line.held, line.counted)
        for line in reservation.lines
        if line.held
    ]
    return Decision(tuple(events))


def extend(view: View, command: Extend, now_ms: int) -> Decision | Rejection:
    """Give the hold a new deadline from now, also an earlier one."""
    reservation = _find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    if reservation.status is not ReservationStatus.HELD:
        return _hold_is_over(reservation, _NOT_EXTENDED)
    ttl_ms = command.ttl_ms or view.settings.hold_ms(command.hold_class)
    extended = ReservationExtended(reservation.reservation_id, now_ms + ttl_ms, reservation.tenant)
    return Decision((extended,))


def commit(view: View, command: Commit, now_ms: int) -> Decision | Rejection:
    """Allocate held units, all or those named; the rest is freed or stays held.

    When nothing is held any more, a commit of the same content makes no events: it was done.
    """
    reservation = _find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    if reservation.status is not ReservationStatus.HELD:
        if _was_done(command, reservation):
            return Decision()
        return _hold_is_over(reservation, _NOT_COMMITTED)
    reservation_id = reservation.reservation_id
    held = _held(reservation)
    taken = _take(reservation_id, held, command.lines)
    if not isinstance(taken, list):
        return taken
    events: list[Event] = []
    if command.reference not in ("", reservation.reference):
        events.append(ReservationRenamed(reservation_id, command.reference, reservation.tenant))
    events += [
        HoldCommitted(line.key, reservation_id, line.line_id, units, line.counted)
        for line, units in taken
        if units
    ]
    if command.lines and command.remainder is Remainder.FREE:
        events += [
            HoldReleased(line.key, reservation_id, line.line_id, units, line.counted)
            for line, units in _rest(held, taken)
            if units
        ]
    return Decision(tuple(events))


def release(view: View, command: Release, now_ms: int) -> Decision | Rejection:
    """Give units back, all or those named, held ones before allocated ones.

    Where nothing is left of what is named, nothing happens: giving back twice is harmless.
    """
    reservation = _find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    reservation_id = reservation.reservation_id
    held = _held(reservation)
    portions = held + _allocated(reservation)
    named = command.lines
    line_ids = {part.line_id for part in named}
    if not any(units for line, units in portions if line.line_id in line_ids):
        named = tuple(LineQuantity(part.line_id) for part in named)
    taken = _take(reservation_id, portions, named)
    if not isinstance(taken, list):
        return taken
    events: list[Event] = [
        HoldReleased(line.key, reservation_id, line.line_id, units, line.counted, command.reason)
        for line, units in taken[: len(held)]
        if units
    ]
    events += [
        AllocationReleased(
            line.key, reservation_id, line.line_id, units, line.counted, command.reason
        )
        for line, units in taken[len(held) :]
        if units
    ]
    return Decision(tuple(events))


def ship(view: View, command: Ship, now_ms: int) -> Decision | Rejection:
    """Let allocated units leave, all or those named; held ones must be committed first."""
    reservation = _find(view, command, now_ms)
    if reservation is None:
        return UnknownReservation(command.reservation_id)
    allocated = _allocated(reservation)
    if not any(units for _, units in allocated):
        if reservation.status is ReservationStatus.EXPIRED:
            return _expired(reservation)
        return _NOT_SHIPPED[reservation.status](reservation.reservation_id)
    taken = _take(reservation.reservation_id, allocated, command.lines)
    if not isinstance(taken, list):
        return taken
    refusal = _too_far_below(view, taken)
    if refusal is not None:
        return refusal
    return Decision(
        tuple(
            StockShipped(line.key, reservation.reservation_id, line.line_id, units, line.counted)
            for line, units in taken
            if units
        )
    )


def _find(view: View, command: OnReservation, now_ms: int) -> Reservation | None:
    """The tenant's reservation as of now, its hold expired if the deadline has come."""
    reservation = view.reservation(command.reservation_id)
    if reservation is None or reservation.tenant != command.tenant:
        return None
    if now_ms < reservation.expires_at_ms or reservation.deadline_ms is None:
        return reservation
    return evolve_lines(reservation, expire(reservation).events, now_ms)


def _hold_is_over(
    reservation: Reservation, by_status: dict[ReservationStatus, Callable[[str], Rejection]]
) -> Rejection:
    """Why there is nothing held. That units were lost to the deadline outweighs all else: they
    may be gone although others were committed or shipped in time."""
    if reservation.expired:
        return _expired(reservation)
    return by_status[reservation.status](reservation.reservation_id)


def _expired(reservation: Reservation) -> HoldHasExpired:
    return HoldHasExpired(reservation.reservation_id, reservation.expires_at_ms)


def _was_done(command: Commit, reservation: Reservation) -> bool:
    """Whether an earlier Commit has already done what this one asks for.

    A Commit of everything was done if nothing was lost to the deadline; also where Allocate left
    nothing to commit. One that names lines was done if exactly these units of them were committed.
    """
    if reservation.status not in (ReservationStatus.COMMITTED, ReservationStatus.SHIPPED):
        return False
    if command.reference not in ("", reservation.reference):
        return False
    if not command.lines:
        return not reservation.expired
    committed: dict[str, int] = {}
    for line in reservation.lines:
        committed[line.line_id] = committed.get(line.line_id, 0) + line.committed
    named = {part.line_id: part.quantity or committed.get(part.line_id) for part in command.lines}
    return any(committed.values()) and named == {
        line_id: units for line_id, units in committed.items() if units or line_id in named
    }


def _held(reservation: Reservation) -> list[Portion]:
    return [(line, line.held) for line in reservation.lines]


def _allocated(reservation: Reservation) -> list[Portion]:
    return [(line, line.allocated) for line in reservation.lines]


def _take(
    reservation_id: str, portions: list[Portion], named: tuple[LineQuantity, ...]
) -> list[Portion] | UnknownLine | LineQuantityExceeded:
    """What is taken of each portion when `named` is asked for; all of it when nothing is named.

    One line may have several portions: they are used up in order.
    """
    if not named:
        return portions
    of_line: dict[str, list[int]] = {part.line_id: [] for part in named}
    for index, (line, _) in enumerate(portions):
        if line.line_id in of_line:
            of_line[line.line_id].append(index)
    left = [units for _, units in portions]
    for part in named:
        indexes = of_line[part.line_id]
        if not indexes:
            return UnknownLine(reservation_id, part.line_id)
        limit = sum(left[index] for index in indexes)
        if part.quantity > limit:
            return LineQuantityExceeded(reservation_id, part.line_id, part.quantity, limit)
        wanted = part.quantity or limit
        for index in indexes:
            units = min(wanted, left[index])
            left[index] -= units
            wanted -= units
    return [(line, units - rest) for (line, units), rest in zip(portions, left, strict=True)]


def _rest(portions: list[Portion], taken: list[Portion]) -> list[Portion]:
    return [(line, units - gone) for (line, units), (_, gone) in zip(portions, taken, strict=True)]


def _too_far_below(view: View, shipped: list[Portion]) -> Rejection | None:
    """The refusal of a shipment that would drive a balance on hand out of its range."""
    on_hand: dict[Key, int] = {}
    for line, units in shipped:
        if line.counted:
            before = on_hand.get(line.key)
            if before is None:
                before = (view.stock(line.key) or Stock()).on_hand
            on_hand[line.key] = before - units
    for key, units in on_hand.items():
        refusal = out_of_range(key, "on_hand", units)
        if refusal is not None:
            return refusal
    return None
