import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from holdfast.v1 import channels_pb2 as _channels_pb2
from holdfast.v1 import configuration_pb2 as _configuration_pb2
from holdfast.v1 import inventory_pb2 as _inventory_pb2
from holdfast.v1 import stock_pb2 as _stock_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HoldFilled(_message.Message):
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

class HoldReacquired(_message.Message):
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

class WaitJoined(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "place", "units_each")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    UNITS_EACH_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    place: int
    units_each: int
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., place: _Optional[int] = ..., units_each: _Optional[int] = ...) -> None: ...

class WaitLeft(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "reason", "expired")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    reason: _inventory_pb2.ReleaseReason
    expired: bool
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., reason: _Optional[_Union[_inventory_pb2.ReleaseReason, str]] = ..., expired: _Optional[bool] = ...) -> None: ...

class WaitFilled(_message.Message):
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

class AllocationFilled(_message.Message):
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

class AllocationPicked(_message.Message):
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

class AllocationUnpicked(_message.Message):
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

class PickFellShort(_message.Message):
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

class ShippedUnexpectedly(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "shipment_id", "units_each")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    SHIPMENT_ID_FIELD_NUMBER: _ClassVar[int]
    UNITS_EACH_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    shipment_id: str
    units_each: int
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., shipment_id: _Optional[str] = ..., units_each: _Optional[int] = ...) -> None: ...

class StockReturned(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "shipment_id", "unavailable_cause")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    SHIPMENT_ID_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_CAUSE_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    shipment_id: str
    unavailable_cause: str
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., shipment_id: _Optional[str] = ..., unavailable_cause: _Optional[str] = ...) -> None: ...

