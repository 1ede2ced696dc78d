import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from holdfast.v1 import feed_pb2 as _feed_pb2
from holdfast.v1 import stock_pb2 as _stock_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BalanceField(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BALANCE_FIELD_UNSPECIFIED: _ClassVar[BalanceField]
    BALANCE_FIELD_ON_HAND: _ClassVar[BalanceField]
    BALANCE_FIELD_HELD: _ClassVar[BalanceField]
    BALANCE_FIELD_ALLOCATED: _ClassVar[BalanceField]
    BALANCE_FIELD_AVAILABLE: _ClassVar[BalanceField]
    BALANCE_FIELD_UNAVAILABLE: _ClassVar[BalanceField]
    BALANCE_FIELD_PICKED: _ClassVar[BalanceField]
    BALANCE_FIELD_INCOMING: _ClassVar[BalanceField]
    BALANCE_FIELD_BACKORDERED: _ClassVar[BalanceField]
    BALANCE_FIELD_WAITING: _ClassVar[BalanceField]

class PromiseState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PROMISE_STATE_UNSPECIFIED: _ClassVar[PromiseState]
    PROMISE_STATE_HELD: _ClassVar[PromiseState]
    PROMISE_STATE_ALLOCATED: _ClassVar[PromiseState]
BALANCE_FIELD_UNSPECIFIED: BalanceField
BALANCE_FIELD_ON_HAND: BalanceField
BALANCE_FIELD_HELD: BalanceField
BALANCE_FIELD_ALLOCATED: BalanceField
BALANCE_FIELD_AVAILABLE: BalanceField
BALANCE_FIELD_UNAVAILABLE: BalanceField
BALANCE_FIELD_PICKED: BalanceField
BALANCE_FIELD_INCOMING: BalanceField
BALANCE_FIELD_BACKORDERED: BalanceField
BALANCE_FIELD_WAITING: BalanceField
PROMISE_STATE_UNSPECIFIED: PromiseState
PROMISE_STATE_HELD: PromiseState
PROMISE_STATE_ALLOCATED: PromiseState

class ListEventsRequest(_message.Message):
    __slots__ = ("tenant", "key", "reservation_id", "from_version", "to_version", "from_time", "to_time", "newest_first", "page_size", "page_token", "read_at_least")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    RESERVATION_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    FROM_TIME_FIELD_NUMBER: _ClassVar[int]
    TO_TIME_FIELD_NUMBER: _ClassVar[int]
    NEWEST_FIRST_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    key: _stock_pb2.StockKey
    reservation_id: str
    from_version: int
    to_version: int
    from_time: _timestamp_pb2.Timestamp
    to_time: _timestamp_pb2.Timestamp
    newest_first: bool
    page_size: int
    page_token: str
    read_at_least: str
    def __init__(self, tenant: _Optional[str] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., reservation_id: _Optional[str] = ..., from_version: _Optional[int] = ..., to_version: _Optional[int] = ..., from_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., to_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., newest_first: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_at_least: _Optional[str] = ...) -> None: ...

class ListEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token", "cursor")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_feed_pb2.Event]
    next_page_token: str
    cursor: str
    def __init__(self, events: _Optional[_Iterable[_Union[_feed_pb2.Event, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...

class ExplainStockRequest(_message.Message):
    __slots__ = ("key", "field", "as_of_cursor", "as_of_time", "page_size", "page_token", "read_at_least")
    KEY_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    AS_OF_CURSOR_FIELD_NUMBER: _ClassVar[int]
    AS_OF_TIME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    key: _stock_pb2.StockKey
    field: BalanceField
    as_of_cursor: str
    as_of_time: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    read_at_least: str
    def __init__(self, key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., field: _Optional[_Union[BalanceField, str]] = ..., as_of_cursor: _Optional[str] = ..., as_of_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_at_least: _Optional[str] = ...) -> None: ...

class Explanation(_message.Message):
    __slots__ = ("event", "change", "value")
    EVENT_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    event: _feed_pb2.Event
    change: int
    value: int
    def __init__(self, event: _Optional[_Union[_feed_pb2.Event, _Mapping]] = ..., change: _Optional[int] = ..., value: _Optional[int] = ...) -> None: ...

class ExplainStockResponse(_message.Message):
    __slots__ = ("value", "explanations", "next_page_token", "cursor")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    EXPLANATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    value: int
    explanations: _containers.RepeatedCompositeFieldContainer[Explanation]
    next_page_token: str
    cursor: str
    def __init__(self, value: _Optional[int] = ..., explanations: _Optional[_Iterable[_Union[Explanation, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...

class CustomerSku(_message.Message):
    __slots__ = ("sku", "customer")
    SKU_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    sku: str
    customer: str
    def __init__(self, sku: _Optional[str] = ..., customer: _Optional[str] = ...) -> None: ...

class ListReservationsRequest(_message.Message):
    __slots__ = ("tenant", "key", "at_risk", "reference", "customer", "state", "page_size", "page_token", "read_at_least")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    AT_RISK_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    key: _stock_pb2.StockKey
    at_risk: _stock_pb2.StockKey
    reference: str
    customer: CustomerSku
    state: PromiseState
    page_size: int
    page_token: str
    read_at_least: str
    def __init__(self, tenant: _Optional[str] = ..., key: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., at_risk: _Optional[_Union[_stock_pb2.StockKey, _Mapping]] = ..., reference: _Optional[str] = ..., customer: _Optional[_Union[CustomerSku, _Mapping]] = ..., state: _Optional[_Union[PromiseState, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_at_least: _Optional[str] = ...) -> None: ...

class ListReservationsResponse(_message.Message):
    __slots__ = ("reservations", "next_page_token", "cursor")
    RESERVATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    reservations: _containers.RepeatedCompositeFieldContainer[_stock_pb2.Reservation]
    next_page_token: str
    cursor: str
    def __init__(self, reservations: _Optional[_Iterable[_Union[_stock_pb2.Reservation, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...
