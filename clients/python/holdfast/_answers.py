"""The answers to writes."""

from datetime import datetime
from typing import NamedTuple

from holdfast._enums import ReservationStatus
from holdfast._state import Balances, LineResult, Reservation, ShortLine, Stock


class Reserved(NamedTuple):
    """Units are held until `expires_at`. `short_lines` are those of a best-effort basket that are
    not held in full. With `waiting`, units of the basket wait for stock until `expires_at`, and it
    can be committed once it has them all.

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
    waiting: bool = False


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


class Amended(NamedTuple):
    """`lines` were held or allocated, `freed_lines` given back. The other fields are as in
    `Reserved`."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    freed_lines: tuple[LineResult, ...]
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class Confirmed(NamedTuple):
    """The allocation stands. The fields are as in `Reserved`."""

    reservation_id: str
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class Picked(NamedTuple):
    """`lines` lie in a box, `missing_lines` were not found. The other fields are as in
    `Reserved`."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    missing_lines: tuple[LineResult, ...]
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class Unpicked(NamedTuple):
    """`lines` are back on the shelf. The other fields are as in `Reserved`."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class Returned(NamedTuple):
    """`lines` have come back. The other fields are as in `Reserved`."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class ReservationTransferred(NamedTuple):
    """`lines` are served from the other location, `freed_lines` were freed where they were before.
    The other fields are as in `Reserved`."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    freed_lines: tuple[LineResult, ...]
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    current: Reservation | None


class StockChanged(NamedTuple):
    """What a change left: the SKU-location's version and balances right after it."""

    sku: str
    location: str
    version: int
    balances: Balances
    cursor: str
    replayed: bool
    recorded_at: datetime | None


class Counted(NamedTuple):
    """What a count left. `expected` units were on hand before it; `moved_since` had arrived, less
    those that had left, since the count was made."""

    sku: str
    location: str
    version: int
    balances: Balances
    expected: int
    cursor: str
    replayed: bool
    recorded_at: datetime | None
    moved_since: int = 0


class Configured(NamedTuple):
    """What is configured now."""

    stock: Stock
    cursor: str
    replayed: bool
    recorded_at: datetime | None


class TransferSent(NamedTuple):
    """Units are on their way, as `transfer_id`; version and balances are those of where they
    left."""

    transfer_id: str
    sku: str
    location: str
    version: int
    balances: Balances
    cursor: str
    replayed: bool
    recorded_at: datetime | None


class TransferReceived(NamedTuple):
    """Units of a transfer have arrived; version and balances are those of where they did."""

    transfer_id: str
    sku: str
    location: str
    version: int
    balances: Balances
    cursor: str
    replayed: bool
    recorded_at: datetime | None


class NodeConfigured(NamedTuple):
    """The whole node is configured so: every shard has recorded it."""

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
    | Amended
    | Confirmed
    | Picked
    | Unpicked
    | Returned
    | ReservationTransferred
    | StockChanged
    | Counted
    | Configured
    | TransferSent
    | TransferReceived
)
"""The answer to any command."""
