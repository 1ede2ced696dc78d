"""A base: the whole state of a shard at one position, in a file of its own, so that the log can go
on from there when what came before it is dropped.

The file holds what the log says and the state does not repeat: of each SKU-location the newest
entry of its history, which is its stock. Indexes, timers and totals follow from the rest. The same
state always makes the same bytes, so the digest at its end names the state and guards the file.

    HOLDBASE | length (4) | header (msgpack) | records | 0xff | number of records (8) | digest (32)

A record is the number of its family (1), the lengths of key and value (4 each), key and value. All
numbers are big-endian.
"""

import os
import struct
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.log.files import UNFINISHED_SUFFIX, sync_directory
from engine.log.history import NUMBER_BYTES
from engine.log.port import HASH_BYTES, Head, LogError
from engine.log.store import Store

BASE_FOLDER = "base"
FAMILIES = (
    "answers",
    "attempts",
    "configuration",
    "history",
    "relay",
    "requests",
    "reservations",
    "transfers",
    "listings",
)
"""The column families that a base holds, in this order. Records have the number of theirs: a new
one goes at the end."""
DIGEST_BYTES = 32

_MAGIC = b"HOLDBASE"
_HEADER_LENGTH = struct.Struct(">I")
_RECORD = struct.Struct(">BII")
_END = struct.Struct(">BQ")
_END_MARK = 0xFF
_TAIL_BYTES = _END.size + DIGEST_BYTES
_BUFFER_BYTES = 1 << 20

Record = tuple[str, bytes, bytes]
"""A family, a key and its value."""


class BaseHeader(msgspec.Struct, frozen=True, array_like=True):
    """Whose state it is, and after which event: the shard, the last position, the chain hash there
    and the engine time of that group."""

    shard: int
    position: int
    chain_hash: bytes
    recorded_at_ms: int

    @property
    def head(self) -> Head:
        """The end of the log that led to it."""
        return Head(self.position, self.chain_hash, self.recorded_at_ms)


class BaseMark(msgspec.Struct, frozen=True, array_like=True):
    """A base as the log and its store name it."""

    position: int
    digest: bytes
    chain_hash: bytes


encode_mark = msgspec.msgpack.Encoder().encode
_decode_header = msgspec.msgpack.Decoder(BaseHeader).decode
_decode_mark = msgspec.msgpack.Decoder(BaseMark).decode


def decode_mark(data: bytes) -> BaseMark:
    """The BaseMark of these bytes; LogError if they are none."""
    try:
        return _decode_mark(data)
    except msgspec.MsgspecError as error:
        raise LogError(f"{len(data)} stored bytes name no base: {error}") from error


def base_path(shard_directory: Path, position: int) -> Path:
    """Where the base of a position lies."""
    return shard_directory / BASE_FOLDER / f"{position:020d}"


def base_positions(shard_directory: Path) -> list[int]:
    """The positions of all bases of a shard that count, in order: each was recorded by its log."""
    folder = shard_directory / BASE_FOLDER
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit())


def write_base(shard_directory: Path, header: BaseHeader, records: Iterable[Record]) -> BaseMark:
    """Write a base durably, under a name that says that it does not count yet: see `finish_base`.
    Others that do not count are deleted. `records` come in the order of FAMILIES and then of keys.
    LogError if it cannot be written."""
    path = base_path(shard_directory, header.position)
    unfinished = _unfinished(path)
    try:
        path.parent.mkdir(exist_ok=True)
        sync_directory(shard_directory)
        for abandoned in path.parent.glob("*" + UNFINISHED_SUFFIX):
            abandoned.unlink()
        with unfinished.open("wb", _BUFFER_BYTES) as file:
            digest = _write(file, header, records)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise LogError(f"the base {path} cannot be written: {error}") from error
    return BaseMark(header.position, digest, header.chain_hash)


def finish_base(shard_directory: Path, position: int) -> None:
    """Let a base count that was written, now that the log has recorded it durably. LogError if that
    fails."""
    path = base_path(shard_directory, position)
    try:
        _unfinished(path).rename(path)
        sync_directory(path.parent)
    except OSError as error:
        raise LogError(f"the base {path} cannot be finished: {error}") from error


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + UNFINISHED_SUFFIX)


def _write(file: BinaryIO, header: BaseHeader, records: Iterable[Record]) -> bytes:
    hasher = blake2b(digest_size=DIGEST_BYTES)
    encoded = encode_mark(header)
    parts = [_MAGIC, _HEADER_LENGTH.pack(len(encoded)), encoded]
    count = size = 0
    numbers = {family: number for number, family in enumerate(FAMILIES)}
    for family, key, value in records:
        parts += (_RECORD.pack(numbers[family], len(key), len(value)), key, value)
        count += 1
        size += len(key) + len(value)
        if size > _BUFFER_BYTES:
            _put(file, hasher.update, parts)
            parts, size = [], 0
    parts.append(_END.pack(_END_MARK, count))
    _put(file, hasher.update, parts)
    file.write(hasher.digest())
    return hasher.digest()


def _put(file: BinaryIO, update: Callable[[bytes], None], parts: list[bytes]) -> None:
    data = b"".join(parts)
    update(data)
    file.write(data)


