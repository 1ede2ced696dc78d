"""Commands that configure the node. They are decided on shard 0, and every other shard has recorded
them before they are answered."""

from engine.core.configuration import Component, Location
from engine.core.model import Struct


class ConfigureLocations(Struct, frozen=True, tag=True):
    """Each of these locations is as stated from now on; others stay as they are."""

    tenant: str
    locations: tuple[Location, ...]


class DefineKit(Struct, frozen=True, tag=True):
    """The SKU is a kit of these components; with none it is no kit any more. Reservations made
    before keep the components that they were made with."""

    tenant: str
    sku: str
    components: tuple[Component, ...]


class LimitCustomers(Struct, frozen=True, tag=True):
    """One customer may have so many units of a SKU; 0: any number."""

    tenant: str
    sku: str
    units: int
    window_ms: int = 0


class ConfigureHolds(Struct, frozen=True, tag=True):
    """How long holds of each class last from now on; 0 leaves one as it is."""

    tenant: str
    cart_ms: int = 0
    checkout_ms: int = 0
    order_ms: int = 0
