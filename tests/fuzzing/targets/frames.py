"""Frames between the front end and a shard, and what they carry."""

import struct
from collections.abc import Callable
from typing import Any

import msgspec

from engine.core.commands import Context, Sell
from engine.core.model import Key
from engine.shard import frames
from engine.shard.frames import FrameBuffer, Kind, encode, frame, group_frame, parse_group
from engine.shard.messages import Acknowledge, Call, Noted, Reply, Write

DECODERS: dict[int, Callable[[bytes], Any]] = {
    Kind.CALLS: frames.decode_calls,
    Kind.READ: frames.decode_read,
    Kind.READY: frames.decode_ready,
    Kind.REPLIES: frames.decode_replies,
    Kind.CHUNK: frames.decode_chunk,
    Kind.STATISTICS: frames.decode_statistics,
    Kind.QUESTIONS: frames.decode_questions,
    Kind.OUTGOING: frames.decode_outgoing,
    Kind.CONTROL: frames.decode_control,
    Kind.CONTROLLED: frames.decode_controlled,
}
REFUSED = (msgspec.MsgspecError, UnicodeDecodeError)
"""What a payload that is none may raise."""


def one_input(data: bytes) -> None:
    """Bytes are cut into the same frames however they arrive, and what a frame carries is read as
    it was written, or refused."""
    whole = list(FrameBuffer().feed(data))
    buffer = FrameBuffer()
    step = 1 + len(data) // 7
    parts = [data[start : start + step] for start in range(0, len(data), step)]
    assert [each for part in parts for each in buffer.feed(part)] == whole
    written = b"".join(
        len(load).to_bytes(4, "little") + bytes([kind]) + load for kind, load in whole
    )
    assert data.startswith(written)
    for kind, payload in whole:
        _one_payload(kind, payload)


def _one_payload(kind: int, payload: bytes) -> None:
    if kind == Kind.GROUP:
        try:
            position, time_ms, group = parse_group(payload)
        except struct.error:
            assert len(payload) < 16
            return
        assert group_frame(position, time_ms, group)[5:] == payload
    elif kind in DECODERS:
        try:
            value = DECODERS[kind](payload)
        except REFUSED:
            return
        encoded = encode(value)
        # Not by comparison: a number that is none is not equal to itself.
        assert encode(DECODERS[kind](encoded)) == encoded


def examples() -> list[bytes]:
    """Frames of some kinds, one after the other and cut off."""
    sell = Sell(Key("", "TEA", "LONDON"), 2)
    calls = [Call(1, 5, 0, 0, Write(Context("r1"), b"0123456789abcdef", sell))]
    replies = [Reply(1, Noted())]
    some = [
        frame(Kind.CALLS, encode(calls)),
        frame(Kind.CALLS, encode([Call(2, 5, 0, 9, Acknowledge(1, 7))])),
        frame(Kind.REPLIES, encode(replies)),
        frame(Kind.READY, encode(frames.Ready(1, 2, 3))),
        frame(Kind.READ, encode(frames.Read(1, 2, 3))),
        frame(Kind.CHUNK, encode(frames.Chunk(1, [b"ab"], "gone"))),
        frame(Kind.CONTROL, encode(frames.Control(1, "freeze", "/x"))),
        frame(Kind.CONTROLLED, encode(frames.Controlled(1, 2, "no"))),
        group_frame(7, 8, b"group"),
        frame(Kind.STOP),
    ]
    return [*some, b"".join(some), b"".join(some)[:-9], b"\xff\xff\xff\xff\x01"]
