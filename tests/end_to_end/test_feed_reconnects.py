"""Streams that are left and opened again at any cursor show the history as it is."""

from pathlib import Path

import pytest
from holdfast.v1 import feed_pb2

from benchmarks.feed_reconnects import Reference, Streams, feed_reconnects


@pytest.mark.parametrize("shards", [1, 2])
async def test_no_stream_has_a_gap_a_duplicate_or_another_order(
    tmp_path: Path, shards: int
) -> None:
    figures = await feed_reconnects(tmp_path, reconnects=12, shards=shards)
    assert figures["well"], figures
    assert figures["streams"] == 12
    assert figures["events over all streams"] > 12


@pytest.mark.parametrize(
    ("positions", "counts"),
    [
        ([3, 4, 5], {}),
        ([3, 5], {"gaps": 1}),
        ([3, 4, 4], {"duplicates": 1}),
        ([2, 3], {"reordered": 1}),
        ([4, 3], {"gaps": 1, "reordered": 1}),
    ],
)
def test_control_each_fault_of_a_stream_is_counted(
    positions: list[int], counts: dict[str, int]
) -> None:
    streams = Streams(Reference())
    last, received = {0: 2}, set[tuple[int, int]]()
    for position in positions:
        streams.check(0, position, last, received)
    assert {name: number for name, number in streams.counts.items() if number} == counts


def test_control_an_event_that_differs_is_counted() -> None:
    """Whether the uninterrupted subscriber has seen it before, or sees it later, or never."""
    first, second = (feed_pb2.Event(shard=0, position=each, version=each) for each in (1, 2))
    reference = Reference(events={0: [first]})
    streams = Streams(reference)
    for message in (first, second, feed_pb2.Event(shard=0, position=1, version=2)):
        streams.compare(message)
    streams.compare(feed_pb2.Event(shard=0, position=2, version=9))
    streams.compare(feed_pb2.Event(shard=0, position=3))
    reference.events[0].append(second)
    assert streams.different() == 3
