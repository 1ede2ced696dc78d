import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from holdfast.v1 import inventory_pb2 as _inventory_pb2
from holdfast.v1 import stock_pb2 as _stock_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StartFrom(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    START_FROM_UNSPECIFIED: _ClassVar[StartFrom]
    START_FROM_NOW: _ClassVar[StartFrom]
    START_FROM_BEGINNING: _ClassVar[StartFrom]
START_FROM_UNSPECIFIED: StartFrom
START_FROM_NOW: StartFrom
START_FROM_BEGINNING: StartFrom

class EventFilter(_message.Message):
    __slots__ = ("skus", "sku_prefixes", "locations")
    SKUS_FIELD_NUMBER: _ClassVar[int]
    SKU_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    skus: _containers.RepeatedScalarFieldContainer[str]
    sku_prefixes: _containers.RepeatedScalarFieldContainer[str]
    locations: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, skus: _Optional[_Iterable[str]] = ..., sku_prefixes: _Optional[_Iterable[str]] = ..., locations: _Optional[_Iterable[str]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("tenant", "filter", "start_from", "after_cursor")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    START_FROM_FIELD_NUMBER: _ClassVar[int]
    AFTER_CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    filter: EventFilter
    start_from: StartFrom
    after_cursor: str
    def __init__(self, tenant: _Optional[str] = ..., filter: _Optional[_Union[EventFilter, _Mapping]] = ..., start_from: _Optional[_Union[StartFrom, str]] = ..., after_cursor: _Optional[str] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("cursor", "events", "caught_up", "checkpoint")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    events: EventBatch
    caught_up: CaughtUp
    checkpoint: Checkpoint
    def __init__(self, cursor: _Optional[str] = ..., events: _Optional[_Union[EventBatch, _Mapping]] = ..., caught_up: _Optional[_Union[CaughtUp, _Mapping]] = ..., checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ...) -> None: ...

class EventBatch(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...

class CaughtUp(_message.Message):
    __slots__ = ("time",)
    TIME_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Checkpoint(_message.Message):
    __slots__ = ("time",)
    TIME_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Cause(_message.Message):
    __slots__ = ("command", "request_id", "principal", "correlation_id", "ticket", "reason", "reference", "occurred_at")
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    command: str
    request_id: str
    principal: str
    correlation_id: str
    ticket: str
    reason: str
    reference: str
    occurred_at: _timestamp_pb2.Timestamp
    def __init__(self, command: _Optional[str] = ..., request_id: _Optional[str] = ..., principal: _Optional[str] = ..., correlation_id: _Optional[str] = ..., ticket: _Optional[str] = ..., reason: _Optional[str] = ..., reference: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("shard", "position", "recorded_at", "cause", "key", "version", "balances", "stock_held", "hold_committed", "hold_released", "hold_expired", "stock_allocated", "allocation_released", "stock_shipped", "stock_sold", "stock_received", "stock_adjusted", "stock_counted", "stock_configured", "shortfall_detected", "reservation_created", "reservation_extended", "reservation_renamed", "reservation_expired")
    SHARD_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    BALANCES_FIELD_NUMBER: _ClassVar[int]
    STOCK_HELD_FIELD_NUMBER: _ClassVar[int]
    HOLD_COMMITTED_FIELD_NUMBER: _ClassVar[int]
    HOLD_RELEASED_FIELD_NUMBER: _ClassVar[int]
    HOLD_EXPIRED_FIELD_NUMBER: _ClassVar[int]
    STOCK_ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_RELEASED_FIELD_NUMBER: _ClassVar[int]
    STOCK_SHIPPED_FIELD_NUMBER: _ClassVar[int]
    STOCK_SOLD_FIELD_NUMBER: _ClassVar[int]
    STOCK_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    STOCK_ADJUSTED_FIELD_NUMBER: _ClassVar[int]
    STOCK_COUNTED_FIELD_NUMBER: _ClassVar[int]
    STOCK_CONFIGURED_FIELD_NUMBER: _ClassVar[int]
    SHORTFALL_DETECTED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_CREATED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_EXTENDED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_RENAMED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_EXPIRED_FIELD_NUMBER: _ClassVar[int]
    shard: int
    position: int
    recorded_at: _timestamp_pb2.Timestamp
    cause: Cause
    key: _stock_pb2.StockKey
    version: int
    balances: _stock_pb2.Balances
    stock_held: StockHeld
    hold_committed: HoldCommitted
    hold_released: HoldReleased
    hold_expired: HoldExpired
    stock_allocated: StockAllocated
    allocation_released: AllocationReleased
    stock_shipped: StockShipped
    stock_sold: StockSold
    stock_received: StockReceived
    stock_adjusted: StockAdjusted
    stock_counted: StockCounted
    stock_configured: StockConfigured
    shortfall_detected: ShortfallDetected
    reservation_created: ReservationCreated
    reservation_extended: ReservationExtended
    reservation_renamed: ReservationRenamed
    reservation_expired: ReservationExpired
    def __init__(self, shard: _Optional[int] = ..., position: _Optional[int] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cause: _Optional[_Union[Cause, _Mapping]] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., version: _Optional[int] = ..., balances: _Optional[_Union[_stock_pb2.Balances, _Mapping]] = ..., stock_held: _Optional[_Union[StockHeld, _Mapping]] = ..., hold_committed: _Optional[_Union[HoldCommitted, _Mapping]] = ..., hold_released: _Optional[_Union[HoldReleased, _Mapping]] = ..., hold_expired: _Optional[_Union[HoldExpired, _Mapping]] = ..., stock_allocated: _Optional[_Union[StockAllocated, _Mapping]] = ..., allocation_released: _Optional[_Union[AllocationReleased, _Mapping]] = ..., stock_shipped: _Optional[_Union[StockShipped, _Mapping]] = ..., stock_sold: _Optional[_Union[StockSold, _Mapping]] = ..., stock_received: _Optional[_Union[StockReceived, _Mapping]] = ..., stock_adjusted: _Optional[_Union[StockAdjusted, _Mapping]] = ..., stock_counted: _Optional[_Union[StockCounted, _Mapping]] = ..., stock_configured: _Optional[_Union[StockConfigured, _Mapping]] = ..., shortfall_detected: _Optional[_Union[ShortfallDetected, _Mapping]] = ..., reservation_created: _Optional[_Union[ReservationCreated, _Mapping]] = ..., reservation_extended: _Optional[_Union[ReservationExtended, _Mapping]] = ..., reservation_renamed: _Optional[_Union[ReservationRenamed, _Mapping]] = ..., reservation_expired: _Optional[_Union[ReservationExpired, _Mapping]] = ...) -> None: ...

class StockHeld(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ...) -> None: ...

class HoldCommitted(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ...) -> None: ...

class HoldReleased(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "reason")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    reason: _inventory_pb2.ReleaseReason
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., reason: _Optional[_Union[_inventory_pb2.ReleaseReason, str]] = ...) -> None: ...

class HoldExpired(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ...) -> None: ...

class StockAllocated(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ...) -> None: ...

class AllocationReleased(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "reason")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    reason: _inventory_pb2.ReleaseReason
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., reason: _Optional[_Union[_inventory_pb2.ReleaseReason, str]] = ...) -> None: ...

class StockShipped(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ...) -> None: ...

class StockSold(_message.Message):
    __slots__ = ("quantity", "channel", "counted")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    channel: str
    counted: bool
    def __init__(self, quantity: _Optional[int] = ..., channel: _Optional[str] = ..., counted: _Optional[bool] = ...) -> None: ...

class StockReceived(_message.Message):
    __slots__ = ("quantity",)
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    def __init__(self, quantity: _Optional[int] = ...) -> None: ...

class StockAdjusted(_message.Message):
    __slots__ = ("delta",)
    DELTA_FIELD_NUMBER: _ClassVar[int]
    delta: int
    def __init__(self, delta: _Optional[int] = ...) -> None: ...

class StockCounted(_message.Message):
    __slots__ = ("counted", "expected")
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    counted: int
    expected: int
    def __init__(self, counted: _Optional[int] = ..., expected: _Optional[int] = ...) -> None: ...

class StockConfigured(_message.Message):
    __slots__ = ("safety_stock", "tracked", "selling", "channel_buffers")
    SAFETY_STOCK_FIELD_NUMBER: _ClassVar[int]
    TRACKED_FIELD_NUMBER: _ClassVar[int]
    SELLING_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_BUFFERS_FIELD_NUMBER: _ClassVar[int]
    safety_stock: int
    tracked: bool
    selling: _stock_pb2.Selling
    channel_buffers: _containers.RepeatedCompositeFieldContainer[_stock_pb2.ChannelBuffer]
    def __init__(self, safety_stock: _Optional[int] = ..., tracked: _Optional[bool] = ..., selling: _Optional[_Union[_stock_pb2.Selling, str]] = ..., channel_buffers: _Optional[_Iterable[_Union[_stock_pb2.ChannelBuffer, _Mapping]]] = ...) -> None: ...

class ShortfallDetected(_message.Message):
    __slots__ = ("shortfall",)
    SHORTFALL_FIELD_NUMBER: _ClassVar[int]
    shortfall: int
    def __init__(self, shortfall: _Optional[int] = ...) -> None: ...

class ReservationCreated(_message.Message):
    __slots__ = ("reservation_id", "tenant", "reference", "channel", "customer", "expires_at")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    reference: str
    channel: str
    customer: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., reference: _Optional[str] = ..., channel: _Optional[str] = ..., customer: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ReservationExtended(_message.Message):
    __slots__ = ("reservation_id", "expires_at", "tenant")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    expires_at: _timestamp_pb2.Timestamp
    tenant: str
    def __init__(self, reservation_id: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tenant: _Optional[str] = ...) -> None: ...

class ReservationRenamed(_message.Message):
    __slots__ = ("reservation_id", "reference", "tenant")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    reference: str
    tenant: str
    def __init__(self, reservation_id: _Optional[str] = ..., reference: _Optional[str] = ..., tenant: _Optional[str] = ...) -> None: ...

class ReservationExpired(_message.Message):
    __slots__ = ("reservation_id", "tenant")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ...) -> None: ...
