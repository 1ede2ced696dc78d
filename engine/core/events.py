"""What has happened. Events are facts: they are never refused and never changed.

A stock event happened to one SKU-location and carries its key; a reservation event happened to a
basket as a whole. `counted` is False where the SKU-location is not tracked, so that no balance
moves.
"""

from typing import get_args

from engine.core.model import Key, ReleaseReason, Selling, Stock, Struct


class StockHeld(Struct, frozen=True, tag=True):
    """Units were held."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True


class HoldCommitted(Struct, frozen=True, tag=True):
    """Held units became allocated."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True


class HoldReleased(Struct, frozen=True, tag=True):
    """Held units were given back."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    reason: ReleaseReason = ReleaseReason.UNSPECIFIED


class HoldExpired(Struct, frozen=True, tag=True):
    """Held units came back because the deadline passed."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True


class StockAllocated(Struct, frozen=True, tag=True):
    """Units were allocated without a hold."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True


class AllocationReleased(Struct, frozen=True, tag=True):
    """Allocated units were given back."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    reason: ReleaseReason = ReleaseReason.UNSPECIFIED


class StockShipped(Struct, frozen=True, tag=True):
    """Allocated units left."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True


class StockSold(Struct, frozen=True, tag=True):
    """Units were sold at a till."""

    key: Key
    quantity: int
    channel: str = ""
    counted: bool = True


class StockReceived(Struct, frozen=True, tag=True):
    """Units arrived."""

    key: Key
    quantity: int


class StockAdjusted(Struct, frozen=True, tag=True):
    """The units on hand were corrected."""

    key: Key
    delta: int


class StockCounted(Struct, frozen=True, tag=True):
    """The units on hand were counted."""

    key: Key
    on_hand: int
    expected: int


class StockConfigured(Struct, frozen=True, tag=True):
    """Settings changed; all are given as they are now."""

    key: Key
    safety_stock: int
    tracked: bool
    selling: Selling
    channel_buffers: tuple[tuple[str, int], ...]


class ShortfallDetected(Struct, frozen=True, tag=True):
    """More is promised than is on hand, by `shortfall` units."""

    key: Key
    shortfall: int


class ReservationCreated(Struct, frozen=True, tag=True):
    """A basket was made; its lines follow. `expires_at_ms` 0: allocated at once."""

    reservation_id: str
    tenant: str
    reference: str
    channel: str
    customer: str
    expires_at_ms: int


class ReservationExtended(Struct, frozen=True, tag=True):
    """A basket's deadline changed."""

    reservation_id: str
    expires_at_ms: int
    tenant: str = ""


class ReservationRenamed(Struct, frozen=True, tag=True):
    """A basket's reference changed."""

    reservation_id: str
    reference: str
    tenant: str = ""


class ReservationExpired(Struct, frozen=True, tag=True):
    """A basket's deadline passed; its lines follow."""

    reservation_id: str
    tenant: str = ""


LineEvent = (
    StockHeld
    | HoldCommitted
    | HoldReleased
    | HoldExpired
    | StockAllocated
    | AllocationReleased
    | StockShipped
)
"""Stock events that move one line of a reservation."""

OnHandEvent = (
    StockSold | StockReceived | StockAdjusted | StockCounted | StockConfigured | ShortfallDetected
)
"""Stock events of no reservation."""

StockEvent = LineEvent | OnHandEvent
ReservationEvent = (
    ReservationCreated | ReservationExtended | ReservationRenamed | ReservationExpired
)
Event = StockEvent | ReservationEvent

RESERVATION_EVENTS: frozenset[type] = frozenset(get_args(ReservationEvent))
"""The types of ReservationEvent: asking for membership takes a tenth of the time of isinstance."""


class Recorded(Struct, frozen=True):
    """An event with the stock of its SKU-location after it; None for a reservation event."""

    event: Event
    stock: Stock | None
