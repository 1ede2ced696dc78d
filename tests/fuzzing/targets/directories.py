"""What says whose a directory is: node.json, and the manifest of a backup."""

import msgspec

from engine.archive.backup import (
    FORMAT,
    MANIFEST_FILE,
    BackupError,
    FileEntry,
    Manifest,
    ShardEntry,
    read_manifest,
)
from engine.log.layout import NODE_FILE, Layout, read_layout, write_layout
from engine.log.port import LogError
from tests.fuzzing.targets.scratch import folder, scratch


def one_input(data: bytes) -> None:
    """The first byte says which of the two it is. Each is refused by its name, or says something;
    what node.json says is read the same when it is written again."""
    if not data:
        return
    if data[0] % 2:
        path = scratch(MANIFEST_FILE, data[1:])
        try:
            assert read_manifest(folder()).format <= FORMAT
        except BackupError as error:
            assert str(path) in str(error)
        return
    path = scratch(f"node/{NODE_FILE}", data[1:])
    try:
        layout = read_layout(path.parent)
    except LogError as error:
        assert str(path) in str(error)
        return
    write_layout(path.parent, layout)
    assert read_layout(path.parent) == layout


def examples() -> list[bytes]:
    """Both of them, and what looks like them."""
    directory = folder() / "example"
    directory.mkdir(exist_ok=True)
    layout = Layout("0123abcd", 3, 0, past={1: (5,), 2: (9,)})
    write_layout(directory, layout)
    node = (directory / NODE_FILE).read_bytes()
    shards, files = [ShardEntry(5, "ab" * 16)], [FileEntry("node.json", 3, "cd" * 32)]
    manifest = msgspec.json.encode(Manifest(FORMAT, "2026-01-01T00:00:00Z", layout, shards, files))
    sealed = msgspec.json.encode({"manifest": msgspec.Raw(manifest), "digest": "0" * 64})
    nested = b"[" * 3_000
    return [b"\0" + node, b"\1" + sealed, b"\0" + nested, b"\1" + nested, b"\0{}", b"\1{}"]
