"""What is configured for a whole node: where stock may lie, what kits consist of, how much one
customer may have. Every shard keeps a copy of its own and decides by that."""

from engine.core.model import Struct


class Location(Struct, frozen=True):
    """A place that stock is sourced from. Among the locations of a group those of lower `priority`
    come first, then those whose names sort first. A disabled one takes no new promise."""

    name: str
    priority: int = 0
    region: str = ""
    enabled: bool = True
    groups: tuple[str, ...] = ()


class Component(Struct, frozen=True):
    """So many units of a SKU are in one kit."""

    sku: str
    quantity: int


class Kit(Struct, frozen=True):
    """A SKU that is sold as one and consists of others. No components: it is no kit any more."""

    sku: str
    components: tuple[Component, ...] = ()


class CustomerLimit(Struct, frozen=True):
    """How many units of a SKU one customer may have held, allocated and, within the last
    `window_ms`, shipped. 0 units: no limit; a window of 0 counts no shipped units."""

    sku: str
    units: int
    window_ms: int = 0
