"""Baskets by which the limit is measured are as durable as Holdfast's: each step is on the disk of
every shard that it concerns."""

from pathlib import Path

import pytest
from holdfast.v1 import inventory_pb2

from benchmarks.basket_load import Assortment, assortment
from benchmarks.durable_baskets import HEARD
from benchmarks.echo import running_echo
from benchmarks.load import RawStream
from benchmarks.sections import Setting
from benchmarks.shard_baskets import Basket, in_one_shard, over_all_shards
from benchmarks.workloads.closed import Load, prepared, reserves, rows, streams, turns
from benchmarks.workloads.over_shards import SHARDS, batches, running_limit
from engine.log.store import Store
from engine.shard.slots import shard_of, slot_of


@pytest.fixture
def skus() -> Assortment:
    return assortment(SHARDS, 10, 0)


def kept(directory: Path) -> list[list[bytes]]:
    """What each shard has on its disk, in the order in which it came."""
    found = []
    for number in range(SHARDS):
        store = Store(directory / f"shard-{number:03d}", read_only=True)
        found.append([value for _, value in store.scan("log")])
        store.close()
    return found


async def held(stream: RawStream, basket: Basket) -> inventory_pb2.ReserveRequest:
    """A basket that was held, all of it."""
    sent = reserves([[(sku, units) for sku, _, units in basket]]).numbered(1)
    (outcome,) = await stream.outcomes(sent)
    (command,) = inventory_pb2.ExecuteRequest.FromString(sent).commands
    asked: inventory_pb2.ReserveRequest = command.reserve
    assert outcome.reserve.reservation_id == asked.context.request_id
    answered = [(line.line_id, line.key.sku, line.quantity) for line in outcome.reserve.lines]
    assert answered == [(line.line_id, line.sku, line.quantity) for line in asked.lines]
    return asked


async def test_what_a_basket_over_shards_takes_is_on_the_disk_of_each(
    tmp_path: Path, skus: Assortment
) -> None:
    async with running_echo(tmp_path, SHARDS) as server:
        assert len(server.shard_process_ids) == SHARDS
        async with streams(server, 1) as (stream,):
            asked = await held(stream, next(over_all_shards(skus)))
    lines = [b""] * SHARDS
    for line in asked.lines:
        lines[shard_of(slot_of("", line.sku), SHARDS)] += line.SerializeToString()
    home = shard_of(slot_of("", asked.lines[0].sku), SHARDS)
    # The others twice: when they set aside, and when they are told.
    expected = [[each, each] for each in lines]
    expected[home] = [asked.SerializeToString(), HEARD]
    assert kept(tmp_path) == expected


async def test_a_basket_in_one_shard_is_written_once(tmp_path: Path, skus: Assortment) -> None:
    async with running_echo(tmp_path, SHARDS) as server, streams(server, 1) as (stream,):
        asked = await held(stream, next(in_one_shard(skus)))
    found = kept(tmp_path)
    assert sorted(found) == [[], [], [], [asked.SerializeToString()]]


async def test_the_limit_is_measured_as_a_node_is(skus: Assortment) -> None:
    async with running_limit() as limit:
        load = Load("limit", limit, prepared(limit, batches(over_all_shards(skus))))
        rounds = await turns([load], Setting(quick=True, rounds=1))
    row = rows(rounds)["limit"]
    assert row["per_second"] > 0
    assert set(row) == {"per_second", "p50_ms", "p99_ms", "client_us", "server_us", "shards_us"}
