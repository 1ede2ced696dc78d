import datetime

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

class ShortCause(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SHORT_CAUSE_UNSPECIFIED: _ClassVar[ShortCause]
    SHORT_CAUSE_STOCK: _ClassVar[ShortCause]
    SHORT_CAUSE_CHANNEL: _ClassVar[ShortCause]
    SHORT_CAUSE_STOPPED: _ClassVar[ShortCause]
SELLING_UNSPECIFIED: Selling
SELLING_OPEN: Selling
SELLING_STOPPED: Selling
RESERVATION_STATUS_UNSPECIFIED: ReservationStatus
RESERVATION_STATUS_HELD: ReservationStatus
RESERVATION_STATUS_COMMITTED: ReservationStatus
RESERVATION_STATUS_SHIPPED: ReservationStatus
RESERVATION_STATUS_RELEASED: ReservationStatus
RESERVATION_STATUS_EXPIRED: ReservationStatus
SHORT_CAUSE_UNSPECIFIED: ShortCause
SHORT_CAUSE_STOCK: ShortCause
SHORT_CAUSE_CHANNEL: ShortCause
SHORT_CAUSE_STOPPED: ShortCause

class StockKey(_message.Message):
    __slots__ = ("tenant", "sku", "location")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    sku: str
    location: str
    def __init__(self, tenant: _Optional[str] = ..., sku: _Optional[str] = ..., location: _Optional[str] = ...) -> None: ...

class Balances(_message.Message):
    __slots__ = ("on_hand", "held", "allocated", "safety_stock", "available")
    ON_HAND_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    SAFETY_STOCK_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    on_hand: int
    held: int
    allocated: int
    safety_stock: int
    available: int
    def __init__(self, on_hand: _Optional[int] = ..., held: _Optional[int] = ..., allocated: _Optional[int] = ..., safety_stock: _Optional[int] = ..., available: _Optional[int] = ...) -> None: ...

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

class Stock(_message.Message):
    __slots__ = ("key", "balances", "tracked", "selling", "version", "channel_buffers")
    KEY_FIELD_NUMBER: _ClassVar[int]
    BALANCES_FIELD_NUMBER: _ClassVar[int]
    TRACKED_FIELD_NUMBER: _ClassVar[int]
    SELLING_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_BUFFERS_FIELD_NUMBER: _ClassVar[int]
    key: StockKey
    balances: Balances
    tracked: bool
    selling: Selling
    version: int
    channel_buffers: _containers.RepeatedCompositeFieldContainer[ChannelBuffer]
    def __init__(self, key: _Optional[_Union[StockKey, _Mapping]] = ..., balances: _Optional[_Union[Balances, _Mapping]] = ..., tracked: _Optional[bool] = ..., selling: _Optional[_Union[Selling, str]] = ..., version: _Optional[int] = ..., channel_buffers: _Optional[_Iterable[_Union[ChannelBuffer, _Mapping]]] = ...) -> None: ...

class ReservationLine(_message.Message):
    __slots__ = ("line_id", "sku", "location", "held", "allocated", "shipped")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    SHIPPED_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    sku: str
    location: str
    held: int
    allocated: int
    shipped: int
    def __init__(self, line_id: _Optional[str] = ..., sku: _Optional[str] = ..., location: _Optional[str] = ..., held: _Optional[int] = ..., allocated: _Optional[int] = ..., shipped: _Optional[int] = ...) -> None: ...

class Reservation(_message.Message):
    __slots__ = ("reservation_id", "tenant", "status", "lines", "reference", "channel", "customer", "expires_at", "created_at")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    tenant: str
    status: ReservationStatus
    lines: _containers.RepeatedCompositeFieldContainer[ReservationLine]
    reference: str
    channel: str
    customer: str
    expires_at: _timestamp_pb2.Timestamp
    created_at: _timestamp_pb2.Timestamp
    def __init__(self, reservation_id: _Optional[str] = ..., tenant: _Optional[str] = ..., status: _Optional[_Union[ReservationStatus, str]] = ..., lines: _Optional[_Iterable[_Union[ReservationLine, _Mapping]]] = ..., reference: _Optional[str] = ..., channel: _Optional[str] = ..., customer: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

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
