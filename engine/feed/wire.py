"""What the feed sends, as bytes.

Each event is encoded once, when its group is decoded, and every subscriber's message is put
together from those bytes: building and encoding messages anew for each subscriber costs thirty
times as much per event. The parts are plain protobuf: fields may be written one after the other,
and a message field is its tag, its length and its content.
"""

from collections.abc import Iterable
from functools import lru_cache

from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import feed_pb2

_LENGTH_DELIMITED = 2
_VARINT = 0


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


_CONTINUED = [bytes((low | 0x80,)) for low in range(0x80)]


def _position_varint(position: int) -> bytes:
    """The varint of a position. All but its first byte is the same for 128 positions in a row, and
    so is known from the one before."""
    if position < 0x80:
        return varint(position)
    return _CONTINUED[position & 0x7F] + varint(position >> 7)


_SHARD = tag(feed_pb2.Event.SHARD_FIELD_NUMBER, _VARINT)
_POSITION = tag(feed_pb2.Event.POSITION_FIELD_NUMBER, _VARINT)
_RECORDED_AT = tag(feed_pb2.Event.RECORDED_AT_FIELD_NUMBER, _LENGTH_DELIMITED)
_CAUSE = tag(feed_pb2.Event.CAUSE_FIELD_NUMBER, _LENGTH_DELIMITED)
_BATCH_EVENT = tag(feed_pb2.EventBatch.EVENTS_FIELD_NUMBER, _LENGTH_DELIMITED)
_CURSOR = tag(feed_pb2.WatchResponse.CURSOR_FIELD_NUMBER, _LENGTH_DELIMITED)
_EVENTS = tag(feed_pb2.WatchResponse.EVENTS_FIELD_NUMBER, _LENGTH_DELIMITED)


def timestamp(time_ms: int) -> Timestamp:
    """Milliseconds since 1970 as the contract writes them."""
    seconds, milliseconds = divmod(time_ms, 1_000)
    return Timestamp(seconds=seconds, nanos=milliseconds * 1_000_000)


def place_prefix(shard: int) -> bytes:
    """Field `shard` of an Event, and the tag of its `position`."""
    return _SHARD + varint(shard) + _POSITION


def circumstances(recorded_at: bytes, cause: bytes) -> bytes:
    """Fields `recorded_at` and `cause` of an Event, from their encoded messages."""
    return b"".join(
        (_RECORDED_AT, varint(len(recorded_at)), recorded_at, _CAUSE, varint(len(cause)), cause)
    )


def batch_entry(place: bytes, position: int, around: bytes, event: bytes) -> bytes:
    """An entry of EventBatch.events: `place_prefix`, the position, `circumstances`, and the event
    as the log keeps it."""
    number = _position_varint(position)
    length = len(place) + len(number) + len(around) + len(event)
    return b"".join((_BATCH_EVENT, varint(length), place, number, around, event))


def events_response(cursor: str, entries: Iterable[bytes]) -> bytes:
    """A WatchResponse with events."""
    text = cursor.encode()
    batch = b"".join(entries)
    return b"".join((_CURSOR, varint(len(text)), text, _EVENTS, varint(len(batch)), batch))
