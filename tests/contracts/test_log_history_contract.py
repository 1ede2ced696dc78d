"""What every log keeps of the past: states by version, position and time, and the groups of a
reservation."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.events import StockReceived
from engine.core.model import Key, Stock
from engine.log.memory import MemoryLog
from engine.log.port import Changes, Group, HistoryEntry, Log
from engine.log.rocks import RocksLog
from tests.contracts.log_backends import Backend
from tests.log.effort import per_hundred_examples
from tests.log.ledger import START_MS, Ledger

TEA = Key("", "TEA", "LONDON")
LIKE_TEA = [
    Key("", "TEA", "LONDON2"),
    Key("", "TEA", "LONDO"),
    Key("", "TEA", "LONDON\1"),
    Key("", "TE", "A"),
    Key("T", "EA", "LONDON"),
]
"""Keys whose names begin like another's."""


def _receive(ledger: Ledger, log: Log, *amounts: int) -> None:
    """A turn in which so many units of tea arrive one after the other."""
    for units in amounts:
        ledger.receive("TEA", units)
    ledger.append(log)


@pytest.fixture
def log(backend: Backend) -> Log:
    """Tea at positions 1 to 2, 4 to 6 and 8, other things in between."""
    ledger = Ledger()
    _receive(ledger, backend.log, 1, 2)
    ledger.receive("CUP", 50)
    ledger.append(backend.log)
    _receive(ledger, backend.log, 3, 4, 5)
    ledger.receive("CUP", 50)
    ledger.append(backend.log)
    _receive(ledger, backend.log, 6)
    return backend.log


FIRST = HistoryEntry(2, 2, Stock(on_hand=3, version=2, moved=3))
SECOND = HistoryEntry(5, 6, Stock(on_hand=15, version=5, moved=15))
THIRD = HistoryEntry(6, 8, Stock(on_hand=21, version=6, moved=21))


@pytest.mark.parametrize(
    ("version", "entry"),
    [(0, FIRST), (1, FIRST), (2, FIRST), (3, SECOND), (5, SECOND), (6, THIRD), (7, None)],
)
def test_a_version_is_found_in_the_group_that_made_it(
    log: Log, version: int, entry: HistoryEntry | None
) -> None:
    assert log.history(TEA, version) == entry


@pytest.mark.parametrize(
    ("position", "entry"),
    [
        (0, None),
        (1, None),
        (2, FIRST),
        (3, FIRST),
        (5, FIRST),
        (6, SECOND),
        (7, SECOND),
        (8, THIRD),
        (2**60, THIRD),
    ],
)
def test_a_position_has_the_last_group_up_to_it(
    log: Log, position: int, entry: HistoryEntry | None
) -> None:
    assert log.history_at(TEA, position) == entry


@pytest.mark.parametrize(
    ("seconds", "position"),
    [(-1, 0), (0, 2), (0.999, 2), (1, 3), (2.5, 6), (3, 7), (4, 8), (1_000_000, 8)],
)
def test_a_time_has_the_last_group_recorded_until_then(
    log: Log, seconds: float, position: int
) -> None:
    assert log.position_at(START_MS + int(seconds * 1_000)) == position


def test_an_empty_log_has_no_past(backend: Backend) -> None:
    assert backend.log.history(TEA, 1) is None
    assert backend.log.history_at(TEA, 9) is None
    assert backend.log.position_at(START_MS) == 0
    assert list(backend.log.reservation_groups("0a3-1-1")) == []


def test_groups_of_one_time_are_found_by_the_last(backend: Backend) -> None:
    ledger = Ledger()
    for now_ms in (5, 5, 5, 9, 9):
        ledger.now_ms = now_ms
        _receive(ledger, backend.log, 1)
    found = [backend.log.position_at(time_ms) for time_ms in (4, 5, 8, 9, 10)]
    assert found == [0, 3, 3, 5, 5]


