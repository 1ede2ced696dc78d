"""Commits are found in any order, each group read once, in bounded memory."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.log.commits import CommitReader
from engine.log.memory import MemoryLog
from engine.log.port import LogError
from tests.log.effort import per_hundred_examples
from tests.log.ledger import Ledger

GROUPS, COMMITS = 8, 25


class Groups:
    """Encoded groups of equal numbers of commits with one event each; counts how often they are
    read."""

    def __init__(self, groups: int = GROUPS, commits: int = COMMITS) -> None:
        log, ledger = MemoryLog(), Ledger()
        self._commits = commits
        self._bodies = []
        for _ in range(groups):
            for _ in range(commits):
                ledger.receive("TEA", 1)
            self._bodies.append(ledger.append(log))
        self.positions = range(1, groups * commits + 1)
        self.reads = 0

    def read(self, position: int) -> bytes | None:
        """The group with a position."""
        self.reads += 1
        index = (max(position, 1) - 1) // self._commits
        return self._bodies[index] if index < len(self._bodies) else None


def _units_after(commits: CommitReader, position: int) -> int:
    """Each commit has received one unit, so the units tell which it is."""
    commit, last_position, _ = commits.at(position)
    assert last_position == position
    stock = commit.recorded[0].stock
    assert stock is not None
    return stock.on_hand


GROUPS_READ = Groups()


@per_hundred_examples(30)
@given(st.permutations(GROUPS_READ.positions))
def test_repeats_in_any_order_read_each_group_once(positions: list[int]) -> None:
    reads_before = GROUPS_READ.reads
    commits = CommitReader(GROUPS_READ.read)
    assert [_units_after(commits, position) for position in positions] == positions
    assert GROUPS_READ.reads - reads_before == GROUPS


@given(st.lists(st.sampled_from(GROUPS_READ.positions)), st.integers(0, 20_000))
def test_what_is_found_does_not_depend_on_what_is_kept(
    positions: list[int], kept_bytes_max: int
) -> None:
    commits = CommitReader(GROUPS_READ.read, kept_bytes_max)
    assert [_units_after(commits, position) for position in positions] == positions


def test_the_least_recently_used_group_leaves_first() -> None:
    groups = Groups(groups=3, commits=1)
    commits = CommitReader(groups.read, kept_bytes_max=2_500)
    reads = []
    for position in (1, 2, 1, 3, 1, 2):
        before = groups.reads
        commits.at(position)
        reads.append(groups.reads - before)
    assert reads == [1, 1, 0, 1, 0, 1]


@pytest.mark.parametrize("commits_each", [1, 200])
def test_memory_is_bounded_for_small_groups_and_for_large_ones(commits_each: int) -> None:
    groups = Groups(groups=2_000 // commits_each, commits=commits_each)
    kept_bytes_max = 100_000
    # What is made once, when code runs for the first time, is not kept by the reader.
    _kept_bytes(groups, kept_bytes_max)
    assert _kept_bytes(groups, kept_bytes_max) < 1.2 * kept_bytes_max
    # The control: all of them take far more.
    assert _kept_bytes(groups, 1 << 30) > 2 * kept_bytes_max


def _kept_bytes(groups: Groups, kept_bytes_max: int) -> int:
    """The memory that a reader takes after it has found every commit."""
    tracemalloc.start()
    try:
        commits = CommitReader(groups.read, kept_bytes_max)
        for position in groups.positions:
            commits.at(position)
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("position", [0, 3, 6, 7, 1 << 60])
def test_a_position_where_no_commit_begins_is_refused(position: int) -> None:
    log, ledger = MemoryLog(), Ledger()
    for sku in ("TEA", "POT"):
        ledger.hold(ledger.receive(sku, 1), 1)
    body = ledger.append(log)
    commits = CommitReader(lambda at: body if at <= 6 else None)
    begins = [1, 2, 4, 5]
    assert [commits.at(each)[0].recorded != () for each in begins] == [True] * 4
    with pytest.raises(LogError, match=f"no commit begins at position {position}"):
        commits.at(position)
