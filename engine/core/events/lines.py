"""What has happened to one line of a reservation, at its SKU-location.

`quantity` units in all, of which `backordered` are promised without stock behind them. `counted` is
False where the SKU-location is not tracked, so that no balance moves. `units_each` is how many
units of this SKU one unit of the line stands for: more than 1 in kits alone.
"""

from engine.core.model import Key, ReleaseReason, Struct


class StockHeld(Struct, frozen=True, tag=True):
    """Units were held."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    backordered: int = 0
    units_each: int = 1


class HoldTaken(Struct, frozen=True, tag=True):
    """Units that were held under the name of an attempt are held by the basket for which they were
    set aside from now on: no balance moves."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    units_each: int = 1
    attempt_id: str = ""


class HoldCommitted(Struct, frozen=True, tag=True):
    """Held units became allocated."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    backordered: int = 0


class HoldReleased(Struct, frozen=True, tag=True):
    """Held units were given back."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    reason: ReleaseReason = ReleaseReason.UNSPECIFIED
    backordered: int = 0


class HoldExpired(Struct, frozen=True, tag=True):
    """Held units came back because the deadline passed."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    backordered: int = 0


class HoldFilled(Struct, frozen=True, tag=True):
    """Stock has come that backs held units which were backordered."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True


class HoldReacquired(Struct, frozen=True, tag=True):
    """Units lost to the deadline were taken again, and allocated."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    backordered: int = 0


class WaitJoined(Struct, frozen=True, tag=True):
    """Units began to wait for stock. Their place is 1 more than the units that wait there before
    them, backordered ones included."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    place: int = 0
    units_each: int = 1


class WaitLeft(Struct, frozen=True, tag=True):
    """Waiting units are not wanted any more; `expired`: because patience ended."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    reason: ReleaseReason = ReleaseReason.UNSPECIFIED
    expired: bool = False


class WaitFilled(Struct, frozen=True, tag=True):
    """Waiting units were held, because stock has come."""

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
    backordered: int = 0
    units_each: int = 1


class AllocationFilled(Struct, frozen=True, tag=True):
    """Stock has come that backs allocated units which were backordered."""

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
    backordered: int = 0


class AllocationPicked(Struct, frozen=True, tag=True):
    """Allocated units were put into a box."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True


class AllocationUnpicked(Struct, frozen=True, tag=True):
    """Picked units went back to the shelf."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True


class PickFellShort(Struct, frozen=True, tag=True):
    """The picker did not find allocated units: they are unavailable from now on, for the cause
    `limits.MISSING_CAUSE`, until somebody has looked."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True


class StockShipped(Struct, frozen=True, tag=True):
    """Allocated units left; `picked` of them lay in a box."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    picked: int = 0
    shipment_id: str = ""


class ShippedUnexpectedly(Struct, frozen=True, tag=True):
    """Units left that were not allocated to the line here. `units_each` as for Line; 0: not said,
    but as at the line's other locations."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    shipment_id: str = ""
    units_each: int = 0


class StockReturned(Struct, frozen=True, tag=True):
    """Shipped units came back: to be sold again, or unavailable for a cause."""

    key: Key
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool = True
    shipment_id: str = ""
    unavailable_cause: str = ""


LineEvent = (
    StockHeld
    | HoldTaken
    | HoldCommitted
    | HoldReleased
    | HoldExpired
    | HoldFilled
    | HoldReacquired
    | WaitJoined
    | WaitLeft
    | WaitFilled
    | StockAllocated
    | AllocationFilled
    | AllocationReleased
    | AllocationPicked
    | AllocationUnpicked
    | PickFellShort
    | StockShipped
    | ShippedUnexpectedly
    | StockReturned
)
"""Stock events that move one line of a reservation."""
