import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Selling(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SELLING_UNSPECIFIED: _ClassVar[Selling]
    SELLING_OPEN: _ClassVar[Selling]
    SELLING_STOPPED: _ClassVar[Selling]

class ReservationStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESERVATION_STATUS_UNSPECIFIED: _ClassVar[ReservationStatus]
    RESERVATION_STATUS_HELD: _ClassVar[ReservationStatus]
    RESERVATION_STATUS_COMMITTED: _ClassVar[ReservationStatus]
    RESERVATION_STATUS_SHIPPED: _ClassVar[ReservationStatus]
    RESERVATION_STATUS_RELEASED: _ClassVar[ReservationStatus]
    RESERVATION_STATUS_EXPIRED: _ClassVar[ReservationStatus]
    RESERVATION_STATUS_WAITING: _ClassVar[ReservationStatus]
    RESERVATION_STATUS_PREPARED: _ClassVar[ReservationStatus]

class OnOverdue(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_OVERDUE_UNSPECIFIED: _ClassVar[OnOverdue]
    ON_OVERDUE_KEEP: _ClassVar[OnOverdue]
    ON_OVERDUE_RELEASE: _ClassVar[OnOverdue]

class ShortCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SHORT_CAUSE_UNSPECIFIED: _ClassVar[ShortCause]
    SHORT_CAUSE_STOCK: _ClassVar[ShortCause]
    SHORT_CAUSE_CHANNEL: _ClassVar[ShortCause]
    SHORT_CAUSE_STOPPED: _ClassVar[ShortCause]
    SHORT_CAUSE_CUSTOMER_LIMIT: _ClassVar[ShortCause]
    SHORT_CAUSE_LOCATION_DISABLED: _ClassVar[ShortCause]
SELLING_UNSPECIFIED: Selling
SELLING_OPEN: Selling
SELLING_STOPPED: Selling
RESERVATION_STATUS_UNSPECIFIED: ReservationStatus
RESERVATION_STATUS_HELD: ReservationStatus
RESERVATION_STATUS_COMMITTED: ReservationStatus
RESERVATION_STATUS_SHIPPED: ReservationStatus
RESERVATION_STATUS_RELEASED: ReservationStatus
RESERVATION_STATUS_EXPIRED: ReservationStatus
RESERVATION_STATUS_WAITING: ReservationStatus
RESERVATION_STATUS_PREPARED: ReservationStatus
ON_OVERDUE_UNSPECIFIED: OnOverdue
ON_OVERDUE_KEEP: OnOverdue
ON_OVERDUE_RELEASE: OnOverdue
SHORT_CAUSE_UNSPECIFIED: ShortCause
SHORT_CAUSE_STOCK: ShortCause
SHORT_CAUSE_CHANNEL: ShortCause
SHORT_CAUSE_STOPPED: ShortCause
SHORT_CAUSE_CUSTOMER_LIMIT: ShortCause
SHORT_CAUSE_LOCATION_DISABLED: ShortCause

class StockKey(_message.Message):
    __slots__ = ("tenant", "sku", "location")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    sku: str
    location: str
    def __init__(self, tenant: _Optional[str] = ..., sku: _Optional[str] = ..., location: _Optional[str] = ...) -> None: ...

class UnavailableUnits(_message.Message):
    __slots__ = ("cause", "units")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    cause: str
    units: int
    def __init__(self, cause: _Optional[str] = ..., units: _Optional[int] = ...) -> None: ...

class Balances(_message.Message):
    __slots__ = ("on_hand", "held", "allocated", "safety_stock", "available", "unavailable", "picked", "incoming", "backordered", "waiting")
    ON_HAND_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    SAFETY_STOCK_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_FIELD_NUMBER: _ClassVar[int]
    PICKED_FIELD_NUMBER: _ClassVar[int]
    INCOMING_FIELD_NUMBER: _ClassVar[int]
    BACKORDERED_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    on_hand: int
    held: int
    allocated: int
    safety_stock: int
    available: int
    unavailable: _containers.RepeatedCompositeFieldContainer[UnavailableUnits]
    picked: int
    incoming: int
    backordered: int
    waiting: int
    def __init__(self, on_hand: _Optional[int] = ..., held: _Optional[int] = ..., allocated: _Optional[int] = ..., safety_stock: _Optional[int] = ..., available: _Optional[int] = ..., unavailable: _Optional[_Iterable[_Union[UnavailableUnits, _Mapping]]] = ..., picked: _Optional[int] = ..., incoming: _Optional[int] = ..., backordered: _Optional[int] = ..., waiting: _Optional[int] = ...) -> None: ...

class StockLevel(_message.Message):
    __slots__ = ("key", "version", "balances")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    BALANCES_FIELD_NUMBER: _ClassVar[int]
    key: StockKey
    version: int
    balances: Balances
    def __init__(self, key: _Optional[_Union[StockKey, _Mapping]] = ..., version: _Optional[int] = ..., balances: _Optional[_Union[Balances, _Mapping]] = ...) -> None: ...

class ChannelBuffer(_message.Message):
    __slots__ = ("channel", "units")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    channel: str
    units: int
    def __init__(self, channel: _Optional[str] = ..., units: _Optional[int] = ...) -> None: ...

class ChannelUse(_message.Message):
    __slots__ = ("channel", "units")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    channel: str
    units: int
    def __init__(self, channel: _Optional[str] = ..., units: _Optional[int] = ...) -> None: ...

class Incoming(_message.Message):
    __slots__ = ("reference", "quantity", "expected_at", "transfer_id")
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_AT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    reference: str
    quantity: int
    expected_at: _timestamp_pb2.Timestamp
    transfer_id: str
    def __init__(self, reference: _Optional[str] = ..., quantity: _Optional[int] = ..., expected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., transfer_id: _Optional[str] = ...) -> None: ...

class SourceMark(_message.Message):
    __slots__ = ("source", "sequence", "counted_at")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    COUNTED_AT_FIELD_NUMBER: _ClassVar[int]
    source: str
    sequence: int
    counted_at: _timestamp_pb2.Timestamp
    def __init__(self, source: _Optional[str] = ..., sequence: _Optional[int] = ..., counted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Stock(_message.Message):
    __slots__ = ("key", "balances", "tracked", "selling", "version", "channel_buffers", "incoming", "backorder_limit", "sources", "channel_uses")
    KEY_FIELD_NUMBER: _ClassVar[int]
    BALANCES_FIELD_NUMBER: _ClassVar[int]
    TRACKED_FIELD_NUMBER: _ClassVar[int]
    SELLING_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_BUFFERS_FIELD_NUMBER: _ClassVar[int]
    INCOMING_FIELD_NUMBER: _ClassVar[int]
    BACKORDER_LIMIT_FIELD_NUMBER: _ClassVar[int]
    SOURCES_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_USES_FIELD_NUMBER: _ClassVar[int]
    key: StockKey
    balances: Balances
    tracked: bool
    selling: Selling
    version: int
    channel_buffers: _containers.RepeatedCompositeFieldContainer[ChannelBuffer]
    incoming: _containers.RepeatedCompositeFieldContainer[Incoming]
    backorder_limit: int
    sources: _containers.RepeatedCompositeFieldContainer[SourceMark]
    channel_uses: _containers.RepeatedCompositeFieldContainer[ChannelUse]
    def __init__(self, key: _Optional[_Union[StockKey, _Mapping]] = ..., balances: _Optional[_Union[Balances, _Mapping]] = ..., tracked: _Optional[bool] = ..., selling: _Optional[_Union[Selling, str]] = ..., version: _Optional[int] = ..., channel_buffers: _Optional[_Iterable[_Union[ChannelBuffer, _Mapping]]] = ..., incoming: _Optional[_Iterable[_Union[Incoming, _Mapping]]] = ..., backorder_limit: _Optional[int] = ..., sources: _Optional[_Iterable[_Union[SourceMark, _Mapping]]] = ..., channel_uses: _Optional[_Iterable[_Union[ChannelUse, _Mapping]]] = ...) -> None: ...

class ReservationLine(_message.Message):
    __slots__ = ("line_id", "sku", "location", "held", "allocated", "shipped", "committed", "backordered", "waiting", "picked", "returned", "expired", "units_each", "place", "place_is_minimum")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    SHIPPED_FIELD_NUMBER: _ClassVar[int]
    COMMITTED_FIELD_NUMBER: _ClassVar[int]
    BACKORDERED_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    PICKED_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_FIELD_NUMBER: _ClassVar[int]
    UNITS_EACH_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    PLACE_IS_MINIMUM_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    sku: str
    location: str
    held: int
    allocated: int
    shipped: int
    committed: int
    backordered: int
    waiting: int
    picked: int
    returned: int
    expired: int
    units_each: int
    place: int
    place_is_minimum: bool
    def __init__(self, line_id: _Optional[str] = ..., sku: _Optional[str] = ..., location: _Optional[str] = ..., held: _Optional[int] = ..., allocated: _Optional[int] = ..., shipped: _Optional[int] = ..., committed: _Optional[int] = ..., backordered: _Optional[int] = ..., waiting: _Optional[int] = ..., picked: _Optional[int] = ..., returned: _Optional[int] = ..., expired: _Optional[int] = ..., units_each: _Optional[int] = ..., place: _Optional[int] = ..., place_is_minimum: _Optional[bool] = ...) -> None: ...

class ShippedLine(_message.Message):
    __slots__ = ("line_id", "sku", "location", "shipped", "returned")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    SHIPPED_FIELD_NUMBER: _ClassVar[int]
    RETURNED_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    sku: str
    location: str
    shipped: int
    returned: int
    def __init__(self, line_id: _Optional[str] = ..., sku: _Optional[str] = ..., location: _Optional[str] = ..., shipped: _Optional[int] = ..., returned: _Optional[int] = ...) -> None: ...

class Shipment(_message.Message):
    __slots__ = ("shipment_id", "shipped_at", "lines")
    SHIPMENT_ID_FIELD_NUMBER: _ClassVar[int]
    SHIPPED_AT_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    shipment_id: str
    shipped_at: _timestamp_pb2.Timestamp
    lines: _containers.RepeatedCompositeFieldContainer[ShippedLine]
    def __init__(self, shipment_id: _Optional[str] = ..., shipped_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lines: _Optional[_Iterable[_Union[ShippedLine, _Mapping]]] = ...) -> None: ...

class Reservation(_message.Message):
    __slots__ = ("reservation_id", "tenant", "status", "lines", "reference", "channel", "customer", "expires_at", "created_at", "hold", "confirm_by", "on_overdue", "shipments", "prepared_for")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    HOLD_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_BY_FIELD_NUMBER: _ClassVar[int]
    ON_OVERDUE_FIELD_NUMBER: _ClassVar[int]
    SHIPMENTS_FIELD_NUMBER: _ClassVar[int]
    PREPARED_FOR_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    status: ReservationStatus
    lines: _containers.RepeatedCompositeFieldContainer[ReservationLine]
    reference: str
    channel: str
    customer: str
    expires_at: _timestamp_pb2.Timestamp
    created_at: _timestamp_pb2.Timestamp
    hold: _duration_pb2.Duration
    confirm_by: _timestamp_pb2.Timestamp
    on_overdue: OnOverdue
    shipments: _containers.RepeatedCompositeFieldContainer[Shipment]
    prepared_for: str
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., status: _Optional[_Union[ReservationStatus, str]] = ..., lines: _Optional[_Iterable[_Union[ReservationLine, _Mapping]]] = ..., reference: _Optional[str] = ..., channel: _Optional[str] = ..., customer: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., hold: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., confirm_by: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., on_overdue: _Optional[_Union[OnOverdue, str]] = ..., shipments: _Optional[_Iterable[_Union[Shipment, _Mapping]]] = ..., prepared_for: _Optional[str] = ...) -> None: ...

class Transfer(_message.Message):
    __slots__ = ("transfer_id", "tenant", "sku", "from_location", "to_location", "created_at", "sent", "received", "lost", "reference", "expected_at", "in_transit")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    FROM_LOCATION_FIELD_NUMBER: _ClassVar[int]
    TO_LOCATION_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    SENT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_AT_FIELD_NUMBER: _ClassVar[int]
    IN_TRANSIT_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    tenant: str
    sku: str
    from_location: str
    to_location: str
    created_at: _timestamp_pb2.Timestamp
    sent: int
    received: int
    lost: int
    reference: str
    expected_at: _timestamp_pb2.Timestamp
    in_transit: int
    def __init__(self, transfer_id: _Optional[str] = ..., tenant: _Optional[str] = ..., sku: _Optional[str] = ..., from_location: _Optional[str] = ..., to_location: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., sent: _Optional[int] = ..., received: _Optional[int] = ..., lost: _Optional[int] = ..., reference: _Optional[str] = ..., expected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., in_transit: _Optional[int] = ...) -> None: ...

class ShortLine(_message.Message):
    __slots__ = ("line_id", "key", "cause", "asked", "available")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    key: StockKey
    cause: ShortCause
    asked: int
    available: int
    def __init__(self, line_id: _Optional[str] = ..., key: _Optional[_Union[StockKey, _Mapping]] = ..., cause: _Optional[_Union[ShortCause, str]] = ..., asked: _Optional[int] = ..., available: _Optional[int] = ...) -> None: ...
