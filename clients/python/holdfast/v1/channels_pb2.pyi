import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from holdfast.v1 import inventory_pb2 as _inventory_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListingProblem(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LISTING_PROBLEM_UNSPECIFIED: _ClassVar[ListingProblem]
    LISTING_PROBLEM_UNKNOWN_STOCK: _ClassVar[ListingProblem]
    LISTING_PROBLEM_DUPLICATE: _ClassVar[ListingProblem]
    LISTING_PROBLEM_NOT_SOLD_THERE: _ClassVar[ListingProblem]
LISTING_PROBLEM_UNSPECIFIED: ListingProblem
LISTING_PROBLEM_UNKNOWN_STOCK: ListingProblem
LISTING_PROBLEM_DUPLICATE: ListingProblem
LISTING_PROBLEM_NOT_SOLD_THERE: ListingProblem

class DynamicBuffer(_message.Message):
    __slots__ = ("service_factor", "lead_time_days", "lead_time_deviation_days", "window_days")
    SERVICE_FACTOR_FIELD_NUMBER: _ClassVar[int]
    LEAD_TIME_DAYS_FIELD_NUMBER: _ClassVar[int]
    LEAD_TIME_DEVIATION_DAYS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_DAYS_FIELD_NUMBER: _ClassVar[int]
    service_factor: float
    lead_time_days: float
    lead_time_deviation_days: float
    window_days: int
    def __init__(self, service_factor: _Optional[float] = ..., lead_time_days: _Optional[float] = ..., lead_time_deviation_days: _Optional[float] = ..., window_days: _Optional[int] = ...) -> None: ...

class Buffer(_message.Message):
    __slots__ = ("units", "percent", "dynamic")
    UNITS_FIELD_NUMBER: _ClassVar[int]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    DYNAMIC_FIELD_NUMBER: _ClassVar[int]
    units: int
    percent: int
    dynamic: DynamicBuffer
    def __init__(self, units: _Optional[int] = ..., percent: _Optional[int] = ..., dynamic: _Optional[_Union[DynamicBuffer, _Mapping]] = ...) -> None: ...

class ChannelTerms(_message.Message):
    __slots__ = ("buffer", "cap_units", "allocation_units", "allocation_since")
    BUFFER_FIELD_NUMBER: _ClassVar[int]
    CAP_UNITS_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_UNITS_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_SINCE_FIELD_NUMBER: _ClassVar[int]
    buffer: Buffer
    cap_units: int
    allocation_units: int
    allocation_since: _timestamp_pb2.Timestamp
    def __init__(self, buffer: _Optional[_Union[Buffer, _Mapping]] = ..., cap_units: _Optional[int] = ..., allocation_units: _Optional[int] = ..., allocation_since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ChannelPolicy(_message.Message):
    __slots__ = ("sku", "sku_group", "terms")
    SKU_FIELD_NUMBER: _ClassVar[int]
    SKU_GROUP_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    sku: str
    sku_group: str
    terms: ChannelTerms
    def __init__(self, sku: _Optional[str] = ..., sku_group: _Optional[str] = ..., terms: _Optional[_Union[ChannelTerms, _Mapping]] = ...) -> None: ...

class Channel(_message.Message):
    __slots__ = ("name", "locations", "location_groups", "terms", "listed_only")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    LOCATION_GROUPS_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    LISTED_ONLY_FIELD_NUMBER: _ClassVar[int]
    name: str
    locations: _containers.RepeatedScalarFieldContainer[str]
    location_groups: _containers.RepeatedScalarFieldContainer[str]
    terms: ChannelTerms
    listed_only: bool
    def __init__(self, name: _Optional[str] = ..., locations: _Optional[_Iterable[str]] = ..., location_groups: _Optional[_Iterable[str]] = ..., terms: _Optional[_Union[ChannelTerms, _Mapping]] = ..., listed_only: _Optional[bool] = ...) -> None: ...

class Listing(_message.Message):
    __slots__ = ("sku", "location", "shop", "item", "external_location")
    SKU_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    SHOP_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_LOCATION_FIELD_NUMBER: _ClassVar[int]
    sku: str
    location: str
    shop: str
    item: str
    external_location: str
    def __init__(self, sku: _Optional[str] = ..., location: _Optional[str] = ..., shop: _Optional[str] = ..., item: _Optional[str] = ..., external_location: _Optional[str] = ...) -> None: ...

class ListingReport(_message.Message):
    __slots__ = ("listing", "problem", "conflict")
    LISTING_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    CONFLICT_FIELD_NUMBER: _ClassVar[int]
    listing: Listing
    problem: ListingProblem
    conflict: Listing
    def __init__(self, listing: _Optional[_Union[Listing, _Mapping]] = ..., problem: _Optional[_Union[ListingProblem, str]] = ..., conflict: _Optional[_Union[Listing, _Mapping]] = ...) -> None: ...

class ChannelLocation(_message.Message):
    __slots__ = ("location", "units", "unlimited", "listing")
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    UNLIMITED_FIELD_NUMBER: _ClassVar[int]
    LISTING_FIELD_NUMBER: _ClassVar[int]
    location: str
    units: int
    unlimited: bool
    listing: Listing
    def __init__(self, location: _Optional[str] = ..., units: _Optional[int] = ..., unlimited: _Optional[bool] = ..., listing: _Optional[_Union[Listing, _Mapping]] = ...) -> None: ...

class ChannelUpdate(_message.Message):
    __slots__ = ("sku", "units", "unlimited", "locations", "listing", "epoch", "version", "recorded_at")
    SKU_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    UNLIMITED_FIELD_NUMBER: _ClassVar[int]
    LOCATIONS_FIELD_NUMBER: _ClassVar[int]
    LISTING_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    sku: str
    units: int
    unlimited: bool
    locations: _containers.RepeatedCompositeFieldContainer[ChannelLocation]
    listing: Listing
    epoch: int
    version: int
    recorded_at: _timestamp_pb2.Timestamp
    def __init__(self, sku: _Optional[str] = ..., units: _Optional[int] = ..., unlimited: _Optional[bool] = ..., locations: _Optional[_Iterable[_Union[ChannelLocation, _Mapping]]] = ..., listing: _Optional[_Union[Listing, _Mapping]] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ConfigureChannelRequest(_message.Message):
    __slots__ = ("context", "tenant", "channel", "remove")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REMOVE_FIELD_NUMBER: _ClassVar[int]
    context: _inventory_pb2.WriteContext
    tenant: str
    channel: Channel
    remove: bool
    def __init__(self, context: _Optional[_Union[_inventory_pb2.WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., channel: _Optional[_Union[Channel, _Mapping]] = ..., remove: _Optional[bool] = ...) -> None: ...

class ConfigureChannelResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _inventory_pb2.WriteReceipt
    def __init__(self, receipt: _Optional[_Union[_inventory_pb2.WriteReceipt, _Mapping]] = ...) -> None: ...

class SetChannelPoliciesRequest(_message.Message):
    __slots__ = ("context", "tenant", "channel", "policies")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    context: _inventory_pb2.WriteContext
    tenant: str
    channel: str
    policies: _containers.RepeatedCompositeFieldContainer[ChannelPolicy]
    def __init__(self, context: _Optional[_Union[_inventory_pb2.WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., channel: _Optional[str] = ..., policies: _Optional[_Iterable[_Union[ChannelPolicy, _Mapping]]] = ...) -> None: ...

class SetChannelPoliciesResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _inventory_pb2.WriteReceipt
    def __init__(self, receipt: _Optional[_Union[_inventory_pb2.WriteReceipt, _Mapping]] = ...) -> None: ...

class DefineSkuGroupRequest(_message.Message):
    __slots__ = ("context", "tenant", "name", "skus", "sku_prefixes")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SKUS_FIELD_NUMBER: _ClassVar[int]
    SKU_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    context: _inventory_pb2.WriteContext
    tenant: str
    name: str
    skus: _containers.RepeatedScalarFieldContainer[str]
    sku_prefixes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, context: _Optional[_Union[_inventory_pb2.WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., name: _Optional[str] = ..., skus: _Optional[_Iterable[str]] = ..., sku_prefixes: _Optional[_Iterable[str]] = ...) -> None: ...

class DefineSkuGroupResponse(_message.Message):
    __slots__ = ("receipt",)
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    receipt: _inventory_pb2.WriteReceipt
    def __init__(self, receipt: _Optional[_Union[_inventory_pb2.WriteReceipt, _Mapping]] = ...) -> None: ...

class MapListingsRequest(_message.Message):
    __slots__ = ("context", "tenant", "channel", "listings", "all_or_nothing")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    LISTINGS_FIELD_NUMBER: _ClassVar[int]
    ALL_OR_NOTHING_FIELD_NUMBER: _ClassVar[int]
    context: _inventory_pb2.WriteContext
    tenant: str
    channel: str
    listings: _containers.RepeatedCompositeFieldContainer[Listing]
    all_or_nothing: bool
    def __init__(self, context: _Optional[_Union[_inventory_pb2.WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., channel: _Optional[str] = ..., listings: _Optional[_Iterable[_Union[Listing, _Mapping]]] = ..., all_or_nothing: _Optional[bool] = ...) -> None: ...

class MapListingsResponse(_message.Message):
    __slots__ = ("mapped", "problems", "receipt")
    MAPPED_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    mapped: int
    problems: _containers.RepeatedCompositeFieldContainer[ListingReport]
    receipt: _inventory_pb2.WriteReceipt
    def __init__(self, mapped: _Optional[int] = ..., problems: _Optional[_Iterable[_Union[ListingReport, _Mapping]]] = ..., receipt: _Optional[_Union[_inventory_pb2.WriteReceipt, _Mapping]] = ...) -> None: ...

class ListListingsRequest(_message.Message):
    __slots__ = ("tenant", "channel", "sku", "dangling_only", "page_size", "page_token", "read_at_least")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    DANGLING_ONLY_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    channel: str
    sku: str
    dangling_only: bool
    page_size: int
    page_token: str
    read_at_least: str
    def __init__(self, tenant: _Optional[str] = ..., channel: _Optional[str] = ..., sku: _Optional[str] = ..., dangling_only: _Optional[bool] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_at_least: _Optional[str] = ...) -> None: ...

class ListListingsResponse(_message.Message):
    __slots__ = ("listings", "next_page_token", "cursor")
    LISTINGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    listings: _containers.RepeatedCompositeFieldContainer[ListingReport]
    next_page_token: str
    cursor: str
    def __init__(self, listings: _Optional[_Iterable[_Union[ListingReport, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...

class ListingName(_message.Message):
    __slots__ = ("shop", "item", "external_location")
    SHOP_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_LOCATION_FIELD_NUMBER: _ClassVar[int]
    shop: str
    item: str
    external_location: str
    def __init__(self, shop: _Optional[str] = ..., item: _Optional[str] = ..., external_location: _Optional[str] = ...) -> None: ...

class FindListingsRequest(_message.Message):
    __slots__ = ("tenant", "channel", "names", "read_at_least")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    NAMES_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    channel: str
    names: _containers.RepeatedCompositeFieldContainer[ListingName]
    read_at_least: str
    def __init__(self, tenant: _Optional[str] = ..., channel: _Optional[str] = ..., names: _Optional[_Iterable[_Union[ListingName, _Mapping]]] = ..., read_at_least: _Optional[str] = ...) -> None: ...

class FindListingsResponse(_message.Message):
    __slots__ = ("listings", "cursor")
    LISTINGS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    listings: _containers.RepeatedCompositeFieldContainer[Listing]
    cursor: str
    def __init__(self, listings: _Optional[_Iterable[_Union[Listing, _Mapping]]] = ..., cursor: _Optional[str] = ...) -> None: ...

class ComputeBuffersRequest(_message.Message):
    __slots__ = ("context", "tenant", "channel", "skus")
    CONTEXT_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SKUS_FIELD_NUMBER: _ClassVar[int]
    context: _inventory_pb2.WriteContext
    tenant: str
    channel: str
    skus: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, context: _Optional[_Union[_inventory_pb2.WriteContext, _Mapping]] = ..., tenant: _Optional[str] = ..., channel: _Optional[str] = ..., skus: _Optional[_Iterable[str]] = ...) -> None: ...

class ComputedBuffer(_message.Message):
    __slots__ = ("channel", "sku", "parameters", "daily_sales_mean", "daily_sales_deviation", "units", "computed_at")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    DAILY_SALES_MEAN_FIELD_NUMBER: _ClassVar[int]
    DAILY_SALES_DEVIATION_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    COMPUTED_AT_FIELD_NUMBER: _ClassVar[int]
    channel: str
    sku: str
    parameters: DynamicBuffer
    daily_sales_mean: float
    daily_sales_deviation: float
    units: int
    computed_at: _timestamp_pb2.Timestamp
    def __init__(self, channel: _Optional[str] = ..., sku: _Optional[str] = ..., parameters: _Optional[_Union[DynamicBuffer, _Mapping]] = ..., daily_sales_mean: _Optional[float] = ..., daily_sales_deviation: _Optional[float] = ..., units: _Optional[int] = ..., computed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ComputeBuffersResponse(_message.Message):
    __slots__ = ("buffers", "receipt")
    BUFFERS_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    buffers: _containers.RepeatedCompositeFieldContainer[ComputedBuffer]
    receipt: _inventory_pb2.WriteReceipt
    def __init__(self, buffers: _Optional[_Iterable[_Union[ComputedBuffer, _Mapping]]] = ..., receipt: _Optional[_Union[_inventory_pb2.WriteReceipt, _Mapping]] = ...) -> None: ...

class ListChannelsRequest(_message.Message):
    __slots__ = ("tenant", "channel", "page_size", "page_token", "read_at_least")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    channel: str
    page_size: int
    page_token: str
    read_at_least: str
    def __init__(self, tenant: _Optional[str] = ..., channel: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., read_at_least: _Optional[str] = ...) -> None: ...

class PolicyOfChannel(_message.Message):
    __slots__ = ("channel", "policy")
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    channel: str
    policy: ChannelPolicy
    def __init__(self, channel: _Optional[str] = ..., policy: _Optional[_Union[ChannelPolicy, _Mapping]] = ...) -> None: ...

class SkuGroup(_message.Message):
    __slots__ = ("name", "skus", "sku_prefixes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SKUS_FIELD_NUMBER: _ClassVar[int]
    SKU_PREFIXES_FIELD_NUMBER: _ClassVar[int]
    name: str
    skus: _containers.RepeatedScalarFieldContainer[str]
    sku_prefixes: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., skus: _Optional[_Iterable[str]] = ..., sku_prefixes: _Optional[_Iterable[str]] = ...) -> None: ...

class ListChannelsResponse(_message.Message):
    __slots__ = ("channels", "policies", "sku_groups", "next_page_token", "cursor")
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    POLICIES_FIELD_NUMBER: _ClassVar[int]
    SKU_GROUPS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    channels: _containers.RepeatedCompositeFieldContainer[Channel]
    policies: _containers.RepeatedCompositeFieldContainer[PolicyOfChannel]
    sku_groups: _containers.RepeatedCompositeFieldContainer[SkuGroup]
    next_page_token: str
    cursor: str
    def __init__(self, channels: _Optional[_Iterable[_Union[Channel, _Mapping]]] = ..., policies: _Optional[_Iterable[_Union[PolicyOfChannel, _Mapping]]] = ..., sku_groups: _Optional[_Iterable[_Union[SkuGroup, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., cursor: _Optional[str] = ...) -> None: ...

class GetChannelAvailabilityRequest(_message.Message):
    __slots__ = ("tenant", "channel", "sku", "read_at_least")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    SKU_FIELD_NUMBER: _ClassVar[int]
    READ_AT_LEAST_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    channel: str
    sku: str
    read_at_least: str
    def __init__(self, tenant: _Optional[str] = ..., channel: _Optional[str] = ..., sku: _Optional[str] = ..., read_at_least: _Optional[str] = ...) -> None: ...

class GetChannelAvailabilityResponse(_message.Message):
    __slots__ = ("update", "terms", "policy", "available_units", "allocated_to_others_units", "buffer_units", "computed_buffer", "allocation_used_units", "cursor")
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    TERMS_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_UNITS_FIELD_NUMBER: _ClassVar[int]
    ALLOCATED_TO_OTHERS_UNITS_FIELD_NUMBER: _ClassVar[int]
    BUFFER_UNITS_FIELD_NUMBER: _ClassVar[int]
    COMPUTED_BUFFER_FIELD_NUMBER: _ClassVar[int]
    ALLOCATION_USED_UNITS_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    update: ChannelUpdate
    terms: ChannelTerms
    policy: ChannelPolicy
    available_units: int
    allocated_to_others_units: int
    buffer_units: int
    computed_buffer: ComputedBuffer
    allocation_used_units: int
    cursor: str
    def __init__(self, update: _Optional[_Union[ChannelUpdate, _Mapping]] = ..., terms: _Optional[_Union[ChannelTerms, _Mapping]] = ..., policy: _Optional[_Union[ChannelPolicy, _Mapping]] = ..., available_units: _Optional[int] = ..., allocated_to_others_units: _Optional[int] = ..., buffer_units: _Optional[int] = ..., computed_buffer: _Optional[_Union[ComputedBuffer, _Mapping]] = ..., allocation_used_units: _Optional[int] = ..., cursor: _Optional[str] = ...) -> None: ...
