"""Where a queue begins is remembered, and never hides an entry."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.model import Key
from engine.log import fronts
from engine.log.fronts import Fronts
from engine.log.index import queue_prefix
from engine.log.memory import MemoryLog
from engine.log.port import Log
from engine.log.rocks import RocksLog
from tests.log.effort import per_hundred_examples
from tests.log.ledger import Ledger

TEA = queue_prefix(Key("", "TEA", "LONDON"))
MUG = queue_prefix(Key("", "MUG", "LONDON"))


def _entry(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(8, "big") + bytes(8) + b"0a3-1-1\x001"


def test_a_look_begins_where_the_last_one_found_the_first() -> None:
    queue = Fronts()
    start, additions = queue.of(TEA)
    assert start == TEA
    queue.found(TEA, _entry(TEA, 5), additions)
    assert queue.of(TEA)[0] == _entry(TEA, 5)
    assert queue.of(MUG)[0] == MUG


@pytest.mark.parametrize(("added", "front"), [(4, 4), (6, 5)])
def test_an_entry_that_comes_earlier_moves_the_front_back(added: int, front: int) -> None:
    queue = Fronts()
    queue.found(TEA, _entry(TEA, 5), queue.of(TEA)[1])
    queue.added([_entry(TEA, added), _entry(MUG, 1), b"h\0TEA\0LONDON\0" + bytes(8)])
    assert queue.of(TEA)[0] == _entry(TEA, front)
    assert queue.of(MUG)[0] == MUG


def test_a_look_that_began_before_an_addition_says_nothing() -> None:
    queue = Fronts()
    _, additions = queue.of(TEA)
    queue.added([_entry(TEA, 4)])
    queue.found(TEA, _entry(TEA, 5), additions)
    assert queue.of(TEA)[0] == TEA


def test_so_many_fronts_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fronts, "FRONTS_MAX", 1)
    queue = Fronts()
    for prefix in (TEA, MUG):
        queue.found(prefix, _entry(prefix, 5), 0)
    assert (queue.of(TEA)[0], queue.of(MUG)[0]) == (TEA, _entry(MUG, 5))


@given(turns=st.lists(st.sets(st.integers(0, 7), min_size=1, max_size=3), max_size=15))
@per_hundred_examples(30)
def test_whoever_joins_and_leaves_both_logs_show_the_same_queue(
    tmp_path_factory: pytest.TempPathFactory, turns: list[set[int]]
) -> None:
    """Each turn those who are in the queue leave it, and those who are not join."""
    rocks = RocksLog(Path(tmp_path_factory.mktemp("log")) / "log")
    logs: list[Log] = [MemoryLog(), rocks]
    ledger = Ledger()
    waiting: set[bytes] = set()
    for turn in turns:
        named = {_entry(prefix, number) for number in turn for prefix in (TEA, MUG)}
        ledger.receive("TEA", 1)
        group, changes = ledger.turn()
        changes.index_added, changes.index_removed = named - waiting, named & waiting
        waiting = waiting ^ named
        for log in logs:
            log.append(group, changes, group.first_position - 1)
            for prefix in (TEA, MUG):
                expected = sorted(entry for entry in waiting if entry.startswith(prefix))
                assert list(log.index(prefix)) == expected
    rocks.close()
