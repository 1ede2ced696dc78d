import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from holdfast.v1 import errors_pb2 as _errors_pb2
from holdfast.v1 import stock_pb2 as _stock_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HoldClass(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOLD_CLASS_UNSPECIFIED: _ClassVar[HoldClass]
    HOLD_CLASS_CART: _ClassVar[HoldClass]
    HOLD_CLASS_CHECKOUT: _ClassVar[HoldClass]
    HOLD_CLASS_ORDER: _ClassVar[HoldClass]

class Fill(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FILL_UNSPECIFIED: _ClassVar[Fill]
    FILL_ALL_OR_NOTHING: _ClassVar[Fill]
    FILL_BEST_EFFORT: _ClassVar[Fill]

class IfShort(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IF_SHORT_UNSPECIFIED: _ClassVar[IfShort]
    IF_SHORT_REFUSE: _ClassVar[IfShort]
    IF_SHORT_RECORD: _ClassVar[IfShort]

class Strategy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STRATEGY_UNSPECIFIED: _ClassVar[Strategy]
    STRATEGY_PRIORITY: _ClassVar[Strategy]
    STRATEGY_FEWEST_SPLITS: _ClassVar[Strategy]
    STRATEGY_MOST_STOCK: _ClassVar[Strategy]

class Remainder(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REMAINDER_UNSPECIFIED: _ClassVar[Remainder]
    REMAINDER_FREE: _ClassVar[Remainder]
    REMAINDER_KEEP_HELD: _ClassVar[Remainder]

class OnExpired(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_EXPIRED_UNSPECIFIED: _ClassVar[OnExpired]
    ON_EXPIRED_REFUSE: _ClassVar[OnExpired]
    ON_EXPIRED_REACQUIRE: _ClassVar[OnExpired]

class ReleaseReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RELEASE_REASON_UNSPECIFIED: _ClassVar[ReleaseReason]
    RELEASE_REASON_CUSTOMER_CANCELLED: _ClassVar[ReleaseReason]
    RELEASE_REASON_PAYMENT_FAILED: _ClassVar[ReleaseReason]
    RELEASE_REASON_OUT_OF_STOCK: _ClassVar[ReleaseReason]
    RELEASE_REASON_EXCHANGED: _ClassVar[ReleaseReason]
    RELEASE_REASON_FRAUD: _ClassVar[ReleaseReason]
    RELEASE_REASON_OTHER: _ClassVar[ReleaseReason]
HOLD_CLASS_UNSPECIFIED: HoldClass
HOLD_CLASS_CART: HoldClass
HOLD_CLASS_CHECKOUT: HoldClass
HOLD_CLASS_ORDER: HoldClass
FILL_UNSPECIFIED: Fill
FILL_ALL_OR_NOTHING: Fill
FILL_BEST_EFFORT: Fill
IF_SHORT_UNSPECIFIED: IfShort
IF_SHORT_REFUSE: IfShort
IF_SHORT_RECORD: IfShort
STRATEGY_UNSPECIFIED: Strategy
STRATEGY_PRIORITY: Strategy
STRATEGY_FEWEST_SPLITS: Strategy
STRATEGY_MOST_STOCK: Strategy
REMAINDER_UNSPECIFIED: Remainder
REMAINDER_FREE: Remainder
REMAINDER_KEEP_HELD: Remainder
ON_EXPIRED_UNSPECIFIED: OnExpired
ON_EXPIRED_REFUSE: OnExpired
ON_EXPIRED_REACQUIRE: OnExpired
RELEASE_REASON_UNSPECIFIED: ReleaseReason
RELEASE_REASON_CUSTOMER_CANCELLED: ReleaseReason
RELEASE_REASON_PAYMENT_FAILED: ReleaseReason
RELEASE_REASON_OUT_OF_STOCK: ReleaseReason
RELEASE_REASON_EXCHANGED: ReleaseReason
RELEASE_REASON_FRAUD: ReleaseReason
RELEASE_REASON_OTHER: ReleaseReason

class WriteContext(_message.Message):
    __slots__ = ("request_id", "correlation_id", "occurred_at", "ticket", "validate_only", "source", "source_sequence")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    TICKET_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SOURCE_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    correlation_id: str
    occurred_at: _timestamp_pb2.Timestamp
    ticket: str
    validate_only: bool
    source: str
    source_sequence: int
    def __init__(self, request_id: _Optional[str] = ..., correlation_id: _Optional[str] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ticket: _Optional[str] = ..., validate_only: _Optional[bool] = ..., source: _Optional[str] = ..., source_sequence: _Optional[int] = ...) -> None: ...

class WriteReceipt(_message.Message):
    __slots__ = ("cursor", "replayed", "recorded_at")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    replayed: bool
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, cursor: _Optional[str] = ..., replayed: _Optional[bool] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LocationList(_message.Message):
    __slots__ = ("locations",)
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    locations: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, locations: _Optional[_Iterable[str]] = ...) -> None: ...

class BasketLine(_message.Message):
    __slots__ = ("line_id", "sku", "location", "locations", "group", "quantity", "minimum_quantity", "allow_backorder", "customer_limit")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_QUANTITY_FIELD_NUMBER: _ClassVar[int]
    ALLOW_BACKORDER_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_LIMIT_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    sku: str
    location: str
    locations: LocationList
    group: str
    quantity: int
    minimum_quantity: int
    allow_backorder: bool
    customer_limit: int
    def __init__(self, line_id: _Optional[str] = ..., sku: _Optional[str] = ..., location: _Optional[str] = ..., locations: _Optional[_Union[LocationList, _Mapping]] = ..., group: _Optional[str] = ..., quantity: _Optional[int] = ..., minimum_quantity: _Optional[int] = ..., allow_backorder: _Optional[bool] = ..., customer_limit: _Optional[int] = ...) -> None: ...

class LineQuantity(_message.Message):
    __slots__ = ("line_id", "quantity", "location")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    quantity: int
    location: str
    def __init__(self, line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., location: _Optional[str] = ...) -> None: ...

class LineResult(_message.Message):
    __slots__ = ("line_id", "key", "quantity", "backordered", "waiting", "place")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    BACKORDERED_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    PLACE_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    key: _stock_pb2.StockKey
    quantity: int
    backordered: int
    waiting: int
    place: int
    def __init__(self, line_id: _Optional[str] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., quantity: _Optional[int] = ..., backordered: _Optional[int] = ..., waiting: _Optional[int] = ..., place: _Optional[int] = ...) -> None: ...

class ReserveRequest(_message.Message):
    __slots__ = ("context", "tenant", "lines", "fill", "ttl", "hold_class", "reference", "channel", "customer", "strategy", "split", "wait")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    FILL_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    HOLD_CLASS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    lines: _containers.RepeatedCompositeFieldContainer[BasketLine]
    fill: Fill
    ttl: _duration_pb2.Duration
    hold_class: HoldClass
    reference: str
    channel: str
    customer: str
    strategy: Strategy
    split: bool
    wait: _duration_pb2.Duration
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[BasketLine, _Mapping]]] = ..., fill: _Optional[_Union[Fill, str]] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., hold_class: _Optional[_Union[HoldClass, str]] = ..., reference: _Optional[str] = ..., channel: _Optional[str] = ..., customer: _Optional[str] = ..., strategy: _Optional[_Union[Strategy, str]] = ..., split: _Optional[bool] = ..., wait: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ReserveResponse(_message.Message):
    __slots__ = ("reservation_id", "lines", "short_lines", "expires_at", "receipt", "current", "waiting")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    SHORT_LINES_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    short_lines: _containers.RepeatedCompositeFieldContainer[_stock_pb2.ShortLine]
    expires_at: _timestamp_pb2.Timestamp
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    waiting: bool
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., short_lines: _Optional[_Iterable[_Union[_stock_pb2.ShortLine, _Mapping]]] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ..., waiting: _Optional[bool] = ...) -> None: ...

class ExtendRequest(_message.Message):
    __slots__ = ("context", "tenant", "reservation_id", "ttl", "hold_class", "reservation_reference")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    TTL_FIELD_NUMBER: _ClassVar[int]
    HOLD_CLASS_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    reservation_id: str
    ttl: _duration_pb2.Duration
    hold_class: HoldClass
    reservation_reference: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., ttl: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., hold_class: _Optional[_Union[HoldClass, str]] = ..., reservation_reference: _Optional[str] = ...) -> None: ...