class IncomingExpected(_message.Message):
    __slots__ = ("reference", "quantity", "expected_at")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_AT_FIELD_NUMBER: _ClassVar[int]
    reference: str
    quantity: int
    expected_at: _timestamp_pb2.Timestamp
    def __init__(self, reference: _Optional[str] = ..., quantity: _Optional[int] = ..., expected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StockTakenBack(_message.Message):
    __slots__ = ("quantity", "unavailable_cause")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_CAUSE_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    unavailable_cause: str
    def __init__(self, quantity: _Optional[int] = ..., unavailable_cause: _Optional[str] = ...) -> None: ...

class StockMoved(_message.Message):
    __slots__ = ("quantity", "from_cause", "to_cause")
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FROM_CAUSE_FIELD_NUMBER: _ClassVar[int]
    TO_CAUSE_FIELD_NUMBER: _ClassVar[int]
    quantity: int
    from_cause: str
    to_cause: str
    def __init__(self, quantity: _Optional[int] = ..., from_cause: _Optional[str] = ..., to_cause: _Optional[str] = ...) -> None: ...

class TransferSent(_message.Message):
    __slots__ = ("transfer_id", "to_location", "quantity", "reference", "expected_at")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    TO_LOCATION_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_AT_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    to_location: str
    quantity: int
    reference: str
    expected_at: _timestamp_pb2.Timestamp
    def __init__(self, transfer_id: _Optional[str] = ..., to_location: _Optional[str] = ..., quantity: _Optional[int] = ..., reference: _Optional[str] = ..., expected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TransferExpected(_message.Message):
    __slots__ = ("transfer_id", "from_location", "quantity", "reference", "expected_at")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_LOCATION_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_AT_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    from_location: str
    quantity: int
    reference: str
    expected_at: _timestamp_pb2.Timestamp
    def __init__(self, transfer_id: _Optional[str] = ..., from_location: _Optional[str] = ..., quantity: _Optional[int] = ..., reference: _Optional[str] = ..., expected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TransferReceived(_message.Message):
    __slots__ = ("transfer_id", "quantity", "lost", "unavailable_cause")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_CAUSE_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    quantity: int
    lost: int
    unavailable_cause: str
    def __init__(self, transfer_id: _Optional[str] = ..., quantity: _Optional[int] = ..., lost: _Optional[int] = ..., unavailable_cause: _Optional[str] = ...) -> None: ...

class SourceAdvanced(_message.Message):
    __slots__ = ("source", "sequence", "counted_at")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    COUNTED_AT_FIELD_NUMBER: _ClassVar[int]
    source: str
    sequence: int
    counted_at: _timestamp_pb2.Timestamp
    def __init__(self, source: _Optional[str] = ..., sequence: _Optional[int] = ..., counted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class AtRisk(_message.Message):
    __slots__ = ("reservation_id", "units", "allocated")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    units: int
    allocated: bool
    def __init__(self, reservation_id: _Optional[str] = ..., units: _Optional[int] = ..., allocated: _Optional[bool] = ...) -> None: ...

class ReservationAmended(_message.Message):
    __slots__ = ("reservation_id", "tenant", "swapped_line_ids")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SWAPPED_LINE_IDS_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    swapped_line_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., swapped_line_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ReservationPromoted(_message.Message):
    __slots__ = ("reservation_id", "tenant", "expires_at")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    expires_at: _timestamp_pb2.Timestamp
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ConfirmationAsked(_message.Message):
    __slots__ = ("reservation_id", "tenant", "confirm_by", "on_overdue")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_BY_FIELD_NUMBER: _ClassVar[int]
    ON_OVERDUE_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    confirm_by: _timestamp_pb2.Timestamp
    on_overdue: _stock_pb2.OnOverdue
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., confirm_by: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., on_overdue: _Optional[_Union[_stock_pb2.OnOverdue, str]] = ...) -> None: ...

class AllocationConfirmed(_message.Message):
    __slots__ = ("reservation_id", "tenant")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ...) -> None: ...

class AllocationOverdue(_message.Message):
    __slots__ = ("reservation_id", "tenant", "confirm_by")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_BY_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    confirm_by: _timestamp_pb2.Timestamp
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., confirm_by: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class BasketPrepared(_message.Message):
    __slots__ = ("reservation_id", "tenant", "home_shard", "prepared_for", "channel", "customer", "ask_at")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    HOME_SHARD_FIELD_NUMBER: _ClassVar[int]
    PREPARED_FOR_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    ASK_AT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    home_shard: int
    prepared_for: str
    channel: str
    customer: str
    ask_at: _timestamp_pb2.Timestamp
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., home_shard: _Optional[int] = ..., prepared_for: _Optional[str] = ..., channel: _Optional[str] = ..., customer: _Optional[str] = ..., ask_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class BasketResolved(_message.Message):
    __slots__ = ("reservation_id", "tenant", "home_shard", "taken_by")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    HOME_SHARD_FIELD_NUMBER: _ClassVar[int]
    TAKEN_BY_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    home_shard: int
    taken_by: str
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., home_shard: _Optional[int] = ..., taken_by: _Optional[str] = ...) -> None: ...

class HoldTaken(_message.Message):
    __slots__ = ("reservation_id", "line_id", "quantity", "counted", "units_each", "attempt_id")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    UNITS_EACH_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_ID_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    line_id: str
    quantity: int
    counted: bool
    units_each: int
    attempt_id: str
    def __init__(self, reservation_id: _Optional[str] = ..., line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., counted: _Optional[bool] = ..., units_each: _Optional[int] = ..., attempt_id: _Optional[str] = ...) -> None: ...

class ReservationJoined(_message.Message):
    __slots__ = ("reservation_id", "tenant", "home_shard", "reference", "channel", "customer")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    HOME_SHARD_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    home_shard: int
    reference: str
    channel: str
    customer: str
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., home_shard: _Optional[int] = ..., reference: _Optional[str] = ..., channel: _Optional[str] = ..., customer: _Optional[str] = ...) -> None: ...

