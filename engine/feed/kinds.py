"""Kinds of events as the contract numbers them, and those that the feed itself looks at."""

from holdfast.v1 import feed_pb2

NUMBERS: dict[str, int] = {
    field.name: field.number for field in feed_pb2.Event.DESCRIPTOR.oneofs_by_name["kind"].fields
}
"""The number of each kind by its name, as fields of Event.kind."""

LOCATIONS = feed_pb2.Event.LOCATIONS_CONFIGURED_FIELD_NUMBER
KIT = feed_pb2.Event.KIT_DEFINED_FIELD_NUMBER
CHANNEL = feed_pb2.Event.CHANNEL_CONFIGURED_FIELD_NUMBER
POLICIES = feed_pb2.Event.CHANNEL_POLICIES_SET_FIELD_NUMBER
SKU_GROUP = feed_pb2.Event.SKU_GROUP_DEFINED_FIELD_NUMBER
LISTINGS = feed_pb2.Event.LISTINGS_MAPPED_FIELD_NUMBER
BUFFER = feed_pb2.Event.BUFFER_COMPUTED_FIELD_NUMBER

CONFIGURATION = frozenset({LOCATIONS, KIT, CHANNEL, POLICIES, SKU_GROUP, LISTINGS, BUFFER})
"""Kinds that say how the node is configured, and on which what a feed tells may depend."""

READ_AGAIN = frozenset({LOCATIONS, KIT, CHANNEL})
"""Kinds after which what is known of the configuration is out of date."""


def event_of(entry: bytes) -> feed_pb2.Event:
    """The event of an entry of EventBatch.events."""
    return feed_pb2.EventBatch.FromString(entry).events[0]
