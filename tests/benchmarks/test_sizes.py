"""The sections of `make bench` about what a node keeps, and how it comes back, measure what targets
are held against."""

from benchmarks import disk, kill_rounds, recovery
from benchmarks.sections import Setting

SMALL = Setting(quick=True, rounds=1, locations=300, events=4_000)


async def test_a_killed_node_is_measured() -> None:
    found = await recovery.measure_section(SMALL)
    assert not found.wrong
    assert found.facts["locations"] == 300
    assert isinstance(found.facts["shard back s"], float)
    assert isinstance(found.facts[recovery.SERVING], float)


async def test_pauses_after_kills_are_measured() -> None:
    found = await kill_rounds.measure_section(SMALL)
    assert not found.wrong
    pauses = [found.facts[f"pause {name} ms"] for name in ("p50", "p99", "max")]
    assert all(isinstance(pause, float) and pause > 0 for pause in pauses)


async def test_the_disk_that_reserves_take_is_measured() -> None:
    found = await disk.measure_disk(SMALL)
    taken = {name: row[disk.COLUMN] for name, row in found.rows.items()}
    assert {"log", "reservations", "requests", "timers", "index", "history"} <= set(taken)
    assert taken.pop(disk.ALL) > sum(taken.values()) * 0.9 > 0
