"""What an accepted command is answered with. An answer is a function of the events the command
made, so that the log can give it again for a replayed request; only where the reservation stands
*now* comes from beside it."""

from engine.core.model import Key, LineResult, ShortLine, Stock, Struct


class Reserved(Struct, frozen=True, tag=True):
    """Lines were held until `expires_at_ms`; `short_lines` are those of a best-effort basket not
    held in full."""

    reservation_id: str
    lines: tuple[LineResult, ...]
    short_lines: tuple[ShortLine, ...]
    expires_at_ms: int


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


class StockChanged(Struct, frozen=True, tag=True):
    """A SKU-location changed to `stock`. On replay only balances and version of `stock` are those
    of that moment, except for Configure, where all of it is. `expected` is what a count expected,
    else 0."""

    key: Key
    stock: Stock
    expected: int = 0


Answer = Reserved | Extended | Committed | Released | Allocated | Shipped | StockChanged
