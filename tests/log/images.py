"""Copies of a log's directory, and their write-ahead logs cut."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from engine.log.port import LogError
from engine.log.rocks import RocksLog
from tests.log.ledger import Ledger

_BLOCK_BYTES, _HEADER_BYTES = 32_768, 7


@dataclass(frozen=True)
class Image:
    """A copy of a log's directory, as a process that was killed leaves it."""

    directory: Path
    ledger: Ledger
    acknowledged: int

    def copy(self, to: Path) -> Path:
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(self.directory, to)
        return to


def wal_of(directory: Path) -> Path:
    """The newest write-ahead log."""
    return max((directory / "log").glob("*.log"))


def record_boundaries(wal: bytes) -> list[int]:
    """Where the records of a write-ahead log end: what RocksDB takes for a clean end."""
    ends, offset = [0], 0
    while offset + _HEADER_BYTES <= len(wal):
        left = _BLOCK_BYTES - offset % _BLOCK_BYTES
        if left < _HEADER_BYTES:
            offset += left
            continue
        length = int.from_bytes(wal[offset + 4 : offset + 6], "little")
        if length == 0:
            break
        offset += _HEADER_BYTES + length
        ends.append(offset)
    return ends


def open_cut(image: Image, to: Path, wal: bytes, cut: int) -> int | None:
    """The head of the log with its write-ahead log cut; None if it is refused."""
    directory = image.copy(to)
    wal_of(directory).write_bytes(wal[:cut])
    try:
        log = RocksLog(directory)
    except LogError as error:
        assert str(directory) in str(error)
        return None
    position = log.head.position
    assert log.totals().stock_keys == 3
    log.close()
    return position
