"""What the mark testifies after a power cut: all but the last flush, and that too once what follows
it is done."""

import os
import shutil
import threading
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


def test_what_follows_a_flush_syncs_its_mark_and_the_next_flush_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, released = threading.Event(), threading.Event()
    sync = os.fdatasync
    order: list[str] = []

    def held_back(descriptor: int) -> None:
        begun.set()
        assert released.wait(10)
        sync(descriptor)
        order.append(f"synced {_marked(tmp_path / 'log' / 'mark')}")

    def flush() -> None:
        order.append(f"flushed {log.flush()}")

    log = RocksLog(tmp_path / "log")
    ledger = write_history(log, TURNS)
    ledger.receive("TEA", 1)
    ledger.append(log)
    position = log.flush()
    monkeypatch.setattr("engine.log.mark.os.fdatasync", held_back)
    log.follow_up()
    assert begun.wait(10), "nobody has begun to sync the mark"
    ledger.receive("TEA", 1)
    ledger.append(log)
    flushing = threading.Thread(target=flush)
    flushing.start()
    released.set()
    flushing.join()
    assert order == [f"synced {position}", f"flushed {position + 1}"]
    monkeypatch.undo()
    log.close()


def _marked(path: Path) -> int:
    head = read_mark(path)
    assert head is not None
    return head.position
