"""Events of the past, and what is configured, to protobuf."""

from holdfast.v1 import configuration_pb2, feed_pb2

from engine.core.configuration import CustomerLimit, Kit, Location
from engine.core.model import Cause, Settings
from engine.rpc.convert_state import put_duration, put_time
from engine.shard.queries import EventRead


def put_event(message: feed_pb2.Event, shard: int, event: EventRead) -> None:
    """Fill an Event with everything that a feed would send of it."""
    message.ParseFromString(event.encoded)
    message.shard = shard
    message.position = event.position
    put_time(message.recorded_at, event.recorded_at_ms)
    _put_cause(message.cause, event.cause)


def _put_cause(message: feed_pb2.Cause, cause: Cause) -> None:
    message.command = cause.command
    message.request_id = cause.request_id
    message.principal = cause.principal
    message.correlation_id = cause.correlation_id
    message.ticket = cause.ticket
    message.reason = cause.reason
    message.reference = cause.reference
    if cause.occurred_at_ms:
        put_time(message.occurred_at, cause.occurred_at_ms)
    message.source = cause.source
    message.source_sequence = cause.source_sequence


def put_location(message: configuration_pb2.Location, location: Location) -> None:
    """Fill a Location."""
    message.name = location.name
    message.priority = location.priority
    message.region = location.region
    message.enabled = location.enabled
    message.groups.extend(location.groups)


def put_kit(message: configuration_pb2.Kit, kit: Kit) -> None:
    """Fill a Kit."""
    message.sku = kit.sku
    for component in kit.components:
        message.components.add(sku=component.sku, quantity=component.quantity)


def put_customer_limit(message: configuration_pb2.CustomerLimit, limit: CustomerLimit) -> None:
    """Fill a CustomerLimit."""
    message.sku = limit.sku
    message.units = limit.units
    if limit.window_ms:
        put_duration(message.window, limit.window_ms)


def put_hold_times(message: configuration_pb2.HoldTimes, settings: Settings) -> None:
    """Fill HoldTimes."""
    put_duration(message.cart, settings.hold_cart_ms)
    put_duration(message.checkout, settings.hold_checkout_ms)
    put_duration(message.order, settings.hold_order_ms)
