"""Whatever the fields of any command say, it is converted or refused in a way that is foreseen, and
what it is converted to reaches the shard as it is."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from holdfast.v1 import configuration_pb2, inventory_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.rejections import UnknownReservation, UnknownTransfer
from engine.feed.cursor import CursorForeign
from engine.rpc.checks import InvalidField
from engine.rpc.content_hash import content_hash
from engine.rpc.convert_commands import CONFIGURATION_CONVERTERS, CONVERTERS
from engine.rpc.convert_parts import AtPosition, ByReference, Caller
from engine.rpc.problems import Rejected
from engine.shard.messages import Write
from engine.shard.slots import SLOTS
from tests.rpc.serving import GatedShards

ALL = CONVERTERS | CONFIGURATION_CONVERTERS
TEXTS = st.one_of(
    *[st.sampled_from(["a", "b", "TEA"])] * 8,
    st.sampled_from(["", "336-1-2", "1-10ca1000-1-0.3", "1-ffffffff-1-0.1", "x" * 129, " a", "\n"]),
)
NUMBERS = st.one_of(*[st.integers(0, 9)] * 8, st.integers(-(2**63), 2**63 - 1))
COUNTS = st.one_of(*[st.integers(1, 9)] * 8, st.integers(0, 2**64 - 1))
NANOS = st.one_of(st.just(0), st.integers(-(2**31), 2**31 - 1))

read = msgspec.msgpack.Decoder(Write).decode


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    shards = GatedShards()
    yield Caller(shards)
    shards.close()


def request_kind(name: str) -> Descriptor:
    method = "".join(word.capitalize() for word in name.split("_"))
    for module in (inventory_pb2, configuration_pb2):
        found: Descriptor | None = module.DESCRIPTOR.message_types_by_name.get(f"{method}Request")
        if found is not None:
            return found
    raise AssertionError(name)


def values(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    kind = field.type
    if field.message_type is not None:
        return messages(field.message_type)
    if kind == FieldDescriptor.TYPE_STRING:
        return TEXTS
    if kind == FieldDescriptor.TYPE_BOOL:
        return st.booleans()
    if kind == FieldDescriptor.TYPE_ENUM:
        return st.one_of(*[st.integers(0, 2)] * 8, st.integers(-1, 9))
    if kind == FieldDescriptor.TYPE_INT32:
        return NANOS
    return COUNTS if kind == FieldDescriptor.TYPE_UINT64 else NUMBERS


@st.composite
def messages(draw: st.DrawFn, kind: Descriptor) -> Message:
    """A message with any of its fields set to anything of their type."""
    message = GetMessageClass(kind)()
    for field in kind.fields:
        if draw(st.integers(0, 3)) == 0 and field.name != "context":
            continue
        if field.is_repeated:
            getattr(message, field.name).extend(draw(st.lists(values(field), max_size=2)))
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            getattr(message, field.name).CopyFrom(draw(values(field)))
        else:
            setattr(message, field.name, draw(values(field)))
    return message


@pytest.mark.parametrize("name", ALL)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(data=st.data())
def test_any_command_is_converted_or_refused(
    caller: Caller, name: str, data: st.DataObject
) -> None:
    request = data.draw(messages(request_kind(name)))
    try:
        converted = ALL[name](request, caller)
    except InvalidField as invalid:
        top = invalid.field.partition(".")[0].partition("[")[0]
        assert top in request_kind(name).fields_by_name
        return
    except Rejected as rejected:
        assert isinstance(rejected.rejection, UnknownReservation | UnknownTransfer)
        return
    except CursorForeign:
        return
    if isinstance(converted, ByReference):
        assert converted.reference
        assert not converted.command.reservation_id
        return
    slot, write = converted.submission if isinstance(converted, AtPosition) else converted
    assert 0 <= slot < SLOTS
    assert write.content_hash == content_hash(write.command)
    assert read(msgspec.msgpack.encode(write)) == write
