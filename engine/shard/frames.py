"""The wire between the front end and a shard process: length-prefixed frames over a socket pair.

A frame is four bytes of payload length (little-endian), one byte of kind, and the payload. Both
ends are processes of one node and one version.
"""

import struct
from enum import IntEnum

import msgspec

from engine.shard.messages import Call, Outgoing, QuestionCall, Reply, ShardStatistics

_HEADER = struct.Struct("<IB")
_GROUP_HEADER = struct.Struct("<QQ")


class Kind(IntEnum):
    """What a frame carries."""

    CALLS = 1
    """To the shard: calls to decide."""
    READ = 2
    """To the shard: a wish for a part of the log."""
    STOP = 3
    """To the shard: finish what has arrived and exit."""
    READY = 4
    """From the shard: it has recovered and takes calls."""
    REPLIES = 5
    """From the shard: answers, durable."""
    GROUP = 6
    """From the shard: a commit group, durable."""
    CHUNK = 7
    """From the shard: the part of the log that was wished for."""
    STATISTICS = 8
    """From the shard: its numbers, once a second."""
    QUESTIONS = 9
    """To the shard: questions to answer beside the writer; by REPLIES."""
    OUTGOING = 10
    """From the shard: what it has to say to other shards, durable."""
    CONTROL = 11
    """To the shard: something to do between two turns."""
    CONTROLLED = 12
    """From the shard: how that went."""


class Ready(msgspec.Struct, frozen=True, array_like=True):
    """What a shard says when it has recovered."""

    head_position: int
    oldest_position: int
    head_time_ms: int


class Read(msgspec.Struct, frozen=True, array_like=True):
    """A wish for encoded groups from the one that contains `from_position`."""

    read_id: int
    from_position: int
    bytes_max: int


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """Durable encoded groups in order; or why there are none, if what is stored is damaged."""

    read_id: int
    groups: list[bytes]
    damage: str = ""


class Control(msgspec.Struct, frozen=True, array_like=True):
    """Something for a shard to do between two turns; see `control.Controller`. `frozen`: only while
    it is held still. The rest is for those actions that need it."""

    control_id: int
    action: str
    path: str = ""
    frozen: bool = False
    position: int = 0
    digest: bytes = b""
    chain_hash: bytes = b""
    keep_ms: int = 0
    keep_events: int = 0
    grace_ms: int = 0
    acknowledged: int | None = None


class Controlled(msgspec.Struct, frozen=True, array_like=True):
    """How it went: a position that the action is about, and what was in its way, if anything."""

    control_id: int
    position: int
    refusal: str = ""


_encoder = msgspec.msgpack.Encoder()
encode = _encoder.encode
decode_calls = msgspec.msgpack.Decoder(list[Call]).decode
decode_replies = msgspec.msgpack.Decoder(list[Reply]).decode
decode_questions = msgspec.msgpack.Decoder(list[QuestionCall]).decode
decode_outgoing = msgspec.msgpack.Decoder(list[Outgoing]).decode
decode_ready = msgspec.msgpack.Decoder(Ready).decode
decode_read = msgspec.msgpack.Decoder(Read).decode
decode_chunk = msgspec.msgpack.Decoder(Chunk).decode
decode_control = msgspec.msgpack.Decoder(Control).decode
decode_controlled = msgspec.msgpack.Decoder(Controlled).decode
decode_statistics = msgspec.msgpack.Decoder(ShardStatistics).decode


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    """A frame ready to send."""
    return _HEADER.pack(len(payload), kind) + payload


def group_frame(last_position: int, recorded_at_ms: int, group: bytes) -> bytes:
    """A GROUP frame."""
    return frame(Kind.GROUP, _GROUP_HEADER.pack(last_position, recorded_at_ms) + group)


def parse_group(payload: bytes) -> tuple[int, int, bytes]:
    """Last position, engine time and encoded group of a GROUP frame's payload."""
    last_position, recorded_at_ms = _GROUP_HEADER.unpack_from(payload)
    return last_position, recorded_at_ms, payload[_GROUP_HEADER.size :]


class FrameBuffer:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._wanted_bytes = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Add what has arrived; return kind and payload of each frame that is complete.

        Nearly always frames arrive whole, and are cut from what has arrived. A part of one is held
        until there is enough of it to go on, so that a large frame is not copied with each of its
        parts.
        """
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._wanted_bytes:
                return []
            data = bytes(self._buffer)
            self._buffer.clear()
        frames: list[tuple[int, bytes]] = []
        start, size = 0, len(data)
        wanted = _HEADER.size
        while size >= wanted:
            length, kind = _HEADER.unpack_from(data, start)
            begin = start + _HEADER.size
            end = begin + length
            if size < end:
                wanted = end
                break
            frames.append((kind, data[begin:end]))
            start = end
            wanted = start + _HEADER.size
        if start < size:
            self._buffer += data[start:]
            self._wanted_bytes = wanted - start
        return frames
