"""The memory of a node is measured while it is empty, loaded and in use."""

from benchmarks.memory import measure_memory, tables


async def test_each_moment_is_measured() -> None:
    figures = await measure_memory(300)
    assert figures["locations"] == figures["active"] == 300
    assert list(figures["memory MiB"]) == ["idle", "loaded", "in use"]
    for moment in figures["memory MiB"].values():
        assert 0 < moment["shard own"] < moment["shard resident"] < moment["node resident"]
    assert len(tables(figures)) == 2
