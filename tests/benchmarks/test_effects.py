"""The comparison of answers with the history finds each kind of fault: the controls of the rounds
of kills."""

import pytest
from holdfast.types import LineResult, Reserved
from holdfast.v1 import feed_pb2

from benchmarks.effects import Acknowledged, Findings


def created(position: int, request_id: str, reservation_id: str) -> feed_pb2.Event:
    event = feed_pb2.Event(shard=0, position=position)
    event.cause.request_id = request_id
    event.reservation_created.reservation_id = reservation_id
    return event


def held(position: int, request_id: str, reservation_id: str, units: int) -> feed_pb2.Event:
    event = feed_pb2.Event(shard=0, position=position)
    event.cause.request_id = request_id
    event.key.sku = "TEA"
    event.stock_held.reservation_id = reservation_id
    event.stock_held.line_id = "1"
    event.stock_held.quantity = units
    return event


def told(position: int, request_id: str, reservation_id: str, units: int) -> feed_pb2.Event:
    """Units that another shard holds for a reservation of this one."""
    event = feed_pb2.Event(shard=0, position=position)
    event.cause.request_id = request_id
    event.lines_told.reservation_id = reservation_id
    event.lines_told.lines.append(held(0, "", reservation_id, units))
    return event


def answer(units: int) -> Reserved:
    lines = (LineResult("1", "TEA", "LONDON", units),)
    return Reserved("r1", lines, (), None, "", False, None, None)


HOLD = [created(1, "a", "r1"), held(2, "a", "r1", 2)]


@pytest.mark.parametrize(
    ("why", "events", "findings"),
    [
        ("as answered", HOLD, Findings(0, 0, 0, 0, 0)),
        ("as answered, elsewhere", [HOLD[0], told(2, "a", "r1", 2)], Findings(0, 0, 0, 0, 0)),
        ("elsewhere too", [*HOLD, told(3, "a", "r1", 1)], Findings(0, 1, 0, 0, 0)),
        ("an attempt is none", [*HOLD, held(3, "a", "boot/1", 2)], Findings(0, 0, 0, 0, 0)),
        ("nothing was recorded", [], Findings(1, 0, 0, 0, 0)),
        ("another quantity", [HOLD[0], held(2, "a", "r1", 3)], Findings(0, 1, 0, 0, 0)),
        (
            "held twice",
            [*HOLD, created(3, "a", "r2"), held(4, "a", "r2", 2)],
            Findings(0, 1, 1, 0, 0),
        ),
        ("the same effect twice", [*HOLD, held(3, "a", "r1", 2)], Findings(0, 1, 1, 0, 0)),
        (
            "another write in between",
            [HOLD[0], created(2, "c", "r9"), held(3, "a", "r1", 2)],
            Findings(0, 0, 0, 0, 1),
        ),
        ("the refused one has an effect", [*HOLD, created(3, "b", "r2")], Findings(0, 0, 0, 1, 0)),
        ("expiry has no request id", [*HOLD, created(3, "", "r2")], Findings(0, 0, 0, 0, 0)),
    ],
)
def test_each_fault_is_found(why: str, events: list[feed_pb2.Event], findings: Findings) -> None:
    history = Acknowledged()
    history.answer("a", answer(2))
    history.refuse("b")
    for event in events:
        history.event(event)
    assert history.findings() == findings, why
