"""What the feed passes on as bytes is what protobuf would write, and says of it what protobuf would
read."""

import pytest
from google.protobuf.message import DecodeError
from google.protobuf.wrappers_pb2 import BytesValue
from holdfast.v1 import events_pb2, feed_pb2, stock_pb2
from hypothesis import given
from hypothesis import strategies as st

from engine.feed import kinds, wire
from engine.feed.group import FeedEvent, decode_group
from engine.log.codec import encode_group
from engine.log.port import Group
from engine.log.v1 import forwarded_pb2
from engine.log.v1.record_pb2 import CommitGroup
from tests.log.strategies import COMMITS

FIRST_POSITIONS = st.sampled_from([1, 100, 127, 128, 16_380, 2**21 - 2, 2**40]) | st.integers(
    1, 2**53
)


def plain_event(
    shard: int, position: int, event: feed_pb2.Event, around: feed_pb2.Event
) -> FeedEvent:
    """The event as the feed has it, by the plainest use of protobuf."""
    around.shard, around.position = shard, position
    # Protobuf leaves out what is 0; the feed does not.
    place = b"" if shard else b"\x08\x00"
    # As an entry of a batch it is the first field of its message.
    entry = BytesValue(value=place + around.SerializeToString() + event.SerializeToString())
    kind = event.WhichOneof("kind")
    key = event.key
    named: tuple[str, str | None, str | None] = (key.tenant, key.sku, key.location)
    if not key.sku:
        named = (getattr(getattr(event, kind), "tenant", "\0") if kind else "\0", None, None)
    return FeedEvent(position, *named, entry.SerializeToString(), event.ByteSize())


def plain_events(shard: int, data: bytes) -> list[FeedEvent]:
    """The events of a group."""
    group = CommitGroup.FromString(data)
    found: list[FeedEvent] = []
    for commit in group.commits:
        around = feed_pb2.Event(cause=commit.cause)
        around.recorded_at.FromMilliseconds(group.recorded_at_ms)
        for event in commit.events:
            found.append(plain_event(shard, group.first_position + len(found), event, around))
    return found


def check(shard: int, data: bytes) -> None:
    """The events of a group are what protobuf makes of them."""
    told = decode_group(shard, data).events
    assert told == plain_events(shard, data)
    found = [
        event.WhichOneof("kind")
        for commit in CommitGroup.FromString(data).commits
        for event in commit.events
    ]
    assert [event.kind for event in told] == [kinds.NUMBERS.get(kind or "", 0) for kind in found]


@given(
    st.builds(
        Group,
        FIRST_POSITIONS,
        st.integers(0, 2**42),
        st.lists(COMMITS, min_size=1, max_size=3).map(tuple),
    ),
    st.integers(0, 4_095),
)
def test_events_are_passed_on_as_protobuf_writes_them(group: Group, shard: int) -> None:
    check(shard, encode_group(group))


NAMES = st.sampled_from(["", "TEA", "LONDON", "long" * 40])
NUMBERS = st.sampled_from([0, 1, -1, 127, 128, 2**40])
BALANCES = st.builds(
    stock_pb2.Balances,
    on_hand=NUMBERS,
    unavailable=st.lists(st.builds(stock_pb2.UnavailableUnits, cause=NAMES), max_size=1),
)
ABOUT = st.fixed_dictionaries(
    {},
    optional={
        "key": st.builds(stock_pb2.StockKey, tenant=NAMES, sku=NAMES, location=NAMES),
        "version": NUMBERS.map(abs),
        "balances": BALANCES,
    },
)
OF_A_NEWER_VERSION = wire.tag(4_000, wire.LENGTH_DELIMITED) + b"\0"
KINDS = st.sampled_from(
    [
        b"",
        OF_A_NEWER_VERSION,
        feed_pb2.Event(stock_held=feed_pb2.StockHeld()).SerializeToString(),
        feed_pb2.Event(stock_received=feed_pb2.StockReceived(quantity=1)).SerializeToString(),
        feed_pb2.Event(kit_defined=events_pb2.KitDefined(tenant="acme")).SerializeToString(),
        feed_pb2.Event(base_taken=events_pb2.BaseTaken()).SerializeToString(),
    ]
)
EVENTS = st.builds(
    lambda about, kind: feed_pb2.Event(**about).SerializeToString() + kind, ABOUT, KINDS
)


def group_of(*events: bytes) -> bytes:
    """A group of one commit."""
    commit = forwarded_pb2.ForwardedCommit(cause=b"", events=events)
    return forwarded_pb2.ForwardedGroup(first_position=9, commits=[commit]).SerializeToString()


@given(st.lists(EVENTS, min_size=1, max_size=3))
def test_events_that_our_codec_does_not_write_are_passed_on_as_well(events: list[bytes]) -> None:
    check(3, group_of(*events))


@pytest.mark.parametrize(
    "event", [b"\x2a", b"\x2a\x05TEA", b"\x2a\x02\x12\x01", b"\x2a\x03\x12\x01\xff"]
)
def test_bytes_that_are_no_event_are_refused(event: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_group(3, group_of(event))
