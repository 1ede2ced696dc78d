"""Commands that make or change what a basket is promised."""

from engine.core.model import (
    Fill,
    HoldClass,
    IfShort,
    Key,
    OnExpired,
    OnOverdue,
    ReleaseReason,
    Remainder,
    Strategy,
    Struct,
)


class BasketLine(Struct, frozen=True):
    """A wish for units of one SKU; `minimum` is what a best-effort basket insists on.

    The units come from the key's location, or, where that is empty, from `locations` in order of
    preference, or from those of `group`. `customer_limit` 0: none but what is configured.
    """

    line_id: str
    key: Key
    quantity: int
    minimum: int = 0
    locations: tuple[str, ...] = ()
    group: str = ""
    allow_backorder: bool = False
    customer_limit: int = 0


class LineQuantity(Struct, frozen=True):
    """A part of a reservation's line; 0 units mean all that the line has. `location` is for Ship
    alone: where the units left from, empty: from where they were allocated."""

    line_id: str
    quantity: int = 0
    location: str = ""


class PickedLine(Struct, frozen=True):
    """Units of a line that were put into a box, and units that the picker looked for in vain.
    Neither stated: all that is allocated was picked."""

    line_id: str
    quantity: int = 0
    missing: int = 0


class Reserve(Struct, frozen=True, tag=True):
    """Hold a basket. `ttl_ms` 0: as long as `hold_class` says. `wait_ms`: what is short waits that
    long for stock; 0: it does not wait."""

    tenant: str
    lines: tuple[BasketLine, ...]
    fill: Fill = Fill.ALL_OR_NOTHING
    ttl_ms: int = 0
    hold_class: HoldClass = HoldClass.CART
    reference: str = ""
    channel: str = ""
    customer: str = ""
    strategy: Strategy = Strategy.PRIORITY
    split: bool = True
    wait_ms: int = 0


class Allocate(Struct, frozen=True, tag=True):
    """Promise units to an order without a hold before it. `confirm_within_ms` 0: nobody has to
    confirm it."""

    tenant: str
    lines: tuple[BasketLine, ...]
    if_short: IfShort = IfShort.REFUSE
    reference: str = ""
    channel: str = ""
    customer: str = ""
    strategy: Strategy = Strategy.PRIORITY
    split: bool = True
    confirm_within_ms: int = 0
    on_overdue: OnOverdue = OnOverdue.KEEP


class Amend(Struct, frozen=True, tag=True):
    """Change a basket as one: each of `set_lines` has this quantity and source from now on, new or
    not, and the lines of `drop_line_ids` are given back. What the basket has already counts as
    free."""

    tenant: str
    reservation_id: str
    set_lines: tuple[BasketLine, ...] = ()
    drop_line_ids: tuple[str, ...] = ()
    strategy: Strategy = Strategy.PRIORITY
    split: bool = True


class Extend(Struct, frozen=True, tag=True):
    """Give a hold a new deadline, counted from now."""

    tenant: str
    reservation_id: str
    ttl_ms: int = 0
    hold_class: HoldClass = HoldClass.CART


class Commit(Struct, frozen=True, tag=True):
    """Allocate held units to an order; no lines mean everything held. `confirm_within_ms` 0: nobody
    has to confirm it."""

    tenant: str
    reservation_id: str
    lines: tuple[LineQuantity, ...] = ()
    remainder: Remainder = Remainder.FREE
    reference: str = ""
    on_expired: OnExpired = OnExpired.REFUSE
    confirm_within_ms: int = 0
    on_overdue: OnOverdue = OnOverdue.KEEP


class Confirm(Struct, frozen=True, tag=True):
    """The order stands: its allocation is not overdue any more, and will not be."""

    tenant: str
    reservation_id: str


class Release(Struct, frozen=True, tag=True):
    """Give units back, held ones first; no lines mean everything."""

    tenant: str
    reservation_id: str
    lines: tuple[LineQuantity, ...] = ()
    reason: ReleaseReason = ReleaseReason.UNSPECIFIED


class Pick(Struct, frozen=True, tag=True):
    """Allocated units lie in a box; no lines mean everything allocated."""

    tenant: str
    reservation_id: str
    lines: tuple[PickedLine, ...] = ()
    reference: str = ""


class Unpick(Struct, frozen=True, tag=True):
    """Picked units are back on the shelf; no lines mean everything picked."""

    tenant: str
    reservation_id: str
    lines: tuple[LineQuantity, ...] = ()
    reference: str = ""


class Ship(Struct, frozen=True, tag=True):
    """Allocated units have left; no lines mean everything allocated. With `if_unexpected` RECORD
    also units that were not allocated, or not there."""

    tenant: str
    reservation_id: str
    lines: tuple[LineQuantity, ...] = ()
    reference: str = ""
    if_unexpected: IfShort = IfShort.REFUSE


class Return(Struct, frozen=True, tag=True):
    """Shipped units have come back; no lines mean everything shipped. `shipment_id` empty: of
    whichever shipment. `unavailable_cause` empty: they may be sold again."""

    tenant: str
    reservation_id: str
    lines: tuple[LineQuantity, ...] = ()
    shipment_id: str = ""
    unavailable_cause: str = ""
    reason: str = ""
    reference: str = ""


class TransferReservation(Struct, frozen=True, tag=True):
    """Serve lines from another location; no lines mean all that is held and allocated, not
    picked."""

    tenant: str
    reservation_id: str
    to_location: str
    lines: tuple[LineQuantity, ...] = ()
