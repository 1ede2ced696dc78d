"""Verification finds nothing in a sound directory, and every kind of difference in another."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from rocksdict import WriteBatch

from engine.core import events
from engine.core.model import Key, Stock
from engine.log import codec
from engine.log.layout import open_layout, shard_directory
from engine.log.mark import Mark
from engine.log.port import GENESIS_HASH, Group, Head, LogError, Totals
from engine.log.recovery import META_HEAD, META_TOTALS, POSITION
from engine.log.rocks import RocksLog
from engine.log.store import Store
from engine.log.verify import Report, Verdict, verify
from tests.log.ledger import Ledger, write_history

TEA = Key("", "TEA", "LONDON")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Two shards with a history each that has every kind of record."""
    open_layout(tmp_path / "data", 2)
    for shard in range(2):
        log = RocksLog(shard_directory(tmp_path / "data", shard), create=False)
        ledger = write_history(log, turns=6 + shard)
        _end_a_hold(ledger, log)
        log.close()
    return tmp_path / "data"


def _end_a_hold(ledger: Ledger, log: RocksLog) -> None:
    expired, committed, *_ = ledger.reservations
    for reservation_id, kind in ((expired, events.HoldExpired), (committed, events.HoldCommitted)):
        line = ledger.reservations[reservation_id].lines[0]
        moved = kind(line.key, reservation_id, line.line_id, line.held)
        if kind is events.HoldExpired:
            ledger.commit(events.ReservationExpired(reservation_id), moved, command="Expire")
        else:
            ledger.commit(moved, command="Commit", request_id="commit")
    ledger.append(log)


