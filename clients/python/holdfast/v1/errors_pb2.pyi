import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from holdfast.v1 import stock_pb2 as _stock_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ErrorReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ERROR_REASON_UNSPECIFIED: _ClassVar[ErrorReason]
    ERROR_REASON_INVALID_FIELD: _ClassVar[ErrorReason]
    ERROR_REASON_INSUFFICIENT_STOCK: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_STOCK: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_RESERVATION: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_LINE: _ClassVar[ErrorReason]
    ERROR_REASON_RESERVATION_EXPIRED: _ClassVar[ErrorReason]
    ERROR_REASON_RESERVATION_RELEASED: _ClassVar[ErrorReason]
    ERROR_REASON_RESERVATION_COMMITTED: _ClassVar[ErrorReason]
    ERROR_REASON_RESERVATION_SHIPPED: _ClassVar[ErrorReason]
    ERROR_REASON_RESERVATION_NOT_COMMITTED: _ClassVar[ErrorReason]
    ERROR_REASON_LINE_QUANTITY_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_BELOW_PROMISED: _ClassVar[ErrorReason]
    ERROR_REASON_BALANCE_OUT_OF_RANGE: _ClassVar[ErrorReason]
    ERROR_REASON_VERSION_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_ON_HAND_MISMATCH: _ClassVar[ErrorReason]
    ERROR_REASON_REQUEST_ID_REUSED: _ClassVar[ErrorReason]
    ERROR_REASON_BASKET_SPANS_SHARDS: _ClassVar[ErrorReason]
    ERROR_REASON_OVERLOADED: _ClassVar[ErrorReason]
    ERROR_REASON_SHARD_UNAVAILABLE: _ClassVar[ErrorReason]
    ERROR_REASON_DEADLINE_EXPIRED: _ClassVar[ErrorReason]
    ERROR_REASON_CURSOR_OUT_OF_RANGE: _ClassVar[ErrorReason]
    ERROR_REASON_CURSOR_FOREIGN: _ClassVar[ErrorReason]
    ERROR_REASON_INTERNAL: _ClassVar[ErrorReason]
    ERROR_REASON_HISTORY_DAMAGED: _ClassVar[ErrorReason]
    ERROR_REASON_STILL_WAITING: _ClassVar[ErrorReason]
    ERROR_REASON_PICKED_UNITS: _ClassVar[ErrorReason]
    ERROR_REASON_NOT_BACKED: _ClassVar[ErrorReason]
    ERROR_REASON_NOT_SHIPPED: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_SHIPMENT: _ClassVar[ErrorReason]
    ERROR_REASON_LINE_EXISTS: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_LINES: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_GROUP: _ClassVar[ErrorReason]
    ERROR_REASON_CUSTOMER_REQUIRED: _ClassVar[ErrorReason]
    ERROR_REASON_KIT_HAS_NO_STOCK: _ClassVar[ErrorReason]
    ERROR_REASON_KIT_IN_KIT: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_TRANSFER: _ClassVar[ErrorReason]
    ERROR_REASON_TRANSFER_QUANTITY_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_UNAVAILABLE_QUANTITY_EXCEEDED: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_INCOMING: _ClassVar[ErrorReason]
    ERROR_REASON_SOURCE_STALE: _ClassVar[ErrorReason]
    ERROR_REASON_COUNT_STALE: _ClassVar[ErrorReason]
    ERROR_REASON_OBSERVATION_TOO_OLD: _ClassVar[ErrorReason]
    ERROR_REASON_ATTEMPT_DECIDED: _ClassVar[ErrorReason]
    ERROR_REASON_AMBIGUOUS_REFERENCE: _ClassVar[ErrorReason]
    ERROR_REASON_READ_NOT_KEPT: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_CHANNEL: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_SKU_GROUP: _ClassVar[ErrorReason]
    ERROR_REASON_LISTINGS_REFUSED: _ClassVar[ErrorReason]
    ERROR_REASON_BUFFER_NOT_DYNAMIC: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_SUBSCRIPTION: _ClassVar[ErrorReason]
    ERROR_REASON_SUBSCRIPTION_DIFFERS: _ClassVar[ErrorReason]
    ERROR_REASON_SUBSCRIPTION_TAKEN_OVER: _ClassVar[ErrorReason]
    ERROR_REASON_UNKNOWN_PARKED_MESSAGE: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_PARKED: _ClassVar[ErrorReason]
    ERROR_REASON_TOO_MANY_SUBSCRIPTIONS: _ClassVar[ErrorReason]
    ERROR_REASON_SUBSCRIBER_STALLED: _ClassVar[ErrorReason]
    ERROR_REASON_UNAUTHENTICATED: _ClassVar[ErrorReason]
    ERROR_REASON_PERMISSION_DENIED: _ClassVar[ErrorReason]
    ERROR_REASON_RATE_LIMITED: _ClassVar[ErrorReason]
