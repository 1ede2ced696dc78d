"""A backup: a copy of every file of a node that is stopped, or of a checkpoint of one that runs,
and a manifest that says what belongs to it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.feed.sqlite_subscriptions import FILE as SUBSCRIPTIONS_FILE
from engine.feed.sqlite_subscriptions import put_right
from engine.feed.subscription_store import StoreError
from engine.log.base import BASE_FOLDER
from engine.log.files import UNFINISHED_SUFFIX, sync_directory, write_file
from engine.log.layout import Layout, read_layout, shard_directory
from engine.log.mark import read_mark
from engine.log.port import LogError
from engine.log.recovery import LOG_FOLDER, MARK_FILE
from engine.log.verify import locked

MANIFEST_FILE = "manifest.json"
FORMAT = 1
"""The form of backups that this Holdfast writes, and the newest that it reads."""
_COPY_BYTES = 1 << 20
_NOT_COPIED = ("LOCK", "LOG")
"""Beginnings of the names of RocksDB's files that hold no data."""


class BackupError(Exception):
    """A backup cannot be made or used; the message says why and what to do."""


class FileEntry(msgspec.Struct, frozen=True):
    """A file of a backup: its path in it, its size and a BLAKE2b hash of its content."""

    path: str
    bytes: int
    digest: str


class ShardEntry(msgspec.Struct, frozen=True):
    """A shard of a backup: up to which position, and with which chain hash there, it was
    acknowledged."""

    position: int
    chain_hash: str


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What belongs to a backup."""

    format: int
    made_at: str
    layout: Layout
    shards: list[ShardEntry]
    files: list[FileEntry]

    @property
    def size_bytes(self) -> int:
        """The size of all files."""
        return sum(each.bytes for each in self.files)


class _Sealed(msgspec.Struct):
    """The manifest as a file: with a hash of itself."""

    manifest: msgspec.Raw
    digest: str


class Made(NamedTuple):
    """A backup that was made, and how much of it is shared with an earlier one."""

    manifest: Manifest
    shared_bytes: int


def back_up_stopped(data_dir: Path, destination: Path, earlier: Path | None = None) -> Made:
    """Back up a data directory that no node uses, as `back_up` does. BackupError, LogError if one
    does, or OSError."""
    layout = read_layout(data_dir)
    with ExitStack() as stack:
        for shard in range(layout.shards):
            stack.enter_context(locked(shard_directory(data_dir, shard)))
        try:
            put_right(data_dir)
        except StoreError as error:
            raise BackupError(str(error)) from error
        return back_up(data_dir, destination, earlier)


def back_up(source: Path, destination: Path, earlier: Path | None = None) -> Made:
    """Copy a data directory that does not change meanwhile, such as a checkpoint, into an empty or
    new directory. It is no backup before its manifest is there, which is written last. What an
    `earlier` backup has as well is shared with it."""
    layout = read_layout(source)
    copier = _Copier(earlier)
    with reading(source):
        require_empty(destination)
        files = []
        shards = []
        for shard in range(layout.shards):
            directory = shard_directory(source, shard)
            mark = read_mark(directory / MARK_FILE)
            if mark is None:
                raise LogError(f"{directory} has lost its high-water mark")
            shards.append(ShardEntry(mark.position, mark.chain_hash.hex()))
            for path in _files(directory):
                relative = path.relative_to(source)
                files.append(copier.put(path, destination / relative, str(relative)))
            sync_directories(shard_directory(destination, shard))
        subscriptions = source / SUBSCRIPTIONS_FILE
        if subscriptions.exists():
            target = destination / SUBSCRIPTIONS_FILE
            files.append(copier.put(subscriptions, target, SUBSCRIPTIONS_FILE))
        made_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        manifest = Manifest(FORMAT, made_at, layout, shards, files)
        encoded = msgspec.json.format(msgspec.json.encode(manifest))
        sealed = _Sealed(msgspec.Raw(encoded), _digest(encoded))
        write_file(destination / MANIFEST_FILE, msgspec.json.encode(sealed) + b"\n")
    return Made(manifest, copier.shared_bytes)


@contextmanager
def reading(directory: Path) -> Iterator[None]:
    """Turn what the operating system says while files are read and written into a BackupError."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"{directory} cannot be copied: {error}") from error


