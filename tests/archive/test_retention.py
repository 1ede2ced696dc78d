"""What a log keeps when it forgets its past, and that nothing is lost where that ends early."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core import events
from engine.log.base import BASE_FOLDER, base_path, base_positions
from engine.log.keeping import Policy, base_to_use, needs_base, take_base
from engine.log.layout import shard_directory
from engine.log.port import LogError
from engine.log.rocks import RocksLog
from engine.log.time_travel import NotKept, stock_as_of
from engine.log.verify import Verdict, verify
from tests.archive.histories import CUP, TEA, Past

KEEP_TEN = Policy(keep_events=10)


@pytest.fixture
def past(tmp_path: Path) -> Past:
    past = Past(tmp_path / "data")
    past.live(8)
    return past


def dropped(past: Past) -> int:
    """Drop what is there now, and go on living. Return the base's position."""
    past.forget()
    position = past.take_base()
    past.live(8)
    assert past.log.drop(position)
    past.prune()
    return position


def test_a_log_goes_on_from_its_base_and_verifies(past: Past) -> None:
    stock_before = past.log.stock(TEA)
    position = dropped(past)
    assert past.log.oldest_position == position + 1
    assert (
        past.log.read(1, 1 << 20, past.log.head.position)[0]
        == past.log.read(position + 1, 0, past.log.head.position)[0]
    )
    assert stock_as_of(past.log, TEA, position) == stock_before
    assert stock_as_of(past.log, TEA, position - 1) == NotKept(position + 1)
    report = past.verified()
    assert (report.verdict, report.differences) == (Verdict.CLEAN, [])
    assert report.figures.stock_keys == 2


def test_a_second_base_takes_the_place_of_the_first(past: Past) -> None:
    first = dropped(past)
    second = dropped(past)
    assert second > first
    assert base_positions(past.directory) == [second]
    report = past.verified()
    assert report.differences == []


def test_it_opens_again_and_goes_on(past: Past) -> None:
    position = dropped(past)
    past.log.close()
    past.log = RocksLog(past.directory, create=False)
    assert past.log.oldest_position == position + 1
    past.live(2)
    past.prune()
    past.log.reclaim()
    assert past.verified().differences == []


def test_history_before_the_base_is_deleted_but_for_the_newest_of_each(past: Past) -> None:
    position = dropped(past)
    for key in (TEA, CUP):
        entry = past.log.history(key, 1)
        assert entry is not None
        assert entry.position <= position
        following = past.log.history(key, entry.version + 1)
        assert following is not None
        assert following.position > position
    gone = past.ledger.hold(CUP, 1)
    assert min(past.log.reservation_groups("0a3-1-3"), default=0) in (0, *range(position, 10_000))
    assert gone


def _tell(past: Past) -> None:
    past.ledger.hold(CUP, 1)
    past.ledger.commit(events.LinesTold(next(iter(past.ledger.reservations)), "", 1, "attempt"))
    past.ledger.append(past.log)


@pytest.mark.parametrize(
    ("name", "prevent"),
    [
        ("a request id that is still known", lambda _past: None),
        ("another shard that was not told", _tell),
    ],
)
def test_what_is_still_needed_is_not_dropped(
    past: Past, name: str, prevent: Callable[[Past], None]
) -> None:
    if "request" not in name:
        past.forget()
    prevent(past)
    if "request" not in name:
        past.live(1)
        past.forget()
    position = past.take_base()
    past.live(2)
    assert base_to_use(past.log, past.directory, KEEP_TEN, past.ledger.now_ms) == 0
    assert not past.log.drop(position), name
    assert past.log.oldest_position == 1


