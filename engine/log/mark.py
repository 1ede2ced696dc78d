"""The high-water mark: up to where a log was acknowledged, kept apart from the log so that it can
testify against it.

RocksDB does not notice when a write-ahead log is deleted or cut at a record boundary: it opens,
and simply knows less. The mark names the position, the chain hash and the engine time of the last
flushed group, in a small file of its own that is synced after the group's flush and before any
reply. Two slots in different sectors are written in turns, so a write that was torn by a power cut
leaves the one before, which is still true of everything that was acknowledged.
"""

import os
import struct
from hashlib import blake2b
from pathlib import Path

from engine.log.files import write_file
from engine.log.port import HASH_BYTES, Head, LogError

_MAGIC = b"HOLDMARK"
_FIELDS = struct.Struct(f">8sQQ{HASH_BYTES}sq")
_CHECKSUM_BYTES = 16
_SLOT_BYTES = _FIELDS.size + _CHECKSUM_BYTES
SLOT_OFFSETS = (0, 4_096)
"""Where the slots begin. No disk sector holds both."""
FILE_BYTES = 2 * 4_096


def _encode(sequence: int, head: Head) -> bytes:
    fields = _FIELDS.pack(_MAGIC, sequence, head.position, head.chain_hash, head.recorded_at_ms)
    return fields + blake2b(fields, digest_size=_CHECKSUM_BYTES).digest()


def _decode(slot: bytes) -> tuple[int, Head] | None:
    """The sequence number and head of a slot; None if it was never written, torn or damaged."""
    fields, checksum = slot[: _FIELDS.size], slot[_FIELDS.size :]
    if blake2b(fields, digest_size=_CHECKSUM_BYTES).digest() != checksum:
        return None
    magic, sequence, position, chain_hash, recorded_at_ms = _FIELDS.unpack(fields)
    return (sequence, Head(position, chain_hash, recorded_at_ms)) if magic == _MAGIC else None


def read_mark(path: Path) -> Head | None:
    """The mark in a file, None if there is no such file. LogError if neither of its slots can be
    read."""
    newest = _read_newest(path)
    return None if newest is None else newest[1]


def _read_newest(path: Path) -> tuple[int, Head] | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LogError(f"the high-water mark {path} cannot be read: {error}") from error
    slots = (_decode(data[offset : offset + _SLOT_BYTES]) for offset in SLOT_OFFSETS)
    newest = max((slot for slot in slots if slot), key=lambda slot: slot[0], default=None)
    if newest is None:
        raise LogError(
            f"the high-water mark {path} is damaged: neither of its slots has a valid checksum, so "
            "nothing says how far the log was acknowledged; restore the directory from a backup"
        )
    return newest


class Mark:
    """An open mark file. One thread at a time may write."""

    def __init__(self, path: Path) -> None:
        """Open the mark at `path`, which exists. LogError if it cannot be read or written."""
        self._path = path
        newest = _read_newest(path)
        if newest is None:
            raise LogError(f"the high-water mark {path} is missing")
        self._sequence, self.head = newest
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise LogError(f"the high-water mark {path} cannot be opened: {error}") from error

    @classmethod
    def create(cls, path: Path) -> "Mark":
        """Make a mark that says that nothing was acknowledged yet. LogError if there is one
        already, or if it cannot be written."""
        # Both slots are valid from the beginning, so that the first write may be torn as well, and
        # the file has the size that later writes never change.
        data = bytearray(FILE_BYTES)
        for sequence, offset in enumerate(SLOT_OFFSETS):
            data[offset : offset + _SLOT_BYTES] = _encode(sequence, Head())
        if path.exists():
            raise LogError(f"the high-water mark {path} exists already")
        try:
            write_file(path, bytes(data))
        except OSError as error:
            raise LogError(f"the high-water mark {path} cannot be made: {error}") from error
        return cls(path)

    def write(self, head: Head) -> None:
        """Move the mark to `head`, durably. LogError if that fails: then it is unknown where
        the mark is."""
        sequence = self._sequence + 1
        slot = _encode(sequence, head)
        try:
            written = os.pwrite(self._descriptor, slot, SLOT_OFFSETS[sequence % 2])
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise LogError(
                f"the high-water mark {self._path} cannot be written: {error}"
            ) from error
        if written != len(slot):
            raise LogError(f"the high-water mark {self._path} was written in part only")
        self._sequence = sequence
        self.head = head

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)
