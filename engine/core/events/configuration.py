"""What a tenant has configured, for the whole node. Each shard records these events in its own
history."""

from engine.core.configuration import Kit, Location
from engine.core.events.channels import ChannelEvent
from engine.core.model import Struct


class LocationsConfigured(Struct, frozen=True, tag=True):
    """Locations are as stated from now on."""

    tenant: str
    locations: tuple[Location, ...]


class KitDefined(Struct, frozen=True, tag=True):
    """A SKU is a kit of these components, or, without any, is a kit no longer."""

    tenant: str
    kit: Kit


class CustomersLimited(Struct, frozen=True, tag=True):
    """One customer may have so many units of a SKU; 0: any number."""

    tenant: str
    sku: str
    units: int
    window_ms: int = 0


class HoldsConfigured(Struct, frozen=True, tag=True):
    """How long holds last; all classes are given as they are now."""

    tenant: str
    cart_ms: int
    checkout_ms: int
    order_ms: int


ConfigurationEvent = (
    LocationsConfigured | KitDefined | CustomersLimited | HoldsConfigured | ChannelEvent
)
"""Events of the node's configuration."""
