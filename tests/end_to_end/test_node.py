"""Whole nodes as an operator runs them: several shards, kills, drains, overload, refusals."""

import asyncio
import http.client
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from holdfast import Client
from holdfast.errors import HoldfastError, InsufficientStock, Overloaded

from benchmarks.node import Node, NodeFailed, running_node
from engine.log.verify import verify
from engine.rpc.probe import serving_status
from engine.shard.slots import shard_of, slot_of

SHARDS = 3
RESTARTS = 'holdfast_shard_restarts_total{shard="0"} '


def skus_of_each_shard(per_shard: int) -> list[list[str]]:
    """SKUs by the shard they live on."""
    found: list[list[str]] = [[] for _ in range(SHARDS)]
    number = 0
    while any(len(skus) < per_shard for skus in found):
        sku = f"SKU-{number}"
        number += 1
        skus = found[shard_of(slot_of("", sku), SHARDS)]
        if len(skus) < per_shard:
            skus.append(sku)
    return found


async def test_shards_share_the_skus_and_fail_alone(tmp_path: Path) -> None:
    by_shard = skus_of_each_shard(2)
    async with running_node(tmp_path, SHARDS) as node, Client(node.address) as client:
        for skus in by_shard:
            for sku in skus:
                await client.receive(sku, "LONDON", 5)
        for one, other in by_shard:
            held = await client.reserve([(one, "LONDON", 1), (other, "LONDON", 2)])
            assert (await client.reservation(held.reservation_id)).reference == ""
        across = await client.reserve([(skus[0], "LONDON", 1) for skus in by_shard])
        with pytest.raises(InsufficientStock):
            await client.reserve(
                [(skus[1], "LONDON", 2 + shard) for shard, skus in enumerate(by_shard)]
            )
        everything = await client.availability([sku for skus in by_shard for sku in skus])
        available = [availability.total_available for availability in everything.items]
        assert available == [3, 3] * SHARDS
        await client.release(across.reservation_id)
        node.kill_shard(1)
        # The others go on at once; what belongs to the killed one is there again a moment later.
        await client.reserve([(by_shard[0][0], "LONDON", 1)])
        await client.reserve([(by_shard[2][0], "LONDON", 1)])
        await client.reserve([(by_shard[1][0], "LONDON", 1)])
        await node.until_serving()
        stock = await client.stock(by_shard[1][0], "LONDON")
        assert (stock.balances.on_hand, stock.balances.held) == (5, 2)
    assert verify(node.data_dir).differences == []


async def test_a_data_directory_keeps_its_number_of_shards(tmp_path: Path) -> None:
    async with running_node(tmp_path, 2):
        pass
    with pytest.raises(NodeFailed, match="2 shards"):
        await Node(tmp_path, 3).start()


