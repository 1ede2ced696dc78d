import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from holdfast.v1 import channels_pb2 as _channels_pb2
from holdfast.v1 import feed_pb2 as _feed_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ParkedMessage(_message.Message):
    __slots__ = ("id", "event", "channel_update", "external", "reason", "parked_at", "replays", "replaying")
    ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_UPDATE_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PARKED_AT_FIELD_NUMBER: _ClassVar[int]
    REPLAYS_FIELD_NUMBER: _ClassVar[int]
    REPLAYING_FIELD_NUMBER: _ClassVar[int]
    id: int
    event: _feed_pb2.Event
    channel_update: _channels_pb2.ChannelUpdate
    external: ExternalMessage
    reason: str
    parked_at: _timestamp_pb2.Timestamp
    replays: int
    replaying: bool
    def __init__(self, id: _Optional[int] = ..., event: _Optional[_Union[_feed_pb2.Event, _Mapping]] = ..., channel_update: _Optional[_Union[_channels_pb2.ChannelUpdate, _Mapping]] = ..., external: _Optional[_Union[ExternalMessage, _Mapping]] = ..., reason: _Optional[str] = ..., parked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., replays: _Optional[int] = ..., replaying: _Optional[bool] = ...) -> None: ...

class ExternalMessage(_message.Message):
    __slots__ = ("id", "content_type", "body")
    ID_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    id: str
    content_type: str
    body: bytes
    def __init__(self, id: _Optional[str] = ..., content_type: _Optional[str] = ..., body: _Optional[bytes] = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("consumer", "received_cursor")
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_CURSOR_FIELD_NUMBER: _ClassVar[int]
    consumer: int
    received_cursor: str
    def __init__(self, consumer: _Optional[int] = ..., received_cursor: _Optional[str] = ...) -> None: ...

class OpenSubscription(_message.Message):
    __slots__ = ("tenant", "name", "filter", "mode", "start_from", "after_cursor", "resume")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    START_FROM_FIELD_NUMBER: _ClassVar[int]
    AFTER_CURSOR_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    name: str
    filter: _feed_pb2.EventFilter
    mode: _feed_pb2.WatchMode
    start_from: _feed_pb2.StartFrom
    after_cursor: str
    resume: Resume
    def __init__(self, tenant: _Optional[str] = ..., name: _Optional[str] = ..., filter: _Optional[_Union[_feed_pb2.EventFilter, _Mapping]] = ..., mode: _Optional[_Union[_feed_pb2.WatchMode, str]] = ..., start_from: _Optional[_Union[_feed_pb2.StartFrom, str]] = ..., after_cursor: _Optional[str] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ...) -> None: ...

class Acknowledge(_message.Message):
    __slots__ = ("cursor", "parked_ids")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    PARKED_IDS_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    parked_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, cursor: _Optional[str] = ..., parked_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class Park(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: ParkedMessage
    def __init__(self, message: _Optional[_Union[ParkedMessage, _Mapping]] = ...) -> None: ...

class SubscribeRequest(_message.Message):
    __slots__ = ("open", "acknowledge", "park")
    OPEN_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGE_FIELD_NUMBER: _ClassVar[int]
    PARK_FIELD_NUMBER: _ClassVar[int]
    open: OpenSubscription
    acknowledge: Acknowledge
    park: Park
    def __init__(self, open: _Optional[_Union[OpenSubscription, _Mapping]] = ..., acknowledge: _Optional[_Union[Acknowledge, _Mapping]] = ..., park: _Optional[_Union[Park, _Mapping]] = ...) -> None: ...

class Opened(_message.Message):
    __slots__ = ("cursor", "created", "marks", "consumer")
    class MarksEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    CREATED_FIELD_NUMBER: _ClassVar[int]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    CONSUMER_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    created: bool
    marks: _containers.ScalarMap[str, str]
    consumer: int
    def __init__(self, cursor: _Optional[str] = ..., created: _Optional[bool] = ..., marks: _Optional[_Mapping[str, str]] = ..., consumer: _Optional[int] = ...) -> None: ...

class RetentionWarning(_message.Message):
    __slots__ = ("drops_at", "lag_events")
    DROPS_AT_FIELD_NUMBER: _ClassVar[int]
    LAG_EVENTS_FIELD_NUMBER: _ClassVar[int]
    drops_at: _timestamp_pb2.Timestamp
    lag_events: int
    def __init__(self, drops_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., lag_events: _Optional[int] = ...) -> None: ...

class SubscribeResponse(_message.Message):
    __slots__ = ("feed", "opened", "replayed", "parked", "retention_warning")
    FEED_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    REPLAYED_FIELD_NUMBER: _ClassVar[int]
    PARKED_FIELD_NUMBER: _ClassVar[int]
    RETENTION_WARNING_FIELD_NUMBER: _ClassVar[int]
    feed: _feed_pb2.WatchResponse
    opened: Opened
    replayed: ParkedMessage
    parked: ParkedMessage
    retention_warning: RetentionWarning
    def __init__(self, feed: _Optional[_Union[_feed_pb2.WatchResponse, _Mapping]] = ..., opened: _Optional[_Union[Opened, _Mapping]] = ..., replayed: _Optional[_Union[ParkedMessage, _Mapping]] = ..., parked: _Optional[_Union[ParkedMessage, _Mapping]] = ..., retention_warning: _Optional[_Union[RetentionWarning, _Mapping]] = ...) -> None: ...

class Subscription(_message.Message):
    __slots__ = ("name", "filter", "mode", "cursor", "created_at", "acknowledged_at", "active", "lag_events", "lag_seconds", "parked_messages", "marks")
    class MarksEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    FILTER_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    ACKNOWLEDGED_AT_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    LAG_EVENTS_FIELD_NUMBER: _ClassVar[int]
    LAG_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PARKED_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    MARKS_FIELD_NUMBER: _ClassVar[int]
    name: str
    filter: _feed_pb2.EventFilter
    mode: _feed_pb2.WatchMode
    cursor: str
    created_at: _timestamp_pb2.Timestamp
    acknowledged_at: _timestamp_pb2.Timestamp
    active: bool
    lag_events: int
    lag_seconds: float
    parked_messages: int
    marks: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., filter: _Optional[_Union[_feed_pb2.EventFilter, _Mapping]] = ..., mode: _Optional[_Union[_feed_pb2.WatchMode, str]] = ..., cursor: _Optional[str] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., acknowledged_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., active: _Optional[bool] = ..., lag_events: _Optional[int] = ..., lag_seconds: _Optional[float] = ..., parked_messages: _Optional[int] = ..., marks: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ListSubscriptionsRequest(_message.Message):
    __slots__ = ("tenant", "name", "page_size", "page_token")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    name: str
    page_size: int
    page_token: str
    def __init__(self, tenant: _Optional[str] = ..., name: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListSubscriptionsResponse(_message.Message):
    __slots__ = ("subscriptions", "next_page_token")
    SUBSCRIPTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    subscriptions: _containers.RepeatedCompositeFieldContainer[Subscription]
    next_page_token: str
    def __init__(self, subscriptions: _Optional[_Iterable[_Union[Subscription, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ResetSubscriptionRequest(_message.Message):
    __slots__ = ("tenant", "name", "start_from", "after_cursor", "time")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    START_FROM_FIELD_NUMBER: _ClassVar[int]
    AFTER_CURSOR_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    name: str
    start_from: _feed_pb2.StartFrom
    after_cursor: str
    time: _timestamp_pb2.Timestamp
    def __init__(self, tenant: _Optional[str] = ..., name: _Optional[str] = ..., start_from: _Optional[_Union[_feed_pb2.StartFrom, str]] = ..., after_cursor: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ResetSubscriptionResponse(_message.Message):
    __slots__ = ("cursor",)
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    def __init__(self, cursor: _Optional[str] = ...) -> None: ...

class DeleteSubscriptionRequest(_message.Message):
    __slots__ = ("tenant", "name")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    name: str
    def __init__(self, tenant: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class DeleteSubscriptionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class SetMarkRequest(_message.Message):
    __slots__ = ("tenant", "name", "mark", "value")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MARK_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    name: str
    mark: str
    value: str
    def __init__(self, tenant: _Optional[str] = ..., name: _Optional[str] = ..., mark: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class SetMarkResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ParkMessageRequest(_message.Message):
    __slots__ = ("tenant", "name", "message")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    name: str
    message: ParkedMessage
    def __init__(self, tenant: _Optional[str] = ..., name: _Optional[str] = ..., message: _Optional[_Union[ParkedMessage, _Mapping]] = ...) -> None: ...

class ParkMessageResponse(_message.Message):
    __slots__ = ("message",)
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: ParkedMessage
    def __init__(self, message: _Optional[_Union[ParkedMessage, _Mapping]] = ...) -> None: ...

class ListParkedMessagesRequest(_message.Message):
    __slots__ = ("tenant", "name", "page_size", "page_token")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    name: str
    page_size: int
    page_token: str
    def __init__(self, tenant: _Optional[str] = ..., name: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListParkedMessagesResponse(_message.Message):
    __slots__ = ("messages", "next_page_token")
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[ParkedMessage]
    next_page_token: str
    def __init__(self, messages: _Optional[_Iterable[_Union[ParkedMessage, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ReplayParkedMessagesRequest(_message.Message):
    __slots__ = ("tenant", "name", "ids")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    name: str
    ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, tenant: _Optional[str] = ..., name: _Optional[str] = ..., ids: _Optional[_Iterable[int]] = ...) -> None: ...

class ReplayParkedMessagesResponse(_message.Message):
    __slots__ = ("messages",)
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    messages: int
    def __init__(self, messages: _Optional[int] = ...) -> None: ...

class DropParkedMessagesRequest(_message.Message):
    __slots__ = ("tenant", "name", "ids")
    TENANT_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    IDS_FIELD_NUMBER: _ClassVar[int]
    tenant: str
    name: str
    ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, tenant: _Optional[str] = ..., name: _Optional[str] = ..., ids: _Optional[_Iterable[int]] = ...) -> None: ...

class DropParkedMessagesResponse(_message.Message):
    __slots__ = ("messages",)
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    messages: int
    def __init__(self, messages: _Optional[int] = ...) -> None: ...