def require_empty(directory: Path) -> None:
    """Make a directory. BackupError if there is anything in it."""
    directory.mkdir(parents=True, exist_ok=True)
    found = sorted(path.name for path in directory.iterdir())
    if found:
        raise BackupError(
            f"{directory} is not empty: it holds {', '.join(found[:5])}; give an empty or new one"
        )


def read_manifest(backup: Path) -> Manifest:
    """What a backup says it is; its files are not looked at. BackupError if it is none."""
    path = backup / MANIFEST_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BackupError(
            f"{backup} is no backup: it has no {MANIFEST_FILE}, which is written last"
        ) from error
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error}") from error
    try:
        sealed = msgspec.json.decode(data, type=_Sealed)
        encoded = bytes(sealed.manifest)
        manifest = msgspec.json.decode(encoded, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupError(f"{path} is damaged, or written by a newer Holdfast: {error}") from error
    if sealed.digest != _digest(encoded):
        raise BackupError(f"{path} is damaged: its checksum is not that of its content")
    if manifest.format > FORMAT:
        raise BackupError(f"{path} was written by a newer Holdfast (format {manifest.format})")
    return manifest


def _files(directory: Path) -> Iterator[Path]:
    """The files of a shard that belong to its backup, in order."""
    yield directory / MARK_FILE
    log = directory / LOG_FOLDER
    if log.is_dir():
        yield from (
            path
            for path in sorted(log.iterdir())
            if path.is_file() and not path.name.startswith(_NOT_COPIED)
        )
    bases = directory / BASE_FOLDER
    if bases.is_dir():
        yield from (
            path for path in sorted(bases.iterdir()) if not path.name.endswith(UNFINISHED_SUFFIX)
        )


def copy(source: Path, target: Path, name: str) -> FileEntry:
    """Copy a file durably. Its entry, under the name that it has in the backup."""
    hasher = blake2b(digest_size=32)
    size = 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reader, target.open("xb") as writer:
        while chunk := reader.read(_COPY_BYTES):
            hasher.update(chunk)
            writer.write(chunk)
            size += len(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    return FileEntry(name, size, hasher.hexdigest())


class _Copier:
    """Copies files, or shares them with an earlier backup, which RocksDB's tables allow: they never
    change. Names are not trusted, as another history may use them again, and nor are files of the
    earlier backup: both contents are compared by their hashes."""

    def __init__(self, earlier: Path | None) -> None:
        files = [] if earlier is None else read_manifest(earlier).files
        self._earlier = {one.digest: (earlier or Path()) / one.path for one in files}
        self._sizes = {one.bytes for one in files}
        self.shared_bytes = 0

    def put(self, source: Path, target: Path, name: str) -> FileEntry:
        """Bring a file to its place. Its entry, under the name that it has in the backup."""
        size = source.stat().st_size
        if size in self._sizes:
            digest = _digest_of(source)
            found = self._earlier.get(digest)
            if found is not None and _shared(found, digest, target):
                self.shared_bytes += size
                return FileEntry(name, size, digest)
        return copy(source, target, name)


def _shared(found: Path, digest: str, target: Path) -> bool:
    """Whether a file could be shared: it is what it was, and in the same file system."""
    with suppress(OSError):
        if _digest_of(found) == digest:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(found, target)
            return True
    return False


def _digest_of(path: Path) -> str:
    hasher = blake2b(digest_size=32)
    with path.open("rb") as reader:
        while chunk := reader.read(_COPY_BYTES):
            hasher.update(chunk)
    return hasher.hexdigest()


def sync_directories(directory: Path) -> None:
    """Make the names in a shard's directory durable, and its own."""
    for each in (directory / LOG_FOLDER, directory / BASE_FOLDER, directory, directory.parent):
        if each.is_dir():
            sync_directory(each)


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=32).hexdigest()