def test_a_sound_directory_is_clean_and_its_figures_are_told(data_dir: Path) -> None:
    before = {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    report = verify(data_dir)
    assert (report.verdict, report.difference_count, report.differences) == (Verdict.CLEAN, 0, [])
    figures = report.figures
    assert (figures.shards, figures.groups) == (2, 7 + 8)
    # Three receipts, two holds of two events in each further turn, and the ends of two holds.
    assert figures.events == (3 + 5 * 4 + 3) + (3 + 6 * 4 + 3)
    assert figures.commits == (3 + 5 * 2 + 2) + (3 + 6 * 2 + 2)
    assert (figures.stock_keys, figures.on_hand) == (6, 6_000)
    assert figures.reservations == {"COMMITTED": 2, "EXPIRED": 2, "HELD": 18}
    assert figures.requests == figures.commits - 2
    assert figures.held > 0
    assert figures.allocated == 4
    assert figures.bytes > 1_000
    assert figures.seconds > 0
    assert figures.events_per_second > 0
    changed = [path for path, data in before.items() if path.read_bytes() != data]
    assert [path.name for path in changed if not path.name.startswith("LOG")] == []


def test_a_directory_whose_shards_were_never_opened_is_clean(tmp_path: Path) -> None:
    open_layout(tmp_path, 3)
    report = verify(tmp_path)
    assert report.verdict is Verdict.CLEAN
    assert report.figures.events == 0


def test_what_a_killed_process_leaves_is_clean(data_dir: Path, tmp_path: Path) -> None:
    log = RocksLog(shard_directory(data_dir, 0))
    ledger = Ledger(next_position=log.head.position + 1, now_ms=log.head.recorded_at_ms)
    stock = log.stock(TEA)
    assert stock is not None
    ledger.stock[TEA] = stock
    ledger.written = 500
    ledger.receive("TEA", 0)
    group, changes = ledger.turn()
    changes.totals = log.totals()
    log.append(group, changes, log.head.position)
    shutil.copytree(data_dir, tmp_path / "image")
    log.close()
    assert verify(tmp_path / "image").differences == []


def test_a_directory_in_use_is_left_alone(data_dir: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from engine.log.rocks import RocksLog; "
        "log = RocksLog(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(shard_directory(data_dir, 1))],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"open\n"
        with pytest.raises(LogError, match="shard-001 is in use: stop the holdfast"):
            verify(data_dir)
        holder.stdin.close()
    assert verify(data_dir).verdict is Verdict.CLEAN


def test_what_is_no_data_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="is no Holdfast data directory"):
        verify(tmp_path)


# Stored state, changed behind the log's back.


def _put(family: str, key: bytes, value: bytes) -> Callable[[WriteBatch, Store], None]:
    return lambda batch, store: batch.put(key, value, store.handles[family])


def _delete(family: str, key: bytes) -> Callable[[WriteBatch, Store], None]:
    return lambda batch, store: batch.delete(key, store.handles[family])


def _first_key(store: Store, family: str) -> bytes:
    return next(store.scan(family))[0]


def _swap(batch: WriteBatch, store: Store) -> None:
    first, second = list(store.scan("stock"))[:2]
    batch.put(first[0], second[1], store.handles["stock"])
    batch.put(second[0], first[1], store.handles["stock"])


def _release_first_reservation(batch: WriteBatch, store: Store) -> None:
    key, value = next(store.scan("reservations"))
    changed = replace(codec.decode_reservation(value), lines=())
    batch.put(key, codec.encode_state(changed), store.handles["reservations"])


def _rehash_first_request(batch: WriteBatch, store: Store) -> None:
    key, value = next(store.scan("requests"))
    changed = replace(codec.decode_request(value), content_hash=b"other")
    batch.put(key, codec.encode_state(changed), store.handles["requests"])


def _drop_first(family: str) -> Callable[[WriteBatch, Store], None]:
    return lambda batch, store: batch.delete(_first_key(store, family), store.handles[family])


TAMPERINGS: list[tuple[str, Callable[[WriteBatch, Store], None], str]] = [
    (
        "a balance",
        _put("stock", codec.encode_key(TEA), codec.encode_state(Stock(on_hand=5))),
        "shard 0, stock: Key(tenant='', sku='TEA', location='LONDON') is stored as",
    ),
    ("swapped stock", _swap, "shard 0, stock: Key(tenant='', sku='CUP'"),
    (
        "missing stock",
        _delete("stock", codec.encode_key(TEA)),
        "sku='TEA', location='LONDON') is missing",
    ),
    (
        "extra stock",
        _put("stock", b"\0GOLD\0LONDON", codec.encode_state(Stock())),
        "sku='GOLD', location='LONDON') is stored, the log has none",
    ),
    ("garbage for stock", _put("stock", codec.encode_key(TEA), b"\xc1"), "are no stock"),
    ("a reservation", _release_first_reservation, "shard 0, reservations: 0a3-1-"),
    ("missing reservation", _drop_first("reservations"), "is missing, the log gives Reservation"),
    ("a request", _rehash_first_request, "shard 0, requests: b'"),
    ("missing request", _drop_first("requests"), "is missing, the log gives RequestRecord"),
    ("missing timer", _drop_first("timers"), "shard 0, timers: (1700000"),
    (
        "extra timer",
        _put("timers", codec.encode_timer(5, "0a3-1-1"), b""),
        "shard 0, timers: (5, '0a3-1-1') is stored, the log has none",
    ),
    (
        "totals",
        _put("meta", META_TOTALS, codec.encode_totals(Totals(on_hand=1))),
        "shard 0, totals: Totals(stock_keys=0, on_hand=1",
    ),
    ("the head", _put("meta", META_HEAD, POSITION.pack(3)), "shard 0, head: 3 is stored"),
]


@pytest.mark.parametrize(
    ("tamper", "found"),
    [(tamper, found) for _, tamper, found in TAMPERINGS],
    ids=[name for name, _, _ in TAMPERINGS],
)
def test_changed_state_is_found(
    data_dir: Path, tamper: Callable[[WriteBatch, Store], None], found: str
) -> None:
    store = Store(shard_directory(data_dir, 0) / "log")
    batch = WriteBatch(raw_mode=True)
    tamper(batch, store)
    store.write(batch)
    store.close()
    _expect(verify(data_dir), found)


# Histories that cannot be, each correctly chained and with the state that follows from them.


def _change_group(data_dir: Path, position: int, change: Callable[[Group], Group | None]) -> None:
    """Change, or drop, the group that ends at `position`, as it is stored."""
    store = Store(shard_directory(data_dir, 0) / "log")
    key = POSITION.pack(position)
    value = store.get("log", key)
    assert value is not None
    changed = change(codec.decode_group(value[16:]))
    batch = WriteBatch(raw_mode=True)
    if changed is None:
        batch.delete(key, store.handles["log"])
    else:
        batch.put(key, value[:16] + codec.encode_group(changed), store.handles["log"])
    store.write(batch)
    store.close()


def test_a_dropped_group_is_found(data_dir: Path) -> None:
    _change_group(data_dir, 7, lambda _group: None)
    _expect(verify(data_dir), "shard 0, position 8: the group should begin at 4")


def test_a_changed_group_is_found(data_dir: Path) -> None:
    _change_group(data_dir, 7, lambda group: replace(group, recorded_at_ms=1))
    report = verify(data_dir)
    _expect(report, "shard 0, position 7: the chain of hashes is broken")
    _expect(report, "shard 0, position 7: engine time goes backwards")


def test_a_group_stored_under_another_position_is_found(data_dir: Path) -> None:
    _change_group(data_dir, 7, lambda group: replace(group, commits=group.commits[:1]))
    _expect(verify(data_dir), "shard 0, position 7: the group ends at 5")


def test_a_mark_beyond_the_log_or_of_another_history_is_found(data_dir: Path) -> None:
    path = shard_directory(data_dir, 0) / "mark"
    mark = Mark(path)
    head = mark.head
    mark.write(Head(head.position + 7, head.chain_hash, 0))
    found = f"the log ends at {head.position} but {head.position + 7} was acknowledged"
    _expect(verify(data_dir), found)
    mark.write(Head(head.position, GENESIS_HASH, 0))
    _expect(verify(data_dir), "the group is not the one that was acknowledged")
    mark.close()


def test_a_missing_mark_database_or_table_is_found(data_dir: Path) -> None:
    folder = shard_directory(data_dir, 0)
    for table in (folder / "log").glob("*.sst"):
        table.unlink()
    _expect(verify(data_dir), f"{folder}/log cannot be opened")
    shutil.rmtree(folder / "log")
    _expect(verify(data_dir), f"{folder}/log holds no RocksDB")


def _expect(report: Report, found: str) -> None:
    assert report.verdict is Verdict.DAMAGED
    assert any(found in difference for difference in report.differences), report.differences
