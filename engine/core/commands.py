"""What may be asked of stock. A command has been checked for shape; whether it may happen is
decided in `decide`."""

from engine.core.model import (
    Fill,
    HoldClass,
    IfShort,
    Key,
    ReleaseReason,
    Remainder,
    Selling,
    Struct,
)


class BasketLine(Struct, frozen=True):
    """A wish for units of one SKU-location; `minimum` is what a best-effort basket insists on."""

    line_id: str
    key: Key
    quantity: int
    minimum: int = 0


class LineQuantity(Struct, frozen=True):
    """A part of a reservation's line; 0 units mean all that the line has."""

    line_id: str
    quantity: int = 0


class Reserve(Struct, frozen=True, tag=True):
    """Hold a basket. `ttl_ms` 0: as long as `hold_class` says."""

    tenant: str
    lines: tuple[BasketLine, ...]
    fill: Fill = Fill.ALL_OR_NOTHING
    ttl_ms: int = 0
    hold_class: HoldClass = HoldClass.CART
    reference: str = ""
    channel: str = ""
    customer: str = ""


class Extend(Struct, frozen=True, tag=True):
    """Give a hold a new deadline, counted from now."""

    tenant: str
    reservation_id: str
    ttl_ms: int = 0
    hold_class: HoldClass = HoldClass.CART


class Commit(Struct, frozen=True, tag=True):
    """Allocate held units to an order; no lines mean everything held."""

    tenant: str
    reservation_id: str
    lines: tuple[LineQuantity, ...] = ()
    remainder: Remainder = Remainder.FREE
    reference: str = ""


class Release(Struct, frozen=True, tag=True):
    """Give units back, held ones first; no lines mean everything."""

    tenant: str
    reservation_id: str
    lines: tuple[LineQuantity, ...] = ()
    reason: ReleaseReason = ReleaseReason.UNSPECIFIED


class Allocate(Struct, frozen=True, tag=True):
    """Promise units to an order without a hold before it."""

    tenant: str
    lines: tuple[BasketLine, ...]
    if_short: IfShort = IfShort.REFUSE
    reference: str = ""
    channel: str = ""
    customer: str = ""


class Ship(Struct, frozen=True, tag=True):
    """Allocated units have left; no lines mean everything allocated."""

    tenant: str
    reservation_id: str
    lines: tuple[LineQuantity, ...] = ()
    reference: str = ""


class Sell(Struct, frozen=True, tag=True):
    """Units were sold at a till."""

    key: Key
    quantity: int
    if_short: IfShort = IfShort.REFUSE
    reference: str = ""
    channel: str = ""


class Receive(Struct, frozen=True, tag=True):
    """Units have arrived."""

    key: Key
    quantity: int
    reference: str = ""


class Adjust(Struct, frozen=True, tag=True):
    """The units on hand differ from the books by `delta`."""

    key: Key
    delta: int
    reason: str
    reference: str
    if_short: IfShort = IfShort.REFUSE


class SetOnHand(Struct, frozen=True, tag=True):
    """The units on hand were counted."""

    key: Key
    on_hand: int
    if_version: int | None = None
    if_on_hand: int | None = None
    if_short: IfShort = IfShort.REFUSE
    reference: str = ""
    reason: str = ""


class Configure(Struct, frozen=True, tag=True):
    """Change settings; None leaves one as it is, a buffer of 0 removes it."""

    key: Key
    safety_stock: int | None = None
    tracked: bool | None = None
    selling: Selling | None = None
    channel_buffers: tuple[tuple[str, int], ...] = ()


OnReservation = Extend | Commit | Release | Ship
"""Commands on an existing reservation."""

OnBasket = Reserve | Allocate
"""Commands that make a reservation."""

OnStock = Sell | Receive | Adjust | SetOnHand | Configure
"""Commands on one SKU-location."""

Command = OnBasket | OnReservation | OnStock


class Context(Struct, frozen=True):
    """What every write carries besides its content. `occurred_at_ms` 0: not stated."""

    request_id: str
    correlation_id: str = ""
    occurred_at_ms: int = 0
    ticket: str = ""
    validate_only: bool = False
    principal: str = ""