class ExtendResponse(_message.Message):
    __slots__ = ("reservation_id", "expires_at", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    expires_at: _timestamp_pb2.Timestamp
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class CommitRequest(_message.Message):
    __slots__ = ("context", "tenant", "reservation_id", "lines", "remainder", "reference", "reservation_reference", "on_expired", "confirm_within", "on_overdue")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REMAINDER_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    ON_EXPIRED_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_WITHIN_FIELD_NUMBER: _ClassVar[int]
    ON_OVERDUE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineQuantity]
    remainder: Remainder
    reference: str
    reservation_reference: str
    on_expired: OnExpired
    confirm_within: _duration_pb2.Duration
    on_overdue: _stock_pb2.OnOverdue
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineQuantity, _Mapping]]] = ..., remainder: _Optional[_Union[Remainder, str]] = ..., reference: _Optional[str] = ..., reservation_reference: _Optional[str] = ..., on_expired: _Optional[_Union[OnExpired, str]] = ..., confirm_within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., on_overdue: _Optional[_Union[_stock_pb2.OnOverdue, str]] = ...) -> None: ...

class CommitResponse(_message.Message):
    __slots__ = ("reservation_id", "lines", "freed_lines", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    FREED_LINES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    freed_lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., freed_lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class ReleaseRequest(_message.Message):
    __slots__ = ("context", "tenant", "reservation_id", "lines", "reason", "reservation_reference")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineQuantity]
    reason: ReleaseReason
    reservation_reference: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineQuantity, _Mapping]]] = ..., reason: _Optional[_Union[ReleaseReason, str]] = ..., reservation_reference: _Optional[str] = ...) -> None: ...

