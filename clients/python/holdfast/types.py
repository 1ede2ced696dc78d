"""What the SDK takes and gives: lines, keys, levels, reservations and the answers to writes, as
small immutable tuples.

Quantities are integers in the SKU's smallest unit; times are datetimes in UTC. Enums are strings,
so that ``fill="best_effort"`` and ``fill=Fill.BEST_EFFORT`` mean the same. An enum value that a
newer server sends and this SDK does not know reads as ``UNKNOWN``.
"""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Fill(StrEnum):
    """What to do when not every line of a basket can be filled."""

    ALL_OR_NOTHING = "all_or_nothing"
    BEST_EFFORT = "best_effort"


class HoldClass(StrEnum):
    """Which of the server's configured times to hold for."""

    CART = "cart"
    CHECKOUT = "checkout"
    ORDER = "order"


class IfShort(StrEnum):
    """What to do with a change that leaves less than is promised: refuse what is asked, record what
    is told."""

    REFUSE = "refuse"
    RECORD = "record"


class Remainder(StrEnum):
    """What happens to held units that a commit does not name."""

    FREE = "free"
    KEEP_HELD = "keep_held"


class ReleaseReason(StrEnum):
    """Why units are given back."""

    UNKNOWN = "unknown"
    CUSTOMER_CANCELLED = "customer_cancelled"
    PAYMENT_FAILED = "payment_failed"
    OUT_OF_STOCK = "out_of_stock"
    EXCHANGED = "exchanged"
    FRAUD = "fraud"
    OTHER = "other"


class Selling(StrEnum):
    """Whether new promises may be made from a SKU-location."""

    UNKNOWN = "unknown"
    OPEN = "open"
    STOPPED = "stopped"


class ReservationStatus(StrEnum):
    """Where a reservation stands in its life."""

    UNKNOWN = "unknown"
    HELD = "held"
    COMMITTED = "committed"
    SHIPPED = "shipped"
    RELEASED = "released"
    EXPIRED = "expired"


class ShortCause(StrEnum):
    """What stood in the way of a line."""

    UNKNOWN = "unknown"
    STOCK = "stock"
    CHANNEL = "channel"
    STOPPED = "stopped"


class Line(NamedTuple):
    """One line of a basket to reserve or allocate; a plain ``(sku, location, quantity)`` is as
    good.

    An empty `line_id` becomes the line's number in the basket: "1", "2", ... With best effort, the
    basket is refused when fewer than `minimum_quantity` units can be had for the line.
    """

    sku: str
    location: str
    quantity: int
    line_id: str = ""
    minimum_quantity: int = 0


class LineResult(NamedTuple):
    """Units that one command held, committed, freed, released, allocated or shipped for one line at
    one location."""

    line_id: str
    sku: str
    location: str
    quantity: int


class ShortLine(NamedTuple):
    """A line that could not be filled: `asked` units, of which `available` could have been had at
    that moment."""

    line_id: str
    sku: str
    location: str
    cause: ShortCause
    asked: int
    available: int


class Balances(NamedTuple):
    """The numbers of one SKU-location. `available` is on_hand - held - allocated - safety_stock; it
    may be negative."""

    on_hand: int
    held: int
    allocated: int
    safety_stock: int
    available: int


class ChannelBuffer(NamedTuple):
    """Units that one channel must leave to the others; 0 units remove the buffer."""

    channel: str
    units: int


class Stock(NamedTuple):
    """The state of one SKU-location. `version` grows by 1 with each of its events and is the value
    for `if_version`.

    `cursor` says what the read covers; it is empty inside the answer to a write, which has its own.
    """

    sku: str
    location: str
    balances: Balances
    tracked: bool
    selling: Selling
    version: int
    channel_buffers: tuple[ChannelBuffer, ...]
    tenant: str = ""
    cursor: str = ""


class ReservationLine(NamedTuple):
    """One line of a reservation: units still held, units allocated and not yet shipped, units
    shipped."""

    line_id: str
    sku: str
    location: str
    held: int
    allocated: int
    shipped: int


class Reservation(NamedTuple):
    """A basket as it stands. `expires_at` is None when nothing was ever held; `cursor` says what
    the read covers."""

    reservation_id: str
    status: ReservationStatus
    lines: tuple[ReservationLine, ...]
    reference: str
    channel: str
    customer: str
    expires_at: datetime | None
    created_at: datetime | None
    tenant: str = ""
    cursor: str = ""


class LocationAvailability(NamedTuple):
    """What may be promised of a SKU at one location; `unlimited` where units are not counted."""

    location: str
    available: int
    unlimited: bool
    version: int


class Availability(NamedTuple):
    """What may be promised of a SKU, in total and by location; no locations if the SKU is unknown
    there."""

    sku: str
    total_available: int
    unlimited: bool
    locations: tuple[LocationAvailability, ...]


class Availabilities(NamedTuple):
    """The answer to `availability`: `items` in the order of the keys asked; `cursor` says what the
    answer covers."""

    items: tuple[Availability, ...]
    cursor: str


class Reserved(NamedTuple):
    """Units are held until `expires_at`. `short_lines` are those of a best-effort basket that are
    not held in full.

    In every answer to a write: `cursor` places the write in the history (empty if nothing was
    changed), `replayed` says that this is the recorded answer to an earlier write with the same
    request id, `current` then is the reservation as it stands now, and `recorded_at` is when the
    effect was recorded.
    """

    reservation_id: str
    lines: tuple[LineResult, ...]
    short_lines: tuple[ShortLine, ...]
    expires_at: datetime | None
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class Extended(NamedTuple):
    """The hold ends at `expires_at` now. The other fields are as in `Reserved`."""

    reservation_id: str
    expires_at: datetime | None
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class Committed(NamedTuple):
    """`lines` are allocated now, `freed_lines` were given back. The other fields are as in
    `Reserved`."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    freed_lines: tuple[LineResult, ...]
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class Released(NamedTuple):
    """`lines` were given back: none if nothing was held or allocated any more, for which `status`
    has the reason."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    status: ReservationStatus
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class Allocated(NamedTuple):
    """`lines` are allocated, without a hold before. The other fields are as in `Reserved`."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class Shipped(NamedTuple):
    """`lines` have left; `status` is SHIPPED when this was the last part. The other fields are as
    in `Reserved`."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    status: ReservationStatus
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class StockChanged(NamedTuple):
    """What a sale, a receipt or an adjustment left: the SKU-location's version and balances right
    after it."""

    sku: str
    location: str
    version: int
    balances: Balances
    cursor: str
    replayed: bool
    recorded_at: datetime | None


class Counted(NamedTuple):
    """What a count left. `expected` units were on hand before it."""

    sku: str
    location: str
    version: int
    balances: Balances
    expected: int
    cursor: str
    replayed: bool
    recorded_at: datetime | None


class Configured(NamedTuple):
    """What is configured now."""

    stock: Stock
    cursor: str
    replayed: bool
    recorded_at: datetime | None


Result = (
    Reserved
    | Extended
    | Committed
    | Released
    | Allocated
    | Shipped
    | StockChanged
    | Counted
    | Configured
)
"""The answer to any write."""
