"""Verification judges what callers got where channels are configured."""

from pathlib import Path

import pytest

from engine.core import events
from engine.core.channels import Channel, ChannelTerms
from engine.core.model import Key
from engine.log.layout import open_layout, shard_directory
from engine.log.rocks import RocksLog
from engine.log.verify import verify
from tests.log.ledger import Ledger

TEA = Key("", "TEA", "LONDON")
PARIS = Key("", "TEA", "PARIS")
RECEIVED = (events.StockReceived(TEA, 10), events.StockReceived(PARIS, 10))
Commit = tuple[events.Event, ...]


def _channel(name: str, terms: ChannelTerms, *locations: str) -> Commit:
    return (events.ChannelConfigured("", Channel(name, locations, terms=terms)),)


def _basket(channel: str, *lines: events.LineEvent | events.AllocationDrawn) -> Commit:
    return (events.ReservationCreated("0a3-1-9", "", "", channel, "", 2_000_000_000_000), *lines)


def _held(quantity: int, key: Key = TEA) -> events.StockHeld:
    return events.StockHeld(key, "0a3-1-9", "1", quantity)


def _drawn(units: int, key: Key = TEA) -> events.AllocationDrawn:
    return events.AllocationDrawn(key, "web", units, 7)


FENCED = _channel("web", ChannelTerms(None, None, 6, 7), "LONDON")
WAITING = _basket("", events.WaitJoined(TEA, "0a3-1-9", "1", 9))

WRONG: list[tuple[str, tuple[Commit, ...], str]] = [
    (
        "what is fenced is held",
        (RECEIVED, FENCED, _basket("", _held(5))),
        "units of 'TEA' were taken that are fenced for web: 5 of 6 are left to it",
    ),
    (
        "the allocation is not drawn",
        (RECEIVED, FENCED, _basket("web", _held(6))),
        "fenced for web: 4 of 6 are left to it",
    ),
    (
        "more than the allocation",
        (RECEIVED, FENCED, _basket("web", _held(7), _drawn(7))),
        "web held 'TEA' in 7 units, where it might sell 6",
    ),
    (
        "where it does not sell",
        (RECEIVED, FENCED, _basket("web", _held(2, PARIS), _drawn(2, PARIS))),
        "web held 'TEA' at 'PARIS', where it does not sell",
    ),
    (
        "more than the buffer leaves",
        (RECEIVED, _channel("web", ChannelTerms()), _basket("web", _held(10), _held(9, PARIS))),
        "web held 'TEA' in 19 units, where it might sell 18",
    ),
    (
        "who waits is filled with what is fenced",
        (FENCED, (*WAITING, *RECEIVED, events.WaitFilled(TEA, "0a3-1-9", "1", 5))),
        "fenced for web: 5 of 6",
    ),
    (
        "who waits is left waiting for what is not fenced",
        (FENCED, (*WAITING, *RECEIVED, events.WaitFilled(TEA, "0a3-1-9", "1", 3))),
        "0a3-1-9 waits for 6 units of 'TEA' at 'LONDON' while 1 are free to it",
    ),
]

LAWFUL: list[tuple[str, tuple[Commit, ...]]] = [
    ("what is not fenced", (RECEIVED, FENCED, _basket("", _held(4), _held(10, PARIS)))),
    ("the channel's own", (RECEIVED, FENCED, _basket("web", _held(6), _drawn(6)))),
    (
        "what the buffer leaves",
        (RECEIVED, _channel("web", ChannelTerms()), _basket("web", _held(9))),
    ),
    (
        "waiting for what is fenced",
        (FENCED, (*WAITING, *RECEIVED, events.WaitFilled(TEA, "0a3-1-9", "1", 4))),
    ),
    (
        "a fence that was given up while others waited",
        (
            FENCED,
            (*WAITING, *RECEIVED, events.WaitFilled(TEA, "0a3-1-9", "1", 4)),
            (events.ChannelConfigured("", Channel("web"), removed=True),),
            (events.HoldCommitted(TEA, "0a3-1-9", "1", 4),),
        ),
    ),
]


def _verify(tmp_path: Path, commits: tuple[Commit, ...]) -> list[str]:
    open_layout(tmp_path / "data", 1)
    log = RocksLog(shard_directory(tmp_path / "data", 0))
    ledger = Ledger()
    for happened in commits:
        ledger.commit(*happened)
        ledger.append(log)
    log.close()
    return list(verify(tmp_path / "data").differences)


@pytest.mark.parametrize(("name", "commits", "found"), WRONG, ids=[name for name, _, _ in WRONG])
def test_a_promise_beyond_the_rules_is_found(
    tmp_path: Path, name: str, commits: tuple[Commit, ...], found: str
) -> None:
    differences = _verify(tmp_path, commits)
    assert any(found in difference for difference in differences), (name, differences)


@pytest.mark.parametrize(("name", "commits"), LAWFUL, ids=[name for name, _ in LAWFUL])
def test_a_promise_within_the_rules_is_clean(
    tmp_path: Path, name: str, commits: tuple[Commit, ...]
) -> None:
    assert _verify(tmp_path, commits) == [], name
