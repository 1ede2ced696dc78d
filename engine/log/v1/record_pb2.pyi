from holdfast.v1 import feed_pb2 as _feed_pb2
from holdfast.v1 import stock_pb2 as _stock_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CommitGroup(_message.Message):
    __slots__ = ("first_position", "recorded_at_ms", "commits")
    FIRST_POSITION_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    COMMITS_FIELD_NUMBER: _ClassVar[int]
    first_position: int
    recorded_at_ms: int
    commits: _containers.RepeatedCompositeFieldContainer[Commit]
    def __init__(self, first_position: _Optional[int] = ..., recorded_at_ms: _Optional[int] = ..., commits: _Optional[_Iterable[_Union[Commit, _Mapping]]] = ...) -> None: ...

class Commit(_message.Message):
    __slots__ = ("cause", "request_key", "content_hash", "short_lines", "events", "heard")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_KEY_FIELD_NUMBER: _ClassVar[int]
    CONTENT_HASH_FIELD_NUMBER: _ClassVar[int]
    SHORT_LINES_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    HEARD_FIELD_NUMBER: _ClassVar[int]
    cause: _feed_pb2.Cause
    request_key: bytes
    content_hash: bytes
    short_lines: _containers.RepeatedCompositeFieldContainer[_stock_pb2.ShortLine]
    events: _containers.RepeatedCompositeFieldContainer[_feed_pb2.Event]
    heard: Heard
    def __init__(self, cause: _Optional[_Union[_feed_pb2.Cause, _Mapping]] = ..., request_key: _Optional[bytes] = ..., content_hash: _Optional[bytes] = ..., short_lines: _Optional[_Iterable[_Union[_stock_pb2.ShortLine, _Mapping]]] = ..., events: _Optional[_Iterable[_Union[_feed_pb2.Event, _Mapping]]] = ..., heard: _Optional[_Union[Heard, _Mapping]] = ...) -> None: ...

class Heard(_message.Message):
    __slots__ = ("shard", "position")
    SHARD_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    shard: int
    position: int
    def __init__(self, shard: _Optional[int] = ..., position: _Optional[int] = ...) -> None: ...
