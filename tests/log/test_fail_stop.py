"""One process has a log, and after a failure it has it no more."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.core.model import Key, Stock
from engine.log.port import LogError
from engine.log.rocks import UNLOADED_ENTRIES_MIN, RocksLog
from tests.log.ledger import Ledger, write_history


def test_a_second_opener_is_refused(tmp_path: Path) -> None:
    log = RocksLog(tmp_path / "log")
    write_history(log, 2)
    with pytest.raises(LogError, match=f"{tmp_path}/log/log is in use: is another holdfast"):
        RocksLog(tmp_path / "log")
    program = (
        "import sys; from pathlib import Path; from engine.log.rocks import RocksLog; "
        "RocksLog(Path(sys.argv[1]))"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "log")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 1
    assert "log is in use: is another holdfast running on it?" in outcome.stderr
    assert log.flush() == log.head.position
    log.close()
    RocksLog(tmp_path / "log").close()


@contextmanager
def _full_disk() -> Iterator[None]:
    """No file may grow beyond 64 KiB: every write after that fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _fails_from_now_on(log: RocksLog, ledger: Ledger) -> None:
    with pytest.raises(LogError):
        log.flush()
    with pytest.raises(LogError):
        log.stock(Key("", "TEA", "LONDON"))
    with pytest.raises(LogError):
        ledger.append(log)
    log.close()


def test_after_a_failed_append_nothing_works_and_a_restart_does(tmp_path: Path) -> None:
    log = RocksLog(tmp_path / "log")
    ledger = Ledger()
    acknowledged = 0
    message = f"{tmp_path}/log/log cannot be written: .*File too large"
    with _full_disk(), pytest.raises(LogError, match=message):  # noqa: PT012 - which one is open
        for _ in range(1_000):
            ledger.receive("TEA", 1)
            ledger.append(log)
            acknowledged = log.flush()
    assert acknowledged > 1
    _fails_from_now_on(log, ledger)
    log = RocksLog(tmp_path / "log")
    # The outcome of the failed append is unknown; that of the others is not.
    assert acknowledged <= log.head.position <= acknowledged + 1
    stock = log.stock(Key("", "TEA", "LONDON"))
    assert stock == Stock(
        on_hand=log.head.position, version=log.head.position, moved=log.head.position
    )
    log.close()


def test_after_a_failed_unloading_nothing_can_be_written(tmp_path: Path) -> None:
    log = RocksLog(tmp_path / "log")
    ledger = Ledger()
    for number in range(UNLOADED_ENTRIES_MIN // 2):
        ledger.receive(f"SKU-{number}", 1)
    ledger.append(log)
    acknowledged = log.flush()
    with _full_disk():
        log.unload()
    ledger.receive("TEA", 1)
    with pytest.raises(LogError, match=f"{tmp_path}/log/log cannot be written: .*File too large"):
        ledger.append(log)
    _fails_from_now_on(log, ledger)
    log = RocksLog(tmp_path / "log")
    assert log.head.position == acknowledged
    assert log.totals().stock_keys == acknowledged
    log.close()


def test_after_a_failed_flush_nothing_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = RocksLog(tmp_path / "log")
    ledger = write_history(log, 3)

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("engine.log.mark.os.fdatasync", fail)
    ledger.receive("TEA", 1)
    ledger.append(log)
    # Its mark is synced beside the next flush.
    log.flush()
    with pytest.raises(LogError, match=f"{tmp_path}/log/mark cannot be synced: .*Input/output"):
        log.flush()
    monkeypatch.undo()
    ledger.receive("TEA", 1)
    _fails_from_now_on(log, ledger)


def test_a_mark_whose_sync_failed_is_synced_when_the_log_is_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page cache has what the disk never got, and calls it clean: who reads it there and leaves
    it at that testifies after the next power cut to less than was acknowledged."""
    log = RocksLog(tmp_path / "log")
    ledger = write_history(log, 3)
    mark = (tmp_path / "log" / "mark").stat().st_ino
    sync = os.fdatasync
    synced: list[int] = []

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    def note(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    monkeypatch.setattr("engine.log.mark.os.fdatasync", fail)
    ledger.receive("TEA", 1)
    ledger.append(log)
    # Its mark is synced beside the next flush.
    log.flush()
    with pytest.raises(LogError, match="cannot be synced"):
        log.flush()
    log.close()
    monkeypatch.setattr("engine.log.mark.os.fdatasync", note)
    log = RocksLog(tmp_path / "log")
    assert mark in synced, "the mark was believed as the page cache had it"
    monkeypatch.undo()
    log.close()
