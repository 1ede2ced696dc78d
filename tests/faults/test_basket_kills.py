"""Shards and nodes are killed while baskets over several shards are decided: what was acknowledged
is there once, and no basket is half."""

import os
import random
import sys
from pathlib import Path

import pytest

from benchmarks.basket_kills import ACKNOWLEDGED_MIN, basket_kills

ROUNDS = 6
SOAK_ROUNDS = 20 * int(os.environ.get("LENGTH", "10"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""


def plant(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every process of a node load a fault at its start."""
    folder = Path(__file__).with_name(fault)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)


async def test_no_basket_is_lost_doubled_or_half(tmp_path: Path) -> None:
    figures = await basket_kills(tmp_path, rounds=ROUNDS, clients=4, seed=2)
    assert figures["well"], figures
    assert figures["acknowledged"] > ROUNDS * ACKNOWLEDGED_MIN
    assert figures["baskets prepared"] > 0, "no basket was over several shards"
    assert figures["units filled later"] > 0, "nobody who waited was served"
    assert all(figures["kills"].values()), "not every kind of kill was tried"


@pytest.mark.soak
async def test_no_basket_is_lost_doubled_or_half_for_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = await basket_kills(tmp_path, rounds=SOAK_ROUNDS, clients=4, seed=SEED)
    with capsys.disabled():
        sys.stdout.write(f"\nseed {SEED}, {figures}\n")
    assert figures["well"], figures
    assert figures["answered by a replay"] > 0, "no kill came between an effect and its answer"


async def test_control_lost_lines_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shard that is told what is given back and forgets a unit of it leaves half baskets and
    balances that are not the sums of lines."""
    plant("lost_lines", monkeypatch)
    figures = await basket_kills(tmp_path, rounds=1, clients=2)
    assert not figures["well"]
    assert figures["half baskets"] > 0
    assert figures["not as told"] > 0
    assert figures["unlike the answers"] > 0


@pytest.mark.soak
async def test_control_a_lost_outbox_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shards that forget at a restart what they have yet to tell leave units set aside for ever."""
    plant("lost_outbox", monkeypatch)
    figures = await basket_kills(tmp_path, rounds=10, clients=4)
    assert not figures["well"]
    assert figures["half baskets"] > 0
