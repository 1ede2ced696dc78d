import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from holdfast.v1 import channels_pb2 as _channels_pb2
from holdfast.v1 import events_pb2 as _events_pb2
from holdfast.v1 import inventory_pb2 as _inventory_pb2
from holdfast.v1 import stock_pb2 as _stock_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WATCH_MODE_UNSPECIFIED: _ClassVar[WatchMode]
    WATCH_MODE_EVERY_EVENT: _ClassVar[WatchMode]
    WATCH_MODE_LATEST: _ClassVar[WatchMode]

class StartFrom(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    START_FROM_UNSPECIFIED: _ClassVar[StartFrom]
    START_FROM_NOW: _ClassVar[StartFrom]
    START_FROM_BEGINNING: _ClassVar[StartFrom]
    START_FROM_SNAPSHOT: _ClassVar[StartFrom]
WATCH_MODE_UNSPECIFIED: WatchMode
WATCH_MODE_EVERY_EVENT: WatchMode
WATCH_MODE_LATEST: WatchMode
START_FROM_UNSPECIFIED: StartFrom
START_FROM_NOW: StartFrom
START_FROM_BEGINNING: StartFrom
START_FROM_SNAPSHOT: StartFrom

class EventFilter(_message.Message):
    __slots__ = ("skus", "sku_prefixes", "locations", "groups", "channel", "kinds")
    SKUS_FIELD_NUMBER: _ClassVar[int]
    SKU_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    skus: _containers.RepeatedScalarFieldContainer[str]
    sku_prefixes: _containers.RepeatedScalarFieldContainer[str]
    locations: _containers.RepeatedScalarFieldContainer[str]
    groups: _containers.RepeatedScalarFieldContainer[str]
    channel: str
    kinds: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, skus: _Optional[_Iterable[str]] = ..., sku_prefixes: _Optional[_Iterable[str]] = ..., locations: _Optional[_Iterable[str]] = ..., groups: _Optional[_Iterable[str]] = ..., channel: _Optional[str] = ..., kinds: _Optional[_Iterable[str]] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("tenant", "filter", "start_from", "after_cursor", "name", "mode")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    START_FROM_FIELD_NUMBER: _ClassVar[int]
    AFTER_CURSOR_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    filter: EventFilter
    start_from: StartFrom
    after_cursor: str
    name: str
    mode: WatchMode
    def __init__(self, tenant: _Optional[str] = ..., filter: _Optional[_Union[EventFilter, _Mapping]] = ..., start_from: _Optional[_Union[StartFrom, str]] = ..., after_cursor: _Optional[str] = ..., name: _Optional[str] = ..., mode: _Optional[_Union[WatchMode, str]] = ...) -> None: ...

class WaitForSubscriberRequest(_message.Message):
    __slots__ = ("tenant", "name", "cursor")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    name: str
    cursor: str
    def __init__(self, tenant: _Optional[str] = ..., name: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...

class WaitForSubscriberResponse(_message.Message):
    __slots__ = ("cursor",)
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    def __init__(self, cursor: _Optional[str] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("cursor", "events", "caught_up", "checkpoint", "fell_behind", "snapshot", "channel_updates")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    CAUGHT_UP_FIELD_NUMBER: _ClassVar[int]
    CHECKPOINT_FIELD_NUMBER: _ClassVar[int]
    FELL_BEHIND_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_UPDATES_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    events: EventBatch
    caught_up: CaughtUp
    checkpoint: Checkpoint
    fell_behind: FellBehind
    snapshot: Snapshot
    channel_updates: ChannelUpdates
    def __init__(self, cursor: _Optional[str] = ..., events: _Optional[_Union[EventBatch, _Mapping]] = ..., caught_up: _Optional[_Union[CaughtUp, _Mapping]] = ..., checkpoint: _Optional[_Union[Checkpoint, _Mapping]] = ..., fell_behind: _Optional[_Union[FellBehind, _Mapping]] = ..., snapshot: _Optional[_Union[Snapshot, _Mapping]] = ..., channel_updates: _Optional[_Union[ChannelUpdates, _Mapping]] = ...) -> None: ...

class EventBatch(_message.Message):
    __slots__ = ("events",)
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...

class Snapshot(_message.Message):
    __slots__ = ("stocks", "complete")
    STOCKS_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    stocks: _containers.RepeatedCompositeFieldContainer[_stock_pb2.Stock]
    complete: bool
    def __init__(self, stocks: _Optional[_Iterable[_Union[_stock_pb2.Stock, _Mapping]]] = ..., complete: _Optional[bool] = ...) -> None: ...

class ChannelUpdates(_message.Message):
    __slots__ = ("updates", "snapshot_complete")
    UPDATES_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_COMPLETE_FIELD_NUMBER: _ClassVar[int]
    updates: _containers.RepeatedCompositeFieldContainer[_channels_pb2.ChannelUpdate]
    snapshot_complete: bool
    def __init__(self, updates: _Optional[_Iterable[_Union[_channels_pb2.ChannelUpdate, _Mapping]]] = ..., snapshot_complete: _Optional[bool] = ...) -> None: ...

class FellBehind(_message.Message):
    __slots__ = ("time", "lag_events")
    TIME_FIELD_NUMBER: _ClassVar[int]
    LAG_EVENTS_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    lag_events: int
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lag_events: _Optional[int] = ...) -> None: ...

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
    __slots__ = ("command", "request_id", "principal", "correlation_id", "ticket", "reason", "reference", "occurred_at", "source", "source_sequence")
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    command: str
    request_id: str
    principal: str
    correlation_id: str
    ticket: str
    reason: str
    reference: str
    occurred_at: _timestamp_pb2.Timestamp
    source: str
    source_sequence: int
    def __init__(self, command: _Optional[str] = ..., request_id: _Optional[str] = ..., principal: _Optional[str] = ..., correlation_id: _Optional[str] = ..., ticket: _Optional[str] = ..., reason: _Optional[str] = ..., reference: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source: _Optional[str] = ..., source_sequence: _Optional[int] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("shard", "position", "recorded_at", "cause", "key", "version", "balances", "stock_held", "hold_committed", "hold_released", "hold_expired", "stock_allocated", "allocation_released", "stock_shipped", "stock_sold", "stock_received", "stock_adjusted", "stock_counted", "stock_configured", "shortfall_detected", "hold_filled", "hold_reacquired", "wait_joined", "wait_left", "wait_filled", "allocation_filled", "allocation_picked", "reservation_created", "reservation_extended", "reservation_renamed", "reservation_expired", "reservation_amended", "reservation_promoted", "confirmation_asked", "allocation_confirmed", "allocation_overdue", "basket_prepared", "allocation_unpicked", "pick_fell_short", "shipped_unexpectedly", "stock_returned", "incoming_expected", "stock_taken_back", "stock_moved", "transfer_sent", "transfer_expected", "transfer_received", "source_advanced", "reservation_joined", "lines_told", "basket_resolved", "base_taken", "locations_configured", "kit_defined", "customers_limited", "holds_configured", "channel_configured", "channel_policies_set", "sku_group_defined", "listings_mapped", "buffer_computed", "allocation_drawn", "hold_taken")
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
    HOLD_FILLED_FIELD_NUMBER: _ClassVar[int]
    HOLD_REACQUIRED_FIELD_NUMBER: _ClassVar[int]
    WAIT_JOINED_FIELD_NUMBER: _ClassVar[int]
    WAIT_LEFT_FIELD_NUMBER: _ClassVar[int]
    WAIT_FILLED_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_FILLED_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_PICKED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_CREATED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_EXTENDED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_RENAMED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_EXPIRED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_AMENDED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_PROMOTED_FIELD_NUMBER: _ClassVar[int]
    CONFIRMATION_ASKED_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_CONFIRMED_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_OVERDUE_FIELD_NUMBER: _ClassVar[int]
    BASKET_PREPARED_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_UNPICKED_FIELD_NUMBER: _ClassVar[int]
    PICK_FELL_SHORT_FIELD_NUMBER: _ClassVar[int]
    SHIPPED_UNEXPECTEDLY_FIELD_NUMBER: _ClassVar[int]
    STOCK_RETURNED_FIELD_NUMBER: _ClassVar[int]
    INCOMING_EXPECTED_FIELD_NUMBER: _ClassVar[int]
    STOCK_TAKEN_BACK_FIELD_NUMBER: _ClassVar[int]
    STOCK_MOVED_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_SENT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_EXPECTED_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    SOURCE_ADVANCED_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_JOINED_FIELD_NUMBER: _ClassVar[int]
    LINES_TOLD_FIELD_NUMBER: _ClassVar[int]
    BASKET_RESOLVED_FIELD_NUMBER: _ClassVar[int]
    BASE_TAKEN_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_CONFIGURED_FIELD_NUMBER: _ClassVar[int]
    KIT_DEFINED_FIELD_NUMBER: _ClassVar[int]
    CUSTOMERS_LIMITED_FIELD_NUMBER: _ClassVar[int]
    HOLDS_CONFIGURED_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_CONFIGURED_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_POLICIES_SET_FIELD_NUMBER: _ClassVar[int]
    SKU_GROUP_DEFINED_FIELD_NUMBER: _ClassVar[int]
    LISTINGS_MAPPED_FIELD_NUMBER: _ClassVar[int]
    BUFFER_COMPUTED_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_DRAWN_FIELD_NUMBER: _ClassVar[int]
    HOLD_TAKEN_FIELD_NUMBER: _ClassVar[int]
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
    hold_filled: _events_pb2.HoldFilled
    hold_reacquired: _events_pb2.HoldReacquired
    wait_joined: _events_pb2.WaitJoined
    wait_left: _events_pb2.WaitLeft
    wait_filled: _events_pb2.WaitFilled
    allocation_filled: _events_pb2.AllocationFilled
    allocation_picked: _events_pb2.AllocationPicked
    reservation_created: ReservationCreated
    reservation_extended: ReservationExtended
    reservation_renamed: ReservationRenamed
    reservation_expired: ReservationExpired
    reservation_amended: _events_pb2.ReservationAmended
    reservation_promoted: _events_pb2.ReservationPromoted
    confirmation_asked: _events_pb2.ConfirmationAsked
    allocation_confirmed: _events_pb2.AllocationConfirmed
    allocation_overdue: _events_pb2.AllocationOverdue
    basket_prepared: _events_pb2.BasketPrepared
    allocation_unpicked: _events_pb2.AllocationUnpicked
    pick_fell_short: _events_pb2.PickFellShort
    shipped_unexpectedly: _events_pb2.ShippedUnexpectedly
    stock_returned: _events_pb2.StockReturned
    incoming_expected: _events_pb2.IncomingExpected
    stock_taken_back: _events_pb2.StockTakenBack
    stock_moved: _events_pb2.StockMoved
    transfer_sent: _events_pb2.TransferSent
    transfer_expected: _events_pb2.TransferExpected
    transfer_received: _events_pb2.TransferReceived
    source_advanced: _events_pb2.SourceAdvanced
    reservation_joined: _events_pb2.ReservationJoined
    lines_told: LinesTold
    basket_resolved: _events_pb2.BasketResolved
    base_taken: _events_pb2.BaseTaken
    locations_configured: _events_pb2.LocationsConfigured
    kit_defined: _events_pb2.KitDefined
    customers_limited: _events_pb2.CustomersLimited
    holds_configured: _events_pb2.HoldsConfigured
    channel_configured: _events_pb2.ChannelConfigured
    channel_policies_set: _events_pb2.ChannelPoliciesSet
    sku_group_defined: _events_pb2.SkuGroupDefined
    listings_mapped: _events_pb2.ListingsMapped
    buffer_computed: _events_pb2.BufferComputed
    allocation_drawn: _events_pb2.AllocationDrawn
    hold_taken: _events_pb2.HoldTaken
    def __init__(self, shard: _Optional[int] = ..., position: _Optional[int] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., cause: _Optional[_Union[Cause, _Mapping]] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., version: _Optional[int] = ..., balances: _Optional[_Union[_stock_pb2.Balances, _Mapping]] = ..., stock_held: _Optional[_Union[StockHeld, _Mapping]] = ..., hold_committed: _Optional[_Union[HoldCommitted, _Mapping]] = ..., hold_released: _Optional[_Union[HoldReleased, _Mapping]] = ..., hold_expired: _Optional[_Union[HoldExpired, _Mapping]] = ..., stock_allocated: _Optional[_Union[StockAllocated, _Mapping]] = ..., allocation_released: _Optional[_Union[AllocationReleased, _Mapping]] = ..., stock_shipped: _Optional[_Union[StockShipped, _Mapping]] = ..., stock_sold: _Optional[_Union[StockSold, _Mapping]] = ..., stock_received: _Optional[_Union[StockReceived, _Mapping]] = ..., stock_adjusted: _Optional[_Union[StockAdjusted, _Mapping]] = ..., stock_counted: _Optional[_Union[StockCounted, _Mapping]] = ..., stock_configured: _Optional[_Union[StockConfigured, _Mapping]] = ..., shortfall_detected: _Optional[_Union[ShortfallDetected, _Mapping]] = ..., hold_filled: _Optional[_Union[_events_pb2.HoldFilled, _Mapping]] = ..., hold_reacquired: _Optional[_Union[_events_pb2.HoldReacquired, _Mapping]] = ..., wait_joined: _Optional[_Union[_events_pb2.WaitJoined, _Mapping]] = ..., wait_left: _Optional[_Union[_events_pb2.WaitLeft, _Mapping]] = ..., wait_filled: _Optional[_Union[_events_pb2.WaitFilled, _Mapping]] = ..., allocation_filled: _Optional[_Union[_events_pb2.AllocationFilled, _Mapping]] = ..., allocation_picked: _Optional[_Union[_events_pb2.AllocationPicked, _Mapping]] = ..., reservation_created: _Optional[_Union[ReservationCreated, _Mapping]] = ..., reservation_extended: _Optional[_Union[ReservationExtended, _Mapping]] = ..., reservation_renamed: _Optional[_Union[ReservationRenamed, _Mapping]] = ..., reservation_expired: _Optional[_Union[ReservationExpired, _Mapping]] = ..., reservation_amended: _Optional[_Union[_events_pb2.ReservationAmended, _Mapping]] = ..., reservation_promoted: _Optional[_Union[_events_pb2.ReservationPromoted, _Mapping]] = ..., confirmation_asked: _Optional[_Union[_events_pb2.ConfirmationAsked, _Mapping]] = ..., allocation_confirmed: _Optional[_Union[_events_pb2.AllocationConfirmed, _Mapping]] = ..., allocation_overdue: _Optional[_Union[_events_pb2.AllocationOverdue, _Mapping]] = ..., basket_prepared: _Optional[_Union[_events_pb2.BasketPrepared, _Mapping]] = ..., allocation_unpicked: _Optional[_Union[_events_pb2.AllocationUnpicked, _Mapping]] = ..., pick_fell_short: _Optional[_Union[_events_pb2.PickFellShort, _Mapping]] = ..., shipped_unexpectedly: _Optional[_Union[_events_pb2.ShippedUnexpectedly, _Mapping]] = ..., stock_returned: _Optional[_Union[_events_pb2.StockReturned, _Mapping]] = ..., incoming_expected: _Optional[_Union[_events_pb2.IncomingExpected, _Mapping]] = ..., stock_taken_back: _Optional[_Union[_events_pb2.StockTakenBack, _Mapping]] = ..., stock_moved: _Optional[_Union[_events_pb2.StockMoved, _Mapping]] = ..., transfer_sent: _Optional[_Union[_events_pb2.TransferSent, _Mapping]] = ..., transfer_expected: _Optional[_Union[_events_pb2.TransferExpected, _Mapping]] = ..., transfer_received: _Optional[_Union[_events_pb2.TransferReceived, _Mapping]] = ..., source_advanced: _Optional[_Union[_events_pb2.SourceAdvanced, _Mapping]] = ..., reservation_joined: _Optional[_Union[_events_pb2.ReservationJoined, _Mapping]] = ..., lines_told: _Optional[_Union[LinesTold, _Mapping]] = ..., basket_resolved: _Optional[_Union[_events_pb2.BasketResolved, _Mapping]] = ..., base_taken: _Optional[_Union[_events_pb2.BaseTaken, _Mapping]] = ..., locations_configured: _Optional[_Union[_events_pb2.LocationsConfigured, _Mapping]] = ..., kit_defined: _Optional[_Union[_events_pb2.KitDefined, _Mapping]] = ..., customers_limited: _Optional[_Union[_events_pb2.CustomersLimited, _Mapping]] = ..., holds_configured: _Optional[_Union[_events_pb2.HoldsConfigured, _Mapping]] = ..., channel_configured: _Optional[_Union[_events_pb2.ChannelConfigured, _Mapping]] = ..., channel_policies_set: _Optional[_Union[_events_pb2.ChannelPoliciesSet, _Mapping]] = ..., sku_group_defined: _Optional[_Union[_events_pb2.SkuGroupDefined, _Mapping]] = ..., listings_mapped: _Optional[_Union[_events_pb2.ListingsMapped, _Mapping]] = ..., buffer_computed: _Optional[_Union[_events_pb2.BufferComputed, _Mapping]] = ..., allocation_drawn: _Optional[_Union[_events_pb2.AllocationDrawn, _Mapping]] = ..., hold_taken: _Optional[_Union[_events_pb2.HoldTaken, _Mapping]] = ...) -> None: ...

class StockHeld(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "backordered", "units_each")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    BACKORDERED_FIELD_NUMBER: _ClassVar[int]
    UNITS_EACH_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    backordered: int
    units_each: int
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., backordered: _Optional[int] = ..., units_each: _Optional[int] = ...) -> None: ...

class HoldCommitted(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "backordered")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    BACKORDERED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    backordered: int
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., backordered: _Optional[int] = ...) -> None: ...

class HoldReleased(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "reason", "backordered")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BACKORDERED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    reason: _inventory_pb2.ReleaseReason
    backordered: int
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., reason: _Optional[_Union[_inventory_pb2.ReleaseReason, str]] = ..., backordered: _Optional[int] = ...) -> None: ...

