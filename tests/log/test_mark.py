"""The high-water mark says the last thing that was synced, whatever happened to a later write."""

import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.log.mark import FILE_BYTES, SLOT_OFFSETS, Mark, read_mark
from engine.log.port import Head, LogError

HEADS = [Head(position, bytes([position]) * 16, 1_000 + position) for position in range(1, 6)]


def _written(path: Path, heads: list[Head]) -> bytes:
    """The file after these heads were written."""
    path.unlink(missing_ok=True)
    mark = Mark.create(path)
    for head in heads:
        mark.write(head)
    mark.close()
    return path.read_bytes()


def test_a_new_mark_says_that_nothing_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    assert read_mark(path) is None
    Mark.create(path).close()
    assert read_mark(path) == Head()


def test_the_last_write_counts_and_writing_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    _written(path, HEADS[:3])
    assert read_mark(path) == HEADS[2]
    mark = Mark(path)
    assert mark.head == HEADS[2]
    mark.write(HEADS[3])
    mark.close()
    assert read_mark(path) == HEADS[3]
    assert path.stat().st_size == FILE_BYTES


@pytest.mark.parametrize("writes", [1, 2, 3, 4])
def test_a_write_torn_at_any_byte_leaves_the_old_mark_or_the_new(
    tmp_path: Path, writes: int
) -> None:
    path = tmp_path / "mark"
    before = _written(path, HEADS[: writes - 1])
    after = _written(path, HEADS[:writes])
    changed = [index for index in range(FILE_BYTES) if before[index] != after[index]]
    old = HEADS[writes - 2] if writes > 1 else Head()
    seen = set()
    for cut in range(changed[0], changed[-1] + 2):
        # Disks write a sector from its beginning or from its end.
        for torn in (after[:cut] + before[cut:], before[:cut] + after[cut:]):
            path.write_bytes(torn)
            head = read_mark(path)
            assert head in (old, HEADS[writes - 1])
            assert head == HEADS[writes - 1] or torn != after
            seen.add(head)
    assert len(seen) == 2


def test_a_torn_slot_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "mark"
    data = bytearray(_written(path, HEADS[:2]))
    data[SLOT_OFFSETS[1] + 20] ^= 1
    path.write_bytes(data)
    mark = Mark(path)
    for head in HEADS[2:]:
        mark.write(head)
        assert read_mark(path) == head
    mark.close()


@given(offset=st.integers(0, FILE_BYTES - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_never_gives_a_wrong_mark(
    tmp_path_factory: pytest.TempPathFactory, offset: int, bit: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped-mark"
    data = bytearray(_written(path, HEADS[:2]))
    data[offset] ^= 1 << bit
    path.write_bytes(data)
    assert read_mark(path) in (HEADS[0], HEADS[1])


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:10],
        lambda data: bytes(len(data)),
        lambda data: b"x" * 9_000,
    ],
    ids=["empty", "cut", "zeroed", "garbage"],
)
def test_a_mark_without_a_valid_slot_is_refused_by_name(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "mark"
    data = _written(path, HEADS)
    path.write_bytes(damage(data))  # type: ignore[operator]
    for read in (read_mark, Mark):
        with pytest.raises(LogError, match=f"{path} is damaged"):
            read(path)


def test_what_cannot_be_read_or_written_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mark"
    with pytest.raises(LogError, match=f"{path} is missing"):
        Mark(path)
    with pytest.raises(LogError, match="cannot be made"):
        Mark.create(tmp_path / "no" / "mark")
    with pytest.raises(LogError, match="cannot be read"):
        read_mark(tmp_path)
    mark = Mark.create(path)
    with pytest.raises(LogError, match=f"{path} exists already"):
        Mark.create(path)

    def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("engine.log.mark.os.fdatasync", full)
    with pytest.raises(LogError, match=f"{path} cannot be synced: .*No space left"):
        mark.write(HEADS[0])
    monkeypatch.undo()
    monkeypatch.setattr("engine.log.mark.os.pwrite", lambda *_arguments: 5)
    with pytest.raises(LogError, match="in part only"):
        mark.write(HEADS[0])
    mark.close()
