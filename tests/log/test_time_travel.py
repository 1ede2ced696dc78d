"""What was, and which events made it: by position, by version, by reservation."""

import sys
from collections.abc import Iterable
from itertools import islice

import pytest
from holdfast.v1 import feed_pb2
from hypothesis import given
from hypothesis import strategies as st

from engine.core import events
from engine.core.model import Key, Stock
from engine.log.memory import MemoryLog
from engine.log.past_events import PastEvent, key_events, reservation_events
from engine.log.port import LogError
from engine.log.time_travel import NotKept, stock_as_of
from tests.log.effort import per_hundred_examples
from tests.log.ledger import START_MS, Ledger

TEA = Key("", "TEA", "LONDON")
MUG = Key("", "MUG", "LONDON")
TEA_2 = Key("", "TEA", "LONDON 2")


class Shortened(MemoryLog):
    """A log whose beginning is not kept."""

    oldest_position = 5


def _fill(log: MemoryLog) -> tuple[Ledger, str]:
    """Four turns. Tea: versions 1 and 2 at positions 1 and 3, 3 at 5, 4 at 7; 5 and 6 at 9 and
    10."""
    ledger = Ledger()
    ledger.receive("TEA", 10)
    ledger.receive("MUG", 5)
    ledger.commit(events.StockSold(TEA, 1), command="Sell", request_id="s")
    ledger.append(log)
    held = ledger.hold(TEA, 2)
    ledger.append(log)
    ledger.receive("MUG", 5)
    ledger.receive("TEA", 4)
    ledger.append(log)
    ledger.extend(held)
    ledger.commit(
        events.HoldCommitted(TEA, held, "1", 2), events.StockAdjusted(TEA, -1), command="Commit"
    )
    ledger.receive("TEA", 1, "LONDON 2")
    ledger.append(log)
    log.flush()
    return ledger, held


@pytest.fixture
def log() -> MemoryLog:
    log = MemoryLog()
    _fill(log)
    return log


AS_OF = [
    (0, None),
    (1, "on hand 10, held 0, allocated 0, version 1"),
    (2, "on hand 10, held 0, allocated 0, version 1"),
    (3, "on hand 9, held 0, allocated 0, version 2"),
    (4, "on hand 9, held 0, allocated 0, version 2"),
    (5, "on hand 9, held 2, allocated 0, version 3"),
    (6, "on hand 9, held 2, allocated 0, version 3"),
    (7, "on hand 13, held 2, allocated 0, version 4"),
    (8, "on hand 13, held 2, allocated 0, version 4"),
    (9, "on hand 13, held 0, allocated 2, version 5"),
    (10, "on hand 12, held 0, allocated 2, version 6"),
    (99, "on hand 12, held 0, allocated 2, version 6"),
]


def _figures(stock: Stock | NotKept | None) -> str | None:
    if not isinstance(stock, Stock):
        return None
    return (
        f"on hand {stock.on_hand}, held {stock.held}, allocated {stock.allocated}, "
        f"version {stock.version}"
    )


@pytest.mark.parametrize(("position", "figures"), AS_OF)
def test_a_position_shows_what_was_then(log: MemoryLog, position: int, figures: str | None) -> None:
    assert _figures(stock_as_of(log, TEA, position)) == figures


def test_what_never_was_has_no_past(log: MemoryLog) -> None:
    assert stock_as_of(log, Key("", "CUP", "LONDON"), 9) is None
    assert list(key_events(log, Key("", "CUP", "LONDON"), 1, 9)) == []
    assert list(reservation_events(log, "0a3-1-ff")) == []


def test_what_is_older_than_what_is_kept_says_so() -> None:
    log = Shortened()
    _, held = _fill(log)
    assert stock_as_of(log, TEA, 3) == NotKept(5)
    assert _figures(stock_as_of(log, TEA, 4)) == AS_OF[4][1]
    assert _versions(key_events(log, TEA, 1, 9)) == [3, 4, 5, 6]
    assert _versions(key_events(log, TEA, 1, 9, newest_first=True)) == [6, 5, 4, 3]
    assert _positions(reservation_events(log, held)) == [4, 5, 8, 9]


def _versions(found: Iterable[PastEvent]) -> list[int]:
    versions = []
    for past in found:
        assert past.recorded.stock is not None
        versions.append(past.recorded.stock.version)
    return versions


def _positions(found: Iterable[PastEvent]) -> list[int]:
    return [past.position for past in found]


