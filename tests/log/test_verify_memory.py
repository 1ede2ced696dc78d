"""Verification finds what is wrong with what the log remembers beside balances: indexes, history,
transfers, configuration, requests, attempts, and what shards tell each other."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rocksdict import WriteBatch

from engine.core import events
from engine.core.configuration import Component, Kit, Location
from engine.core.model import Key
from engine.log import relay
from engine.log.history import encode_number, stock_entry_key
from engine.log.index import promised_prefix
from engine.log.layout import open_layout, shard_directory
from engine.log.port import Heard
from engine.log.recovery import META_FORGOTTEN
from engine.log.rocks import RocksLog
from engine.log.store import Store
from engine.log.verify import Verdict, verify
from tests.log.ledger import START_MS, Ledger

TEA = Key("", "TEA", "LONDON")
PARIS = Key("", "TEA", "PARIS")
MUG = Key("", "MUG", "LONDON")
CART = "0a3-1-7"
Step = Callable[[WriteBatch, Store], None]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Two shards: shard 0 is the home of a basket with a line in shard 1, has sent a transfer, and
    has configured both."""
    open_layout(tmp_path / "data", 2)
    home = RocksLog(shard_directory(tmp_path / "data", 0), create=False)
    other = RocksLog(shard_directory(tmp_path / "data", 1), create=False)
    at_home, elsewhere = Ledger(others=(1,)), Ledger()
    configured = (
        events.LocationsConfigured("", (Location("LONDON", groups=("UK",)),)),
        events.KitDefined("", Kit("SET", (Component("TEA", 2),))),
    )
    at_home.receive("TEA", 10)
    at_home.commit(*configured, command="Configure", request_id="configure")
    at_home.commit(
        events.TransferSent(TEA, "T1", "PARIS", 4),
        events.TransferExpected(PARIS, "T1", "LONDON", 4),
        command="SendTransfer",
        request_id="send",
    )
    at_home.append(home)
    elsewhere.receive("MUG", 5)
    elsewhere.commit(configured[0], command="Hear", heard=Heard(0, 2))
    elsewhere.commit(configured[1], command="Hear", heard=Heard(0, 3))
    _prepare(elsewhere, "boot-1")
    elsewhere.append(other)
    held = events.StockHeld(MUG, CART, "2", 2)
    at_home.commit(
        events.ReservationCreated(CART, "", "order-9", "", "Ann", START_MS + 300_000),
        events.StockHeld(TEA, CART, "1", 1),
        events.LinesTold(CART, "", 1, "boot-1", (held,)),
        request_id="reserve",
    )
    at_home.commit(events.LinesTold("", "", 1, "boot-2"), command="Inquire")
    at_home.append(home)
    _hear(elsewhere, "boot-1", Heard(0, 8), held)
    _prepare(elsewhere, "boot-3")
    elsewhere.append(other)
    home.acknowledge({1: (3, [2, 3])})
    home.forget_requests(START_MS + 500, 2)
    home.close()
    other.close()
    return tmp_path / "data"


def _prepare(ledger: Ledger, attempt_id: str) -> None:
    prepared = events.BasketPrepared(attempt_id, "", 0, "", "", "Ann", START_MS + 1_000)
    ledger.commit(prepared, events.StockHeld(MUG, attempt_id, "2", 2), command="Prepare")


def _hear(ledger: Ledger, attempt_id: str, heard: Heard, *told: events.Event) -> None:
    ledger.commit(
        events.BasketResolved(attempt_id, "", 0),
        events.HoldReleased(MUG, attempt_id, "2", 2),
        events.ReservationJoined(CART, "", 0, "order-9", "", "Ann"),
        *told,
        command="Hear",
        heard=heard,
    )


def test_what_several_shards_remember_is_clean(data_dir: Path) -> None:
    report = verify(data_dir)
    assert report.differences == []
    figures = report.figures
    # One basket, though two shards have lines of it; its attempt is no basket.
    assert figures.reservations == {"HELD": 1}
    assert (figures.transfers, figures.held) == (1, 5)
    # Of three requests at home and one in the other shard the first two are forgotten.
    assert figures.requests == 3


def _put(shard: int, family: str, key: bytes, value: bytes = b"") -> tuple[int, Step]:
    return shard, lambda batch, store: batch.put(key, value, store.handles[family])


def _delete(shard: int, family: str, key: bytes) -> tuple[int, Step]:
    return shard, lambda batch, store: batch.delete(key, store.handles[family])


