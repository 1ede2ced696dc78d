"""Holds end at their deadline, never before it, whatever the wall clock says and however long the
processes of the node were suspended or away."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.holds_in_time import STEPS, WallClock, holds_in_time
from tests.faults.test_basket_kills import plant

HOLDS, SPAN_S, SUSPENDED_S = 400, 8.0, 1.0
SOAK_HOLDS = 10_000 * int(os.environ.get("LENGTH", "10"))
SOAK_SPAN_S, SOAK_SUSPENDED_S = 150.0, 30.0
LATE_S_MAX, LATE_AFTER_OUTAGE_S_MAX = 1.0, 5.0
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""


@pytest.fixture
def wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """The wall clock of the nodes that are started under this environment; it takes a fault that
    reads it."""
    path = tmp_path / "ahead"
    monkeypatch.setenv("WALL_CLOCK_AHEAD", str(path))
    return WallClock(path)


async def test_no_hold_ends_early_or_never(
    tmp_path: Path, wall: WallClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("jumping_clock", monkeypatch)
    figures = await holds_in_time(
        tmp_path, wall, holds=HOLDS, span_s=SPAN_S, suspended_s=SUSPENDED_S, seed=SEED
    )
    assert figures["well"], (SEED, figures)
    assert figures["holds"] == HOLDS
    assert any("running shard: answered" in answer for answer in figures["probes"]), figures


@pytest.mark.soak
async def test_every_hold_ends_in_time(
    tmp_path: Path,
    wall: WallClock,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Here the clock is moved below Python, for everything that a process of the node runs."""
    source, library = Path(__file__).with_name("wall_clock.c"), tmp_path / "wall_clock.so"
    command = ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)  # noqa: ASYNC221 - nothing else runs yet
    monkeypatch.setenv("LD_PRELOAD", str(library))
    figures = await holds_in_time(
        tmp_path,
        wall,
        holds=SOAK_HOLDS,
        span_s=SOAK_SPAN_S,
        suspended_s=SOAK_SUSPENDED_S,
        seed=SEED,
    )
    with capsys.disabled():
        sys.stdout.write(f"\nseed {SEED}, {figures}\n")
    assert figures["well"], figures
    assert figures["deadlines in an outage"] > SOAK_HOLDS // 10
    assert figures["late at most, s"] <= LATE_S_MAX
    assert max(figures["late after an outage at most, s"].values()) <= LATE_AFTER_OUTAGE_S_MAX


@pytest.mark.parametrize(
    ("fault", "steps", "finding"),
    [
        ("hasty_clock", STEPS[:1], "early by the monotonic clock"),
        ("early_timers", (), "early by engine time"),
    ],
)
async def test_control_holds_that_end_early_are_noticed(
    tmp_path: Path,
    wall: WallClock,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    steps: tuple[str, ...],
    finding: str,
) -> None:
    plant(fault, monkeypatch)
    figures = await holds_in_time(tmp_path, wall, holds=100, span_s=4.0, steps=steps)
    assert not figures["well"]
    assert figures[finding] > 0, figures
