"""Reads what is configured for a node into the SDK's own types."""

from holdfast._convert import length_or_none
from holdfast.types import Component, CustomerLimit, HoldTimes, Kit, Location, Node
from holdfast.v1 import configuration_pb2, operations_pb2


def location(message: configuration_pb2.Location) -> Location:
    """A place that stock is sourced from."""
    return Location(
        message.name, message.priority, message.region, message.enabled, tuple(message.groups)
    )


def kit(message: configuration_pb2.Kit) -> Kit:
    """What a SKU consists of."""
    components = [Component(each.sku, each.quantity) for each in message.components]
    return Kit(message.sku, tuple(components))


def customer_limit(message: configuration_pb2.CustomerLimit) -> CustomerLimit:
    """How many units of a SKU one customer may have."""
    return CustomerLimit(message.sku, message.units, length_or_none(message.window))


def hold_times(message: configuration_pb2.HoldTimes) -> HoldTimes:
    """How long holds last."""
    return HoldTimes(
        length_or_none(message.cart),
        length_or_none(message.checkout),
        length_or_none(message.order),
    )


def node(message: operations_pb2.GetNodeResponse) -> Node:
    """What a node is and how it is set."""
    return Node(
        message.version,
        message.history,
        message.epoch,
        message.shards,
        length_or_none(message.request_retention),
        hold_times(message.hold_times),
        message.oldest_cursor,
    )
