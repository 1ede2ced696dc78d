"""The check of a history by itself finds each kind of contradiction."""

import pytest
from holdfast.v1 import feed_pb2

from benchmarks.told_history import Contradictions, ToldHistory
from engine.shard.slots import reservation_id

HERE = reservation_id(0, 1, 1)
"""A reservation whose home is shard 0 of two."""


def stock(shard: int, version: int, kind: str, on_hand: int, held: int) -> feed_pb2.Event:
    """An event of five units of a SKU-location of a shard, and the balances after it."""
    event = feed_pb2.Event(shard=shard, version=version)
    event.key.sku = f"SKU-{shard}"
    event.balances.on_hand, event.balances.held = on_hand, held
    getattr(event, kind).quantity = 5
    if kind == "stock_held":
        event.stock_held.reservation_id, event.stock_held.line_id = HERE, "1"
    return event


def told(units: int) -> feed_pb2.Event:
    """Shard 0 tells shard 1 of units that it holds."""
    event = feed_pb2.Event(shard=0)
    event.lines_told.reservation_id, event.lines_told.shard = HERE, 1
    line = event.lines_told.lines.add()
    line.key.sku = "SKU-1"
    line.stock_held.line_id, line.stock_held.quantity = "1", units
    return event


RECEIVED = stock(1, 1, "stock_received", 5, 0)
HELD = stock(1, 2, "stock_held", 5, 5)


@pytest.mark.parametrize(
    ("why", "events", "found"),
    [
        ("as told", [told(5), RECEIVED, HELD], Contradictions(0, 0, 0)),
        ("told and not done", [told(5), RECEIVED], Contradictions(0, 0, 1)),
        ("done and not told", [RECEIVED, HELD], Contradictions(0, 0, 1)),
        ("another quantity", [told(4), RECEIVED, HELD], Contradictions(0, 0, 1)),
        (
            "done twice",
            [told(5), RECEIVED, HELD, stock(1, 3, "stock_held", 5, 10)],
            Contradictions(0, 0, 1),
        ),
        ("a version is left out", [stock(0, 2, "stock_received", 5, 0)], Contradictions(1, 0, 0)),
        ("a wrong balance", [stock(0, 1, "stock_received", 6, 0)], Contradictions(0, 1, 0)),
        ("another balance moved", [stock(0, 1, "stock_received", 5, 1)], Contradictions(0, 1, 0)),
    ],
)
def test_each_contradiction_is_found(
    why: str, events: list[feed_pb2.Event], found: Contradictions
) -> None:
    history = ToldHistory(2)
    history.take(events)
    assert history.contradictions() == found, why
