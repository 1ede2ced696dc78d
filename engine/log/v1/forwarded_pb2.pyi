from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ForwardedGroup(_message.Message):
    __slots__ = ("first_position", "recorded_at_ms", "commits")
    FIRST_POSITION_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    COMMITS_FIELD_NUMBER: _ClassVar[int]
    first_position: int
    recorded_at_ms: int
    commits: _containers.RepeatedCompositeFieldContainer[ForwardedCommit]
    def __init__(self, first_position: _Optional[int] = ..., recorded_at_ms: _Optional[int] = ..., commits: _Optional[_Iterable[_Union[ForwardedCommit, _Mapping]]] = ...) -> None: ...

class ForwardedCommit(_message.Message):
    __slots__ = ("cause", "events")
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    cause: bytes
    events: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, cause: _Optional[bytes] = ..., events: _Optional[_Iterable[bytes]] = ...) -> None: ...
