"""How events change the configuration of the node."""

from engine.core.configuration import Configuration, CustomerLimit
from engine.core.events import (
    ConfigurationEvent,
    CustomersLimited,
    HoldsConfigured,
    KitDefined,
    LocationsConfigured,
)
from engine.core.model import Settings


def evolve_configuration(configuration: Configuration, event: ConfigurationEvent) -> None:
    """Change the configuration in place as the event says."""
    if isinstance(event, LocationsConfigured):
        for location in event.locations:
            configuration.put_location(event.tenant, location)
    elif isinstance(event, KitDefined):
        configuration.put_kit(event.tenant, event.kit)
    elif isinstance(event, CustomersLimited):
        limit = CustomerLimit(event.sku, event.units, event.window_ms)
        configuration.put_customer_limit(event.tenant, limit)
    elif isinstance(event, HoldsConfigured):
        configuration.holds[event.tenant] = Settings(
            event.cart_ms, event.checkout_ms, event.order_ms
        )
