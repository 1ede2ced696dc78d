"""Kinds of events as the contract numbers them, and those that the feed itself looks at."""

from holdfast.v1 import feed_pb2

NUMBERS: dict[str, int] = {
    field.name: field.number for field in feed_pb2.Event.DESCRIPTOR.oneofs_by_name["kind"].fields
}
"""The number of each kind by its name, as fields of Event.kind."""

LOCATIONS = feed_pb2.Event.LOCATIONS_CONFIGURED_FIELD_NUMBER
KIT = feed_pb2.Event.KIT_DEFINED_FIELD_NUMBER
CHANNEL = NUMBERS.get("channel_configured", -1)
POLICIES = NUMBERS.get("channel_policies_set", -1)
SKU_GROUP = NUMBERS.get("sku_group_defined", -1)
LISTINGS = feed_pb2.Event.LISTINGS_MAPPED_FIELD_NUMBER
BUFFER = NUMBERS.get("buffer_computed", -1)

CONFIGURATION = frozenset({LOCATIONS, KIT, CHANNEL, POLICIES, SKU_GROUP, LISTINGS, BUFFER})
"""Kinds that say how the node is configured, and on which what a feed tells may depend."""

READ_AGAIN = frozenset({LOCATIONS, KIT, CHANNEL})
"""Kinds after which what is known of the configuration is out of date."""


def event_of(entry: bytes) -> feed_pb2.Event:
    """The event of an entry of EventBatch.events."""
    return feed_pb2.EventBatch.FromString(entry).events[0]