class LocationsConfigured(_message.Message):
    __slots__ = ("tenant", "locations")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    locations: _containers.RepeatedCompositeFieldContainer[_configuration_pb2.Location]
    def __init__(self, tenant: _Optional[str] = ..., locations: _Optional[_Iterable[_Union[_configuration_pb2.Location, _Mapping]]] = ...) -> None: ...

class KitDefined(_message.Message):
    __slots__ = ("tenant", "kit")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    KIT_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    kit: _configuration_pb2.Kit
    def __init__(self, tenant: _Optional[str] = ..., kit: _Optional[_Union[_configuration_pb2.Kit, _Mapping]] = ...) -> None: ...

class CustomersLimited(_message.Message):
    __slots__ = ("tenant", "sku", "units", "window")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    sku: str
    units: int
    window: _duration_pb2.Duration
    def __init__(self, tenant: _Optional[str] = ..., sku: _Optional[str] = ..., units: _Optional[int] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class HoldsConfigured(_message.Message):
    __slots__ = ("tenant", "cart", "checkout", "order")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CART_FIELD_NUMBER: _ClassVar[int]
    CHECKOUT_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    cart: _duration_pb2.Duration
    checkout: _duration_pb2.Duration
    order: _duration_pb2.Duration
    def __init__(self, tenant: _Optional[str] = ..., cart: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., checkout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., order: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ListingsMapped(_message.Message):
    __slots__ = ("tenant", "channel", "listings", "problems")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    LISTINGS_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    channel: str
    listings: _containers.RepeatedCompositeFieldContainer[_channels_pb2.Listing]
    problems: _containers.RepeatedCompositeFieldContainer[_channels_pb2.ListingReport]
    def __init__(self, tenant: _Optional[str] = ..., channel: _Optional[str] = ..., listings: _Optional[_Iterable[_Union[_channels_pb2.Listing, _Mapping]]] = ..., problems: _Optional[_Iterable[_Union[_channels_pb2.ListingReport, _Mapping]]] = ...) -> None: ...

class ChannelConfigured(_message.Message):
    __slots__ = ("tenant", "channel", "removed")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    channel: _channels_pb2.Channel
    removed: bool
    def __init__(self, tenant: _Optional[str] = ..., channel: _Optional[_Union[_channels_pb2.Channel, _Mapping]] = ..., removed: _Optional[bool] = ...) -> None: ...

class ChannelPoliciesSet(_message.Message):
    __slots__ = ("tenant", "channel", "policies")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    channel: str
    policies: _containers.RepeatedCompositeFieldContainer[_channels_pb2.ChannelPolicy]
    def __init__(self, tenant: _Optional[str] = ..., channel: _Optional[str] = ..., policies: _Optional[_Iterable[_Union[_channels_pb2.ChannelPolicy, _Mapping]]] = ...) -> None: ...

class SkuGroupDefined(_message.Message):
    __slots__ = ("tenant", "group")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    group: _channels_pb2.SkuGroup
    def __init__(self, tenant: _Optional[str] = ..., group: _Optional[_Union[_channels_pb2.SkuGroup, _Mapping]] = ...) -> None: ...

class BufferComputed(_message.Message):
    __slots__ = ("tenant", "buffer")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    BUFFER_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    buffer: _channels_pb2.ComputedBuffer
    def __init__(self, tenant: _Optional[str] = ..., buffer: _Optional[_Union[_channels_pb2.ComputedBuffer, _Mapping]] = ...) -> None: ...

class AllocationDrawn(_message.Message):
    __slots__ = ("channel", "units", "since")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    channel: str
    units: int
    since: _timestamp_pb2.Timestamp
    def __init__(self, channel: _Optional[str] = ..., units: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class BaseTaken(_message.Message):
    __slots__ = ("position", "digest", "chain_hash")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    CHAIN_HASH_FIELD_NUMBER: _ClassVar[int]
    position: int
    digest: str
    chain_hash: str
    def __init__(self, position: _Optional[int] = ..., digest: _Optional[str] = ..., chain_hash: _Optional[str] = ...) -> None: ...
