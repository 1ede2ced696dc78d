"""The benchmark of activation measures what it says, in small."""

from pathlib import Path

from benchmarks.activation import activation, restart


async def test_first_commands_are_measured(tmp_path: Path) -> None:
    figures = await activation(tmp_path, 20, turns=2)
    assert figures["well"], figures
    assert {each["number"] for each in figures["first command"].values()} == {2}


async def test_restarts_are_measured(tmp_path: Path) -> None:
    figures = await restart(tmp_path, 10, times=1)
    assert all(figure["first answer s"] > 0 for figure in figures.values())