class HoldExpired(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "backordered")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    BACKORDERED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    backordered: int
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., backordered: _Optional[int] = ...) -> None: ...

class StockAllocated(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "backordered", "units_each")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    BACKORDERED_FIELD_NUMBER: _ClassVar[int]
    UNITS_EACH_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    backordered: int
    units_each: int
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., backordered: _Optional[int] = ..., units_each: _Optional[int] = ...) -> None: ...

class AllocationReleased(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "reason", "backordered")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    BACKORDERED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    reason: _inventory_pb2.ReleaseReason
    backordered: int
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., reason: _Optional[_Union[_inventory_pb2.ReleaseReason, str]] = ..., backordered: _Optional[int] = ...) -> None: ...

class StockShipped(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "picked", "shipment_id")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    PICKED_FIELD_NUMBER: _ClassVar[int]
    SHIPMENT_ID_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    picked: int
    shipment_id: str
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., picked: _Optional[int] = ..., shipment_id: _Optional[str] = ...) -> None: ...

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
    __slots__ = ("quantity", "incoming_reference", "incoming_closed", "unavailable_cause")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    INCOMING_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    INCOMING_CLOSED_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_CAUSE_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    incoming_reference: str
    incoming_closed: int
    unavailable_cause: str
    def __init__(self, quantity: _Optional[int] = ..., incoming_reference: _Optional[str] = ..., incoming_closed: _Optional[int] = ..., unavailable_cause: _Optional[str] = ...) -> None: ...

