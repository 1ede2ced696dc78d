"""Shards are killed under load, and nothing that was acknowledged is lost or done twice."""

from pathlib import Path

from benchmarks.kill_rounds import ACKNOWLEDGED_MIN, kill_rounds

ROUNDS = 5


async def test_no_effect_is_lost_or_doubled(tmp_path: Path) -> None:
    figures = await kill_rounds(tmp_path, rounds=ROUNDS, clients=8)
    assert figures["well"], figures
    assert figures["acknowledged"] > ROUNDS * ACKNOWLEDGED_MIN
    assert figures["answered by a replay"] > 0, "no kill came between an effect and its answer"