def test_names_that_begin_alike_have_histories_of_their_own(backend: Backend) -> None:
    ledger = Ledger()
    keys = [TEA, *LIKE_TEA]
    for turn in range(3):
        for units, key in enumerate(keys, 1):
            ledger.commit(StockReceived(key, units + turn), command="Receive")
        ledger.append(backend.log)
    for units, key in enumerate(keys, 1):
        sums = [units, 2 * units + 1, 3 * units + 3]
        entries = [backend.log.history(key, version) for version in (1, 2, 3)]
        assert [entry.stock.on_hand for entry in entries if entry] == sums
        assert backend.log.history(key, 4) is None
        assert backend.log.history_at(key, len(keys) - 1) is None


def test_versions_beyond_one_byte_stay_in_order(backend: Backend) -> None:
    ledger = Ledger()
    for _ in range(20):
        _receive(ledger, backend.log, *[1] * 30)
    for version in (1, 30, 255, 256, 257, 600):
        entry = backend.log.history(TEA, version)
        assert entry is not None
        assert entry.version == -(-version // 30) * 30
        assert backend.log.history_at(TEA, version) == (
            entry
            if entry.position == version
            else backend.log.history(TEA, version - 30)
            if version > 30
            else None
        )


def test_the_groups_of_a_reservation_are_listed_both_ways(backend: Backend) -> None:
    ledger = Ledger()
    key = ledger.receive("TEA", 100)
    first = ledger.hold(key, 1)
    ledger.append(backend.log)
    other = ledger.hold(key, 1)
    ledger.append(backend.log)
    for _ in range(2):
        ledger.extend(first)
        ledger.append(backend.log)
    log = backend.reopen()
    assert list(log.reservation_groups(first)) == [3, 6, 7]
    assert list(log.reservation_groups(first, newest_first=True)) == [7, 6, 3]
    assert list(log.reservation_groups(first, after=3)) == [6, 7]
    assert list(log.reservation_groups(first, after=4)) == [6, 7]
    assert list(log.reservation_groups(first, after=7)) == []
    assert list(log.reservation_groups(first, newest_first=True, after=7)) == [6, 3]
    assert list(log.reservation_groups(first, newest_first=True, after=3)) == []
    assert list(log.reservation_groups(other)) == [5]
    assert list(log.reservation_groups(first[:-1])) == []


def test_a_crash_takes_the_past_that_was_not_flushed(backend: Backend) -> None:
    ledger = Ledger()
    _receive(ledger, backend.log, 1)
    backend.log.flush()
    kept = backend.log.history(TEA, 1)
    _receive(ledger, backend.log, 1)
    reservation_id = ledger.hold(TEA, 1)
    ledger.append(backend.log)
    log = backend.crash()
    assert log.history(TEA, 2) is None
    assert log.history_at(TEA, 9) == kept
    assert list(log.reservation_groups(reservation_id)) == []
    assert log.position_at(2 * START_MS) == 1


@given(turns=st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=5), max_size=12))
@per_hundred_examples(30)
def test_any_position_gives_the_state_that_its_events_add_up_to(
    tmp_path_factory: pytest.TempPathFactory, turns: list[list[int]]
) -> None:
    rocks = RocksLog(Path(tmp_path_factory.mktemp("log")) / "log")
    logs: list[Log] = [MemoryLog(), rocks]
    keys = [TEA, *LIKE_TEA[:2]]
    ledger = Ledger()
    ends: list[tuple[int, dict[Key, Stock]]] = [(0, {})]
    for turn in turns:
        for choice in turn:
            ledger.commit(StockReceived(keys[choice], 1 + choice), command="Receive")
        group, changes = ledger.turn()
        for log in logs:
            _append(log, group, changes)
        ends.append((group.last_position, dict(ledger.stock)))
    for position in range(ledger.next_position + 1):
        expected = [stocks for end, stocks in ends if end <= position][-1]
        for log in logs:
            for key in keys:
                entry = log.history_at(key, position)
                assert (entry.stock if entry else None) == expected.get(key)
    rocks.close()


def _append(log: Log, group: Group, changes: Changes) -> None:
    log.append(group, changes, group.first_position - 1)
