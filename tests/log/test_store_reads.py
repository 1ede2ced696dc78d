"""What a look into the store costs does not grow with what is stored."""

from pathlib import Path

import pytest
from rocksdict import WriteBatch

from engine.log import store
from engine.log.store import Store

KEYS = 200_000
LOOKS = 200
BYTES_PER_LOOK_MAX = 16 * 1024


def bytes_read() -> int:
    """What this process has read so far, be it from the page cache."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["rchar"])


def key(number: int) -> bytes:
    return b"%08d-request" % number


def fill(directory: Path) -> None:
    """A store with so many keys in one table."""
    made = Store(directory, create=True)
    try:
        handle = made.handles["requests"]
        for first in range(0, KEYS, 10_000):
            batch = WriteBatch(raw_mode=True)
            for number in range(first, first + 10_000):
                batch.put(key(2 * number), b"1" * 24, handle)
            made.write(batch)
        made.reclaim("requests", key(2 * KEYS))
    finally:
        made.close()


def test_a_look_reads_little_of_a_large_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is with millions of request ids: the filter of a table is larger than its place in the
    cache, which is made small here instead."""
    monkeypatch.setattr(store, "BLOCK_CACHE_BYTES", 64 * 1024)
    fill(tmp_path / "log")
    # Open it again: what was just written to a table of the first level is held in memory.
    made = Store(tmp_path / "log")
    try:
        before = bytes_read()
        for look in range(LOOKS):
            number = 2 * (look * 7_919 % KEYS)
            assert made.get("requests", key(number + 1)) is None
        read = (bytes_read() - before) / LOOKS
    finally:
        made.close()
    assert read < BYTES_PER_LOOK_MAX
