"""What the feed sends, as bytes.

Each event is encoded once, when its group is decoded, and every subscriber's message is put
together from those bytes: building and encoding messages anew for each subscriber costs thirty
times as much per event. The parts are plain protobuf: fields may be written one after the other,
and a message field is its tag, its length and its content.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import feed_pb2

VARINT = 0
LENGTH_DELIMITED = 2
IN_RUN = 0x7F
"""The bits of a position that its place in a run says."""


def tag(number: int, wire_type: int) -> bytes:
    """The tag of a field."""
    return varint(number << 3 | wire_type)


@lru_cache(maxsize=16_384)
def varint(value: int) -> bytes:
    """A number from 0 on, seven bits to a byte, the lowest first."""
    if value < 0x80:
        return bytes((value,))
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


_SHARD = tag(feed_pb2.Event.SHARD_FIELD_NUMBER, VARINT)
_POSITION = tag(feed_pb2.Event.POSITION_FIELD_NUMBER, VARINT)
_RECORDED_AT = tag(feed_pb2.Event.RECORDED_AT_FIELD_NUMBER, LENGTH_DELIMITED)
_CAUSE = tag(feed_pb2.Event.CAUSE_FIELD_NUMBER, LENGTH_DELIMITED)
_BATCH_EVENT = tag(feed_pb2.EventBatch.EVENTS_FIELD_NUMBER, LENGTH_DELIMITED)
_CURSOR = tag(feed_pb2.WatchResponse.CURSOR_FIELD_NUMBER, LENGTH_DELIMITED)
_EVENTS = tag(feed_pb2.WatchResponse.EVENTS_FIELD_NUMBER, LENGTH_DELIMITED)


def timestamp(time_ms: int) -> Timestamp:
    """Milliseconds since 1970 as the contract writes them."""
    seconds, milliseconds = divmod(time_ms, 1_000)
    return Timestamp(seconds=seconds, nanos=milliseconds * 1_000_000)


def recorded_at_prefix(time_ms: int) -> bytes:
    """Field `recorded_at` of an Event, and the tag of its `cause`."""
    recorded_at = timestamp(time_ms).SerializeToString()
    return _RECORDED_AT + varint(len(recorded_at)) + recorded_at + _CAUSE


def run(shard: int, position: int, recorded_at: bytes) -> tuple[Sequence[bytes], bytes]:
    """What the events of a run have before their cause: fields `shard` and `position` up to the
    first byte of the position, one for each position, and the rest, with `recorded_at_prefix`. All
    but the first byte of a position is the same for 128 positions in a row."""
    if position <= IN_RUN:
        return _places(shard, 0), recorded_at
    return _places(shard, IN_RUN + 1), varint(position // (IN_RUN + 1)) + recorded_at


@lru_cache(maxsize=128)
def _places(shard: int, continued: int) -> Sequence[bytes]:
    before = _SHARD + varint(shard) + _POSITION
    return [before + bytes((low | continued,)) for low in range(IN_RUN + 1)]


def entry(content: bytes) -> bytes:
    """An entry of EventBatch.events, of an encoded Event."""
    return _entry_prefix(len(content)) + content


@lru_cache(maxsize=16_384)
def _entry_prefix(length: int) -> bytes:
    return _BATCH_EVENT + varint(length)


def events_response(cursor: str, entries: Iterable[bytes]) -> bytes:
    """A WatchResponse with events."""
    text = cursor.encode()
    batch = b"".join(entries)
    return b"".join((_CURSOR, varint(len(text)), text, _EVENTS, varint(len(batch)), batch))
