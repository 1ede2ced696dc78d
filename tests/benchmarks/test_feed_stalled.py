"""Half of the subscribers stop reading: they are let go, told why, and miss nothing."""

from pathlib import Path

from benchmarks.feed_stalled import feed_stalled


async def test_stalled_subscribers_are_told_why_and_miss_nothing(tmp_path: Path) -> None:
    figures = await feed_stalled(tmp_path, subscribers=8, seconds=1.0, stall_s=0.5)
    assert figures["told why"] == 4, figures
    assert figures["missed"] == figures["left behind"] == 0, figures
    assert figures["well"], figures
