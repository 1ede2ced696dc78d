"""The high-water mark."""

from engine.log.mark import FILE_BYTES, SLOT_OFFSETS, Mark, read_mark
from engine.log.port import Head, LogError
from tests.fuzzing.targets.scratch import folder, scratch


def one_input(data: bytes) -> None:
    """A file is refused by its name, or says where the mark is; and goes on being written."""
    path = scratch("mark", data)
    try:
        head = read_mark(path)
    except LogError as error:
        assert str(path) in str(error)
        return
    assert head is not None
    mark = Mark(path)
    assert mark.head == head
    later = Head(head.position % 2**63 + 1, b"h" * 16, 9)
    mark.write(later)
    mark.close()
    assert read_mark(path) == later


def examples() -> list[bytes]:
    """A new mark, and ones that were written."""
    path = folder() / "examples-mark"
    mark = Mark.create(path)
    made = [path.read_bytes()]
    for position in (1, 2**40):
        mark.write(Head(position, bytes([7]) * 16, 1_700_000_000_000))
        made.append(path.read_bytes())
    mark.close()
    path.unlink()
    torn = bytearray(made[-1])
    torn[SLOT_OFFSETS[0] + 9] ^= 1
    return [*made, bytes(torn), bytes(FILE_BYTES), made[-1][: FILE_BYTES // 2]]
