"""Verification judges what a log says, also where its records and its state agree."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.core import events
from engine.core.model import Key, Selling
from engine.log.layout import open_layout, shard_directory
from engine.log.rocks import RocksLog
from engine.log.verify import Report, Verdict, verify
from tests.log.ledger import Ledger

TEA = Key("", "TEA", "LONDON")
Step = Callable[[Ledger], None]


def _misstate(ledger: Ledger) -> None:
    ledger.receive("TEA", 5)
    commit = ledger.commits[-1]
    (recorded,) = commit.recorded
    assert recorded.stock is not None
    wrong = replace(recorded, stock=replace(recorded.stock, on_hand=6))
    ledger.commits[-1] = replace(commit, recorded=(wrong,))


def _skip_a_version(ledger: Ledger) -> None:
    ledger.receive("TEA", 5)
    ledger.stock[TEA] = replace(ledger.stock[TEA], version=9)
    ledger.receive("TEA", 5)


def _oversell_by_hold(ledger: Ledger) -> None:
    ledger.hold(ledger.receive("TEA", 5), 6)


def _take_the_safety_stock(ledger: Ledger) -> None:
    _configure(ledger, safety_stock=3)
    ledger.hold(TEA, 3)


def _take_what_a_channel_must_leave(ledger: Ledger) -> None:
    _configure(ledger, channel_buffers=(("web", 4),))
    created = events.ReservationCreated("0a3-1-9", "", "", "web", "", ledger.now_ms + 5)
    ledger.commit(created, events.StockHeld(TEA, "0a3-1-9", "1", 2), request_id="r")


def _hold_while_stopped(ledger: Ledger) -> None:
    _configure(ledger, selling=Selling.STOPPED)
    ledger.hold(TEA, 1)


def _configure(
    ledger: Ledger,
    safety_stock: int = 0,
    selling: Selling = Selling.OPEN,
    channel_buffers: tuple[tuple[str, int], ...] = (),
) -> None:
    ledger.receive("TEA", 5)
    configured = events.StockConfigured(TEA, safety_stock, True, selling, channel_buffers)
    ledger.commit(configured, command="Configure", request_id="configure")


def _oversell(*following: events.Event) -> Step:
    def step(ledger: Ledger) -> None:
        ledger.receive("TEA", 5)
        ledger.commit(*following, command="Told", request_id="told")

    return step


def _allocated(units: int) -> tuple[events.Event, ...]:
    created = events.ReservationCreated("0a3-1-2", "", "", "", "", 0)
    return created, events.StockAllocated(TEA, "0a3-1-2", "1", units)


def _use_a_request_twice(ledger: Ledger) -> None:
    for _ in range(2):
        ledger.commit(events.StockReceived(TEA, 1), command="Receive", request_id="same")


def _move_a_reservation_that_is_not(ledger: Ledger) -> None:
    ledger.hold(ledger.receive("TEA", 5), 1)
    commit = ledger.commits[-1]
    ledger.commits[-1] = replace(commit, recorded=commit.recorded[1:])
    ledger.next_position -= 1


def _do_nothing(ledger: Ledger) -> None:
    ledger.receive("TEA", 5)
    ledger.commit(command="Nothing", request_id="nothing")


HISTORIES: list[tuple[str, Step, str]] = [
    (
        "a wrong balance",
        _misstate,
        "position 1: StockReceived of 'TEA' at 'LONDON' states on_hand 6",
    ),
    ("a skipped version", _skip_a_version, "version 10, replay gives"),
    (
        "a hold beyond what is there",
        _oversell_by_hold,
        "oversold: holding 6 of 'TEA' at 'LONDON' left -1",
    ),
    ("a hold of safety stock", _take_the_safety_stock, "oversold: holding 3"),
    (
        "a hold of what a channel must leave",
        _take_what_a_channel_must_leave,
        "left 3 available, where channel web has to leave 4",
    ),
    ("a hold while stopped", _hold_while_stopped, "was held while its selling was stopped"),
    (
        "a sale beyond what is there",
        _oversell(events.StockSold(TEA, 6)),
        "oversold: Told left 1 units",
    ),
    ("an allocation beyond it", _oversell(*_allocated(7)), "oversold: Told left 2 units"),
    (
        "a shortfall that is not told",
        _oversell(*_allocated(5), events.StockAdjusted(TEA, -1)),
        "oversold: Told left 1 units",
    ),
    (
        "a shortfall told wrongly",
        _oversell(*_allocated(7), events.ShortfallDetected(TEA, 9)),
        "was told to lack 9 units and lacks 2",
    ),
    (
        "a request that took effect twice",
        _use_a_request_twice,
        "its request id took effect already at 1",
    ),
    (
        "a reservation from nowhere",
        _move_a_reservation_that_is_not,
        "reservation 0a3-1-2: the reservation was not created",
    ),
    ("a commit of nothing", _do_nothing, "a commit of Nothing has no events"),
]


@pytest.mark.parametrize(
    ("step", "found"),
    [(step, found) for _, step, found in HISTORIES],
    ids=[name for name, _, _ in HISTORIES],
)
def test_a_history_that_cannot_be_is_found(tmp_path: Path, step: Step, found: str) -> None:
    _expect(_verify_one_turn(tmp_path, step), found)


def _hold_all(ledger: Ledger) -> None:
    ledger.hold(ledger.receive("TEA", 5), 5)


LAWFUL: list[tuple[str, Step]] = [
    ("a hold of all there is", _hold_all),
    (
        "a told sale",
        _oversell(events.StockSold(TEA, 6), events.ShortfallDetected(TEA, 1)),
    ),
    (
        "a told allocation",
        _oversell(*_allocated(7), events.ShortfallDetected(TEA, 2)),
    ),
    (
        "an untracked one",
        _oversell(
            events.StockConfigured(TEA, 0, False, Selling.OPEN, ()),
            events.ReservationCreated("0a3-1-2", "", "", "", "", 9),
            events.StockHeld(TEA, "0a3-1-2", "1", 1_000, counted=False),
        ),
    ),
]


@pytest.mark.parametrize("step", [step for _, step in LAWFUL], ids=[name for name, _ in LAWFUL])
def test_a_lawful_history_is_clean(tmp_path: Path, step: Step) -> None:
    report = _verify_one_turn(tmp_path, step)
    assert report.differences == []
    assert report.verdict is Verdict.CLEAN


def test_many_differences_are_counted_and_a_hundred_listed(tmp_path: Path) -> None:
    def step(ledger: Ledger) -> None:
        for index in range(150):
            ledger.hold(ledger.receive(f"SKU {index}", 1), 2)

    report = _verify_one_turn(tmp_path, step)
    assert report.difference_count >= 150
    assert len(report.differences) == 100


def _verify_one_turn(tmp_path: Path, step: Step) -> Report:
    """Store what a turn comes to just as the shard would, and verify that."""
    open_layout(tmp_path / "data", 1)
    log = RocksLog(shard_directory(tmp_path / "data", 0))
    ledger = Ledger()
    step(ledger)
    group, changes = ledger.turn()
    log.append(replace(group, first_position=1), changes, 0)
    log.close()
    return verify(tmp_path / "data")


def _expect(report: Report, found: str) -> None:
    assert report.verdict is Verdict.DAMAGED
    assert any(found in difference for difference in report.differences), report.differences
