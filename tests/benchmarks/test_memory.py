"""The memory of a node is measured while it is empty, loaded, idle and in use."""

from benchmarks.memory import AFTERWARDS, OF_ACTIVE, measure_memory, measure_section, tables
from benchmarks.sections import Setting


async def test_each_moment_is_measured() -> None:
    figures = await measure_memory(300, idle_s=0)
    assert figures["locations"] == figures["active"] == 300
    assert list(figures["memory MiB"]) == ["empty", "loaded", *AFTERWARDS]
    for moment in figures["memory MiB"].values():
        assert 0 < moment["shard own"] < moment["shard resident"] < moment["node resident"]
    assert len(tables(figures)) == 2


async def test_make_bench_looks_at_it_while_it_grows() -> None:
    found = await measure_section(Setting(quick=True, locations=400))
    assert [row["locations"] for row in found.rows.values()] == [0, 50, 100, 200, *[400] * 4]
    loaded = ["loaded 50", "loaded 100", "loaded 200", "loaded"]
    assert list(found.rows) == ["empty", *loaded, *AFTERWARDS]
    assert isinstance(found.facts[OF_ACTIVE], float)
    assert all(row["node resident_MiB"] > 0 for row in found.rows.values())
