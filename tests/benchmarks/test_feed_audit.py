"""The auditor of feeds finds every way in which a stream can be unlike the log."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from holdfast.v1 import feed_pb2

from benchmarks.feed_audit import FINDINGS, Auditor, Interest, LogCopy, Refusal, Stream
from engine.core.events import (
    BaseTaken,
    Event,
    Recorded,
    ReservationRenamed,
    StockAdjusted,
    StockReceived,
)
from engine.core.model import Cause, Key, Stock
from engine.feed.group import decode_group
from engine.log.codec import encode_group
from engine.log.port import Commit, Group

TEA = Key("", "TEA", "LONDON")
CUP = Key("", "CUP", "LEEDS")
COMMITS: tuple[tuple[Event, ...], ...] = (
    (StockReceived(TEA, 5),),
    (ReservationRenamed("0a3-1-1", "cart-7", ""), StockAdjusted(TEA, 1), StockAdjusted(CUP, 1)),
    (BaseTaken(1, "", ""),),
    (StockReceived(CUP, 2), StockReceived(TEA, 2)),
)
"""Positions 1; 2 to 4; 5, which nobody is told; 6 and 7."""


def group() -> Group:
    versions = dict.fromkeys((TEA, CUP), 0)
    commits = []
    for number, events in enumerate(COMMITS):
        recorded = []
        for event in events:
            key = getattr(event, "key", None)
            if key is None:
                recorded.append(Recorded(event, None))
                continue
            versions[key] += 1
            recorded.append(Recorded(event, Stock(on_hand=number, version=versions[key])))
        commits.append(Commit(Cause("Test", f"r{number}"), b"", b"", (), tuple(recorded)))
    return Group(1, 1, tuple(commits))


def log() -> LogCopy:
    copy = LogCopy(1)
    for commit in group().commits:
        copy.shards[0].append(commit)
    return copy


def messages() -> dict[int, Any]:
    """Each event as the feed tells it, by position."""
    told = decode_group(0, encode_group(group())).events
    batches = (feed_pb2.EventBatch.FromString(event.entry) for event in told)
    return {event.position: batch.events[0] for event, batch in zip(told, batches, strict=True)}


def cursor(position: int) -> str:
    return f"1-00000000-1-0.{position}"


Message = tuple[int, Sequence[int]]
"""The position of a message's cursor, and those of its events."""
ALL: tuple[Message, ...] = ((1, (1,)), (4, (2, 3, 4)), (5, ()), (7, (6, 7)))


EVERYTHING = Interest()


def audited(
    *sent: Message, start: int = 0, interest: Interest = EVERYTHING, change: int = 0
) -> dict[str, int]:
    """What the auditor finds in a stream; the event at position `change` is told otherwise."""
    events = messages()
    if change:
        events[change].balances.on_hand += 1
    stream = Stream(interest, {0: start})
    for position, positions in sent:
        stream.take(cursor(position), [events[each] for each in positions])
    auditor = Auditor(log())
    auditor.stream(stream)
    assert set(auditor.findings) <= set(FINDINGS)
    return {name: number for name, number in auditor.findings.items() if number}


@pytest.mark.parametrize(
    ("interest", "sent", "start"),
    [
        (EVERYTHING, ALL, 0),
        (EVERYTHING, ((7, (1, 2, 3, 4, 6, 7)),), 0),
        (EVERYTHING, ((7, (6, 7)),), 4),
        (EVERYTHING, (), 0),
        (Interest(skus=("TEA",)), ((4, (1, 3)), (7, (7,))), 0),
        (Interest(sku_prefixes=("C",)), ((7, (4, 6)),), 0),
        (Interest(locations=("LEEDS",)), ((7, (4, 6)),), 0),
        (Interest(skus=("CUP",), locations=("LONDON",)), ((1, ()), (7, ())), 0),
    ],
)
def test_what_is_right_is_found_right(
    interest: Interest, sent: Sequence[Message], start: int
) -> None:
    assert audited(*sent, start=start, interest=interest) == {}


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lambda: audited((4, (1, 3, 2, 4))), {"reordered": 1}),
        (lambda: audited((4, (1, 2, 2, 3, 4))), {"doubled": 1}),
        (lambda: audited((4, (1, 2, 3, 4)), (7, (4, 6, 7))), {"doubled": 1}),
        (lambda: audited((4, (1, 2, 4))), {"missing": 1}),
        (lambda: audited((1, (1,)), (7, ())), {"missing": 5}),
        (lambda: audited((7, (6, 7)), start=1), {"missing": 3}),
        (lambda: audited((4, (1, 3, 4)), interest=Interest(skus=("TEA",))), {"uncalled for": 1}),
        (lambda: audited((7, (5, 6, 7)), start=4), {"uncalled for": 1}),
        (lambda: audited((7, (6, 7)), start=4, change=6), {"altered": 1}),
        (lambda: audited((3, (1, 2, 3)), (4, (4,))), {"torn": 1}),
        (lambda: audited((1, (1, 2, 3, 4)), (4, ())), {"ahead": 3, "missing": 3}),
        (lambda: audited((4, (1, 2, 3, 4)), (1, ())), {"back": 1}),
    ],
)
def test_control_each_fault_is_found(
    fault: Callable[[], dict[str, int]], found: dict[str, int]
) -> None:
    assert fault() == found


@pytest.mark.parametrize(
    ("asked", "oldest", "kept", "found"),
    [
        (1, 4, 3, {}),
        (4, 4, 3, {"refused without need": 1}),
        (1, 4, 4, {"forgotten too early": 1}),
        (1, 3, 3, {"torn": 1}),
    ],
)
def test_refusals_are_looked_at(asked: int, oldest: int, kept: int, found: dict[str, int]) -> None:
    auditor = Auditor(log())
    auditor.refusal(Refusal(cursor(asked), cursor(oldest)), kept)
    assert {name: number for name, number in auditor.findings.items() if number} == found


@pytest.mark.parametrize(
    ("request_id", "position", "missing"),
    [("r1", 4, 0), ("r3", 7, 0), ("r4", 7, 1), ("r1", 3, 1), ("r1", 9, 1)],
)
def test_answers_are_looked_for(request_id: str, position: int, missing: int) -> None:
    auditor = Auditor(log())
    auditor.answers({request_id: cursor(position)})
    assert auditor.findings["answers without events"] == missing
