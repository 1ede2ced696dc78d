"""Promise 1: an acknowledged write survives kill -9 and the loss of everything not synced."""

import asyncio
import os
import random
import sys
from pathlib import Path

import pytest
from holdfast import Client
from holdfast.errors import HoldfastError

from benchmarks.node import Node, NodeFailed
from tests.faults.power_cut import PowerCut

pytestmark = pytest.mark.soak

ROUNDS = 3 * int(os.environ.get("LENGTH", "3"))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 30))
"""`make soak` gives both; a seed is printed with the figures."""

CALLERS = 8
ACKNOWLEDGED_MIN = 100
"""A round with fewer acknowledgements before its cut shows little: it is void."""


async def write_until_cut(
    node: Node, prefix: str, acknowledged: dict[str, str], enough: asyncio.Event
) -> None:
    """One caller: receives and reserves until the node is gone."""
    async with Client(node.address, timeout_s=1.0) as client:
        number = 0
        while True:
            number += 1
            name = f"{prefix}-{number}"
            try:
                await client.receive("TEA", "LONDON", 1, request_id=f"receive-{name}")
                held = await client.reserve(
                    [("TEA", "LONDON", 1)], ttl_s=3_600, request_id=f"reserve-{name}"
                )
            except HoldfastError:
                return
            acknowledged[f"reserve-{name}"] = held.reservation_id
            if len(acknowledged) >= ACKNOWLEDGED_MIN:
                enough.set()


async def one_round(node: Node, seed: int, everything: dict[str, str]) -> None:
    """Write under load, and cut in the middle of it."""
    acknowledged: dict[str, str] = {}
    enough = asyncio.Event()
    callers = [
        asyncio.create_task(write_until_cut(node, f"{seed}-{caller}", acknowledged, enough))
        for caller in range(CALLERS)
    ]
    await asyncio.wait_for(enough.wait(), 60)
    more = random.Random(seed).randrange(200)
    target = len(acknowledged) + more
    async with asyncio.timeout(60):
        while len(acknowledged) < target:
            await asyncio.wait(callers, timeout=0.001)
    node.kill()
    await asyncio.gather(*callers)
    everything.update(acknowledged)


async def missing(node: Node, acknowledged: dict[str, str]) -> list[str]:
    """The acknowledged writes that the node does not know any more."""
    async with Client(node.address) as client:
        lost = []
        for name, reservation_id in acknowledged.items():
            try:
                await client.reservation(reservation_id)
            except HoldfastError as error:
                lost.append(f"{name}: {error}")
        return lost


async def test_acknowledged_writes_survive_power_cuts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    power = PowerCut(tmp_path, monkeypatch)
    node = Node(tmp_path)
    acknowledged: dict[str, str] = {}
    dropped = 0
    for seed in range(SEED, SEED + ROUNDS):
        await node.start()
        await one_round(node, seed, acknowledged)
        dropped += power.cut(node.data_dir)
    await node.start()
    lost = await missing(node, acknowledged)
    await node.stop()
    with capsys.disabled():
        figures = (
            f"seed {SEED}, {ROUNDS} cuts, {dropped} bytes dropped, {len(acknowledged)} acknowledged"
        )
        sys.stdout.write(f"\n{figures}, {len(lost)} missing\n")
    assert lost == []


async def test_control_without_the_flush_a_power_cut_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the flush left out, acknowledged writes are lost, and the node refuses to go on."""
    power = PowerCut(tmp_path, monkeypatch)
    folder = Path(__file__).with_name("without_flush")
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
    node = Node(tmp_path)
    await node.start()
    await one_round(node, 1, {})
    assert power.cut(node.data_dir) > 0
    with pytest.raises(NodeFailed, match=r"acknowledged|missing"):
        await node.start()