def _drop_first(shard: int, family: str, prefix: bytes = b"") -> tuple[int, Step]:
    def drop(batch: WriteBatch, store: Store) -> None:
        batch.delete(next(store.scan(family, prefix))[0], store.handles[family])

    return shard, drop


HELD_ENTRY = promised_prefix(TEA, allocated=False) + encode_number(5) + b"0a3-1-1"

TAMPERINGS: list[tuple[str, tuple[int, Step], str]] = [
    ("a missing index entry", _drop_first(0, "index"), "shard 0, index: b'c\\x00MUG"),
    ("an extra one", _put(0, "index", HELD_ENTRY), "0a3-1-1' is stored, the log has none"),
    (
        "a missing version",
        _delete(0, "history", stock_entry_key(TEA, 2)),
        "shard 0, history: version 2 of 'TEA' at 'LONDON' is missing",
    ),
    (
        "a changed version",
        _put(0, "history", stock_entry_key(TEA, 2), b"other"),
        "shard 0, history: version 2 of 'TEA' at 'LONDON' is not what the log gives",
    ),
    (
        "an extra version",
        _put(0, "history", stock_entry_key(TEA, 9), b"other"),
        "shard 0, history: 1 entries more are stored",
    ),
    (
        "a missing group of a reservation",
        _drop_first(0, "history", b"r"),
        "shard 0, history: 0a3-1-7 at 9 is missing",
    ),
    ("a missing transfer", _drop_first(0, "transfers"), "T1 is missing, the log gives Transfer"),
    ("missing configuration", _drop_first(1, "configuration"), "shard 1, configuration: b'k"),
    (
        "extra configuration",
        _put(1, "configuration", b"c\0TEA", b"?"),
        "shard 1, configuration: b'c\\x00TEA' is stored, the log has none",
    ),
    ("a missing attempt", _drop_first(0, "attempts"), "shard 0, attempts: b'boot-1' is missing"),
    (
        "an attempt decided otherwise",
        _put(0, "attempts", b"boot-1", encode_number(9) + b"\0"),
        "shard 0, attempts: b'boot-1' is stored as",
    ),
    (
        "an attempt that is still there",
        _put(1, "reservations", b"boot-1", b"\x93\xa1a\xa0\x01"),
        "shard 1, reservations: boot-1 is stored, the log has none",
    ),
    ("something not told", _drop_first(0, "relay", b"o"), "shard 0, relay: b'o"),
    (
        "something told again",
        _put(0, "relay", relay.tell_key(1, 2)),
        "\\x02' is stored, the log has none",
    ),
    (
        "what was heard",
        _put(1, "relay", relay.heard_key(0), encode_number(7)),
        "shard 1, relay: b'h",
    ),
    (
        "more acknowledged than was heard",
        _put(0, "relay", relay.told_key(1), encode_number(9)),
        "shard 1 has heard shard 0 up to 8, which ends at 9 and was told that it was heard up to 9",
    ),
    (
        "a request forgotten too early",
        _put(0, "meta", META_FORGOTTEN, encode_number(1)),
        "shard 0, requests: b'\\x00\\x00\\x00configure' is missing",
    ),
    (
        "a request that should be forgotten",
        _put(0, "meta", META_FORGOTTEN, encode_number(5)),
        "shard 0, requests: b'\\x00\\x00\\x00send' is stored, the log has none",
    ),
]


@pytest.mark.parametrize(
    ("tampering", "found"),
    [(tampering, found) for _, tampering, found in TAMPERINGS],
    ids=[name for name, _, _ in TAMPERINGS],
)
def test_changed_memory_is_found(data_dir: Path, tampering: tuple[int, Step], found: str) -> None:
    shard, tamper = tampering
    store = Store(shard_directory(data_dir, shard) / "log")
    batch = WriteBatch(raw_mode=True)
    tamper(batch, store)
    store.write(batch)
    store.close()
    report = verify(data_dir)
    assert report.verdict is Verdict.DAMAGED
    assert any(found in difference for difference in report.differences), report.differences


def test_what_was_heard_twice_is_found(data_dir: Path) -> None:
    log = RocksLog(shard_directory(data_dir, 1))
    ledger = Ledger(next_position=log.head.position + 1, now_ms=log.head.recorded_at_ms)
    stock = log.stock(MUG)
    assert stock is not None
    ledger.stock[MUG] = stock
    ledger.commit(events.StockReceived(MUG, 1), command="Hear", heard=Heard(0, 8))
    group, changes = ledger.turn()
    log.append(group, changes, log.head.position)
    log.close()
    report = verify(data_dir)
    found = "shard 1, position 12: what shard 0 told at 8 took effect before"
    assert found in report.differences
