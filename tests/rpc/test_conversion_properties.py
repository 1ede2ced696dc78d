"""Whatever a client sends, it becomes a well-formed command or an InvalidField: checked against
rules written down a second time, the slow and plain way."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import inventory_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from engine.core import commands as core
from engine.core.limits import HOLD_TTL_MS_MAX, HOLD_TTL_MS_MIN, ID_BYTES_MAX, QUANTITY_MAX
from engine.core.model import Key
from engine.rpc.checks import InvalidField
from engine.rpc.convert_commands import CONVERTERS
from engine.rpc.convert_parts import AtPosition, ByReference, Caller, Submission
from engine.shard.slots import SLOTS
from tests.rpc.serving import GatedShards

CHARACTERS = st.one_of(
    st.sampled_from("aZ09 -_\u00e9\u5e97\U0001f375\u00a0\u2003\u200b\t\n\x00\x7f\x85\x9f\u0301"),
    st.characters(exclude_categories=["Cs"]),
)
EDGES = [" a", "a ", "\u00a0a", "a\u2003", "a\nb", "\x00", "\x7f", "a\x85"]
TEXTS = st.one_of(
    st.sampled_from(EDGES),
    st.sampled_from(["", "TEA", "a b", "x" * 128, "x" * 129, "\u00e9" * 64, "\u00e9" * 65]),
    st.text(CHARACTERS, max_size=6),
    st.text(CHARACTERS, min_size=30, max_size=140),
)
WORDS = st.text("abc", min_size=1, max_size=2)
# Mostly sound fields, so that requests with a single wrong one are common.
NAMES = st.one_of(*[WORDS] * 40, TEXTS)
NUMBERS = st.one_of(
    st.sampled_from([-1, 0, 1, 2, QUANTITY_MAX, QUANTITY_MAX + 1, 2**63 - 1, -(2**63)]),
    st.integers(-(2**63), 2**63 - 1),
)
SMALL = st.integers(1, 9)
QUANTITIES = st.one_of(*[SMALL] * 10, NUMBERS)
MINIMA = st.one_of(*[st.just(0)] * 10, SMALL, NUMBERS)
ENUMS = st.integers(-2, 4)
DURATIONS = st.builds(
    Duration,
    seconds=st.one_of(st.sampled_from([0, 1, 7_776_000, 7_776_001]), NUMBERS),
    nanos=st.one_of(st.sampled_from([0, 1, -1, 999_999_999]), st.integers(-(2**31), 2**31 - 1)),
)
TIMES = st.builds(
    Timestamp,
    seconds=st.one_of(st.integers(-1, 10), NUMBERS),
    nanos=st.one_of(st.just(0), st.integers(-(2**31), 2**31 - 1)),
)


def _just(fields: dict[str, Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {name: st.just(value) for name, value in fields.items()}


CONTEXTS = st.builds(
    pb.WriteContext,
    request_id=NAMES,
    correlation_id=NAMES,
    ticket=NAMES,
    occurred_at=st.one_of(*[st.none()] * 5, TIMES),
    source=st.one_of(*[st.just("")] * 5, NAMES),
    source_sequence=st.one_of(*[st.just(0)] * 5, NUMBERS),
)
LISTS = st.builds(pb.LocationList, locations=st.lists(NAMES, max_size=3))
LINES = st.fixed_dictionaries(
    {
        "line_id": NAMES,
        "sku": NAMES,
        "quantity": QUANTITIES,
        "minimum_quantity": MINIMA,
        "allow_backorder": st.booleans(),
        "customer_limit": MINIMA,
    }
).flatmap(
    lambda fields: st.one_of(
        *[st.builds(pb.BasketLine, location=NAMES, **_just(fields))] * 3,
        st.builds(pb.BasketLine, locations=LISTS, **_just(fields)),
        st.builds(pb.BasketLine, group=NAMES, **_just(fields)),
    )
)
RESERVES = st.builds(
    pb.ReserveRequest,
    context=CONTEXTS,
    tenant=NAMES,
    lines=st.lists(LINES, max_size=3),
    fill=st.one_of(*[st.integers(0, 2)] * 10, ENUMS),
    ttl=st.one_of(*[st.none()] * 5, DURATIONS),
    hold_class=st.one_of(*[st.integers(0, 3)] * 10, ENUMS),
    reference=NAMES,
    channel=NAMES,
    customer=NAMES,
    strategy=st.one_of(*[st.integers(0, 3)] * 10, ENUMS),
    split=st.one_of(st.none(), st.booleans()),
    wait=st.one_of(*[st.none()] * 5, DURATIONS),
)


def sound(text: str, *, required: bool = True) -> bool:
    if not text:
        return not required
    return (
        len(text.encode()) <= ID_BYTES_MAX
        and not any(unicodedata.category(character) == "Cc" for character in text)
        and not text[0].isspace()
        and not text[-1].isspace()
    )


def sound_duration(duration: Duration) -> bool:
    total_ns = duration.seconds * 10**9 + duration.nanos
    in_limits = HOLD_TTL_MS_MIN * 10**6 <= total_ns <= HOLD_TTL_MS_MAX * 10**6
    return 0 <= duration.nanos < 10**9 and in_limits


def sound_time(time: Timestamp) -> bool:
    total_ms = (time.seconds * 10**9 + time.nanos) // 10**6
    return 0 <= time.nanos < 10**9 and 0 < total_ms < 253_402_300_800_000


def sound_context(context: pb.WriteContext) -> bool:
    return (
        sound(context.request_id)
        and sound(context.correlation_id, required=False)
        and sound(context.ticket, required=False)
        and (not context.HasField("occurred_at") or sound_time(context.occurred_at))
        and sound(context.source, required=False)
        and context.source_sequence >= 0
        and (bool(context.source) or not context.source_sequence)
    )


def sound_source(line: pb.BasketLine) -> bool:
    if line.HasField("group"):
        return sound(line.group)
    if line.HasField("locations"):
        names = line.locations.locations
        return len(names) > 0 and len(set(names)) == len(names) and all(map(sound, names))
    return sound(line.location)


def sound_reserve(request: pb.ReserveRequest) -> bool:
    names = (request.tenant, request.reference, request.channel, request.customer)
    return (
        sound_context(request.context)
        and all(sound(name, required=False) for name in names)
        and len(request.lines) > 0
        and len({line.line_id for line in request.lines}) == len(request.lines)
        and all(
            sound(line.line_id)
            and sound(line.sku)
            and sound_source(line)
            and 1 <= line.quantity <= QUANTITY_MAX
            and 0 <= line.minimum_quantity <= line.quantity
            and 0 <= line.customer_limit <= QUANTITY_MAX
            for line in request.lines
        )
        and request.fill in range(3)
        and request.hold_class in range(4)
        and request.strategy in range(4)
        and (not request.HasField("ttl") or sound_duration(request.ttl))
        and (not request.HasField("wait") or sound_duration(request.wait))
    )


@pytest.fixture(scope="module")
def caller() -> Iterator[Caller]:
    shards = GatedShards()
    yield Caller(shards)
    shards.close()


def converted(caller: Caller, name: str, request: object) -> Submission | InvalidField:
    try:
        result = CONVERTERS[name](request, caller)
        assert not isinstance(result, ByReference | AtPosition)
        return result
    except InvalidField as invalid:
        return invalid


SOUND_RESERVES = st.builds(
    pb.ReserveRequest,
    context=st.builds(pb.WriteContext, request_id=WORDS, ticket=WORDS),
    lines=st.builds(
        pb.BasketLine,
        line_id=WORDS,
        sku=WORDS,
        location=WORDS,
        quantity=st.integers(1, 2),
    ).map(lambda line: [line]),
    reference=WORDS | st.just(""),
    channel=WORDS | st.just(""),
    fill=st.integers(0, 2),
)


SPOILS: list[tuple[str, st.SearchStrategy[Any]]] = [
    *((f"context.{name}", TEXTS) for name in ("request_id", "correlation_id", "ticket")),
    *((name, TEXTS) for name in ("tenant", "reference", "channel", "customer")),
    *((f"lines.{name}", TEXTS) for name in ("line_id", "sku", "location")),
    *((f"lines.{name}", NUMBERS) for name in ("quantity", "minimum_quantity")),
    ("context.source", TEXTS),
    ("context.source_sequence", NUMBERS),
    ("lines.customer_limit", NUMBERS),
    ("lines.group", TEXTS),
    ("lines.locations", LISTS),
    ("strategy", ENUMS),
    ("wait", DURATIONS),
    ("ttl", DURATIONS),
    ("context.occurred_at", TIMES),
    ("fill", ENUMS),
    ("hold_class", ENUMS),
]


@st.composite
def spoiled_reserves(draw: st.DrawFn) -> pb.ReserveRequest:
    """Sound but for one field, which may be anything: sound again, or wrong."""
    request = draw(SOUND_RESERVES)
    path, values = draw(st.sampled_from(SPOILS))
    parent, _, name = path.rpartition(".")
    target: Any = {"": request, "context": request.context, "lines": request.lines[0]}[parent]
    value = draw(values)
    if isinstance(value, Message):
        getattr(target, name).CopyFrom(value)
    else:
        setattr(target, name, value)
    return request


@given(request=spoiled_reserves() | RESERVES)
def test_a_reserve_is_converted_exactly_if_it_is_sound(
    caller: Caller, request: pb.ReserveRequest
) -> None:
    result = converted(caller, "reserve", request)
    if isinstance(result, InvalidField):
        assert not sound_reserve(request), result
        assert result.field.partition("[")[0].split(".")[0] in request.DESCRIPTOR.fields_by_name
        assert len(result.value) < 80
        return
    assert sound_reserve(request)
    slot, write = result
    assert 0 <= slot < SLOTS
    command = write.command
    assert isinstance(command, core.Reserve)
    assert [
        core.BasketLine(
            line.line_id,
            Key(request.tenant, line.sku, line.location),
            line.quantity,
            line.minimum_quantity,
            tuple(line.locations.locations),
            line.group,
            line.allow_backorder,
            line.customer_limit,
        )
        for line in request.lines
    ] == list(command.lines)
    assert command.split == (request.split or not request.HasField("split"))
    assert bool(command.wait_ms) == request.HasField("wait")
    assert write.context.source == request.context.source
    assert write.context.source_sequence == request.context.source_sequence


@given(one=SOUND_RESERVES, other=SOUND_RESERVES)
def test_hashes_are_equal_exactly_for_equal_commands(
    caller: Caller, one: pb.ReserveRequest, other: pb.ReserveRequest
) -> None:
    results = [converted(caller, "reserve", request) for request in (one, other)]
    (_, first), (_, second) = (result for result in results if not isinstance(result, InvalidField))
    assert (first.content_hash == second.content_hash) == (first.command == second.command)


@given(
    reference=NAMES,
    remainder=ENUMS,
    lines=st.lists(st.builds(pb.LineQuantity, line_id=NAMES, quantity=QUANTITIES), max_size=3),
)
def test_parts_of_a_reservation_are_converted_exactly_if_they_are_sound(
    caller: Caller, reference: str, remainder: int, lines: list[pb.LineQuantity]
) -> None:
    request = pb.CommitRequest(
        context=pb.WriteContext(request_id="r"),
        reservation_id="336-1-2",
        lines=lines,
        remainder=remainder,  # type: ignore[arg-type]
        reference=reference,
    )
    is_sound = (
        sound(reference, required=False)
        and remainder in range(3)
        and len({line.line_id for line in lines}) == len(lines)
        and all(sound(line.line_id) and 0 <= line.quantity <= QUANTITY_MAX for line in lines)
    )
    assert isinstance(converted(caller, "commit", request), InvalidField) == (not is_sound)
