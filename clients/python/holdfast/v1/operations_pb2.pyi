import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from holdfast.v1 import configuration_pb2 as _configuration_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetNodeRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetNodeResponse(_message.Message):
    __slots__ = ("version", "history", "epoch", "shards", "request_retention", "hold_times", "oldest_cursor")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_RETENTION_FIELD_NUMBER: _ClassVar[int]
    HOLD_TIMES_FIELD_NUMBER: _ClassVar[int]
    OLDEST_CURSOR_FIELD_NUMBER: _ClassVar[int]
    version: str
    history: str
    epoch: int
    shards: int
    request_retention: _duration_pb2.Duration
    hold_times: _configuration_pb2.HoldTimes
    oldest_cursor: str
    def __init__(self, version: _Optional[str] = ..., history: _Optional[str] = ..., epoch: _Optional[int] = ..., shards: _Optional[int] = ..., request_retention: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., hold_times: _Optional[_Union[_configuration_pb2.HoldTimes, _Mapping]] = ..., oldest_cursor: _Optional[str] = ...) -> None: ...