async def test_a_second_node_on_the_directory_is_refused(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        with pytest.raises(NodeFailed, match="is in use"):
            await Node(tmp_path).start()
        async with Client(node.address) as client:
            assert (await client.receive("TEA", "LONDON", 1)).balances.on_hand == 1


async def test_a_stop_under_load_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """SIGTERM in the middle of 16 busy callers: every call is answered or fails as unavailable."""
    node = Node(tmp_path)
    await node.start()
    answered: list[str] = []
    busy = asyncio.Event()

    async def caller(client: Client) -> None:
        while True:
            try:
                held = await client.reserve([("TEA", "LONDON", 1)], ttl_s=3_600, timeout_s=0.5)
            except HoldfastError:
                return
            answered.append(held.reservation_id)
            if len(answered) > 300:
                busy.set()

    async with Client(node.address) as client:
        await client.receive("TEA", "LONDON", 1_000_000)
        callers = [asyncio.create_task(caller(client)) for _ in range(16)]
        await asyncio.wait_for(busy.wait(), 60)
        assert await node.stop() == 0
        await asyncio.gather(*callers)
    await node.start()
    async with Client(node.address) as client:
        for reservation_id in answered:
            await client.reservation(reservation_id)
        stock = await client.stock("TEA", "LONDON")
        assert stock.balances.held >= len(answered)
    assert await node.stop() == 0
    assert verify(node.data_dir).differences == []


async def test_deadlines_tear_nothing(tmp_path: Path) -> None:
    """Calls that give up at every moment leave either their whole effect or none."""
    async with running_node(tmp_path) as node, Client(node.address, coalesce=False) as client:
        await client.receive("TEA", "LONDON", 1_000)
        await client.receive("MUG", "LONDON", 1_000)

        async def impatient(number: int) -> None:
            lines = [("TEA", "LONDON", 1), ("MUG", "LONDON", 1)]
            name = f"impatient-{number}"
            try:
                await client.reserve(lines, request_id=name, timeout_s=0.000_2 * (1 + number % 40))
            except HoldfastError:
                # Asked again with patience it takes effect, once.
                await client.reserve(lines, request_id=name)

        await asyncio.gather(*[impatient(number) for number in range(1, 201)])
        for sku in ("TEA", "MUG"):
            assert (await client.stock(sku, "LONDON")).balances.held == 200
    assert verify(node.data_dir).differences == []


async def test_what_cannot_be_queued_is_refused_at_once(tmp_path: Path) -> None:
    settings = ("--queue-commands-max", "8")
    async with running_node(tmp_path, 1, *settings) as node, Client(node.address) as client:
        await client.receive("TEA", "LONDON", 10_000)
        commands = [client.reserve([("TEA", "LONDON", 1)], timeout_s=0.2) for _ in range(500)]
        results = await asyncio.gather(*commands, return_exceptions=True)
        refused = [result for result in results if isinstance(result, Overloaded)]
        held = [result for result in results if not isinstance(result, BaseException)]
        assert refused
        assert held
        assert all(error.retry_after_s > 0 for error in refused)
        stock = await client.stock("TEA", "LONDON")
        assert stock.balances.held == len(held)


async def test_the_last_unit_is_sold_once(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        clients = [Client(node.address, coalesce=number % 2 == 0) for number in range(8)]
        await clients[0].receive("TEA", "LONDON", 50)
        attempts = [client.reserve([("TEA", "LONDON", 1)]) for client in clients for _ in range(25)]
        results = await asyncio.gather(*attempts, return_exceptions=True)
        won = [result for result in results if not isinstance(result, BaseException)]
        lost = [result for result in results if isinstance(result, InsufficientStock)]
        assert (len(won), len(lost)) == (50, 150)
        for client in clients:
            await client.close()


@pytest.mark.parametrize("service", ["", "holdfast.v1.InventoryService", "holdfast.v1.FeedService"])
async def test_health_tells_that_a_shard_is_down(tmp_path: Path, service: str) -> None:
    statuses = health_pb2.HealthCheckResponse
    async with running_node(tmp_path) as node, grpc.aio.insecure_channel(node.address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=service))
        seen = [(await watch.read()).status]
        node.kill_shard()
        async with asyncio.timeout(60):
            seen += [(await watch.read()).status for _ in range(2)]
        assert seen == [statuses.SERVING, statuses.NOT_SERVING, statuses.SERVING]
        watch.cancel()


async def test_metrics_tell_what_happened(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, Client(node.address) as client:
        await client.receive("TEA", "LONDON", 10)
        await client.reserve([("TEA", "LONDON", 4)])
        with pytest.raises(HoldfastError):
            await client.reserve([("TEA\x01", "LONDON", 4)])
        wanted = {
            'holdfast_refused_commands_total{command="reserve",reason="INVALID_FIELD"} 1.0',
            'holdfast_commands_total{command="Reserve",outcome="accepted",shard="0"} 1.0',
            'holdfast_held_units{shard="0"} 4.0',
            'holdfast_on_hand_units{shard="0"} 10.0',
            'holdfast_reservation_pressure_ratio{shard="0"} 0.4',
            'holdfast_shard_up{shard="0"} 1.0',
        }
        await until_told(node.metrics_address, *wanted)


async def test_a_silent_shard_is_not_serving_and_not_a_restart(tmp_path: Path) -> None:
    """What a process has counted is counted once, also when it was silent for a while."""
    async with running_node(tmp_path) as node, Client(node.address) as client:
        await client.receive("TEA", "LONDON", 10)
        os.kill(node.shard_process_ids[0], signal.SIGSTOP)
        try:
            async with asyncio.timeout(30):
                while await serving_statuses(node.address) != {"NOT_SERVING"}:
                    pass
        finally:
            os.kill(node.shard_process_ids[0], signal.SIGCONT)
        await node.until_serving()
        await client.receive("TEA", "LONDON", 10)
        received = 'holdfast_commands_total{command="Receive",outcome="accepted",shard="0"} '
        await until_told(node.metrics_address, received + "2.0", RESTARTS + "0.0")
        node.kill_shard(0)
        await client.receive("TEA", "LONDON", 10)
        await until_told(node.metrics_address, received + "3.0", RESTARTS + "1.0")


async def serving_statuses(address: str) -> set[str]:
    """What health says of the whole node and of each service."""
    return {
        await asyncio.to_thread(serving_status, address, service, 5.0)
        for service in ("", "holdfast.v1.InventoryService", "holdfast.v1.FeedService")
    }


async def until_told(address: str, *wanted: str) -> None:
    """Return when the metrics hold these lines."""
    async with asyncio.timeout(30):
        while not set(wanted) <= set(await asyncio.to_thread(scrape, address)):
            pass


def scrape(address: str) -> list[str]:
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode().splitlines()
    finally:
        connection.close()


@pytest.mark.parametrize("seen", ["log_format", "shard ready", "ready at"])
async def test_a_stop_is_heard_at_any_moment_of_the_start(tmp_path: Path, seen: str) -> None:
    """SIGTERM while the node starts ends it, with its shards."""
    arguments = ["serve", "--data-dir", str(tmp_path / "data"), "--shards", "2"]
    arguments += ["--listen", "127.0.0.1:0", "--metrics-listen", ""]
    process = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "engine.cli.main", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = process.stdout
    assert output is not None
    async with asyncio.timeout(60):
        while seen not in (await output.readline()).decode():
            pass
        process.terminate()
        await output.read()
        assert await process.wait() in (0, -signal.SIGTERM)
    async with running_node(tmp_path, 2) as node:  # Nothing was left behind that holds a lock.
        assert node.shard_process_ids.keys() == {0, 1}