class StockAdjusted(_message.Message):
    __slots__ = ("delta", "unavailable_cause")
    DELTA_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_CAUSE_FIELD_NUMBER: _ClassVar[int]
    delta: int
    unavailable_cause: str
    def __init__(self, delta: _Optional[int] = ..., unavailable_cause: _Optional[str] = ...) -> None: ...

class StockCounted(_message.Message):
    __slots__ = ("counted", "expected", "moved_since", "observed_at")
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    MOVED_SINCE_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_AT_FIELD_NUMBER: _ClassVar[int]
    counted: int
    expected: int
    moved_since: int
    observed_at: _timestamp_pb2.Timestamp
    def __init__(self, counted: _Optional[int] = ..., expected: _Optional[int] = ..., moved_since: _Optional[int] = ..., observed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StockConfigured(_message.Message):
    __slots__ = ("safety_stock", "tracked", "selling", "channel_buffers", "backorder_limit")
    SAFETY_STOCK_FIELD_NUMBER: _ClassVar[int]
    TRACKED_FIELD_NUMBER: _ClassVar[int]
    SELLING_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_BUFFERS_FIELD_NUMBER: _ClassVar[int]
    BACKORDER_LIMIT_FIELD_NUMBER: _ClassVar[int]
    safety_stock: int
    tracked: bool
    selling: _stock_pb2.Selling
    channel_buffers: _containers.RepeatedCompositeFieldContainer[_stock_pb2.ChannelBuffer]
    backorder_limit: int
    def __init__(self, safety_stock: _Optional[int] = ..., tracked: _Optional[bool] = ..., selling: _Optional[_Union[_stock_pb2.Selling, str]] = ..., channel_buffers: _Optional[_Iterable[_Union[_stock_pb2.ChannelBuffer, _Mapping]]] = ..., backorder_limit: _Optional[int] = ...) -> None: ...

class ShortfallDetected(_message.Message):
    __slots__ = ("shortfall", "at_risk", "more")
    SHORTFALL_FIELD_NUMBER: _ClassVar[int]
    AT_RISK_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    shortfall: int
    at_risk: _containers.RepeatedCompositeFieldContainer[_events_pb2.AtRisk]
    more: bool
    def __init__(self, shortfall: _Optional[int] = ..., at_risk: _Optional[_Iterable[_Union[_events_pb2.AtRisk, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class ReservationCreated(_message.Message):
    __slots__ = ("reservation_id", "tenant", "reference", "channel", "customer", "expires_at", "hold")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    reference: str
    channel: str
    customer: str
    expires_at: _timestamp_pb2.Timestamp
    hold: _duration_pb2.Duration
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., reference: _Optional[str] = ..., channel: _Optional[str] = ..., customer: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., hold: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

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

class LinesTold(_message.Message):
    __slots__ = ("reservation_id", "tenant", "shard", "attempt_id", "lines")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SHARD_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    shard: int
    attempt_id: str
    lines: _containers.RepeatedCompositeFieldContainer[Event]
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., shard: _Optional[int] = ..., attempt_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[Event, _Mapping]]] = ...) -> None: ...
