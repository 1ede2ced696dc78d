"""Frames survive any cut of the stream."""

from hypothesis import given
from hypothesis import strategies as st

from engine.shard.frames import FrameBuffer, Kind, frame, group_frame, parse_group

PAYLOADS = st.lists(st.tuples(st.sampled_from(list(Kind)), st.binary(max_size=50)), max_size=10)


@given(PAYLOADS, st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_any_cut_of_the_stream_gives_the_same_frames(
    frames: list[tuple[Kind, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(frame(kind, payload) for kind, payload in frames)
    buffer = FrameBuffer()
    seen: list[tuple[int, bytes]] = []
    turn = 0
    while stream:
        size = cuts[turn % len(cuts)]
        turn += 1
        seen += buffer.feed(stream[:size])
        stream = stream[size:]
    assert seen == frames


def test_a_group_keeps_its_position_time_and_bytes() -> None:
    buffer = FrameBuffer()
    [(kind, payload)] = buffer.feed(group_frame(7, 1_700_000_000_000, b"group"))
    assert kind == Kind.GROUP
    assert parse_group(payload) == (7, 1_700_000_000_000, b"group")
