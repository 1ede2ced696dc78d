"""Keys of what was: a SKU-location after each group that touched it, and the groups that touched a
reservation.

| key | value |
| --- | --- |
| `s` tenant 0 SKU 0 location 0 version (8) | last position of the group (8), Stock after it |
| `r` reservation 0 last position of the group (8) | |

Numbers are big-endian, so that entries sort by them. No id contains NUL, so the third one ends the
name of a SKU-location and the first one that of a reservation, whatever bytes a number has.

Versions of a SKU-location are dense and grow with positions, as times of groups do: what was at a
position, or at a time, is found by halving.
"""

from collections.abc import Callable

from engine.core.model import Key
from engine.log.codec import decode_stock, encode_key, group_bounds
from engine.log.port import HistoryEntry, LogError

NUMBER_BYTES = 8
NUMBER_MAX = (1 << 64) - 1


def encode_number(number: int) -> bytes:
    """A version or position as bytes that sort like it."""
    return number.to_bytes(NUMBER_BYTES, "big")


def decode_number(data: bytes) -> int:
    """The version or position that these bytes begin with."""
    return int.from_bytes(data[:NUMBER_BYTES], "big")


def number_at_end(key: bytes) -> int:
    """The version or position that a key ends with."""
    return int.from_bytes(key[-NUMBER_BYTES:], "big")


def stock_prefix(encoded_key: bytes) -> bytes:
    """What the keys of a SKU-location's history begin with, given its encoded key."""
    return b"s" + encoded_key + b"\0"


def reservation_prefix(reservation_id: str) -> bytes:
    """What the keys of a reservation's groups begin with."""
    return b"r" + reservation_id.encode() + b"\0"


def stock_entry_key(key: Key, version: int) -> bytes:
    """The key of a SKU-location's history entry."""
    return stock_prefix(encode_key(key)) + encode_number(version)


def decode_entry(key: bytes, value: bytes) -> HistoryEntry:
    """The history entry of a SKU-location; LogError if it is none."""
    if len(value) <= NUMBER_BYTES:
        raise LogError(f"the history entry {key!r} is too short")
    position = decode_number(value)
    return HistoryEntry(number_at_end(key), position, decode_stock(value[NUMBER_BYTES:]))


def last_at(
    find: Callable[[int], tuple[int, bytes] | None], newest: int, is_later: Callable[[bytes], bool]
) -> tuple[int, bytes] | None:
    """The last of numbered values that is not later than what is asked for; None if all are.

    `find` gives the last value numbered up to a number, with its own number. `newest` is a number
    from which on there is no value that is not later. It looks near the newest first, then further
    and further back, then in between: the recent past is asked for most.
    """
    found = None
    low, high, step = -1, newest, 1
    while high - low > 1:
        middle = max((low + high) // 2, high - step)
        step *= 2
        entry = find(middle)
        if entry is None:
            low = middle
        elif is_later(entry[1]):
            high = entry[0]
        else:
            found, low = entry, middle
    return found


def recorded_at_ms(body: bytes) -> int:
    """The engine time of an encoded group. It reads no more than the two numbers that a group
    begins with: parsing all of it would take a thousand times as long."""
    if body[:1] == b"\x08":
        offset = _varint(body, 1)[1]
        if body[offset : offset + 1] == b"\x10":
            return _varint(body, offset + 1)[0]
    return group_bounds(body)[1]


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    """A number as protobuf writes it, and where it ends."""
    number, shift = 0, 0
    for end in range(offset, min(offset + 10, len(data))):
        number |= (data[end] & 0x7F) << shift
        if data[end] < 0x80:
            return number, end + 1
        shift += 7
    raise LogError(f"a record of {len(data)} bytes is no commit group: a number does not end")
