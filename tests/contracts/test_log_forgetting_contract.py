"""How every log forgets requests and attempts: exactly those before a time, in order, and again
after a crash."""

import pytest

from engine.core import events
from engine.core.model import Key
from engine.log.port import Log
from tests.contracts.log_backends import Backend
from tests.log.ledger import START_MS, Ledger

TURNS = 4
"""Turns of two commits with a request id, one without, and one that decides an attempt; a second
apart."""


@pytest.fixture
def log(backend: Backend) -> Log:
    ledger = Ledger()
    for turn in range(TURNS):
        for number in range(2):
            event = events.StockReceived(Key("", "TEA", "LONDON"), 1)
            ledger.commit(event, event, request_id=f"r{turn}{number}")
        ledger.commit(event)
        ledger.commit(events.LinesTold("", "", 1, f"a{turn}"))
        ledger.append(backend.log)
    return backend.log


def _kept(log: Log) -> str:
    """The request ids and attempts that are kept, in the order in which they were recorded."""
    kept = []
    for turn in range(TURNS):
        ids = [f"r{turn}{number}" for number in range(2)]
        kept += [name for name in ids if log.request(f"\0\0\0{name}".encode()) is not None]
        kept += [f"a{turn}"] if log.attempt(f"a{turn}") is not None else []
    return " ".join(kept)


ALL = "r00 r01 a0 r10 r11 a1 r20 r21 a2 r30 r31 a3"


@pytest.mark.parametrize(
    ("seconds", "gone_through", "kept"),
    [
        (0, 0, ALL),
        (0.001, 4, "r10 r11 a1 r20 r21 a2 r30 r31 a3"),
        (1, 4, "r10 r11 a1 r20 r21 a2 r30 r31 a3"),
        (2.5, 12, "r30 r31 a3"),
        (99, 16, ""),
    ],
)
def test_what_was_recorded_before_a_time_is_forgotten(
    log: Log, seconds: float, gone_through: int, kept: str
) -> None:
    before_ms = START_MS + int(seconds * 1_000)
    assert log.forget_requests(before_ms, 100) == gone_through
    assert _kept(log) == kept
    assert log.forget_requests(before_ms, 100) == 0


def test_it_goes_through_so_many_commits_at_a_time(log: Log) -> None:
    steps = []
    while log.forget_requests(START_MS + 2_000, 3):
        steps.append(_kept(log))
        assert len(steps) < 10
    assert steps == [
        "a0 r10 r11 a1 r20 r21 a2 r30 r31 a3",
        "a1 r20 r21 a2 r30 r31 a3",
        "r20 r21 a2 r30 r31 a3",
    ]


def test_a_crash_brings_back_at_most_what_was_forgotten_last(log: Log, backend: Backend) -> None:
    log.forget_requests(START_MS + 9_000, 1)
    log.flush()
    log.forget_requests(START_MS + 9_000, 5)
    log = backend.crash()
    assert _kept(log) == ALL.removeprefix("r00 ")
    assert log.forget_requests(START_MS + 9_000, 100) == 15
    assert _kept(log) == ""
    assert _kept(backend.reopen()) == ""


def test_a_request_id_used_again_keeps_its_new_record(backend: Backend) -> None:
    ledger = Ledger()
    for _ in range(3):
        event = events.StockReceived(Key("", "TEA", "LONDON"), 1)
        ledger.commit(event, request_id="same")
        ledger.append(backend.log)
    assert backend.log.forget_requests(START_MS + 2_000, 100) == 2
    record = backend.log.request(b"\0\0\0same")
    assert record is not None
    assert record.position == 3
    assert backend.log.forget_requests(START_MS + 2_001, 100) == 1
    assert backend.log.request(b"\0\0\0same") is None


def test_an_empty_log_has_nothing_to_forget(backend: Backend) -> None:
    assert backend.log.forget_requests(START_MS, 100) == 0


def test_the_answer_itself_is_not_forgotten(log: Log) -> None:
    log.forget_requests(START_MS + 9_000, 100)
    assert log.commit_at(1)[0].cause.request_id == "r00"
