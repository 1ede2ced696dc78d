"""What happens to a reservation by itself, because its time has come.

A deadline counts from its millisecond on, swept or not: every command on a reservation is decided
as if the sweep had just run (`portions.find`), so its answer does not depend on the sweep.
"""

from engine.core.decide.told import to_shards
from engine.core.events import (
    AllocationOverdue,
    AllocationReleased,
    Event,
    HoldExpired,
    LineEvent,
    ReservationExpired,
    WaitLeft,
)
from engine.core.model import OnOverdue, ReleaseReason, Reservation
from engine.core.view import Decision, View


def due(view: View, reservation: Reservation, now_ms: int) -> Decision:
    """All that is due at a reservation of this shard: its hold or its patience is over, or its
    allocation was not confirmed in time. What was due first happens first."""
    expires_at_ms, confirm_by_ms = reservation.expires_at_ms, reservation.confirm_by_ms
    expired = overdue = False
    if expires_at_ms and expires_at_ms <= now_ms:
        expired = any(line.held or line.waiting for line in reservation.lines)
    if confirm_by_ms and confirm_by_ms <= now_ms:
        overdue = any(line.allocated for line in reservation.lines)
    events: list[Event] = []
    if overdue and confirm_by_ms < expires_at_ms:
        events += _overdue(view, reservation)
    if expired:
        events += _expire(view, reservation)
    if overdue and confirm_by_ms >= expires_at_ms:
        events += _overdue(view, reservation)
    return Decision(tuple(events))


def _expire(view: View, reservation: Reservation) -> list[Event]:
    """Give back what is held, and wait no longer."""
    reservation_id, tenant = reservation.reservation_id, reservation.tenant
    lines: list[LineEvent] = []
    for line in reservation.lines:
        if line.held:
            lines.append(
                HoldExpired(
                    line.key,
                    reservation_id,
                    line.line_id,
                    line.held,
                    line.counted,
                    line.held_backordered,
                )
            )
        if line.waiting:
            lines.append(
                WaitLeft(
                    line.key,
                    reservation_id,
                    line.line_id,
                    line.waiting,
                    line.counted,
                    expired=True,
                )
            )
    expired = ReservationExpired(reservation_id, tenant)
    return [expired, *to_shards(view, reservation_id, tenant, lines)]


def _overdue(view: View, reservation: Reservation) -> list[Event]:
    """Say that nobody has confirmed, and give back what does not lie in a box, if so asked."""
    reservation_id, tenant = reservation.reservation_id, reservation.tenant
    overdue = AllocationOverdue(reservation_id, tenant, reservation.confirm_by_ms)
    if reservation.on_overdue is OnOverdue.KEEP:
        return [overdue]
    released = [
        AllocationReleased(
            line.key,
            reservation_id,
            line.line_id,
            line.allocated - line.picked,
            line.counted,
            ReleaseReason.OTHER,
            line.allocated_backordered,
        )
        for line in reservation.lines
        if line.allocated > line.picked
    ]
    return [overdue, *to_shards(view, reservation_id, tenant, released)]
