"""How events change the configuration of the node."""

from engine.core.configuration import Configuration, CustomerLimit
from engine.core.events import (
    BufferComputed,
    ChannelConfigured,
    ChannelPoliciesSet,
    ConfigurationEvent,
    CustomersLimited,
    HoldsConfigured,
    KitDefined,
    LocationsConfigured,
    SkuGroupDefined,
)
from engine.core.events.channels import ChannelEvent
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
    else:
        _evolve_channels(configuration, event)


def _evolve_channels(configuration: Configuration, event: ChannelEvent) -> None:
    tenant, channels = event.tenant, configuration.channels
    if isinstance(event, ChannelConfigured):
        if event.removed:
            channels.remove_channel(tenant, event.channel.name)
        else:
            channels.put_channel(tenant, event.channel)
    elif isinstance(event, ChannelPoliciesSet):
        for policy in event.policies:
            channels.put_policy(tenant, event.channel, policy)
    elif isinstance(event, SkuGroupDefined):
        channels.put_group(tenant, event.group)
    elif isinstance(event, BufferComputed):
        channels.put_buffer(tenant, event.buffer)