class ReleaseResponse(_message.Message):
    __slots__ = ("reservation_id", "lines", "status", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    status: _stock_pb2.ReservationStatus
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., status: _Optional[_Union[_stock_pb2.ReservationStatus, str]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class AllocateRequest(_message.Message):
    __slots__ = ("context", "tenant", "lines", "if_short", "reference", "channel", "customer", "strategy", "split", "confirm_within", "on_overdue")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    IF_SHORT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_WITHIN_FIELD_NUMBER: _ClassVar[int]
    ON_OVERDUE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    lines: _containers.RepeatedCompositeFieldContainer[BasketLine]
    if_short: IfShort
    reference: str
    channel: str
    customer: str
    strategy: Strategy
    split: bool
    confirm_within: _duration_pb2.Duration
    on_overdue: _stock_pb2.OnOverdue
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[BasketLine, _Mapping]]] = ..., if_short: _Optional[_Union[IfShort, str]] = ..., reference: _Optional[str] = ..., channel: _Optional[str] = ..., customer: _Optional[str] = ..., strategy: _Optional[_Union[Strategy, str]] = ..., split: _Optional[bool] = ..., confirm_within: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., on_overdue: _Optional[_Union[_stock_pb2.OnOverdue, str]] = ...) -> None: ...

class AllocateResponse(_message.Message):
    __slots__ = ("reservation_id", "lines", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class ShipRequest(_message.Message):
    __slots__ = ("context", "tenant", "reservation_id", "lines", "reference", "reservation_reference", "if_unexpected")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    IF_UNEXPECTED_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineQuantity]
    reference: str
    reservation_reference: str
    if_unexpected: IfShort
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineQuantity, _Mapping]]] = ..., reference: _Optional[str] = ..., reservation_reference: _Optional[str] = ..., if_unexpected: _Optional[_Union[IfShort, str]] = ...) -> None: ...

