"""Verification judges promises: what was backordered, who was filled, who was left waiting, and
what was told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.core import events
from engine.core.configuration import Location
from engine.core.model import Key, Selling, Transfer
from engine.log.layout import open_layout, shard_directory
from engine.log.port import Heard
from engine.log.rocks import RocksLog
from engine.log.verify import Report, verify
from tests.log.ledger import Ledger

TEA = Key("", "TEA", "LONDON")
PARIS = Key("", "TEA", "PARIS")

CREATED = events.ReservationCreated("0a3-1-9", "", "", "", "", 2_000_000_000_000)
FOR_WEB = replace(CREATED, channel="web")
HEARD = Heard(1, 5)


def _held(quantity: int, backordered: int = 0, name: str = "0a3-1-9") -> events.StockHeld:
    return events.StockHeld(TEA, name, "1", quantity, backordered=backordered)


def _joined(quantity: int) -> events.WaitJoined:
    return events.WaitJoined(TEA, "0a3-1-9", "1", quantity)


def _filled(quantity: int) -> events.WaitFilled:
    return events.WaitFilled(TEA, "0a3-1-9", "1", quantity)


def _settings(
    *,
    backorder_limit: int = 0,
    stopped: bool = False,
    buffers: tuple[tuple[str, int], ...] = (),
) -> events.StockConfigured:
    selling = Selling.STOPPED if stopped else Selling.OPEN
    return events.StockConfigured(TEA, 0, True, selling, buffers, backorder_limit)


def _disabled(name: str = "LONDON") -> events.LocationsConfigured:
    return events.LocationsConfigured("", (Location(name, enabled=False),))


def _offer(quantity: int) -> tuple[events.Event, ...]:
    name = "0a3-1-9/1/LONDON/3"
    prepared = events.BasketPrepared(name, "", 1, "0a3-1-9", "", "", 2_000_000_000_000)
    return prepared, _held(quantity, name=name)


RECEIVED = events.StockReceived(TEA, 5)
JOINED = events.ReservationJoined("0a3-1-9", "", 1, "", "", "")
SENT = events.TransferSent(TEA, "T1", "PARIS", 3)

WRONG: list[tuple[str, tuple[events.Event, ...], str]] = [
    (
        "backordered beyond the limit",
        (_settings(backorder_limit=2), CREATED, _held(3, 3)),
        "'TEA' at 'LONDON' has 3 units backordered, where 2 may be",
    ),
    (
        "allocated beyond it",
        (_settings(), CREATED, events.StockAllocated(TEA, "0a3-1-9", "1", 1, backordered=1)),
        "has 1 units backordered, where 0 may be",
    ),
    (
        "backed by what is not there",
        (_settings(backorder_limit=9), RECEIVED, CREATED, _held(9, 3)),
        "oversold: holding 9 of 'TEA' at 'LONDON' left -1 available",
    ),
    (
        "filled with what is not there",
        (CREATED, _joined(3), RECEIVED, events.StockSold(TEA, 3), _filled(3)),
        "oversold: filling 3 of 'TEA' at 'LONDON' left -1 available",
    ),
    (
        "filled with what its channel has to leave",
        (_settings(buffers=(("web", 4),)), FOR_WEB, _joined(3), RECEIVED, _filled(2)),
        "left 3 available, where channel web has to leave 4",
    ),
    (
        "filled while selling is stopped",
        (CREATED, _joined(3), _settings(stopped=True), RECEIVED, _filled(3)),
        "was filled while its selling was stopped",
    ),
    (
        "taken again though it is gone",
        (CREATED, _held(0), events.HoldReacquired(TEA, "0a3-1-9", "1", 1)),
        "oversold: taking again 1",
    ),
    (
        "held where the location is disabled",
        (RECEIVED, _disabled(), CREATED, _held(1)),
        "was held while its location was disabled",
    ),
    (
        "left waiting",
        (CREATED, _joined(3), RECEIVED),
        "0a3-1-9 waits for 3 units of 'TEA' at 'LONDON' while 5 are free to it",
    ),
    (
        "left backordered",
        (_settings(backorder_limit=9), CREATED, _held(3, 3), RECEIVED, _settings(stopped=True)),
        "0a3-1-9 waits for 3 units",
    ),
    (
        "left waiting in part",
        (CREATED, _joined(7), RECEIVED, _filled(4)),
        "0a3-1-9 waits for 3 units of 'TEA' at 'LONDON' while 1 are free to it",
    ),
    (
        "left waiting beside an offer that is too small",
        (JOINED, _joined(3), RECEIVED, *_offer(2)),
        "0a3-1-9 waits for 1 units of 'TEA' at 'LONDON' while 3 are free to it",
    ),
    (
        "made unavailable without a word",
        (RECEIVED, CREATED, _held(5), events.StockMoved(TEA, 2, "", "damaged")),
        "oversold: Told left 2 units",
    ),
    (
        "a transfer of which too much arrived",
        (RECEIVED, SENT, events.TransferReceived(PARIS, "T1", 4)),
        "more arrived of transfer T1 than was sent",
    ),
]


@pytest.mark.parametrize(
    ("happened", "found"),
    [(happened, found) for _, happened, found in WRONG],
    ids=[name for name, _, _ in WRONG],
)
def test_a_wrong_promise_is_found(
    tmp_path: Path, happened: tuple[events.Event, ...], found: str
) -> None:
    report = _verify(tmp_path, happened)
    assert any(found in difference for difference in report.differences), report.differences


def test_a_transfer_from_nowhere_is_found(tmp_path: Path) -> None:
    def step(ledger: Ledger) -> None:
        ledger.transfers["T1"] = Transfer("T1", "", "TEA", "LONDON", "PARIS", 1, 3)
        ledger.commit(events.TransferReceived(PARIS, "T1", 3), command="ReceiveTransfer")

    report = _verify_turn(tmp_path, step)
    assert "transfer T1: the transfer was not sent before" in "".join(report.differences)


def test_more_told_from_elsewhere_than_is_there_is_found(tmp_path: Path) -> None:
    happened = (RECEIVED, events.StockSold(TEA, 5), CREATED, _held(2))
    report = _verify(tmp_path, happened, heard=HEARD)
    assert "oversold: holding 2 of 'TEA' at 'LONDON' left -2" in "".join(report.differences)


LAWFUL: list[tuple[str, tuple[events.Event, ...]]] = [
    ("backordered up to the limit", (_settings(backorder_limit=3), CREATED, _held(3, 3))),
    (
        "a limit lowered afterwards",
        (_settings(backorder_limit=3), CREATED, _held(3, 3), _settings()),
    ),
    (
        "backorders filled while selling is stopped",
        (
            _settings(backorder_limit=3),
            CREATED,
            _held(3, 3),
            _settings(stopped=True),
            RECEIVED,
            events.HoldFilled(TEA, "0a3-1-9", "1", 3),
        ),
    ),
    ("waiting while selling is stopped", (CREATED, _joined(3), _settings(stopped=True), RECEIVED)),
    (
        "waiting for what a channel has to leave",
        (_settings(buffers=(("web", 5),)), FOR_WEB, _joined(3), RECEIVED),
    ),
    ("waiting with nothing there", (CREATED, _joined(3))),
    ("an offer that is enough", (JOINED, _joined(3), RECEIVED, *_offer(3))),
    (
        "an offer while selling is stopped",
        (
            _settings(backorder_limit=3),
            JOINED,
            _held(3, 3),
            _settings(stopped=True),
            RECEIVED,
            *_offer(3),
        ),
    ),
    (
        "filled where the location is disabled",
        (CREATED, _joined(3), _disabled(), RECEIVED, _filled(3)),
    ),
    (
        "held at another location than the disabled one",
        (RECEIVED, _disabled("OSLO"), CREATED, _held(1)),
    ),
    (
        "made unavailable, and told",
        (
            RECEIVED,
            CREATED,
            _held(5),
            events.StockMoved(TEA, 2, "", "damaged"),
            events.ShortfallDetected(TEA, 2),
        ),
    ),
    (
        "a transfer that arrived in parts",
        (
            RECEIVED,
            SENT,
            events.TransferExpected(PARIS, "T1", "LONDON", 3),
            events.TransferReceived(PARIS, "T1", 1),
            events.TransferReceived(PARIS, "T1", 1, 1),
        ),
    ),
]


@pytest.mark.parametrize(
    "happened", [happened for _, happened in LAWFUL], ids=[name for name, _ in LAWFUL]
)
def test_a_lawful_promise_is_clean(tmp_path: Path, happened: tuple[events.Event, ...]) -> None:
    assert _verify(tmp_path, happened).differences == []


def test_units_set_aside_are_passed_on_though_stock_was_lost_since(tmp_path: Path) -> None:
    def step(ledger: Ledger) -> None:
        prepared = events.BasketPrepared("a", "", 1, "", "", "", 2_000_000_000_000)
        ledger.commit(RECEIVED, prepared, _held(5, name="a"), command="Prepare")
        lost = events.StockSold(TEA, 2), events.ShortfallDetected(TEA, 2), _settings(stopped=True)
        ledger.commit(*lost, command="Told")
        ledger.commit(
            events.BasketResolved("a", "", 1),
            events.HoldReleased(TEA, "a", "1", 5),
            JOINED,
            _held(5),
            command="Hear",
            heard=HEARD,
        )

    assert _verify_turn(tmp_path, step).differences == []


def test_a_request_id_may_mean_something_new_later(tmp_path: Path) -> None:
    open_layout(tmp_path / "data", 1)
    log = RocksLog(shard_directory(tmp_path / "data", 0))
    ledger = Ledger()
    for _ in range(2):
        ledger.commit(RECEIVED, command="Receive", request_id="same")
        ledger.append(log)
        ledger.now_ms += 60_000
    log.close()
    assert verify(tmp_path / "data").differences == []


def _verify(
    tmp_path: Path, happened: tuple[events.Event, ...], heard: Heard | None = None
) -> Report:
    """Verify a turn in which one commit made all of this."""
    return _verify_turn(
        tmp_path, lambda ledger: ledger.commit(*happened, command="Told", heard=heard)
    )


def _verify_turn(tmp_path: Path, step: Callable[[Ledger], object]) -> Report:
    open_layout(tmp_path / "data", 1)
    log = RocksLog(shard_directory(tmp_path / "data", 0))
    ledger = Ledger()
    step(ledger)
    ledger.append(log)
    log.close()
    return verify(tmp_path / "data")
