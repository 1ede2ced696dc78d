import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from holdfast.v1 import inventory_pb2 as _inventory_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Location(_message.Message):
    __slots__ = ("name", "priority", "region", "enabled", "groups")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    REGION_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    name: str
    priority: int
    region: str
    enabled: bool
    groups: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., priority: _Optional[int] = ..., region: _Optional[str] = ..., enabled: _Optional[bool] = ..., groups: _Optional[_Iterable[str]] = ...) -> None: ...

class Component(_message.Message):
    __slots__ = ("sku", "quantity")
    SKU_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    sku: str
    quantity: int
    def __init__(self, sku: _Optional[str] = ..., quantity: _Optional[int] = ...) -> None: ...

class Kit(_message.Message):
    __slots__ = ("sku", "components")
    SKU_FIELD_NUMBER: _ClassVar[int]
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    sku: str
    components: _containers.RepeatedCompositeFieldContainer[Component]
    def __init__(self, sku: _Optional[str] = ..., components: _Optional[_Iterable[_Union[Component, _Mapping]]] = ...) -> None: ...

class CustomerLimit(_message.Message):
    __slots__ = ("sku", "units", "window")
    SKU_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    sku: str
    units: int
    window: _duration_pb2.Duration
    def __init__(self, sku: _Optional[str] = ..., units: _Optional[int] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class HoldTimes(_message.Message):
    __slots__ = ("cart", "checkout", "order")
    CART_FIELD_NUMBER: _ClassVar[int]
    CHECKOUT_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    cart: _duration_pb2.Duration
    checkout: _duration_pb2.Duration
    order: _duration_pb2.Duration
    def __init__(self, cart: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., checkout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., order: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ConfigureLocationsRequest(_message.Message):
    __slots__ = ("context", "tenant", "locations")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    context: _inventory_pb2.WriteContext
    tenant: str
    locations: _containers.RepeatedCompositeFieldContainer[Location]
    def __init__(self, context: _Optional[_Union[_inventory_pb2.WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., locations: _Optional[_Iterable[_Union[Location, _Mapping]]] = ...) -> None: ...

class ConfigureLocationsResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _inventory_pb2.WriteReceipt
    def __init__(self, receipt: _Optional[_Union[_inventory_pb2.WriteReceipt, _Mapping]] = ...) -> None: ...

class DefineKitRequest(_message.Message):
    __slots__ = ("context", "tenant", "sku", "components")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    COMPONENTS_FIELD_NUMBER: _ClassVar[int]
    context: _inventory_pb2.WriteContext
    tenant: str
    sku: str
    components: _containers.RepeatedCompositeFieldContainer[Component]
    def __init__(self, context: _Optional[_Union[_inventory_pb2.WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., sku: _Optional[str] = ..., components: _Optional[_Iterable[_Union[Component, _Mapping]]] = ...) -> None: ...

class DefineKitResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _inventory_pb2.WriteReceipt
    def __init__(self, receipt: _Optional[_Union[_inventory_pb2.WriteReceipt, _Mapping]] = ...) -> None: ...

class LimitCustomersRequest(_message.Message):
    __slots__ = ("context", "tenant", "sku", "units", "window")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    context: _inventory_pb2.WriteContext
    tenant: str
    sku: str
    units: int
    window: _duration_pb2.Duration
    def __init__(self, context: _Optional[_Union[_inventory_pb2.WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., sku: _Optional[str] = ..., units: _Optional[int] = ..., window: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class LimitCustomersResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _inventory_pb2.WriteReceipt
    def __init__(self, receipt: _Optional[_Union[_inventory_pb2.WriteReceipt, _Mapping]] = ...) -> None: ...

class ConfigureHoldsRequest(_message.Message):
    __slots__ = ("context", "tenant", "hold_times")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    HOLD_TIMES_FIELD_NUMBER: _ClassVar[int]
    context: _inventory_pb2.WriteContext
    tenant: str
    hold_times: HoldTimes
    def __init__(self, context: _Optional[_Union[_inventory_pb2.WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., hold_times: _Optional[_Union[HoldTimes, _Mapping]] = ...) -> None: ...

class ConfigureHoldsResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _inventory_pb2.WriteReceipt
    def __init__(self, receipt: _Optional[_Union[_inventory_pb2.WriteReceipt, _Mapping]] = ...) -> None: ...

class GetConfigurationRequest(_message.Message):
    __slots__ = ("tenant", "page_size", "page_token", "read_at_least")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    page_size: int
    page_token: str
    read_at_least: str
    def __init__(self, tenant: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_at_least: _Optional[str] = ...) -> None: ...

class GetConfigurationResponse(_message.Message):
    __slots__ = ("locations", "kits", "customer_limits", "hold_times", "next_page_token", "cursor")
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    KITS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMER_LIMITS_FIELD_NUMBER: _ClassVar[int]
    HOLD_TIMES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    locations: _containers.RepeatedCompositeFieldContainer[Location]
    kits: _containers.RepeatedCompositeFieldContainer[Kit]
    customer_limits: _containers.RepeatedCompositeFieldContainer[CustomerLimit]
    hold_times: HoldTimes
    next_page_token: str
    cursor: str
    def __init__(self, locations: _Optional[_Iterable[_Union[Location, _Mapping]]] = ..., kits: _Optional[_Iterable[_Union[Kit, _Mapping]]] = ..., customer_limits: _Optional[_Iterable[_Union[CustomerLimit, _Mapping]]] = ..., hold_times: _Optional[_Union[HoldTimes, _Mapping]] = ..., next_page_token: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...
