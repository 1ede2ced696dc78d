"""Inputs near to others: what a fuzzer does, without one."""

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

Edit = Callable[[bytes], bytes]

POINTS = st.integers(0, 1 << 16)
_PIECES = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [b"\0" * 9, b"\xff" * 9, b"\x80" * 11, b"-1", b"1e999", b"[[", b"\xed\xa0\x80"]
    ),
)


def _edits() -> st.SearchStrategy[Edit]:
    def flip(point: int, bit: int) -> Edit:
        def edit(data: bytes) -> bytes:
            at = point % max(1, len(data))
            return data[:at] + bytes(each ^ 1 << bit for each in data[at : at + 1]) + data[at + 1 :]

        return edit

    def cut(point: int, size: int) -> Edit:
        return lambda data: data[: point % (len(data) + 1)] + data[point % (len(data) + 1) + size :]

    def put(point: int, piece: bytes) -> Edit:
        return lambda data: (
            data[: point % (len(data) + 1)] + piece + data[point % (len(data) + 1) :]
        )

    def end(point: int) -> Edit:
        return lambda data: data[: point % (len(data) + 1)]

    return st.one_of(
        st.builds(flip, POINTS, st.integers(0, 7)),
        st.builds(cut, POINTS, st.integers(1, 40)),
        st.builds(put, POINTS, _PIECES),
        st.builds(end, POINTS),
    )


def mutated(corpus: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Inputs made of those of a corpus by a few edits."""

    def apply(data: bytes, edits: list[Edit]) -> bytes:
        for edit in edits:
            data = edit(data)
        return data

    return st.builds(apply, st.sampled_from(corpus), st.lists(_edits(), min_size=1, max_size=4))
