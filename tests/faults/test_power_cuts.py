"""Promise 1: an acknowledged write survives kill -9 and the loss of everything not synced."""

import os
import random
import sys
from pathlib import Path

import pytest

from benchmarks.basket_kills import basket_kills
from benchmarks.kill_rounds import Load, kill_rounds
from benchmarks.node import Node, NodeFailed
from tests.faults.points import plant
from tests.faults.power_cut import PowerCut

pytestmark = pytest.mark.soak

LENGTH = int(os.environ.get("LENGTH", "10"))
CUTS, BASKET_CUTS = 80 * LENGTH, 20 * LENGTH
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""


async def test_acknowledged_writes_survive_power_cuts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    power = PowerCut(tmp_path, monkeypatch)

    async def strike(node: Node, _load: Load, chance: random.Random) -> None:
        await power.strike(node, chance)

    figures = await kill_rounds(tmp_path, rounds=CUTS, clients=8, seed=SEED, strike=strike)
    with capsys.disabled():
        cuts = f"{dict(power.cuts)}, {power.dropped} bytes dropped"
        sys.stdout.write(f"\npower cuts, seed {SEED}, {cuts}, {figures}\n")
    assert figures["well"], str(figures)
    assert power.dropped > 0, "no cut came before a sync"
    assert all(power.cuts[kind] for kind in ("whole nodes", "shards"))


async def test_baskets_across_shards_survive_power_cuts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    power = PowerCut(tmp_path, monkeypatch)
    figures = await basket_kills(
        tmp_path, rounds=BASKET_CUTS, clients=4, seed=SEED, strike=power.strike
    )
    with capsys.disabled():
        cuts = f"{dict(power.cuts)}, {power.dropped} bytes dropped"
        sys.stdout.write(f"\npower cuts amid baskets, seed {SEED}, {cuts}, {figures}\n")
    assert figures["well"], str(figures)
    assert power.dropped > 0, "no cut came before a sync"
    assert figures["baskets prepared"] > 0, "no basket was over several shards"


async def test_control_without_the_flush_a_power_cut_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the flush left out, acknowledged writes are lost, and the node refuses to go on."""
    power = PowerCut(tmp_path, monkeypatch)
    plant("without_flush", monkeypatch)

    async def strike(node: Node, _load: Load, _chance: random.Random) -> None:
        node.kill()
        assert power.cut(node.data_dir) > 0
        with pytest.raises(NodeFailed, match=r"acknowledged|missing"):
            await node.start()
        raise _Noticed

    with pytest.raises(ExceptionGroup) as raised:
        await kill_rounds(tmp_path, rounds=1, clients=8, strike=strike)
    assert raised.value.subgroup(_Noticed)


class _Noticed(Exception):
    """The node has refused to go on."""