def stored_records(store: Store) -> Iterator[Record]:
    """What a base of the state in a store holds."""
    for family in FAMILIES:
        if family == "history":
            yield from _newest_entries(store)
        else:
            for key, value in store.scan(family):
                yield family, key, value


def _newest_entries(store: Store) -> Iterator[Record]:
    """The newest history entry of each SKU-location. Those of reservations are left out: they only
    lead to groups that a base stands for."""
    newest: tuple[bytes, bytes] | None = None
    for key, value in store.scan("history", b"s"):
        if key[:1] != b"s":
            break
        if newest is not None and newest[0][:-NUMBER_BYTES] != key[:-NUMBER_BYTES]:
            yield "history", *newest
        newest = key, value
    if newest is not None:
        yield "history", *newest


def check_base(shard_directory: Path, mark: BaseMark) -> BaseHeader:
    """See by its beginning and end that the base which `mark` names is there and whole; LogError
    if not. Its records are not read."""
    path = base_path(shard_directory, mark.position)
    try:
        with path.open("rb") as file:
            header = _read_header(file, path)
            file.seek(-_TAIL_BYTES, os.SEEK_END)
            tail = file.read()
    except FileNotFoundError as error:
        raise LogError(
            f"the base {path} is missing, without which the log cannot be trusted; restore the "
            "directory from a backup"
        ) from error
    except OSError as error:
        raise LogError(f"the base {path} cannot be read: {error}") from error
    if tail[0] != _END_MARK or tail[_END.size :] != mark.digest:
        raise LogError(f"the base {path} is not the one that the log names, or is cut")
    if (header.position, header.chain_hash) != (mark.position, mark.chain_hash):
        raise LogError(f"the base {path} is of another history than the log")
    return header


def stated_mark(shard_directory: Path, position: int) -> BaseMark:
    """A base as it names itself. LogError if there is none, or if it is cut."""
    header = read_header(shard_directory, position)
    mark = BaseMark(position, read_digest(shard_directory, position), header.chain_hash)
    check_base(shard_directory, mark)
    return mark


def read_header(shard_directory: Path, position: int) -> BaseHeader:
    """The header of a base; LogError if it is none."""
    path = base_path(shard_directory, position)
    try:
        with path.open("rb") as file:
            return _read_header(file, path)
    except OSError as error:
        raise LogError(f"the base {path} cannot be read: {error}") from error


def read_digest(shard_directory: Path, position: int) -> bytes:
    """The digest at the end of a base. LogError if it cannot be read."""
    path = base_path(shard_directory, position)
    try:
        with path.open("rb") as file:
            file.seek(-DIGEST_BYTES, os.SEEK_END)
            return file.read()
    except OSError as error:
        raise LogError(f"the base {path} cannot be read: {error}") from error


def read_base(shard_directory: Path, position: int) -> Iterator[Record]:
    """The records of a base. LogError if it is damaged, at the latest after the last of them: until
    then none may be relied on."""
    path = base_path(shard_directory, position)
    hasher = blake2b(digest_size=DIGEST_BYTES)
    try:
        with path.open("rb", _BUFFER_BYTES) as file:
            header = encode_mark(_read_header(file, path))
            hasher.update(_MAGIC + _HEADER_LENGTH.pack(len(header)) + header)
            yield from _read_records(file, hasher.update, path)
            digest = file.read(DIGEST_BYTES + 1)
    except OSError as error:
        raise LogError(f"the base {path} cannot be read: {error}") from error
    if digest != hasher.digest():
        raise _damaged(path, "its checksum is not that of its content")


def _read_header(file: BinaryIO, path: Path) -> BaseHeader:
    start = file.read(len(_MAGIC) + _HEADER_LENGTH.size)
    if len(start) < len(_MAGIC) + _HEADER_LENGTH.size or not start.startswith(_MAGIC):
        raise _damaged(path, "it does not begin like one")
    try:
        return _decode_header(file.read(_HEADER_LENGTH.unpack(start[len(_MAGIC) :])[0]))
    except msgspec.MsgspecError as error:
        raise _damaged(path, str(error)) from error


def _read_records(file: BinaryIO, update: Callable[[bytes], None], path: Path) -> Iterator[Record]:
    count = 0
    while True:
        first = file.read(_RECORD.size)
        if len(first) < _RECORD.size:
            raise _damaged(path, "it ends too early")
        number, key_bytes, value_bytes = _RECORD.unpack(first)
        update(first)
        if number == _END_MARK:
            if _END.unpack(first)[1] != count:
                raise _damaged(path, "it has another number of records than it says")
            return
        if number >= len(FAMILIES):
            raise _damaged(path, f"it has records of an unknown family {number}")
        key, value = file.read(key_bytes), file.read(value_bytes)
        if len(key) != key_bytes or len(value) != value_bytes:
            raise _damaged(path, "it ends too early")
        update(key)
        update(value)
        count += 1
        yield FAMILIES[number], key, value


def _damaged(path: Path, why: str) -> LogError:
    return LogError(f"the base {path} is damaged: {why}")


assert _RECORD.size == _END.size  # noqa: S101 - a record's start and the end are read as one
assert HASH_BYTES < DIGEST_BYTES  # noqa: S101 - neither is taken for the other
