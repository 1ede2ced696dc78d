"""What waits in write buffers is written to tables when there is time: all of it together, and only
if it is worth a table; and what was read is forgotten."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from benchmarks.processes import memory
from engine.core.events import StockReceived
from engine.core.model import Key
from engine.log.layout import open_layout, shard_directory
from engine.log.rocks import UNLOADED_ENTRIES_MIN, RocksLog
from engine.log.store import MIB
from engine.log.verify import verify
from engine.shard.rest import give_memory_back
from tests.log.ledger import Ledger, write_history

TEA = Key("", "TEA", "LONDON")


@pytest.fixture
def log(tmp_path: Path) -> RocksLog:
    """The empty log of a node in the directory `data`."""
    open_layout(tmp_path / "data", 1)
    return RocksLog(shard_directory(tmp_path / "data", 0), create=False)


def _fill(log: RocksLog, ledger: Ledger) -> None:
    """Append what makes it worth it to write tables: two entries at least for each."""
    for number in range(UNLOADED_ENTRIES_MIN // 2):
        ledger.receive(f"SKU-{number}", 1)
    ledger.append(log)
    log.flush()


def _forget_what_is_in_no_table(data: Path) -> None:
    for path in (shard_directory(data, 0) / "log").glob("*.log"):
        path.unlink()


def test_emptied_buffers_need_no_write_ahead_log(log: RocksLog, tmp_path: Path) -> None:
    ledger = write_history(log)
    _fill(log, ledger)
    log.unload()
    image = shutil.copytree(tmp_path / "data", tmp_path / "image")
    log.close()
    _forget_what_is_in_no_table(image)
    report = verify(image)
    assert report.differences == []
    assert report.figures.events == ledger.next_position - 1


def test_a_little_is_not_worth_a_table(log: RocksLog, tmp_path: Path) -> None:
    write_history(log)
    log.unload()
    assert list((shard_directory(tmp_path / "data", 0) / "log").glob("*.sst")) == []
    log.close()


def test_what_is_appended_meanwhile_is_kept(log: RocksLog, tmp_path: Path) -> None:
    ledger = write_history(log)
    _fill(log, ledger)
    emptying = threading.Thread(target=log.unload)
    emptying.start()
    _fill(log, ledger)
    emptying.join()
    image = shutil.copytree(tmp_path / "data", tmp_path / "image")
    log.close()
    report = verify(image)
    assert report.differences == []
    assert report.figures.events == ledger.next_position - 1


def test_what_was_read_takes_no_memory_afterwards(log: RocksLog, tmp_path: Path) -> None:
    ledger = write_history(log)
    for number in range(128):
        request_id = f"{number}".zfill(MIB // 4)
        ledger.commit(StockReceived(TEA, 1), command="Receive", request_id=request_id)
        ledger.append(log)
    _fill(log, ledger)
    log.unload()
    for _ in log.read(1, 1 << 30, log.head.position):
        pass
    give_memory_back()
    used = memory(os.getpid()).anonymous
    log.unload()
    give_memory_back()
    assert used - memory(os.getpid()).anonymous > 16 * MIB
    assert len(log.read(1, 1 << 30, log.head.position)) > 128
    log.close()
