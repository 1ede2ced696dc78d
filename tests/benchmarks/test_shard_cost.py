"""The benchmark of a shard's costs measures each command."""

from pathlib import Path

from benchmarks.shard_cost import shard_cost


def test_every_command_is_measured(tmp_path: Path) -> None:
    figures = shard_cost(tmp_path, 1)
    assert list(figures) == [
        "Reserve, one hot SKU",
        "Commit",
        "Release",
        "Reserve, 10 000 SKUs",
        "flushed",
    ]
    assert all(us > 0 for us in figures.values())
