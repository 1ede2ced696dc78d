"""Bases: the state that a log goes on from."""

from hashlib import blake2b

from engine.log.base import (
    DIGEST_BYTES,
    BaseHeader,
    BaseMark,
    base_path,
    check_base,
    finish_base,
    read_base,
    read_digest,
    read_header,
    write_base,
)
from engine.log.port import LogError
from tests.fuzzing.targets.scratch import folder, scratch

POSITION = 7


def one_input(data: bytes) -> None:
    """A file is refused by its name, or holds the records that make the same file when they are
    written again. An input of even length gets the digest that its content has."""
    if len(data) % 2 == 0:
        data += blake2b(data, digest_size=DIGEST_BYTES).digest()
    shard = folder() / "bases"
    path = scratch(str(base_path(shard, POSITION).relative_to(folder())), data)
    try:
        header = read_header(shard, POSITION)
        records = list(read_base(shard, POSITION))
        mark = BaseMark(header.position, read_digest(shard, POSITION), header.chain_hash)
        if header.position == POSITION:
            check_base(shard, mark)
    except LogError as error:
        assert str(path) in str(error)
        return
    again = folder() / "again"
    again.mkdir(exist_ok=True)
    assert write_base(again, header, records).digest == mark.digest


def examples() -> list[bytes]:
    """A base with records and one without; as they are, and without the digest."""
    made = []
    shard = folder() / "examples"
    shard.mkdir(exist_ok=True)
    header = BaseHeader(0, POSITION, b"h" * 16, 1_700_000_000_000)
    record = ("requests", b"key", b"value")
    for records in ([record], [], [record, ("listings", b"", b"x" * 300)]):
        write_base(shard, header, records)
        finish_base(shard, POSITION)
        made.append(base_path(shard, POSITION).read_bytes())
    return made + [each[:-DIGEST_BYTES] for each in made]
