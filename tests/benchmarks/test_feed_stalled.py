"""Half of the subscribers stop reading: they are let go, told why, and miss nothing."""

import os
import sys
from pathlib import Path

import pytest

from benchmarks.feed_stalled import feed_stalled
from tests.faults.test_basket_kills import plant

LENGTH = int(os.environ.get("LENGTH", "10"))
"""`make soak` gives it."""


async def test_stalled_subscribers_are_told_why_and_miss_nothing(tmp_path: Path) -> None:
    figures = await feed_stalled(tmp_path, subscribers=8, seconds=1.0, stall_s=0.5)
    assert figures["told why"] == 4, figures
    assert figures["missed"] == figures["left behind"] == 0, figures
    assert figures["well"], figures


@pytest.mark.soak
async def test_five_hundred_stalled_subscribers_cost_little_and_miss_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = await feed_stalled(tmp_path, subscribers=1_000, seconds=12.0 * LENGTH, stall_s=60.0)
    with capsys.disabled():
        sys.stdout.write(f"\n{figures}\n")
    assert figures["well"], figures


async def test_control_an_event_that_is_left_out_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("lost_events", monkeypatch)
    figures = await feed_stalled(tmp_path, subscribers=8, seconds=2.0, stall_s=0.5)
    assert not figures["well"]
    assert figures["missed"] > 0, figures
