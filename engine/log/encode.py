"""Commit groups as protobuf, which stays readable for ever.

Encoding runs once for every event on the shard's only deciding thread, so events are dispatched by
type, sub-messages are filled in place by attribute (three times faster than nested keyword
arguments, and faster than writing the wire format in Python), and none is built twice. Fields of
value 0 or "" are skipped where that is common: proto3 does not write them.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, cast

from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import feed_pb2, stock_pb2

from engine.core import events
from engine.core.events import Event, LineEvent
from engine.core.model import Cause, Key, ShortLine, Stock
from engine.log.port import Group
from engine.log.v1 import record_pb2

LINE_EVENT_FIELDS: dict[type[LineEvent], str] = {
    events.StockHeld: "stock_held",
    events.HoldCommitted: "hold_committed",
    events.HoldReleased: "hold_released",
    events.HoldExpired: "hold_expired",
    events.StockAllocated: "stock_allocated",
    events.AllocationReleased: "allocation_released",
    events.StockShipped: "stock_shipped",
}
"""Events of a reservation's line, by their field in holdfast.v1.Event: they are alike but for
the name."""
REASONED_EVENTS = (events.HoldReleased, events.AllocationReleased)
"""Line events that also say why."""


def encode_group(group: Group) -> bytes:
    """The group as an engine.log.v1.CommitGroup."""
    message = record_pb2.CommitGroup()
    message.first_position = group.first_position
    message.recorded_at_ms = group.recorded_at_ms
    for commit in group.commits:
        target = message.commits.add()
        _encode_cause(target.cause, commit.cause)
        target.request_key = commit.request_key
        target.content_hash = commit.content_hash
        for short in commit.short_lines:
            _encode_short_line(target.short_lines.add(), short)
        add_event = target.events.add
        for recorded in commit.recorded:
            event = recorded.event
            _ENCODERS[type(event)](add_event(), event, recorded.stock)
    return message.SerializeToString()


# Times are milliseconds in the core and Timestamps in the contract; 0 stands for an unset one.


def _encode_time(target: Timestamp, time_ms: int) -> None:
    seconds, milliseconds = divmod(time_ms, 1_000)
    target.seconds = seconds
    target.nanos = milliseconds * 1_000_000


def _encode_cause(target: feed_pb2.Cause, cause: Cause) -> None:
    target.command = cause.command
    # Most commands state little: an assignment saved is a tenth of the cause's cost.
    if cause.request_id:
        target.request_id = cause.request_id
    if cause.principal:
        target.principal = cause.principal
    if cause.correlation_id:
        target.correlation_id = cause.correlation_id
    if cause.ticket:
        target.ticket = cause.ticket
    if cause.reason:
        target.reason = cause.reason
    if cause.reference:
        target.reference = cause.reference
    if cause.occurred_at_ms:
        _encode_time(target.occurred_at, cause.occurred_at_ms)


def _encode_key_message(target: stock_pb2.StockKey, key: Key) -> None:
    if key.tenant:
        target.tenant = key.tenant
    target.sku = key.sku
    target.location = key.location


def _encode_short_line(target: stock_pb2.ShortLine, short: ShortLine) -> None:
    target.line_id = short.line_id
    _encode_key_message(target.key, short.key)
    # The members of the core have the numbers of the contract.
    target.cause = cast(Any, short.cause.value)
    target.asked = short.asked
    target.available = short.available


# Encoders of events: each fills a fresh feed event from an event and the stock after it.


def _encode_stock(target: feed_pb2.Event, key: Key, stock: Stock | None) -> None:
    if stock is None:
        raise ValueError(f"an event of {key} was recorded without its stock")
    _encode_key_message(target.key, key)
    target.version = stock.version
    balances = target.balances
    on_hand, held, allocated = stock.on_hand, stock.held, stock.allocated
    balances.on_hand = on_hand
    if held:
        balances.held = held
    if allocated:
        balances.allocated = allocated
    safety_stock = stock.safety_stock
    if safety_stock:
        balances.safety_stock = safety_stock
    # The same sum as Stock.available, without the cost of a property call.
    balances.available = on_hand - held - allocated - safety_stock


def _line_encoder(field: str, reasoned: bool) -> Callable[[feed_pb2.Event, Any, Any], None]:
    kind = attrgetter(field)

    def encode(target: feed_pb2.Event, event: Any, stock: Stock | None) -> None:
        _encode_stock(target, event.key, stock)
        line = kind(target)
        line.reservation_id = event.reservation_id
        line.line_id = event.line_id
        line.quantity = event.quantity
        line.counted = event.counted
        if reasoned:
            line.reason = event.reason.value

    return encode


def _encode_sold(target: feed_pb2.Event, event: events.StockSold, stock: Stock | None) -> None:
    _encode_stock(target, event.key, stock)
    target.stock_sold.quantity = event.quantity
    target.stock_sold.channel = event.channel
    target.stock_sold.counted = event.counted


def _encode_received(
    target: feed_pb2.Event, event: events.StockReceived, stock: Stock | None
) -> None:
    _encode_stock(target, event.key, stock)
    target.stock_received.quantity = event.quantity


def _encode_adjusted(
    target: feed_pb2.Event, event: events.StockAdjusted, stock: Stock | None
) -> None:
    _encode_stock(target, event.key, stock)
    target.stock_adjusted.delta = event.delta


def _encode_counted(
    target: feed_pb2.Event, event: events.StockCounted, stock: Stock | None
) -> None:
    _encode_stock(target, event.key, stock)
    target.stock_counted.counted = event.on_hand
    target.stock_counted.expected = event.expected


def _encode_configured(
    target: feed_pb2.Event, event: events.StockConfigured, stock: Stock | None
) -> None:
    _encode_stock(target, event.key, stock)
    configured = target.stock_configured
    configured.safety_stock = event.safety_stock
    configured.tracked = event.tracked
    configured.selling = cast(Any, event.selling.value)
    for channel, units in event.channel_buffers:
        configured.channel_buffers.add(channel=channel, units=units)


def _encode_shortfall(
    target: feed_pb2.Event, event: events.ShortfallDetected, stock: Stock | None
) -> None:
    _encode_stock(target, event.key, stock)
    target.shortfall_detected.shortfall = event.shortfall


def _encode_created(
    target: feed_pb2.Event, event: events.ReservationCreated, _stock: Stock | None
) -> None:
    created = target.reservation_created
    created.reservation_id = event.reservation_id
    if event.tenant:
        created.tenant = event.tenant
    if event.reference:
        created.reference = event.reference
    if event.channel:
        created.channel = event.channel
    if event.customer:
        created.customer = event.customer
    if event.expires_at_ms:
        _encode_time(created.expires_at, event.expires_at_ms)


def _encode_extended(
    target: feed_pb2.Event, event: events.ReservationExtended, _stock: Stock | None
) -> None:
    extended = target.reservation_extended
    extended.reservation_id = event.reservation_id
    extended.tenant = event.tenant
    _encode_time(extended.expires_at, event.expires_at_ms)


def _encode_renamed(
    target: feed_pb2.Event, event: events.ReservationRenamed, _stock: Stock | None
) -> None:
    target.reservation_renamed.reservation_id = event.reservation_id
    target.reservation_renamed.reference = event.reference
    target.reservation_renamed.tenant = event.tenant


def _encode_expired(
    target: feed_pb2.Event, event: events.ReservationExpired, _stock: Stock | None
) -> None:
    target.reservation_expired.reservation_id = event.reservation_id
    target.reservation_expired.tenant = event.tenant


_ENCODERS: dict[type[Event], Callable[[feed_pb2.Event, Any, Any], None]] = {
    **{
        kind: _line_encoder(field, kind in REASONED_EVENTS)
        for kind, field in LINE_EVENT_FIELDS.items()
    },
    events.StockSold: _encode_sold,
    events.StockReceived: _encode_received,
    events.StockAdjusted: _encode_adjusted,
    events.StockCounted: _encode_counted,
    events.StockConfigured: _encode_configured,
    events.ShortfallDetected: _encode_shortfall,
    events.ReservationCreated: _encode_created,
    events.ReservationExtended: _encode_extended,
    events.ReservationRenamed: _encode_renamed,
    events.ReservationExpired: _encode_expired,
}
