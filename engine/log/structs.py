"""Values of the core as protobuf messages, field by field of the same name, in both directions.

How a struct's fields become a message's is worked out once, at import, so a struct and a message
that do not fit each other are found at once. It takes about twice as long as code written out for
one kind, which `encode` and `decode` have for what the common commands make.
"""

import re
from collections.abc import Callable, Iterable
from enum import IntEnum
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from holdfast.v1 import feed_pb2

from engine.core import events
from engine.core.events import Event
from engine.core.model import Key, Struct
from engine.log.parts import (
    decode_key_message,
    decode_pairs,
    decode_time,
    encode_key_message,
    encode_pairs,
    encode_time,
)

RENAMED = {(events.StockCounted, "on_hand"): "counted", (events.LinesTold, "events"): "lines"}
"""Fields whose names in the contract are not those of the core."""

EVENT_FIELDS: dict[type[Event], str] = {
    kind: re.sub(r"(?<!^)([A-Z])", r"_\1", kind.__name__).lower() for kind in get_args(Event)
}
"""Every kind of event, by its field in holdfast.v1.Event."""


class Part(NamedTuple):
    """How one field of a struct gets into a message, and out of it again."""

    name: str
    encode: Callable[[Any, Any], None]
    decode: Callable[[Any], Any]


class StructCodec:
    """A type of struct and its message. A field `x_ms` is the Timestamp or Duration `x`, 0 stands
    for an unset one; members of an enum have the numbers of the contract. A field of type Key is
    left out: the message beside this one carries it. KeyError if the message lacks a field."""

    def __init__(self, kind: type[Struct], descriptor: Any) -> None:
        self._kind = kind
        fields = [field for field in msgspec.structs.fields(kind) if field.type is not Key]
        self._parts = tuple(_part(kind, field, descriptor) for field in fields)

    def encode(self, target: Any, value: Struct) -> None:
        """Fill a fresh message."""
        target.SetInParent()
        for name, encode, _ in self._parts:
            encode(target, getattr(value, name))

    def decode(self, source: Any, *key: Key) -> Any:
        """The struct of a message, with the key that it left out. ValueError if the message holds
        a member of an enum that is not known."""
        return self._kind(*key, *[decode(source) for _, _, decode in self._parts])


def encode_event(target: feed_pb2.Event, event: Any) -> None:
    """Fill a fresh feed event with what happened, and where."""
    kind = type(event)
    if kind not in events.KEYLESS_EVENTS:
        encode_key_message(target.key, event.key)
    EVENT_CODECS[kind].encode(getattr(target, EVENT_FIELDS[kind]), event)


def decode_event(source: feed_pb2.Event) -> Any:
    """What a feed event says happened. ValueError if this Holdfast does not know its kind."""
    field = source.WhichOneof("kind")
    if field is None:
        raise ValueError("an event has a kind that this Holdfast does not know (no known field)")
    key = (decode_key_message(source.key),) if source.HasField("key") else ()
    return _CODECS_BY_FIELD[field].decode(getattr(source, field), *key)


def _part(kind: type[Struct], field: msgspec.structs.FieldInfo, descriptor: Any) -> Part:
    name = RENAMED.get((kind, field.name), field.name.removesuffix("_ms"))
    target = descriptor.fields_by_name[name]
    if type(None) in get_args(field.type):
        return _optional(field, name, target)
    if field.name.endswith("_ms"):
        return _time(field.name, name)
    if isinstance(field.type, type) and issubclass(field.type, str | int | float):
        return _scalar(field, name)
    if get_origin(field.type) is not tuple:
        return _nested(field, name, StructCodec(field.type, target.message_type))
    encode, decode = _repeated(get_args(field.type)[0], target.message_type)
    return Part(
        field.name,
        lambda message, values: encode(getattr(message, name), values),
        lambda message: decode(getattr(message, name)),
    )


def _nested(field: msgspec.structs.FieldInfo, name: str, codec: StructCodec) -> Part:
    """A struct, which is left out where it has its default."""

    def encode(message: Any, value: Any) -> None:
        if value != field.default:
            codec.encode(getattr(message, name), value)

    return Part(field.name, encode, lambda message: codec.decode(getattr(message, name)))


def _optional(field: msgspec.structs.FieldInfo, name: str, descriptor: Any) -> Part:
    """What may be absent, which is not what a number of 0 is: None."""
    kind = next(each for each in get_args(field.type) if each is not type(None))
    nested = StructCodec(kind, descriptor.message_type) if descriptor.message_type else None

    def encode(message: Any, value: Any) -> None:
        if value is None:
            return
        if nested is None:
            setattr(message, name, value)
        else:
            nested.encode(getattr(message, name), value)

    def decode(message: Any) -> Any:
        if not message.HasField(name):
            return None
        found = getattr(message, name)
        return found if nested is None else nested.decode(found)

    return Part(field.name, encode, decode)


def _time(field: str, name: str) -> Part:
    def encode(message: Any, time_ms: int) -> None:
        if time_ms:
            encode_time(getattr(message, name), time_ms)

    return Part(field, encode, lambda message: decode_time(getattr(message, name)))


def _scalar(field: msgspec.structs.FieldInfo, name: str) -> Part:
    """Text, a number, a truth or a member of an enum. Where a number left out of the core stands
    for another than 0, a 0 in the message stands for that."""
    # Text that is left out of a choice must not be set: it would be what was chosen.
    default = field.default if type(field.default) in (int, float, str) else 0

    def encode(message: Any, value: Any) -> None:
        if value != default:
            setattr(message, name, value)

    if issubclass(field.type, IntEnum):
        return Part(field.name, encode, lambda message: field.type(getattr(message, name)))
    if default:
        return Part(field.name, encode, lambda message: getattr(message, name) or default)
    return Part(field.name, encode, lambda message: getattr(message, name))


def _repeated(kind: Any, descriptor: Any) -> tuple[Any, Any]:
    """How to encode and decode a tuple: of text, of pairs, of line events, or of structs."""
    if kind is str:
        return lambda target, values: target.extend(values), tuple
    if get_origin(kind) is tuple:
        return encode_pairs, decode_pairs
    if get_origin(kind) is UnionType or isinstance(kind, UnionType):
        return _encode_events, lambda source: tuple(map(decode_event, source))
    nested = StructCodec(kind, descriptor)

    def encode(target: Any, values: Iterable[Any]) -> None:
        for value in values:
            nested.encode(target.add(), value)

    return encode, lambda source: tuple(map(nested.decode, source))


def _encode_events(target: Any, values: Iterable[Any]) -> None:
    for event in values:
        encode_event(target.add(), event)


EVENT_CODECS = {
    kind: StructCodec(kind, feed_pb2.Event.DESCRIPTOR.fields_by_name[field].message_type)
    for kind, field in EVENT_FIELDS.items()
}
"""The codec of every kind of event."""
_CODECS_BY_FIELD = {EVENT_FIELDS[kind]: codec for kind, codec in EVENT_CODECS.items()}
