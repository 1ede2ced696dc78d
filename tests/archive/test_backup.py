"""Backups of directories that nobody uses, restores of them, and what is refused."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.archive.backup import MANIFEST_FILE, BackupError, back_up_stopped, read_manifest
from engine.archive.restore import next_epoch, restore
from engine.feed.cursor import Cursor, CursorForeign, own
from engine.log.layout import NODE_FILE, read_layout, shard_directory
from engine.log.port import LogError
from engine.log.rocks import RocksLog
from engine.log.verify import verify
from engine.shard.local import LocalShards
from tests.archive.histories import TEA, Past


@pytest.fixture
def past(tmp_path: Path) -> Past:
    past = Past(tmp_path / "data")
    past.live(5)
    past.forget()
    position = past.take_base()
    past.live(3)
    past.forget()
    assert past.log.drop(position)
    return past


def test_a_restored_directory_is_what_was_backed_up(past: Past, tmp_path: Path) -> None:
    head, tea, oldest = past.log.head, past.log.stock(TEA), past.log.oldest_position
    past.log.close()
    manifest, shared = back_up_stopped(past.data_dir, tmp_path / "backup")
    assert (manifest, shared) == (read_manifest(tmp_path / "backup"), 0)
    assert manifest.shards[0].position == head.position
    before = read_layout(past.data_dir)
    layout = restore(tmp_path / "backup", tmp_path / "restored")
    assert layout == read_layout(tmp_path / "restored")
    assert (layout.history, layout.past) == (before.history, {1: (head.position,)})
    assert verify(tmp_path / "restored").differences == []
    log = RocksLog(shard_directory(tmp_path / "restored", 0), create=False)
    assert (log.head, log.stock(TEA), log.oldest_position) == (head, tea, oldest)
    log.close()


def test_a_later_backup_shares_what_an_earlier_one_has(past: Past, tmp_path: Path) -> None:
    past.log.reclaim()
    past.log.close()
    back_up_stopped(past.data_dir, tmp_path / "monday")
    past.log = RocksLog(past.directory, create=False)
    past.live(2)
    head = past.log.head
    past.log.close()
    made = back_up_stopped(past.data_dir, tmp_path / "tuesday", tmp_path / "monday")
    largest = _largest(tmp_path / "monday")
    assert (tmp_path / "tuesday" / largest.relative_to(tmp_path / "monday")).samefile(largest)
    assert 0 < made.shared_bytes < made.manifest.size_bytes
    shutil.rmtree(tmp_path / "monday")
    restore(tmp_path / "tuesday", tmp_path / "restored")
    assert verify(tmp_path / "restored").differences == []
    log = RocksLog(shard_directory(tmp_path / "restored", 0), create=False)
    assert log.head == head
    log.close()


def _lose(backup: Path) -> None:
    _largest(backup).unlink()


def test_what_an_earlier_backup_has_damaged_is_copied_anew(past: Past, tmp_path: Path) -> None:
    past.log.reclaim()
    past.log.close()
    for number, damage in enumerate((_flip, _lose)):
        earlier, later = tmp_path / f"earlier-{number}", tmp_path / f"later-{number}"
        back_up_stopped(past.data_dir, earlier)
        damage(earlier)
        back_up_stopped(past.data_dir, later, earlier)
        restore(later, tmp_path / f"restored-{number}")
        assert verify(tmp_path / f"restored-{number}").differences == []


def test_what_is_no_backup_is_not_shared_with(past: Past, tmp_path: Path) -> None:
    past.log.close()
    with pytest.raises(BackupError, match="is no backup"):
        back_up_stopped(past.data_dir, tmp_path / "backup", past.data_dir)
    assert not (tmp_path / "backup").exists()


HOLD_OPEN = """
import sys
from pathlib import Path
from engine.log.rocks import RocksLog
log = RocksLog(Path(sys.argv[1]), create=False)
print("open", flush=True)
sys.stdin.read()
"""


def test_a_directory_in_use_is_not_copied(past: Past, tmp_path: Path) -> None:
    past.log.close()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_OPEN, str(past.directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(LogError, match="in use"):
            back_up_stopped(past.data_dir, tmp_path / "backup")
        assert not (tmp_path / "backup").exists()
        holder.communicate()


def test_nothing_is_written_over(past: Past, tmp_path: Path) -> None:
    past.log.close()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(BackupError, match=r"not empty: it holds file"):
        back_up_stopped(past.data_dir, tmp_path / "full")
    back_up_stopped(past.data_dir, tmp_path / "backup")
    with pytest.raises(BackupError, match="not empty"):
        restore(tmp_path / "backup", tmp_path / "full")


def _largest(backup: Path) -> Path:
    return max(backup.rglob("*.sst"), key=lambda path: path.stat().st_size)


def _flip(backup: Path) -> None:
    path = _largest(backup)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(bytes(data))


def _cut(backup: Path) -> None:
    path = _largest(backup)
    path.write_bytes(path.read_bytes()[:-1])


def _edit_manifest(backup: Path) -> None:
    path = backup / MANIFEST_FILE
    path.write_text(path.read_text().replace('"position": ', '"position": 1'))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_flip, "is damaged: its checksum is not that of the manifest"),
        (_cut, "is not whole"),
        (_lose, "is missing"),
        (lambda backup: (backup / MANIFEST_FILE).unlink(), "which is written last"),
        (_edit_manifest, "its checksum is not that of its content"),
        (lambda backup: (backup / MANIFEST_FILE).write_text("{"), "is damaged"),
    ],
)
def test_a_damaged_backup_is_refused_and_leaves_no_node(
    past: Past, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    past.log.reclaim()
    past.log.close()
    backup = tmp_path / "backup"
    back_up_stopped(past.data_dir, backup)
    damage(backup)
    with pytest.raises(BackupError, match=message):
        restore(backup, tmp_path / "restored")
    assert not (tmp_path / "restored" / NODE_FILE).exists()


def test_two_restores_of_one_backup_have_two_epochs() -> None:
    assert next_epoch(1, 1_700_000_000.0) != next_epoch(1, 1_700_000_001.0)
    assert next_epoch(900_000_000, 1_700_000_000.0) == 900_000_001


CURSORS = [
    ("1-0123abcd-7-0.9_1.9", 7),
    ("1-0123abcd-1-0.5_1.3", 7),
    ("1-0123abcd-1-1.3", 7),
    ("1-0123abcd-1-0.6_1.3", None),
    ("1-0123abcd-1-0.5_1.4", None),
    ("1-0123abcd-2-0.1", None),
    ("1-99999999-1-0.1", None),
    ("1-0123abcd-1-2.1", None),
]


@pytest.mark.parametrize(("text", "epoch"), CURSORS, ids=[text for text, _ in CURSORS])
async def test_cursors_of_a_past_epoch_are_good_as_far_as_it_goes(
    text: str, epoch: int | None
) -> None:
    shards = LocalShards(2, history="0123abcd", epoch=7)
    shards.past_epochs = {1: (5, 3)}
    cursor = Cursor.parse(text)
    if epoch is None:
        with pytest.raises(CursorForeign):
            own(cursor, text, shards)
    else:
        assert own(cursor, text, shards) == Cursor("0123abcd", epoch, cursor.positions)
