"""What every log does. Each test runs against the in-memory twin and against RocksDB."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.events import HoldExpired, ReservationExpired, StockReceived
from engine.core.limits import BALANCE_MAX
from engine.core.model import Key, Stock
from engine.log.codec import decode_group, encode_group
from engine.log.memory import MemoryLog
from engine.log.port import (
    GENESIS_HASH,
    Group,
    Head,
    HeadMoved,
    Log,
    LogError,
    RequestRecord,
    Totals,
)
from engine.log.rocks import RocksLog
from tests.contracts.log_backends import Backend
from tests.log.ledger import START_MS, Ledger, empty_changes, write_history


def test_a_new_log_is_empty(backend: Backend) -> None:
    log = backend.log
    assert log.head == Head(0, GENESIS_HASH, 0)
    assert log.oldest_position == 1
    assert log.read(1, 1_000_000, 1_000) == []
    assert log.totals() == Totals()
    assert list(log.timers()) == []
    assert log.locations("", "TEA") == []
    assert log.stock(Key("", "TEA", "LONDON")) is None
    assert log.reservation("0a3-1-1") is None
    assert log.request(b"key") is None
    assert log.flush() == 0


def test_what_is_appended_is_read_back(backend: Backend) -> None:
    ledger = Ledger()
    key = ledger.receive("TEA", 10)
    reservation_id = ledger.hold(key, 3)
    group, changes = ledger.turn()
    body = backend.log.append(group, changes, 0)

    assert body == encode_group(group)
    assert backend.log.read(1, 0, 3) == [body]
    assert backend.log.head.position == 3
    assert backend.log.head.recorded_at_ms == START_MS
    assert backend.log.stock(key) == Stock(on_hand=10, held=3, version=2, moved=10)
    assert backend.log.reservation(reservation_id) == ledger.reservations[reservation_id]
    assert backend.log.request(b"\0\0\0reserve-2") == RequestRecord(
        b"content of it   ", 2, START_MS
    )
    assert list(backend.log.timers()) == [(START_MS + 300_000, reservation_id)]
    assert backend.log.totals() == Totals(1, 10, 3, 0, 1)
    assert backend.log.size_bytes() > 0


def test_sums_beyond_64_bits_are_kept(backend: Backend) -> None:
    ledger = Ledger()
    ledger.receive("TEA", 1)
    group, changes = ledger.turn()
    totals = Totals(20_000, 20_000 * BALANCE_MAX, 2**64, -(2**64), 1)
    changes.totals = totals
    backend.log.append(group, changes, 0)
    assert backend.log.totals() == totals
    assert backend.reopen().totals() == totals


def test_the_chain_hash_depends_on_every_group_before(tmp_path: Path) -> None:
    hashes = []
    for units in (10, 11):
        for log in (MemoryLog(), RocksLog(tmp_path / str(units))):
            ledger = Ledger()
            key = ledger.receive("TEA", units)
            ledger.append(log)
            ledger.hold(key, 1)
            ledger.append(log)
            hashes.append(log.head.chain_hash)
            log.close()
    in_memory_10, on_disk_10, in_memory_11, on_disk_11 = hashes
    assert in_memory_10 == on_disk_10
    assert in_memory_11 == on_disk_11
    assert in_memory_10 != in_memory_11


def test_a_writer_that_expects_another_head_is_refused(backend: Backend) -> None:
    ledger = write_history(backend.log, turns=2)
    head = backend.log.head
    ledger.receive("TEA", 1)
    group, changes = ledger.turn()
    for expected_head in (0, head.position - 1, head.position + 1):
        with pytest.raises(HeadMoved, match=rf"head is at {head.position}, .* {expected_head}"):
            backend.log.append(group, changes, expected_head)
    assert backend.log.head == head
    backend.log.append(group, changes, head.position)
    assert backend.log.head.position == head.position + 1


@pytest.mark.parametrize(
    ("first_position", "message"),
    [(1, "begins at 1 cannot follow the head at 3"), (5, "begins at 5"), (0, "begins at 0")],
)
def test_positions_are_dense(backend: Backend, first_position: int, message: str) -> None:
    ledger = write_history(backend.log, turns=1)
    ledger.receive("TEA", 1)
    group, changes = ledger.turn()
    moved = Group(first_position, group.recorded_at_ms, group.commits)
    with pytest.raises(LogError, match=message):
        backend.log.append(moved, changes, 3)
    assert backend.log.head.position == 3
    stock = backend.log.stock(Key("", "TEA", "LONDON"))
    assert stock == Stock(on_hand=1_000, version=1, moved=1_000)


def test_a_group_without_events_is_refused(backend: Backend) -> None:
    with pytest.raises(LogError, match="the group at 1 has no events"):
        backend.log.append(Group(1, START_MS, ()), empty_changes(), 0)


def test_a_group_that_cannot_be_encoded_changes_nothing(backend: Backend) -> None:
    ledger = write_history(backend.log, turns=2)
    head = backend.log.head
    key = ledger.receive("CUP", 1)
    group, changes = ledger.turn()
    commit = group.commits[0]
    bad = type(commit)(
        commit.cause,
        commit.request_key,
        commit.content_hash,
        (),
        (type(commit.recorded[0])(StockReceived(key, 1), None),),
    )
    with pytest.raises(ValueError, match="without its stock"):
        backend.log.append(Group(group.first_position, 0, (bad,)), changes, head.position)
    assert backend.log.head == head
    assert backend.log.stock(key) != changes.stock[key]
    assert backend.log.append(group, changes, head.position)


def test_the_changes_may_be_used_again_after_append(backend: Backend) -> None:
    ledger = Ledger()
    key = ledger.receive("TEA", 10)
    group, changes = ledger.turn()
    backend.log.append(group, changes, 0)
    changes.stock[key] = Stock(on_hand=99)
    changes.requests.clear()
    backend.log.flush()
    log = backend.reopen()
    assert log.stock(key) == Stock(on_hand=10, version=1, moved=10)
    assert log.request(b"\0\0\0receive-1") is not None


def test_reading_begins_with_the_group_that_contains_the_position(backend: Backend) -> None:
    ledger = write_history(backend.log, turns=4)
    bounds = [(g.first_position, g.last_position) for g in _groups(backend.log, 1)]
    assert bounds == [(1, 3), (4, 7), (8, 11), (12, 15)]
    for position in range(1, 16):
        expected = [bound for bound in bounds if bound[1] >= position]
        read = [(g.first_position, g.last_position) for g in _groups(backend.log, position)]
        assert read == expected
    assert backend.log.read(16, 1_000_000, 1_000) == []
    assert ledger.next_position == 16


def test_reading_stops_at_a_number_of_bytes_but_gives_one_group(backend: Backend) -> None:
    write_history(backend.log, turns=5)
    bodies = backend.log.read(1, 1_000_000, 1_000)
    sizes = [len(body) for body in bodies]
    for bytes_max, count in [
        (0, 1),
        (sizes[0], 1),
        (sizes[0] + sizes[1] - 1, 1),
        (sizes[0] + sizes[1], 2),
        (sum(sizes) - 1, 4),
        (sum(sizes), 5),
    ]:
        assert backend.log.read(1, bytes_max, 1_000) == bodies[:count]


def test_reading_gives_no_group_that_ends_beyond_a_position(backend: Backend) -> None:
    write_history(backend.log, turns=4)
    bodies = backend.log.read(1, 1_000_000, 1_000)
    for up_to_position, count in [(0, 0), (2, 0), (3, 1), (6, 1), (7, 2), (14, 3), (15, 4)]:
        assert backend.log.read(1, 1_000_000, up_to_position) == bodies[:count]
    assert backend.log.read(8, 1_000_000, 7) == []


def test_reading_stops_at_a_number_of_groups(backend: Backend) -> None:
    write_history(backend.log, turns=4)
    bodies = backend.log.read(1, 1_000_000, 1_000)
    for groups_max in (1, 3, 4, 5):
        assert backend.log.read(1, 1_000_000, 1_000, groups_max) == bodies[:groups_max]


def test_a_commit_is_found_by_its_first_position(backend: Backend) -> None:
    write_history(backend.log, turns=3)
    first, second = _groups(backend.log, 4)
    commit, last_position, recorded_at_ms = backend.log.commit_at(6)
    assert commit == first.commits[1]
    assert (last_position, recorded_at_ms) == (7, START_MS + 1_000)
    assert backend.log.commit_at(8)[0] == second.commits[0]
    for position in (5, 7, 12, 999):
        with pytest.raises(LogError, match=f"no commit begins at position {position}"):
            backend.log.commit_at(position)


def test_timers_come_in_order_and_go_when_cleared(backend: Backend) -> None:
    ledger = Ledger()
    key = ledger.receive("TEA", 100)
    ids = [ledger.hold(key, 1, ttl_ms) for ttl_ms in (90_000, 1_000, 60_000, 1_000)]
    ledger.append(backend.log)
    expected = [
        (START_MS + 1_000, ids[1]),
        (START_MS + 1_000, ids[3]),
        (START_MS + 60_000, ids[2]),
        (START_MS + 90_000, ids[0]),
    ]
    assert list(backend.log.timers()) == expected
    ledger.commit(ReservationExpired(ids[1]), HoldExpired(key, ids[1], "1", 1), command="Expire")
    ledger.append(backend.log)
    assert list(backend.log.timers()) == [expected[0 + 1], *expected[2:]]
    assert list(backend.reopen().timers()) == [expected[1], *expected[2:]]


def test_a_timer_that_is_cleared_and_set_in_one_group_is_set(backend: Backend) -> None:
    ledger = Ledger()
    ledger.receive("TEA", 1)
    group, changes = ledger.turn()
    changes.timers_cleared.add((5, "0a3-1-1"))
    changes.timers_set.add((5, "0a3-1-1"))
    backend.log.append(group, changes, 0)
    assert list(backend.log.timers()) == [(5, "0a3-1-1")]


def test_locations_are_those_of_one_sku_of_one_tenant_in_order(backend: Backend) -> None:
    ledger = Ledger()
    for tenant, sku, location in [
        ("", "TEA", "PARIS"),
        ("", "TEA", "LONDON"),
        ("", "TEA", "Ångström"),
        ("", "TEA", "\U0001f3ed"),
        ("", "TEA", "\uff5e"),
        ("", "TEA 2", "OSLO"),
        ("", "TE", "OSLO"),
        ("", "tea", "OSLO"),
        ("acme", "TEA", "ROME"),
    ]:
        ledger.receive(sku, 1, location, tenant)
    ledger.append(backend.log)
    names = ["LONDON", "PARIS", "Ångström", "\uff5e", "\U0001f3ed"]
    assert backend.log.locations("", "TEA") == names
    assert backend.log.locations("acme", "TEA") == ["ROME"]
    assert backend.log.locations("acme", "TE") == []
    assert backend.log.locations("", "EA") == []


def test_everything_is_there_after_a_close(backend: Backend) -> None:
    ledger = write_history(backend.log, turns=6, flush=False)
    assert _state(backend.reopen(), ledger) == _expected(ledger)


def test_writing_goes_on_after_a_close(backend: Backend) -> None:
    ledger = write_history(backend.log, turns=3)
    log = backend.reopen()
    ledger.receive("TEA", 5)
    ledger.append(log)
    log.flush()
    log = backend.reopen()
    assert [group.first_position for group in _groups(log, 1)] == [1, 4, 8, 12]
    assert _state(log, ledger) == _expected(ledger)


def test_a_crash_takes_only_what_was_not_flushed(backend: Backend) -> None:
    ledger = write_history(backend.log, turns=4)
    head, state = backend.log.head, _state(backend.log, ledger)
    requests_before = backend.log.request(b"\0\0\0reserve-99")
    ledger.receive("TEA", 77)
    ledger.receive("NEW", 1)
    ledger.append(backend.log)
    assert backend.log.head.position == head.position + 2

    log = backend.crash()
    assert log.head == head
    assert _state(log, ledger)[1:] == state[1:]
    assert log.stock(Key("", "NEW", "LONDON")) is None
    assert log.locations("", "NEW") == []
    assert log.request(b"\0\0\0reserve-99") == requests_before


def test_what_was_flushed_survives_crash_after_crash(backend: Backend) -> None:
    ledger = write_history(backend.log, turns=2)
    log = backend.log
    for _ in range(3):
        ledger.receive("TEA", 1)
        ledger.append(log)
        assert log.flush() == ledger.next_position - 1
        log = backend.crash()
        assert _state(log, ledger) == _expected(ledger)


def test_flush_says_up_to_where_it_is_durable(backend: Backend) -> None:
    ledger = Ledger()
    for units in (1, 2, 3):
        ledger.receive("TEA", units)
        ledger.append(backend.log)
    assert backend.log.flush() == 3
    assert backend.log.flush() == 3


CALLS: list[tuple[str, Callable[[Log], object]]] = [
    ("head", lambda log: log.head),
    ("oldest_position", lambda log: log.oldest_position),
    ("flush", lambda log: log.flush()),
    ("read", lambda log: log.read(1, 1, 1)),
    ("commit_at", lambda log: log.commit_at(1)),
    ("stock", lambda log: log.stock(Key("", "TEA", "LONDON"))),
    ("reservation", lambda log: log.reservation("0a3-1-1")),
    ("request", lambda log: log.request(b"key")),
    ("locations", lambda log: log.locations("", "TEA")),
    ("timers", lambda log: log.timers()),
    ("transfer", lambda log: log.transfer("T")),
    ("configuration", lambda log: log.configuration()),
    ("index", lambda log: log.index(b"h\0")),
    ("history", lambda log: log.history(Key("", "TEA", "LONDON"), 1)),
    ("history_at", lambda log: log.history_at(Key("", "TEA", "LONDON"), 1)),
    ("reservation_groups", lambda log: log.reservation_groups("0a3-1-1")),
    ("position_at", lambda log: log.position_at(1)),
    ("attempt", lambda log: log.attempt("a")),
    ("heard", lambda log: log.heard(1)),
    ("told", lambda log: log.told(1)),
    ("tells", lambda log: log.tells(1)),
    ("acknowledge", lambda log: log.acknowledge({1: (1, [])})),
    ("forget_requests", lambda log: log.forget_requests(1, 1)),
    ("totals", lambda log: log.totals()),
    ("size_bytes", lambda log: log.size_bytes()),
    ("append", lambda log: write_history(log, turns=1)),
]


@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[name for name, _ in CALLS])
def test_a_closed_log_answers_nothing(backend: Backend, call: Callable[[Log], object]) -> None:
    backend.log.close()
    with pytest.raises(LogError, match="closed"):
        call(backend.log)
    backend.log.close()


def _groups(log: Log, from_position: int) -> list[Group]:
    return [decode_group(body) for body in log.read(from_position, 1_000_000, 1_000)]


def _state(log: Log, ledger: Ledger) -> tuple[object, ...]:
    return (
        log.head.position,
        log.totals(),
        {key: log.stock(key) for key in ledger.stock if key.sku != "NEW"},
        {name: log.reservation(name) for name in ledger.reservations},
        sorted(log.timers()),
    )


def _expected(ledger: Ledger) -> tuple[object, ...]:
    return (
        ledger.next_position - 1,
        ledger.totals(),
        ledger.stock,
        ledger.reservations,
        sorted(
            (reservation.deadline_ms, name)
            for name, reservation in ledger.reservations.items()
            if reservation.deadline_ms is not None
        ),
    )