class ShipResponse(_message.Message):
    __slots__ = ("reservation_id", "lines", "status", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    status: _stock_pb2.ReservationStatus
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., status: _Optional[_Union[_stock_pb2.ReservationStatus, str]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class SellRequest(_message.Message):
    __slots__ = ("context", "key", "quantity", "if_short", "reference", "channel")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    IF_SHORT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    key: _stock_pb2.StockKey
    quantity: int
    if_short: IfShort
    reference: str
    channel: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., quantity: _Optional[int] = ..., if_short: _Optional[_Union[IfShort, str]] = ..., reference: _Optional[str] = ..., channel: _Optional[str] = ...) -> None: ...

class SellResponse(_message.Message):
    __slots__ = ("level", "receipt")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    level: _stock_pb2.StockLevel
    receipt: WriteReceipt
    def __init__(self, level: _Optional[_Union[_stock_pb2.StockLevel, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ...) -> None: ...

class ReceiveRequest(_message.Message):
    __slots__ = ("context", "key", "quantity", "reference", "incoming_reference", "unavailable_cause")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    INCOMING_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_CAUSE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    key: _stock_pb2.StockKey
    quantity: int
    reference: str
    incoming_reference: str
    unavailable_cause: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., quantity: _Optional[int] = ..., reference: _Optional[str] = ..., incoming_reference: _Optional[str] = ..., unavailable_cause: _Optional[str] = ...) -> None: ...

class ReceiveResponse(_message.Message):
    __slots__ = ("level", "receipt")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    level: _stock_pb2.StockLevel
    receipt: WriteReceipt
    def __init__(self, level: _Optional[_Union[_stock_pb2.StockLevel, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ...) -> None: ...

class AdjustRequest(_message.Message):
    __slots__ = ("context", "key", "delta", "reason", "reference", "if_short", "unavailable_cause")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    IF_SHORT_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_CAUSE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    key: _stock_pb2.StockKey
    delta: int
    reason: str
    reference: str
    if_short: IfShort
    unavailable_cause: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., delta: _Optional[int] = ..., reason: _Optional[str] = ..., reference: _Optional[str] = ..., if_short: _Optional[_Union[IfShort, str]] = ..., unavailable_cause: _Optional[str] = ...) -> None: ...

class AdjustResponse(_message.Message):
    __slots__ = ("level", "receipt")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    level: _stock_pb2.StockLevel
    receipt: WriteReceipt
    def __init__(self, level: _Optional[_Union[_stock_pb2.StockLevel, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ...) -> None: ...

class SetOnHandRequest(_message.Message):
    __slots__ = ("context", "key", "on_hand", "if_version", "if_on_hand", "if_short", "reference", "reason", "observed_at", "observed_cursor")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    ON_HAND_FIELD_NUMBER: _ClassVar[int]
    IF_VERSION_FIELD_NUMBER: _ClassVar[int]
    IF_ON_HAND_FIELD_NUMBER: _ClassVar[int]
    IF_SHORT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_AT_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_CURSOR_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    key: _stock_pb2.StockKey
    on_hand: int
    if_version: int
    if_on_hand: int
    if_short: IfShort
    reference: str
    reason: str
    observed_at: _timestamp_pb2.Timestamp
    observed_cursor: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., on_hand: _Optional[int] = ..., if_version: _Optional[int] = ..., if_on_hand: _Optional[int] = ..., if_short: _Optional[_Union[IfShort, str]] = ..., reference: _Optional[str] = ..., reason: _Optional[str] = ..., observed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., observed_cursor: _Optional[str] = ...) -> None: ...

class SetOnHandResponse(_message.Message):
    __slots__ = ("level", "expected", "receipt", "moved_since")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    MOVED_SINCE_FIELD_NUMBER: _ClassVar[int]
    level: _stock_pb2.StockLevel
    expected: int
    receipt: WriteReceipt
    moved_since: int
    def __init__(self, level: _Optional[_Union[_stock_pb2.StockLevel, _Mapping]] = ..., expected: _Optional[int] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., moved_since: _Optional[int] = ...) -> None: ...

class ConfigureRequest(_message.Message):
    __slots__ = ("context", "key", "safety_stock", "tracked", "selling", "channel_buffers", "backorder_limit")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    SAFETY_STOCK_FIELD_NUMBER: _ClassVar[int]
    TRACKED_FIELD_NUMBER: _ClassVar[int]
    SELLING_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_BUFFERS_FIELD_NUMBER: _ClassVar[int]
    BACKORDER_LIMIT_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    key: _stock_pb2.StockKey
    safety_stock: int
    tracked: bool
    selling: _stock_pb2.Selling
    channel_buffers: _containers.RepeatedCompositeFieldContainer[_stock_pb2.ChannelBuffer]
    backorder_limit: int
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., safety_stock: _Optional[int] = ..., tracked: _Optional[bool] = ..., selling: _Optional[_Union[_stock_pb2.Selling, str]] = ..., channel_buffers: _Optional[_Iterable[_Union[_stock_pb2.ChannelBuffer, _Mapping]]] = ..., backorder_limit: _Optional[int] = ...) -> None: ...

class ConfigureResponse(_message.Message):
    __slots__ = ("stock", "receipt")
    STOCK_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    stock: _stock_pb2.Stock
    receipt: WriteReceipt
    def __init__(self, stock: _Optional[_Union[_stock_pb2.Stock, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ...) -> None: ...

class AmendRequest(_message.Message):
    __slots__ = ("context", "tenant", "reservation_id", "reservation_reference", "set_lines", "drop_line_ids", "strategy", "split")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SET_LINES_FIELD_NUMBER: _ClassVar[int]
    DROP_LINE_IDS_FIELD_NUMBER: _ClassVar[int]
    STRATEGY_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    reservation_id: str
    reservation_reference: str
    set_lines: _containers.RepeatedCompositeFieldContainer[BasketLine]
    drop_line_ids: _containers.RepeatedScalarFieldContainer[str]
    strategy: Strategy
    split: bool
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., reservation_reference: _Optional[str] = ..., set_lines: _Optional[_Iterable[_Union[BasketLine, _Mapping]]] = ..., drop_line_ids: _Optional[_Iterable[str]] = ..., strategy: _Optional[_Union[Strategy, str]] = ..., split: _Optional[bool] = ...) -> None: ...

class AmendResponse(_message.Message):
    __slots__ = ("reservation_id", "lines", "freed_lines", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    FREED_LINES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    freed_lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., freed_lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class ConfirmRequest(_message.Message):
    __slots__ = ("context", "tenant", "reservation_id", "reservation_reference")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    reservation_id: str
    reservation_reference: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., reservation_reference: _Optional[str] = ...) -> None: ...

class ConfirmResponse(_message.Message):
    __slots__ = ("reservation_id", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class PickedLine(_message.Message):
    __slots__ = ("line_id", "quantity", "missing")
    LINE_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    line_id: str
    quantity: int
    missing: int
    def __init__(self, line_id: _Optional[str] = ..., quantity: _Optional[int] = ..., missing: _Optional[int] = ...) -> None: ...

class PickRequest(_message.Message):
    __slots__ = ("context", "tenant", "reservation_id", "reservation_reference", "lines", "reference")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    reservation_id: str
    reservation_reference: str
    lines: _containers.RepeatedCompositeFieldContainer[PickedLine]
    reference: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., reservation_reference: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[PickedLine, _Mapping]]] = ..., reference: _Optional[str] = ...) -> None: ...

class PickResponse(_message.Message):
    __slots__ = ("reservation_id", "lines", "missing_lines", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    MISSING_LINES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    missing_lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., missing_lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class UnpickRequest(_message.Message):
    __slots__ = ("context", "tenant", "reservation_id", "reservation_reference", "lines", "reference")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    reservation_id: str
    reservation_reference: str
    lines: _containers.RepeatedCompositeFieldContainer[LineQuantity]
    reference: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., reservation_reference: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineQuantity, _Mapping]]] = ..., reference: _Optional[str] = ...) -> None: ...

