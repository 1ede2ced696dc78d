"""The benchmark of replay measures a writer alone, beside readers, and beside a busy process."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from benchmarks.feed_replay import fill, of_node, of_shard, table
from benchmarks.feed_replay_phases import ALONE, SKUS, Scale
from benchmarks.feed_replay_shard import ChunkReaders, ends_of_groups, lone_shard

SMALLEST = Scale(4_000, 1, 0.3, 0.2, (2,))


def assert_measured(rows: Mapping[str, Mapping[str, float]]) -> None:
    for name, row in rows.items():
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert row["per_s"] > 0
        assert (row["read_per_s"] > 0) is ("reader" in name)
        assert ("per_s ratio" in row) is (name != ALONE)
    assert table("Found", rows).row_count == len(rows)


async def test_a_whole_node_is_measured() -> None:
    rows = await of_node(SMALLEST)
    assert list(rows) == [ALONE, "2 readers", "2 readers, paced", "busy process"]
    assert_measured(rows)


async def test_a_shard_by_itself_is_measured() -> None:
    rows = await of_shard(SMALLEST)
    assert list(rows) == [ALONE, "2 readers"]
    assert_measured(rows)


async def test_readers_begin_again_at_the_end_of_the_history_whatever_was_written_since(
    tmp_path: Path,
) -> None:
    async with lone_shard(tmp_path) as subject:
        await fill(subject, 1_000)
        ends = await ends_of_groups(subject.link)
        await subject.batch(0, SKUS[:10])
        readers = ChunkReaders(subject.link, 1, ends)
        while await readers.read() < 3 * max(ends.values()):
            await asyncio.wait(readers.tasks, timeout=0.01)
        for task in readers.tasks:
            task.cancel()
        await asyncio.wait(readers.tasks)