ERROR_REASON_UNSPECIFIED: ErrorReason
ERROR_REASON_INVALID_FIELD: ErrorReason
ERROR_REASON_INSUFFICIENT_STOCK: ErrorReason
ERROR_REASON_UNKNOWN_STOCK: ErrorReason
ERROR_REASON_UNKNOWN_RESERVATION: ErrorReason
ERROR_REASON_UNKNOWN_LINE: ErrorReason
ERROR_REASON_RESERVATION_EXPIRED: ErrorReason
ERROR_REASON_RESERVATION_RELEASED: ErrorReason
ERROR_REASON_RESERVATION_COMMITTED: ErrorReason
ERROR_REASON_RESERVATION_SHIPPED: ErrorReason
ERROR_REASON_RESERVATION_NOT_COMMITTED: ErrorReason
ERROR_REASON_LINE_QUANTITY_EXCEEDED: ErrorReason
ERROR_REASON_BELOW_PROMISED: ErrorReason
ERROR_REASON_BALANCE_OUT_OF_RANGE: ErrorReason
ERROR_REASON_VERSION_MISMATCH: ErrorReason
ERROR_REASON_ON_HAND_MISMATCH: ErrorReason
ERROR_REASON_REQUEST_ID_REUSED: ErrorReason
ERROR_REASON_BASKET_SPANS_SHARDS: ErrorReason
ERROR_REASON_OVERLOADED: ErrorReason
ERROR_REASON_SHARD_UNAVAILABLE: ErrorReason
ERROR_REASON_DEADLINE_EXPIRED: ErrorReason
ERROR_REASON_CURSOR_OUT_OF_RANGE: ErrorReason
ERROR_REASON_CURSOR_FOREIGN: ErrorReason
ERROR_REASON_INTERNAL: ErrorReason
ERROR_REASON_HISTORY_DAMAGED: ErrorReason
ERROR_REASON_STILL_WAITING: ErrorReason
ERROR_REASON_PICKED_UNITS: ErrorReason
ERROR_REASON_NOT_BACKED: ErrorReason
ERROR_REASON_NOT_SHIPPED: ErrorReason
ERROR_REASON_UNKNOWN_SHIPMENT: ErrorReason
ERROR_REASON_LINE_EXISTS: ErrorReason
ERROR_REASON_TOO_MANY_LINES: ErrorReason
ERROR_REASON_UNKNOWN_GROUP: ErrorReason
ERROR_REASON_CUSTOMER_REQUIRED: ErrorReason
ERROR_REASON_KIT_HAS_NO_STOCK: ErrorReason
ERROR_REASON_KIT_IN_KIT: ErrorReason
ERROR_REASON_UNKNOWN_TRANSFER: ErrorReason
ERROR_REASON_TRANSFER_QUANTITY_EXCEEDED: ErrorReason
ERROR_REASON_UNAVAILABLE_QUANTITY_EXCEEDED: ErrorReason
ERROR_REASON_UNKNOWN_INCOMING: ErrorReason
ERROR_REASON_SOURCE_STALE: ErrorReason
ERROR_REASON_COUNT_STALE: ErrorReason
ERROR_REASON_OBSERVATION_TOO_OLD: ErrorReason
ERROR_REASON_ATTEMPT_DECIDED: ErrorReason
ERROR_REASON_AMBIGUOUS_REFERENCE: ErrorReason
ERROR_REASON_READ_NOT_KEPT: ErrorReason
ERROR_REASON_UNKNOWN_CHANNEL: ErrorReason
ERROR_REASON_UNKNOWN_SKU_GROUP: ErrorReason
ERROR_REASON_LISTINGS_REFUSED: ErrorReason
ERROR_REASON_BUFFER_NOT_DYNAMIC: ErrorReason
ERROR_REASON_UNKNOWN_SUBSCRIPTION: ErrorReason
ERROR_REASON_SUBSCRIPTION_DIFFERS: ErrorReason
ERROR_REASON_SUBSCRIPTION_TAKEN_OVER: ErrorReason
ERROR_REASON_UNKNOWN_PARKED_MESSAGE: ErrorReason
ERROR_REASON_TOO_MANY_PARKED: ErrorReason
ERROR_REASON_TOO_MANY_SUBSCRIPTIONS: ErrorReason
ERROR_REASON_SUBSCRIBER_STALLED: ErrorReason
ERROR_REASON_UNAUTHENTICATED: ErrorReason
ERROR_REASON_PERMISSION_DENIED: ErrorReason
ERROR_REASON_RATE_LIMITED: ErrorReason

class ShortLines(_message.Message):
    __slots__ = ("lines", "omitted")
    LINES_FIELD_NUMBER: _ClassVar[int]
    OMITTED_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[_stock_pb2.ShortLine]
    omitted: int
    def __init__(self, lines: _Optional[_Iterable[_Union[_stock_pb2.ShortLine, _Mapping]]] = ..., omitted: _Optional[int] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("code", "reason", "message", "metadata", "short_lines", "retry_after")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CODE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    SHORT_LINES_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_FIELD_NUMBER: _ClassVar[int]
    code: int
    reason: ErrorReason
    message: str
    metadata: _containers.ScalarMap[str, str]
    short_lines: _containers.RepeatedCompositeFieldContainer[_stock_pb2.ShortLine]
    retry_after: _duration_pb2.Duration
    def __init__(self, code: _Optional[int] = ..., reason: _Optional[_Union[ErrorReason, str]] = ..., message: _Optional[str] = ..., metadata: _Optional[_Mapping[str, str]] = ..., short_lines: _Optional[_Iterable[_Union[_stock_pb2.ShortLine, _Mapping]]] = ..., retry_after: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...