class UnpickResponse(_message.Message):
    __slots__ = ("reservation_id", "lines", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class ReturnRequest(_message.Message):
    __slots__ = ("context", "tenant", "reservation_id", "reservation_reference", "lines", "shipment_id", "unavailable_cause", "reason", "reference")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    SHIPMENT_ID_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_CAUSE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    reservation_id: str
    reservation_reference: str
    lines: _containers.RepeatedCompositeFieldContainer[LineQuantity]
    shipment_id: str
    unavailable_cause: str
    reason: str
    reference: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., reservation_reference: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineQuantity, _Mapping]]] = ..., shipment_id: _Optional[str] = ..., unavailable_cause: _Optional[str] = ..., reason: _Optional[str] = ..., reference: _Optional[str] = ...) -> None: ...

class ReturnResponse(_message.Message):
    __slots__ = ("reservation_id", "lines", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class TransferReservationRequest(_message.Message):
    __slots__ = ("context", "tenant", "reservation_id", "reservation_reference", "to_location", "lines")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    TO_LOCATION_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    reservation_id: str
    reservation_reference: str
    to_location: str
    lines: _containers.RepeatedCompositeFieldContainer[LineQuantity]
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., reservation_reference: _Optional[str] = ..., to_location: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineQuantity, _Mapping]]] = ...) -> None: ...

