"""A look at the framing of RocksDB's record files before RocksDB reads them.

RocksDB 9.8 never returns from opening a directory whose MANIFEST ends in a record whose type one
flipped bit has turned into that of a recycled log (measured): it spins, and holds the GIL. Files
are never recycled here, so such a type is damage, and a log that is damaged is refused, not waited
for. Everything else about these files RocksDB checks itself.
"""

import os
from pathlib import Path

from engine.log.port import LogError

_BLOCK_BYTES = 32_768
_HEADER_BYTES = 7
"""Of a record: checksum (4), length (2, little-endian), type (1). None crosses a block's end."""
_TYPE_MAX = 4
"""FULL, FIRST, MIDDLE and LAST are 1 to 4; 0 fills what was allocated and not written."""


def check_framing(directory: Path) -> None:
    """Walk over the records of every MANIFEST and write-ahead log in a RocksDB directory.
    LogError naming the file and offset where a record has a type that is never written here."""
    for pattern in ("MANIFEST-*", "*.log"):
        for path in sorted(directory.glob(pattern)):
            try:
                _check_file(path)
            except OSError as error:
                raise LogError(f"{path} cannot be read: {error}") from error


def _check_file(path: Path) -> None:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        offset = 0
        while offset + _HEADER_BYTES <= size:
            left = _BLOCK_BYTES - offset % _BLOCK_BYTES
            if left < _HEADER_BYTES:
                offset += left
                continue
            file.seek(offset)
            header = file.read(_HEADER_BYTES)
            length, kind = int.from_bytes(header[4:6], "little"), header[6]
            if kind > _TYPE_MAX:
                raise LogError(
                    f"{path} is damaged at byte {offset}: a record has the type {kind}; restore "
                    "the directory from a backup"
                )
            if kind == 0 and length == 0:
                return
            offset += _HEADER_BYTES + length