@pytest.mark.parametrize(
    ("first", "last", "versions"),
    [
        (1, 6, [1, 2, 3, 4, 5, 6]),
        (0, 2**63, [1, 2, 3, 4, 5, 6]),
        (2, 5, [2, 3, 4, 5]),
        (2, 2, [2]),
        (5, 5, [5]),
        (6, 9, [6]),
        (7, 9, []),
        (4, 3, []),
        (-5, 0, []),
    ],
)
def test_versions_are_listed_both_ways(
    log: MemoryLog, first: int, last: int, versions: list[int]
) -> None:
    assert _versions(key_events(log, TEA, first, last)) == versions
    assert _versions(key_events(log, TEA, first, last, newest_first=True)) == versions[::-1]


def test_a_page_reads_no_further_than_it_needs(log: MemoryLog) -> None:
    read: list[int] = []
    plain = log.read

    def noting(
        from_position: int, bytes_max: int, up_to_position: int, groups_max: int = sys.maxsize
    ) -> list[bytes]:
        read.append(from_position)
        return plain(from_position, bytes_max, up_to_position, groups_max)

    log.read = noting  # type: ignore[method-assign]
    assert _versions(islice(key_events(log, TEA, 1, 9), 3)) == [1, 2, 3]
    assert read == [3, 5]


def test_the_events_of_a_reservation_are_listed_both_ways_from_anywhere() -> None:
    log = MemoryLog()
    _, held = _fill(log)
    positions = [4, 5, 8, 9]
    assert _positions(reservation_events(log, held)) == positions
    assert _positions(reservation_events(log, held, newest_first=True)) == positions[::-1]
    for after in range(1, 12):
        later = [position for position in positions if position > after]
        earlier = [position for position in positions[::-1] if position < after]
        assert _positions(reservation_events(log, held, after=after)) == later
        newest_first = reservation_events(log, held, newest_first=True, after=after)
        assert _positions(newest_first) == earlier


def test_an_event_has_its_cause_time_and_stored_bytes(log: MemoryLog) -> None:
    first, second = islice(key_events(log, TEA, 1, 9), 2)
    assert second.event == events.StockSold(TEA, 1)
    assert (second.cause.command, second.cause.request_id) == ("Sell", "s")
    assert (first.position, second.position) == (1, 3)
    assert second.recorded_at_ms == START_MS
    encoded = feed_pb2.Event.FromString(second.encoded)
    assert (encoded.key.sku, encoded.version, encoded.position) == ("TEA", 2, 0)
    assert encoded.stock_sold.quantity == 1


def test_history_that_leads_nowhere_is_damage(log: MemoryLog) -> None:
    plain = log.read
    log.read = lambda *_: []  # type: ignore[method-assign]
    with pytest.raises(LogError, match="the group at position 3 is missing"):
        list(key_events(log, TEA, 1, 1))
    with pytest.raises(LogError, match="the group at position 11 is missing"):
        stock_as_of(log, TEA, 8)
    with pytest.raises(LogError, match="the group at position 5 is missing"):
        list(reservation_events(log, "0a3-1-4"))
    log.read = lambda *_: plain(7, 0, 99)  # type: ignore[method-assign]
    with pytest.raises(LogError, match="the group at position 11 has no event of"):
        list(key_events(log, TEA_2, 1, 1))


def _draw(draw: st.DrawFn) -> list[list[tuple[Key, int]]]:
    change = st.tuples(st.sampled_from([TEA, MUG, TEA_2]), st.integers(-3, 9))
    return draw(st.lists(st.lists(change, min_size=1, max_size=6), max_size=8))


@given(turns=st.composite(_draw)())
@per_hundred_examples(40)
def test_any_position_shows_what_replaying_up_to_it_gives(
    turns: list[list[tuple[Key, int]]],
) -> None:
    log, ledger = MemoryLog(), Ledger()
    past: list[dict[Key, Stock]] = [{}]
    for turn in turns:
        for key, delta in turn:
            ledger.commit(events.StockAdjusted(key, delta), command="Adjust")
            past.append(dict(ledger.stock))
        ledger.append(log)
    for position, expected in enumerate(past):
        for key in (TEA, MUG, TEA_2):
            assert stock_as_of(log, key, position) == expected.get(key)
    for key in (TEA, MUG, TEA_2):
        last = past[-1].get(key, Stock()).version
        assert _versions(key_events(log, key, 1, last)) == list(range(1, last + 1))
