"""Shards are killed at named points of the write path, and told there that their disk has failed:
what was acknowledged is there once, and nothing is acknowledged after an error."""

import os
import random
import sys
from pathlib import Path

import pytest

from benchmarks.kill_rounds import ACKNOWLEDGED_MIN, Strike, kill_a_shard, kill_rounds
from tests.faults.points import FAILING_AT, KILLED_AT, Points, plant

STRIKES_PER_POINT = 2
SOAK_KILLS = 50 * int(os.environ.get("LENGTH", "10"))
"""At named points, and as many at random times."""
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""
ERRORS = ("EIO", "ENOSPC", "EROFS")


async def test_kills_at_named_points_lose_and_double_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("struck_at", monkeypatch)
    points = Points(tmp_path, monkeypatch)
    rounds = STRIKES_PER_POINT * len(KILLED_AT)
    figures = await kill_rounds(tmp_path, rounds=rounds, clients=8, strike=points)
    assert figures["well"], str(figures)
    assert figures["acknowledged"] > rounds * ACKNOWLEDGED_MIN
    assert figures["answered by a replay"] > 0, "no kill came between an effect and its answer"
    assert all(points.findings.struck[point] >= STRIKES_PER_POINT for point in KILLED_AT)


async def test_after_an_error_of_the_disk_nothing_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("struck_at", monkeypatch)
    points = Points(tmp_path, monkeypatch, FAILING_AT, lambda chance: chance.choice(ERRORS))
    figures = await kill_rounds(tmp_path, rounds=len(FAILING_AT), clients=8, strike=points)
    assert figures["well"], str(figures)
    assert points.findings.well, points.findings
    assert points.findings.struck.total() >= len(FAILING_AT)


async def test_control_errors_that_are_ignored_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shard that goes on after a failed write acknowledges what it does not have."""
    plant("ignored_errors", monkeypatch)
    points = Points(tmp_path, monkeypatch, ("before write",), lambda _: "EIO")
    figures = await kill_rounds(tmp_path, rounds=1, clients=2, strike=points)
    assert points.findings.went_on
    assert points.findings.late
    assert figures["missing"] > 0 or not figures["verify"].startswith("ok"), figures


@pytest.mark.soak
@pytest.mark.parametrize("where", ["at random times", "at named points"])
async def test_hundreds_of_kills_lose_and_double_nothing(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points: Points | None = None
    strike: Strike = kill_a_shard
    if where == "at named points":
        plant("struck_at", monkeypatch)
        strike = points = Points(tmp_path, monkeypatch)
    figures = await kill_rounds(tmp_path, rounds=SOAK_KILLS, clients=8, seed=SEED, strike=strike)
    with capsys.disabled():
        struck = points.findings.struck if points else ""
        sys.stdout.write(f"\nkills {where}, seed {SEED}, {struck} {figures}\n")
    assert figures["well"], str(figures)
    assert figures["answered by a replay"] > 0, "no kill came between an effect and its answer"
