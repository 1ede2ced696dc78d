"""A data directory made from a backup. It goes on with the same history in a new epoch: whatever
the old node had recorded after the backup is another future, and its cursors are turned away."""

import time
from pathlib import Path

from engine.archive.backup import (
    BackupError,
    Manifest,
    copy,
    read_manifest,
    reading,
    require_empty,
    sync_directories,
)
from engine.feed.sqlite_subscriptions import FILE as SUBSCRIPTIONS_FILE
from engine.feed.subscription_mark import mark_as_it_is
from engine.feed.subscription_store import StoreError
from engine.log.layout import Layout, shard_directory, write_layout
from engine.log.port import LogError
from engine.log.rocks import RocksLog

_FIRST_EPOCHS_S = 1_577_836_800
"""2020-01-01, from which epochs count seconds: they fit into a cursor until 2051."""


def next_epoch(epoch: int, now_s: float | None = None) -> int:
    """An epoch after one, which no other restore of the same backup gets: it is made of the time.
    Epochs that only counted would give two restores of one backup the same number, and the cursors
    and reservation ids of the first would be taken for those of the second."""
    return max(epoch + 1, int(time.time() if now_s is None else now_s) - _FIRST_EPOCHS_S)


def restore(backup: Path, data_dir: Path) -> Layout:
    """Make a data directory from a backup: every file is compared with the manifest, and every log
    is opened once. BackupError if the backup is not whole, or the directory not empty; LogError if
    a log cannot be trusted. The directory is complete once this returns; before, no node starts
    from it."""
    manifest = read_manifest(backup)
    with reading(backup):
        _require_sizes(backup, manifest)
        require_empty(data_dir)
        for entry in manifest.files:
            copied = copy(backup / entry.path, data_dir / entry.path, entry.path)
            if copied != entry:
                raise BackupError(
                    f"{backup / entry.path} is damaged: its checksum is not that of the manifest"
                )
        if (data_dir / SUBSCRIPTIONS_FILE).exists():
            _mark_subscriptions(data_dir / SUBSCRIPTIONS_FILE)
        ends = tuple(_open_once(data_dir, shard, manifest) for shard in range(len(manifest.shards)))
        before = manifest.layout
        layout = Layout(
            before.history,
            next_epoch(before.epoch),
            before.shards,
            past={**before.past, before.epoch: ends},
        )
        write_layout(data_dir, layout)
    return layout


def _require_sizes(backup: Path, manifest: Manifest) -> None:
    """See first whether all files are there, which takes no time."""
    for entry in manifest.files:
        path = backup / entry.path
        size = path.stat().st_size if path.is_file() else -1
        if size != entry.bytes:
            what = "is missing" if size < 0 else f"has {size} bytes, not {entry.bytes}"
            raise BackupError(f"the backup is not whole: {path} {what}")


def _mark_subscriptions(path: Path) -> None:
    """What the backup has of subscriptions is all there is, from now on."""
    try:
        mark_as_it_is(path)
    except StoreError as error:
        raise BackupError(str(error)) from error


def _open_once(data_dir: Path, shard: int, manifest: Manifest) -> int:
    """Recover a shard's log. Return its last position, where the epoch ends."""
    directory = shard_directory(data_dir, shard)
    sync_directories(directory)
    log = RocksLog(directory, create=False)
    try:
        position = log.head.position
    finally:
        log.close()
    stated = manifest.shards[shard].position
    if position < stated:
        raise LogError(f"{directory} ends at {position}, where the backup says {stated}")
    return position
