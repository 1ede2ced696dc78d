"""The high-water mark: up to where a log was acknowledged, kept apart from the log so that it can
testify against it.

RocksDB does not notice when a write-ahead log is deleted or cut at a record boundary: it opens,
and simply knows less. The mark names the position, the chain hash and the engine time of the last
flushed group, in a small file of its own that is written after the group's flush and before any
reply. It is synced from when the replies have left, and the next flush waits for it: a process that
is killed leaves a mark that is exact, a power cut one that is a flush behind at most. To wait for
it before the replies would make every command wait for the disk twice. Two slots in different
sectors are written in turns, so a write that was torn by a power cut leaves the one before, which
is still true of everything that was acknowledged.
"""

import os
import struct
import threading
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from queue import SimpleQueue

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
        self.is_synced = False
        """Whether what it says is on the disk."""
        self._aside = _Aside(self.sync)
        self._is_syncing = False
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
        self.note(head)
        self.sync()

    def note(self, head: Head) -> None:
        """Move the mark to `head`: whatever ends this process leaves it there, a power cut leaves
        it at what was synced last. The one before has to be synced. LogError if it fails."""
        sequence = self._sequence + 1
        slot = _encode(sequence, head)
        try:
            written = os.pwrite(self._descriptor, slot, SLOT_OFFSETS[sequence % 2])
        except OSError as error:
            raise self._cannot("written", error) from error
        if written != len(slot):
            raise LogError(f"the high-water mark {self._path} was written in part only")
        self._sequence = sequence
        self.head = head
        self.is_synced = False

    def sync(self) -> None:
        """Make what was noted durable. LogError if that fails."""
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise self._cannot("synced", error) from error
        self.is_synced = True

    def sync_aside(self) -> None:
        """Begin to sync in a thread of its own what was noted, if that is not done or begun."""
        if not self.is_synced and not self._is_syncing:
            self._is_syncing = True
            self._aside.begin()

    def wait_synced(self) -> None:
        """Return when what was noted is synced. LogError if that fails."""
        self.sync_aside()
        if self._is_syncing:
            self._is_syncing = False
            self._aside.wait()

    def _cannot(self, done: str, error: OSError) -> LogError:
        return LogError(f"the high-water mark {self._path} cannot be {done}: {error}")

    def close(self) -> None:
        """Let go of the file."""
        self._aside.close()
        os.close(self._descriptor)


class _Aside:
    """Does one thing in a thread of its own, whenever that is begun: each time has to be waited for
    before the next. An executor would take locks and make a Future at each turn of a shard."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do = do
        self._begun: SimpleQueue[bool] = SimpleQueue()
        self._done: SimpleQueue[LogError | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Have it done."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="mark", daemon=True)
            self._thread.start()
        self._begun.put(True)

    def wait(self) -> None:
        """Return when it is done; raise what it raised."""
        error = self._done.get()
        if error is not None:
            raise error

    def close(self) -> None:
        """End the thread, once what was begun is done."""
        if self._thread is not None:
            self._begun.put(False)
            self._thread.join()

    def _run(self) -> None:
        while self._begun.get():
            try:
                self._do()
            except LogError as error:
                self._done.put(error)
            else:
                self._done.put(None)
