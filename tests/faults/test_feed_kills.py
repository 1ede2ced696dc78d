"""Shards and nodes are killed while many follow the feed, leave and come back, and the log forgets:
every stream is what etcd promises of a watch."""

import os
import random
import sys
from pathlib import Path

import pytest

from benchmarks.feed_kills import feed_kills
from tests.faults.test_basket_kills import plant

LENGTH = int(os.environ.get("LENGTH", "10"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""


async def test_feeds_are_ordered_unique_complete_atomic_and_resumable(tmp_path: Path) -> None:
    figures = await feed_kills(
        tmp_path, subscribers=10, reconnects=30, kills=3, keep_events=200, seed=3
    )
    assert figures["well"], figures
    assert figures["reconnects"] == 30
    assert all(figures["kills"].values()), "not every kind of kill was tried"
    assert figures["events told"] > figures["events in the log"], "too little was told"


@pytest.mark.soak
async def test_feeds_stand_a_hundred_kills_and_a_thousand_reconnections(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = await feed_kills(
        tmp_path, subscribers=50, reconnects=100 * LENGTH, kills=10 * LENGTH, seed=SEED
    )
    with capsys.disabled():
        sys.stdout.write(f"\nseed {SEED}, {figures}\n")
    assert figures["well"], figures
    assert figures["events forgotten"] > 0, "the log has forgotten nothing"
    assert figures["refusals"] > 0, "nobody came back with a cursor from before that"


async def test_control_a_lost_event_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A front end that leaves out an event now and then, under a cursor that covers it."""
    plant("lost_events", monkeypatch)
    figures = await feed_kills(tmp_path, subscribers=5, reconnects=5, kills=1, keep_events=0)
    assert not figures["well"]
    assert figures["missing"] > 0
    assert figures["verify"].startswith("ok"), "the log itself is whole"
