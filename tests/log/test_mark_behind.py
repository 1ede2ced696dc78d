"""What the mark testifies after a power cut: all but the last flush."""

import os
import shutil
from pathlib import Path

import pytest

from engine.log.mark import read_mark
from engine.log.rocks import RocksLog
from tests.log.images import Image, open_cut, record_boundaries, wal_of
from tests.log.ledger import write_history

TURNS = 12


def test_after_a_power_cut_the_mark_is_a_flush_behind_and_misses_all_but_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark on the disk, as each flush returns; and which ends of the log it takes for whole."""
    path = tmp_path / "log" / "mark"
    on_disk: list[bytes] = [b""]
    sync = os.fdatasync

    def note(descriptor: int) -> None:
        sync(descriptor)
        on_disk[0] = path.read_bytes()

    monkeypatch.setattr("engine.log.mark.os.fdatasync", note)
    log = RocksLog(tmp_path / "log")
    ledger = write_history(log, TURNS)
    begin = log.flush()
    for position in range(begin + 1, begin + 1 + TURNS):
        ledger.receive("TEA", 1)
        ledger.append(log)
        assert log.flush() == position
        cut = tmp_path / "cut"
        cut.write_bytes(on_disk[0])
        assert [_marked(cut), _marked(path)] == [position - 1, position]
    image = shutil.copytree(tmp_path / "log", tmp_path / "image")
    (image / "mark").write_bytes(on_disk[0])
    log.close()
    after_cut = Image(image, ledger, begin + TURNS - 1)
    wal = wal_of(image).read_bytes()
    ends = [open_cut(after_cut, tmp_path / "copy", wal, end) for end in record_boundaries(wal)]
    assert ends[-2:] == [begin + TURNS - 1, begin + TURNS]
    assert not any(ends[:-2])


def _marked(path: Path) -> int:
    head = read_mark(path)
    assert head is not None
    return head.position
