"""What one command has made in a shard is not divided among messages."""

import pytest

from engine.core.events import StockReceived
from engine.core.model import Key
from engine.feed.filter import Filter
from engine.feed.hub import Hub, Start
from engine.feed.limits import FeedLimits
from engine.feed.steps import CaughtUp
from tests.feed.scripted import ScriptedShards, positions

TEA, CUP = (Key("", sku, "LONDON") for sku in ("TEA", "CUP"))
COMMITS = [
    [StockReceived(key, 1)] * events for events, key in ((1, TEA), (6, TEA), (1, TEA), (1, CUP))
]


@pytest.mark.parametrize(
    ("limits", "feed_filter", "expected"),
    [
        ({"message_events_max": 4}, Filter(), [7, 9]),
        ({"message_events_max": 1}, Filter(), [1, 7, 8, 9]),
        ({"message_bytes_max": 1}, Filter(), [1, 7, 8, 9]),
        ({"pass_events_max": 3}, Filter(), [7, 9]),
        ({"pass_events_max": 2}, Filter(skus=frozenset({"CUP"})), [9]),
        # What is too large for one message is divided.
        ({"message_bytes_max": 1, "commit_bytes_max": 1}, Filter(), list(range(1, 10))),
    ],
)
async def test_no_cursor_lies_inside_a_commit(
    limits: dict[str, int], feed_filter: Filter, expected: list[int]
) -> None:
    shards = ScriptedShards(1)
    shards.feeds[0].append(*COMMITS)
    hub = Hub(shards, FeedLimits(checkpoint_s=3_600.0, **limits))
    subscriber = await hub.subscribe(feed_filter, Start.BEGINNING)
    cursors = []
    async for step in subscriber:
        if isinstance(step, CaughtUp):
            break
        cursors.append(positions(step.cursor)[0])
    assert cursors == expected
