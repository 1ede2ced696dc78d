"""The text of a place in the feed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feed.cursor import CURSOR_BYTES_MAX, Cursor, MalformedCursor, write_cursor
from engine.shard.slots import SHARDS_MAX

POSITIONS = st.integers(0, 10**18)


@given(
    st.from_regex("[0-9a-f]{8}", fullmatch=True),
    st.integers(1, 10**8),
    st.dictionaries(st.integers(0, SHARDS_MAX - 1), POSITIONS, min_size=1),
)
def test_what_is_written_is_read(history: str, epoch: int, positions: dict[int, int]) -> None:
    cursor = Cursor(history, epoch, positions)
    assert Cursor.parse(cursor.encode()) == cursor


@given(st.integers(0, SHARDS_MAX - 1), POSITIONS)
def test_the_cursor_of_a_write_names_one_shard(shard: int, position: int) -> None:
    text = write_cursor("00c0ffee", 3, shard, position)
    assert text == Cursor("00c0ffee", 3, {shard: position}).encode()


def test_the_longest_cursor_fits() -> None:
    cursor = Cursor("ffffffff", 10**8, dict.fromkeys(range(SHARDS_MAX), 2**63 - 1))
    assert len(cursor.encode()) <= CURSOR_BYTES_MAX
    assert Cursor.parse(cursor.encode()) == cursor


@given(st.text())
def test_text_is_refused_or_is_the_one_way_to_write_a_cursor(text: str) -> None:
    try:
        encoded = Cursor.parse(text).encode()
    except MalformedCursor:
        return
    assert encoded == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "2-00c0ffee-1-0.1",
        "1-00c0ffee-1-",
        "1-00c0ffee-0-0.1",
        "1-00c0ffee-1-0.01",
        "1-00c0ffee-1-00.1",
        "1-00c0ffee-1-0.-1",
        "1-00c0ffee-1-0.1_0.2",
        "1-00c0ffee-1-1.1_0.2",
        "1-00c0ffee-1-0.1_",
        "1-00c0ffee-1-0.1\n",
        " 1-00c0ffee-1-0.1",
        "1-00C0FFEE-1-0.1",
        "1-00c0ffe-1-0.1",
        "1-00c0ffee-1-0.\u0661",
        "1-00c0ffee-1-0.99999999999999999999",
        "1-00c0ffee-1-" + "_".join(f"{shard}.1" for shard in range(5_000)),
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(MalformedCursor) as caught:
        Cursor.parse(text)
    assert caught.value.cursor == text
    assert len(str(caught.value)) < 600
