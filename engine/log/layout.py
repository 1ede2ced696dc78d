"""The data directory: what says whose it is and how it is divided, and where each shard's log lies.

`node.json` is written last when a directory is made, so a directory with it is complete, and a
directory without it that is not empty is not ours. It carries a checksum: a history that a flipped
bit had changed would turn away every cursor of every subscriber.
"""

import os
import re
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec

from engine.core.model import Struct
from engine.log.files import UNFINISHED_SUFFIX, sync_directory, write_file
from engine.log.mark import Mark
from engine.log.port import LogError
from engine.log.recovery import MARK_FILE

SCHEMA = 2
"""The layout that this Holdfast writes, and the newest that it reads."""
NODE_FILE = "node.json"
_UNUSED_NAMES = (MARK_FILE, MARK_FILE + UNFINISHED_SUFFIX)
"""What a shard's directory holds before its log was ever opened."""
_SHARD_NAME = re.compile(r"shard-\d{3}")


class Layout(Struct, frozen=True):
    """What `node.json` says. `history` is eight hex digits, made up when the directory is; `epoch`
    is another, higher one after each restore and reshard; cursors carry both. `past` gives, for
    each earlier epoch of the history, the position at which it ended here, by shard."""

    history: str
    epoch: int
    shards: int
    schema: int = SCHEMA
    past: dict[int, tuple[int, ...]] = msgspec.field(default_factory=dict)


class _NodeFile(msgspec.Struct, forbid_unknown_fields=True):
    schema: int
    history: str
    epoch: int
    shards: int
    checksum: str
    past: dict[int, tuple[int, ...]] = msgspec.field(default_factory=dict)


def shard_directory(data_dir: Path, shard: int) -> Path:
    """Where the log of a shard lies."""
    return Path(data_dir) / f"shard-{shard:03d}"


def open_layout(data_dir: Path, shards: int) -> Layout:
    """Open the data directory, or make it if it is missing or empty: `node.json` and, for each of
    the `shards`, a directory with a mark, so that its log can be opened with `create=False`.
    LogError if it belongs to a newer Holdfast, to another number of shards or to something else, or
    if it is damaged."""
    data_dir = Path(data_dir)
    if not 1 <= shards <= 999:
        raise ValueError(f"shards is {shards}, the limit is 1 to 999")
    try:
        if not (data_dir / NODE_FILE).exists():
            return _create(data_dir, shards)
    except OSError as error:
        raise LogError(f"the data directory {data_dir} cannot be made: {error}") from error
    layout = read_layout(data_dir)
    if layout.shards != shards:
        raise LogError(
            f"{data_dir} has {layout.shards} shards, {shards} asked for: resharding is an "
            "explicit offline step"
        )
    return layout


def read_layout(data_dir: Path) -> Layout:
    """What the data directory says it is. LogError as for `open_layout`; nothing is made."""
    data_dir = Path(data_dir)
    path = data_dir / NODE_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise LogError(
            f"{data_dir} is no Holdfast data directory: it has no {NODE_FILE}"
        ) from error
    except OSError as error:
        raise LogError(f"{path} cannot be read: {error}") from error
    layout = _decode(path, data)
    for shard in range(layout.shards):
        directory = shard_directory(data_dir, shard)
        if not (directory / MARK_FILE).exists():
            raise LogError(
                f"{directory} has no high-water mark although {path} names {layout.shards} shards: "
                "it was removed, or is not mounted"
            )
    return layout


def _decode(path: Path, data: bytes) -> Layout:
    try:
        fields: Any = msgspec.json.decode(data)
        schema = fields["schema"]
        other = type(schema) is int and schema != SCHEMA
        node = None if other else msgspec.convert(fields, _NodeFile, str_keys=True)
    except (
        msgspec.MsgspecError,
        UnicodeDecodeError,
        LookupError,
        TypeError,
        RecursionError,
    ) as error:
        raise LogError(f"{path} is damaged or not of Holdfast: {error}") from error
    if node is None and schema < SCHEMA:
        raise LogError(
            f"{path} was written by a Holdfast from before its first release (schema {schema}, "
            f"this one reads {SCHEMA}): start with a new directory"
        )
    if node is None:
        # Before everything else: a newer one may well have other fields and another checksum.
        raise LogError(
            f"{path} was written by a newer Holdfast (schema {schema}, this one reads up to "
            f"{SCHEMA})"
        )
    layout = Layout(node.history, node.epoch, node.shards, node.schema, node.past)
    if node.checksum != _checksum(layout):
        raise LogError(f"{path} is damaged: its checksum is not that of its content")
    return layout


def _checksum(layout: Layout) -> str:
    fields = f"{layout.schema} {layout.history} {layout.epoch} {layout.shards}"
    fields += "".join(f" {epoch}:{ends}" for epoch, ends in sorted(layout.past.items()))
    return f"{crc32(fields.encode()):08x}"


def _create(data_dir: Path, shards: int) -> Layout:
    """Make the directory, or finish making it if a crash came between."""
    return make_directory(data_dir, Layout(history=new_history(), epoch=1, shards=shards))


def new_history() -> str:
    """The name of a history that there was none of."""
    return os.urandom(4).hex()


def make_directory(data_dir: Path, layout: Layout) -> Layout:
    """Make an empty directory, or one that this began with, into that of a layout whose shards have
    no event yet. LogError if it holds anything else."""
    prepare_directory(data_dir)
    for shard in range(layout.shards):
        directory = shard_directory(data_dir, shard)
        directory.mkdir(exist_ok=True)
        # A mark from before a crash was never used: nothing opens a log before node.json is there.
        (directory / MARK_FILE).unlink(missing_ok=True)
        Mark.create(directory / MARK_FILE).close()
    write_layout(data_dir, layout)
    return layout


def prepare_directory(data_dir: Path) -> None:
    """Make a directory, unless it is there and holds nothing that is anybody's. LogError if it
    does."""
    data_dir.mkdir(parents=True, exist_ok=True)
    strange = sorted(path.name for path in data_dir.iterdir() if not _is_unfinished(path))
    if strange:
        raise LogError(
            f"{data_dir} is not empty and has no {NODE_FILE}: it holds {', '.join(strange[:5])}; "
            "give Holdfast a directory of its own"
        )


def _is_unfinished(path: Path) -> bool:
    """Whether a crash while making the directory may have left this: nothing was ever in it."""
    if path.name == NODE_FILE + UNFINISHED_SUFFIX:
        return True
    return (
        _SHARD_NAME.fullmatch(path.name) is not None
        and path.is_dir()
        and all(inner.name in _UNUSED_NAMES for inner in path.iterdir())
    )


def write_layout(data_dir: Path, layout: Layout) -> None:
    """Write `node.json`: from now on the directory is complete. OSError if that fails."""
    checksum = _checksum(layout)
    node = _NodeFile(
        layout.schema, layout.history, layout.epoch, layout.shards, checksum, layout.past
    )
    write_file(data_dir / NODE_FILE, msgspec.json.format(msgspec.json.encode(node)) + b"\n")
    sync_directory(data_dir.parent)