def test_the_policy_keeps_what_it_says(past: Past) -> None:
    past.forget()
    assert needs_base(past.log, past.directory, KEEP_TEN, past.ledger.now_ms)
    assert not needs_base(past.log, past.directory, Policy(), past.ledger.now_ms)
    position = past.take_base()
    now_ms = past.ledger.now_ms
    assert not needs_base(past.log, past.directory, KEEP_TEN, now_ms)
    head = past.log.head.position
    for keep, expected in ((head - position, position), (head - position + 1, 0)):
        policy = Policy(keep_events=keep)
        assert base_to_use(past.log, past.directory, policy, now_ms) == expected
    at_ms = past.log.head.recorded_at_ms
    for later_ms, expected in ((0, 0), (60_000, position)):
        policy = Policy(keep_ms=60_000)
        assert base_to_use(past.log, past.directory, policy, at_ms + later_ms) == expected


def _record_unfinished(past: Past) -> None:
    """As if the process had died between the record and the file's name."""
    mark = past.write_base()
    past.log.record_base(mark, past.ledger.now_ms)
    past.ledger.next_position = past.log.head.position + 1
    path = base_path(past.directory, mark.position)
    path.rename(path.with_name(path.name + ".new"))


def _drop_newest(past: Past) -> None:
    assert past.log.drop(base_positions(past.directory)[-1])


STEPS: list[tuple[str, Callable[[Past], object]]] = [
    ("the checkpoint is made", lambda past: past.log.checkpoint(past.data_dir / "checkpoint")),
    (
        "the base is written",
        lambda past: take_base(past.data_dir / "checkpoint", past.directory, 0),
    ),
    ("the base is recorded and not finished", _record_unfinished),
    ("another base counts", lambda past: past.take_base()),
    ("more has happened", lambda past: past.live(3)),
    ("its requests are forgotten", lambda past: past.forget()),
    ("all before it is dropped", _drop_newest),
    ("a part is pruned", lambda past: past.log.prune(b"", 5)),
    ("all is pruned", lambda past: past.prune()),
    ("its room is given back", lambda past: past.log.reclaim()),
]


@pytest.mark.parametrize("count", range(1, len(STEPS) + 1), ids=[name for name, _ in STEPS])
def test_a_crash_after_any_step_loses_nothing(past: Past, tmp_path: Path, count: int) -> None:
    past.forget()
    for _, step in STEPS[:count]:
        step(past)
        past.log.flush()
    before = past.log.stock(TEA), past.log.head
    crashed = past.copy(tmp_path / "crashed")
    past.log.close()
    assert verify(crashed).differences == []
    log = RocksLog(shard_directory(crashed, 0), create=False)
    assert (log.stock(TEA), log.head) == before
    log.close()
    assert verify(crashed).differences == []


def _lose(directory: Path) -> None:
    base_path(directory, base_positions(directory)[-1]).unlink()


def _cut(directory: Path) -> None:
    path = base_path(directory, base_positions(directory)[-1])
    path.write_bytes(path.read_bytes()[:-40])


def _swap(directory: Path) -> None:
    path = base_path(directory, base_positions(directory)[-1])
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


def _forge(directory: Path) -> None:
    path = base_path(directory, base_positions(directory)[-1])
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize("damage", [_lose, _cut, _swap])
def test_a_log_without_its_base_is_refused(past: Past, damage: Callable[[Path], None]) -> None:
    dropped(past)
    past.log.close()
    damage(past.directory)
    with pytest.raises(LogError, match=BASE_FOLDER):
        RocksLog(past.directory, create=False)
    assert verify(past.data_dir).verdict is Verdict.DAMAGED


def test_a_flipped_bit_in_a_base_is_found(past: Past) -> None:
    dropped(past)
    past.log.close()
    _forge(past.directory)
    report = verify(past.data_dir)
    assert report.verdict is Verdict.DAMAGED
    assert "base" in report.differences[0]


def test_a_base_that_is_not_what_the_log_gives_is_found_before_it_is_used(past: Past) -> None:
    past.forget()
    past.take_base()
    past.log.close()
    assert verify(past.data_dir).differences == []
    _forge(past.directory)
    assert verify(past.data_dir).verdict is Verdict.DAMAGED
