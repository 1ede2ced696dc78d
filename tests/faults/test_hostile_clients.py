"""Clients that mean harm, or keep no rules: a node stays up, serves the others meanwhile, takes a
bounded amount of memory, and gives back what it took."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from holdfast import Client
from holdfast.v1 import inventory_pb2, stock_pb2

from benchmarks.node import running_node
from tests.faults.attacks import CONNECTIONS, FLOODS, Attack, half_a_frame, idle_calls
from tests.faults.hostile import Outcome, closing, connections_allowed, withstand
from tests.faults.http2 import DATA, END_STREAM, begin_call, frame, greet, hear, message
from tests.faults.test_basket_kills import plant

NUMBER = 100
SOAK_NUMBER = 1_000 * int(os.environ.get("LENGTH", "10"))
"""`make soak` gives the length."""

RESTART_S_MAX = 25.0
MIB_MORE_MAX = 256.0
SOAK_MIB_MORE_MAX = 1_536.0
"""Most is taken by calls with much metadata: gRPC lets a client that has not heard its settings yet
send 16 MiB of it in 12 KB, and a thousand such calls may wait for a handler."""


async def attacked(
    directory: Path, attacks: Sequence[Attack], number: int, mib_more_max: float
) -> list[Outcome]:
    """Attack one node in every way; gives how it has withstood each."""
    async with running_node(directory) as node:
        async with Client(node.address) as client:
            await client.receive("TEA", "LONDON", 1)
        outcomes = [await withstand(node, each, number, mib_more_max) for each in attacks]
    assert node.verify().well
    return outcomes


def broken(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those of which a promise does not hold."""
    return [each for each in outcomes if each.broken]


@pytest.mark.parametrize("attacks", [CONNECTIONS, FLOODS], ids=["connections", "floods"])
async def test_a_node_withstands_hostile_clients(tmp_path: Path, attacks: list[Attack]) -> None:
    outcomes = await attacked(tmp_path, attacks, NUMBER, MIB_MORE_MAX)
    assert broken(outcomes) == []


async def test_a_flood_of_connections_leaves_room_for_the_node_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With descriptors for 200 connections and as many spared, a shard can be started again, long
    before the server gives up on those who do not go on."""
    plant("few_descriptors", monkeypatch)
    async with running_node(tmp_path) as node, Client(node.address) as client:
        await client.receive("TEA", "LONDON", 1)
        port = int(node.address.rpartition(":")[2])
        with closing(await asyncio.to_thread(half_a_frame, port, 500)):
            node.kill_shard()
            await client.receive("TEA", "LONDON", 1, timeout_s=RESTART_S_MAX)
            stock = await client.stock("TEA", "LONDON")
        assert stock.balances.on_hand == 2


async def test_control_frames_by_hand_make_a_call(tmp_path: Path) -> None:
    """What the attacks are made of is what gRPC understands: otherwise they would show nothing."""
    async with running_node(tmp_path) as node:
        with greet(int(node.address.rpartition(":")[2])) as made:
            request = inventory_pb2.GetStockRequest(
                key=stock_pb2.StockKey(sku="TEA", location="LONDON")
            )
            ask = frame(DATA, END_STREAM, 1, message(request.SerializeToString()))
            made.sendall(begin_call(1, "GetStock") + ask)
            refusal = b"there is no TEA at LONDON"
            assert refusal in await asyncio.to_thread(hear, made, refusal)


@pytest.mark.soak
@pytest.mark.parametrize("attacks", [CONNECTIONS, FLOODS], ids=["connections", "floods"])
async def test_a_node_withstands_many_hostile_clients(
    tmp_path: Path, attacks: list[Attack], capsys: pytest.CaptureFixture[str]
) -> None:
    number = connections_allowed(SOAK_NUMBER)
    outcomes = await attacked(tmp_path, attacks, number, SOAK_MIB_MORE_MAX)
    with capsys.disabled():
        for each in outcomes:
            sys.stdout.write(f"\n{each.figures}")
    assert broken(outcomes) == []


async def test_control_what_is_kept_of_calls_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant("hoarded_calls", monkeypatch)
    async with running_node(tmp_path) as node:
        async with Client(node.address) as client:
            await client.receive("TEA", "LONDON", 1)
        outcome = await withstand(node, idle_calls, NUMBER, NUMBER / 2, released_s_max=4.0)
    assert "bounded memory" in outcome.broken
    assert "gives descriptors back" in outcome.broken
