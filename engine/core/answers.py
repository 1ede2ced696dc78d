"""What an accepted command is answered with. An answer is a function of the events the command
made, so that the log can give it again for a replayed request; only where the reservation stands
*now* comes from beside it."""

from engine.core.channels import ComputedBuffer
from engine.core.listings import ListingReport
from engine.core.model import Key, LineResult, ShortLine, Stock, Struct


class Reserved(Struct, frozen=True, tag=True):
    """Lines were held until `expires_at_ms`; `short_lines` are those of a best-effort basket not
    held in full. If the basket is `waiting`, that is when its patience ends."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    short_lines: tuple[ShortLine, ...]
    expires_at_ms: int
    waiting: bool = False


class Extended(Struct, frozen=True, tag=True):
    """The hold has a new deadline."""

    reservation_id: str
    expires_at_ms: int


class Committed(Struct, frozen=True, tag=True):
    """Lines were allocated, and others freed."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    freed_lines: tuple[LineResult, ...]


class Released(Struct, frozen=True, tag=True):
    """Lines were given back; none if nothing was held or allocated any more."""

    reservation_id: str
    lines: tuple[LineResult, ...]


class Allocated(Struct, frozen=True, tag=True):
    """Lines were allocated without a hold."""

    reservation_id: str
    lines: tuple[LineResult, ...]


class Shipped(Struct, frozen=True, tag=True):
    """Lines have left."""

    reservation_id: str
    lines: tuple[LineResult, ...]


class Amended(Struct, frozen=True, tag=True):
    """Lines were changed: `lines` have got units, `freed_lines` have given some back."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    freed_lines: tuple[LineResult, ...]


class Confirmed(Struct, frozen=True, tag=True):
    """The allocation stands."""

    reservation_id: str


class Picked(Struct, frozen=True, tag=True):
    """Lines lie in a box; `missing_lines` were not found in full."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    missing_lines: tuple[LineResult, ...]


class Unpicked(Struct, frozen=True, tag=True):
    """Lines are back on the shelf."""

    reservation_id: str
    lines: tuple[LineResult, ...]


class Returned(Struct, frozen=True, tag=True):
    """Lines have come back."""

    reservation_id: str
    lines: tuple[LineResult, ...]


class ReservationTransferred(Struct, frozen=True, tag=True):
    """Lines are served from another location: `lines` there, `freed_lines` where they were."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    freed_lines: tuple[LineResult, ...]


class TransferChanged(Struct, frozen=True, tag=True):
    """A transfer was sent or received; `stock` is that of the end where this happened. On replay
    only balances and version of it are those of that moment."""

    transfer_id: str
    key: Key
    stock: Stock


class Configured(Struct, frozen=True, tag=True):
    """The node is configured so in every shard."""


class Mapped(Struct, frozen=True, tag=True):
    """So many listings of a channel are as stated; `problems` are those that are not."""

    mapped: int
    problems: tuple[ListingReport, ...]


class BufferAnswered(Struct, frozen=True, tag=True):
    """A dynamic buffer was computed."""

    buffer: ComputedBuffer


class StockChanged(Struct, frozen=True, tag=True):
    """A SKU-location changed to `stock`. On replay only balances and version of `stock` are those
    of that moment, except for Configure, where all of it is. `expected` is what a count expected
    and `moved_since` what it was rebased by, else 0."""

    key: Key
    stock: Stock
    expected: int = 0
    moved_since: int = 0


Answer = (
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
    | TransferChanged
    | Configured
    | Mapped
    | BufferAnswered
    | StockChanged
)