class TransferReservationResponse(_message.Message):
    __slots__ = ("reservation_id", "lines", "freed_lines", "receipt", "current")
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    FREED_LINES_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    reservation_id: str
    lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    freed_lines: _containers.RepeatedCompositeFieldContainer[LineResult]
    receipt: WriteReceipt
    current: _stock_pb2.Reservation
    def __init__(self, reservation_id: _Optional[str] = ..., lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., freed_lines: _Optional[_Iterable[_Union[LineResult, _Mapping]]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ..., current: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ...) -> None: ...

class ExpectRequest(_message.Message):
    __slots__ = ("context", "key", "reference", "quantity", "expected_at")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_AT_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    key: _stock_pb2.StockKey
    reference: str
    quantity: int
    expected_at: _timestamp_pb2.Timestamp
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., reference: _Optional[str] = ..., quantity: _Optional[int] = ..., expected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ExpectResponse(_message.Message):
    __slots__ = ("level", "receipt")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    level: _stock_pb2.StockLevel
    receipt: WriteReceipt
    def __init__(self, level: _Optional[_Union[_stock_pb2.StockLevel, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ...) -> None: ...

class TakeBackRequest(_message.Message):
    __slots__ = ("context", "key", "quantity", "reason", "reference", "unavailable_cause")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_CAUSE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    key: _stock_pb2.StockKey
    quantity: int
    reason: str
    reference: str
    unavailable_cause: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., quantity: _Optional[int] = ..., reason: _Optional[str] = ..., reference: _Optional[str] = ..., unavailable_cause: _Optional[str] = ...) -> None: ...

class TakeBackResponse(_message.Message):
    __slots__ = ("level", "receipt")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    level: _stock_pb2.StockLevel
    receipt: WriteReceipt
    def __init__(self, level: _Optional[_Union[_stock_pb2.StockLevel, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ...) -> None: ...

class MoveRequest(_message.Message):
    __slots__ = ("context", "key", "quantity", "from_cause", "to_cause", "reason", "reference", "if_short")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    FROM_CAUSE_FIELD_NUMBER: _ClassVar[int]
    TO_CAUSE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    IF_SHORT_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    key: _stock_pb2.StockKey
    quantity: int
    from_cause: str
    to_cause: str
    reason: str
    reference: str
    if_short: IfShort
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., quantity: _Optional[int] = ..., from_cause: _Optional[str] = ..., to_cause: _Optional[str] = ..., reason: _Optional[str] = ..., reference: _Optional[str] = ..., if_short: _Optional[_Union[IfShort, str]] = ...) -> None: ...

class MoveResponse(_message.Message):
    __slots__ = ("level", "receipt")
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    level: _stock_pb2.StockLevel
    receipt: WriteReceipt
    def __init__(self, level: _Optional[_Union[_stock_pb2.StockLevel, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ...) -> None: ...

class SendTransferRequest(_message.Message):
    __slots__ = ("context", "tenant", "sku", "from_location", "to_location", "quantity", "expected_at", "reference", "if_short")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    FROM_LOCATION_FIELD_NUMBER: _ClassVar[int]
    TO_LOCATION_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_AT_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    IF_SHORT_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    sku: str
    from_location: str
    to_location: str
    quantity: int
    expected_at: _timestamp_pb2.Timestamp
    reference: str
    if_short: IfShort
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., sku: _Optional[str] = ..., from_location: _Optional[str] = ..., to_location: _Optional[str] = ..., quantity: _Optional[int] = ..., expected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reference: _Optional[str] = ..., if_short: _Optional[_Union[IfShort, str]] = ...) -> None: ...

class SendTransferResponse(_message.Message):
    __slots__ = ("transfer_id", "level", "receipt")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    level: _stock_pb2.StockLevel
    receipt: WriteReceipt
    def __init__(self, transfer_id: _Optional[str] = ..., level: _Optional[_Union[_stock_pb2.StockLevel, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ...) -> None: ...

class ReceiveTransferRequest(_message.Message):
    __slots__ = ("context", "tenant", "transfer_id", "quantity", "lost", "unavailable_cause", "reference")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    LOST_FIELD_NUMBER: _ClassVar[int]
    UNAVAILABLE_CAUSE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    context: WriteContext
    tenant: str
    transfer_id: str
    quantity: int
    lost: int
    unavailable_cause: str
    reference: str
    def __init__(self, context: _Optional[_Union[WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., transfer_id: _Optional[str] = ..., quantity: _Optional[int] = ..., lost: _Optional[int] = ..., unavailable_cause: _Optional[str] = ..., reference: _Optional[str] = ...) -> None: ...

class ReceiveTransferResponse(_message.Message):
    __slots__ = ("transfer_id", "level", "receipt")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    level: _stock_pb2.StockLevel
    receipt: WriteReceipt
    def __init__(self, transfer_id: _Optional[str] = ..., level: _Optional[_Union[_stock_pb2.StockLevel, _Mapping]] = ..., receipt: _Optional[_Union[WriteReceipt, _Mapping]] = ...) -> None: ...

class Command(_message.Message):
    __slots__ = ("timeout", "reserve", "extend", "commit", "release", "allocate", "ship", "sell", "receive", "adjust", "set_on_hand", "configure", "amend", "confirm", "pick", "unpick", "transfer_reservation", "expect", "take_back", "move", "send_transfer", "receive_transfer")
    TIMEOUT_FIELD_NUMBER: _ClassVar[int]
    RESERVE_FIELD_NUMBER: _ClassVar[int]
    EXTEND_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    ALLOCATE_FIELD_NUMBER: _ClassVar[int]
    SHIP_FIELD_NUMBER: _ClassVar[int]
    SELL_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_FIELD_NUMBER: _ClassVar[int]
    ADJUST_FIELD_NUMBER: _ClassVar[int]
    SET_ON_HAND_FIELD_NUMBER: _ClassVar[int]
    CONFIGURE_FIELD_NUMBER: _ClassVar[int]
    AMEND_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_FIELD_NUMBER: _ClassVar[int]
    PICK_FIELD_NUMBER: _ClassVar[int]
    UNPICK_FIELD_NUMBER: _ClassVar[int]
    RETURN_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_RESERVATION_FIELD_NUMBER: _ClassVar[int]
    EXPECT_FIELD_NUMBER: _ClassVar[int]
    TAKE_BACK_FIELD_NUMBER: _ClassVar[int]
    MOVE_FIELD_NUMBER: _ClassVar[int]
    SEND_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    timeout: _duration_pb2.Duration
    reserve: ReserveRequest
    extend: ExtendRequest
    commit: CommitRequest
    release: ReleaseRequest
    allocate: AllocateRequest
    ship: ShipRequest
    sell: SellRequest
    receive: ReceiveRequest
    adjust: AdjustRequest
    set_on_hand: SetOnHandRequest
    configure: ConfigureRequest
    amend: AmendRequest
    confirm: ConfirmRequest
    pick: PickRequest
    unpick: UnpickRequest
    transfer_reservation: TransferReservationRequest
    expect: ExpectRequest
    take_back: TakeBackRequest
    move: MoveRequest
    send_transfer: SendTransferRequest
    receive_transfer: ReceiveTransferRequest
    def __init__(self, timeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., reserve: _Optional[_Union[ReserveRequest, _Mapping]] = ..., extend: _Optional[_Union[ExtendRequest, _Mapping]] = ..., commit: _Optional[_Union[CommitRequest, _Mapping]] = ..., release: _Optional[_Union[ReleaseRequest, _Mapping]] = ..., allocate: _Optional[_Union[AllocateRequest, _Mapping]] = ..., ship: _Optional[_Union[ShipRequest, _Mapping]] = ..., sell: _Optional[_Union[SellRequest, _Mapping]] = ..., receive: _Optional[_Union[ReceiveRequest, _Mapping]] = ..., adjust: _Optional[_Union[AdjustRequest, _Mapping]] = ..., set_on_hand: _Optional[_Union[SetOnHandRequest, _Mapping]] = ..., configure: _Optional[_Union[ConfigureRequest, _Mapping]] = ..., amend: _Optional[_Union[AmendRequest, _Mapping]] = ..., confirm: _Optional[_Union[ConfirmRequest, _Mapping]] = ..., pick: _Optional[_Union[PickRequest, _Mapping]] = ..., unpick: _Optional[_Union[UnpickRequest, _Mapping]] = ..., transfer_reservation: _Optional[_Union[TransferReservationRequest, _Mapping]] = ..., expect: _Optional[_Union[ExpectRequest, _Mapping]] = ..., take_back: _Optional[_Union[TakeBackRequest, _Mapping]] = ..., move: _Optional[_Union[MoveRequest, _Mapping]] = ..., send_transfer: _Optional[_Union[SendTransferRequest, _Mapping]] = ..., receive_transfer: _Optional[_Union[ReceiveTransferRequest, _Mapping]] = ..., **kwargs) -> None: ...

class Outcome(_message.Message):
    __slots__ = ("index", "failure", "reserve", "extend", "commit", "release", "allocate", "ship", "sell", "receive", "adjust", "set_on_hand", "configure", "amend", "confirm", "pick", "unpick", "transfer_reservation", "expect", "take_back", "move", "send_transfer", "receive_transfer")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    RESERVE_FIELD_NUMBER: _ClassVar[int]
    EXTEND_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    RELEASE_FIELD_NUMBER: _ClassVar[int]
    ALLOCATE_FIELD_NUMBER: _ClassVar[int]
    SHIP_FIELD_NUMBER: _ClassVar[int]
    SELL_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_FIELD_NUMBER: _ClassVar[int]
    ADJUST_FIELD_NUMBER: _ClassVar[int]
    SET_ON_HAND_FIELD_NUMBER: _ClassVar[int]
    CONFIGURE_FIELD_NUMBER: _ClassVar[int]
    AMEND_FIELD_NUMBER: _ClassVar[int]
    CONFIRM_FIELD_NUMBER: _ClassVar[int]
    PICK_FIELD_NUMBER: _ClassVar[int]
    UNPICK_FIELD_NUMBER: _ClassVar[int]
    RETURN_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_RESERVATION_FIELD_NUMBER: _ClassVar[int]
    EXPECT_FIELD_NUMBER: _ClassVar[int]
    TAKE_BACK_FIELD_NUMBER: _ClassVar[int]
    MOVE_FIELD_NUMBER: _ClassVar[int]
    SEND_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    index: int
    failure: _errors_pb2.Failure
    reserve: ReserveResponse
    extend: ExtendResponse
    commit: CommitResponse
    release: ReleaseResponse
    allocate: AllocateResponse
    ship: ShipResponse
    sell: SellResponse
    receive: ReceiveResponse
    adjust: AdjustResponse
    set_on_hand: SetOnHandResponse
    configure: ConfigureResponse
    amend: AmendResponse
    confirm: ConfirmResponse
    pick: PickResponse
    unpick: UnpickResponse
    transfer_reservation: TransferReservationResponse
    expect: ExpectResponse
    take_back: TakeBackResponse
    move: MoveResponse
    send_transfer: SendTransferResponse
    receive_transfer: ReceiveTransferResponse
    def __init__(self, index: _Optional[int] = ..., failure: _Optional[_Union[_errors_pb2.Failure, _Mapping]] = ..., reserve: _Optional[_Union[ReserveResponse, _Mapping]] = ..., extend: _Optional[_Union[ExtendResponse, _Mapping]] = ..., commit: _Optional[_Union[CommitResponse, _Mapping]] = ..., release: _Optional[_Union[ReleaseResponse, _Mapping]] = ..., allocate: _Optional[_Union[AllocateResponse, _Mapping]] = ..., ship: _Optional[_Union[ShipResponse, _Mapping]] = ..., sell: _Optional[_Union[SellResponse, _Mapping]] = ..., receive: _Optional[_Union[ReceiveResponse, _Mapping]] = ..., adjust: _Optional[_Union[AdjustResponse, _Mapping]] = ..., set_on_hand: _Optional[_Union[SetOnHandResponse, _Mapping]] = ..., configure: _Optional[_Union[ConfigureResponse, _Mapping]] = ..., amend: _Optional[_Union[AmendResponse, _Mapping]] = ..., confirm: _Optional[_Union[ConfirmResponse, _Mapping]] = ..., pick: _Optional[_Union[PickResponse, _Mapping]] = ..., unpick: _Optional[_Union[UnpickResponse, _Mapping]] = ..., transfer_reservation: _Optional[_Union[TransferReservationResponse, _Mapping]] = ..., expect: _Optional[_Union[ExpectResponse, _Mapping]] = ..., take_back: _Optional[_Union[TakeBackResponse, _Mapping]] = ..., move: _Optional[_Union[MoveResponse, _Mapping]] = ..., send_transfer: _Optional[_Union[SendTransferResponse, _Mapping]] = ..., receive_transfer: _Optional[_Union[ReceiveTransferResponse, _Mapping]] = ..., **kwargs) -> None: ...

class ExecuteRequest(_message.Message):
    __slots__ = ("batch_id", "commands")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    COMMANDS_FIELD_NUMBER: _ClassVar[int]
    batch_id: int
    commands: _containers.RepeatedCompositeFieldContainer[Command]
    def __init__(self, batch_id: _Optional[int] = ..., commands: _Optional[_Iterable[_Union[Command, _Mapping]]] = ...) -> None: ...

class ExecuteResponse(_message.Message):
    __slots__ = ("batch_id", "outcomes", "complete")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    batch_id: int
    outcomes: _containers.RepeatedCompositeFieldContainer[Outcome]
    complete: bool
    def __init__(self, batch_id: _Optional[int] = ..., outcomes: _Optional[_Iterable[_Union[Outcome, _Mapping]]] = ..., complete: _Optional[bool] = ...) -> None: ...

class GetStockRequest(_message.Message):
    __slots__ = ("key", "read_at_least", "as_of_cursor", "as_of_time")
    KEY_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    AS_OF_CURSOR_FIELD_NUMBER: _ClassVar[int]
    AS_OF_TIME_FIELD_NUMBER: _ClassVar[int]
    key: _stock_pb2.StockKey
    read_at_least: str
    as_of_cursor: str
    as_of_time: _timestamp_pb2.Timestamp
    def __init__(self, key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., read_at_least: _Optional[str] = ..., as_of_cursor: _Optional[str] = ..., as_of_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetStockResponse(_message.Message):
    __slots__ = ("stock", "cursor")
    STOCK_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    stock: _stock_pb2.Stock
    cursor: str
    def __init__(self, stock: _Optional[_Union[_stock_pb2.Stock, _Mapping]] = ..., cursor: _Optional[str] = ...) -> None: ...

class GetReservationRequest(_message.Message):
    __slots__ = ("tenant", "reservation_id", "read_at_least", "reservation_reference")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_REFERENCE_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    reservation_id: str
    read_at_least: str
    reservation_reference: str
    def __init__(self, tenant: _Optional[str] = ..., reservation_id: _Optional[str] = ..., read_at_least: _Optional[str] = ..., reservation_reference: _Optional[str] = ...) -> None: ...

class GetReservationResponse(_message.Message):
    __slots__ = ("reservation", "cursor")
    RESERVATION_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    reservation: _stock_pb2.Reservation
    cursor: str
    def __init__(self, reservation: _Optional[_Union[_stock_pb2.Reservation, _Mapping]] = ..., cursor: _Optional[str] = ...) -> None: ...

class GetTransferRequest(_message.Message):
    __slots__ = ("tenant", "transfer_id", "read_at_least")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    transfer_id: str
    read_at_least: str
    def __init__(self, tenant: _Optional[str] = ..., transfer_id: _Optional[str] = ..., read_at_least: _Optional[str] = ...) -> None: ...

class GetTransferResponse(_message.Message):
    __slots__ = ("transfer", "cursor")
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    transfer: _stock_pb2.Transfer
    cursor: str
    def __init__(self, transfer: _Optional[_Union[_stock_pb2.Transfer, _Mapping]] = ..., cursor: _Optional[str] = ...) -> None: ...

class AvailabilityKey(_message.Message):
    __slots__ = ("sku", "location")
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    sku: str
    location: str
    def __init__(self, sku: _Optional[str] = ..., location: _Optional[str] = ...) -> None: ...

class BatchGetAvailabilityRequest(_message.Message):
    __slots__ = ("tenant", "keys", "channel", "excluding_reservation", "read_at_least")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    EXCLUDING_RESERVATION_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    keys: _containers.RepeatedCompositeFieldContainer[AvailabilityKey]
    channel: str
    excluding_reservation: str
    read_at_least: str
    def __init__(self, tenant: _Optional[str] = ..., keys: _Optional[_Iterable[_Union[AvailabilityKey, _Mapping]]] = ..., channel: _Optional[str] = ..., excluding_reservation: _Optional[str] = ..., read_at_least: _Optional[str] = ...) -> None: ...

class LocationAvailability(_message.Message):
    __slots__ = ("location", "available", "unlimited", "version")
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    UNLIMITED_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    location: str
    available: int
    unlimited: bool
    version: int
    def __init__(self, location: _Optional[str] = ..., available: _Optional[int] = ..., unlimited: _Optional[bool] = ..., version: _Optional[int] = ...) -> None: ...

class Availability(_message.Message):
    __slots__ = ("sku", "total_available", "unlimited", "locations")
    SKU_FIELD_NUMBER: _ClassVar[int]
    TOTAL_AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    UNLIMITED_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    sku: str
    total_available: int
    unlimited: bool
    locations: _containers.RepeatedCompositeFieldContainer[LocationAvailability]
    def __init__(self, sku: _Optional[str] = ..., total_available: _Optional[int] = ..., unlimited: _Optional[bool] = ..., locations: _Optional[_Iterable[_Union[LocationAvailability, _Mapping]]] = ...) -> None: ...

class BatchGetAvailabilityResponse(_message.Message):
    __slots__ = ("availabilities", "cursor")
    AVAILABILITIES_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    availabilities: _containers.RepeatedCompositeFieldContainer[Availability]
    cursor: str
    def __init__(self, availabilities: _Optional[_Iterable[_Union[Availability, _Mapping]]] = ..., cursor: _Optional[str] = ...) -> None: ...
