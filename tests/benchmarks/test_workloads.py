"""Workloads ask what they say, and a node that was asked has it on record."""

from collections import Counter
from itertools import islice
from pathlib import Path
from uuid import uuid4

import pytest
from holdfast import Client
from holdfast.v1 import inventory_pb2

from benchmarks import bench
from benchmarks.messages import LOCATION, Template, batch_and_index
from benchmarks.node import free_ports, running_node
from benchmarks.sections import Setting
from benchmarks.workloads import growth
from benchmarks.workloads.checkouts import COMMANDS, COMMITTED, checkouts
from benchmarks.workloads.closed import BATCH, UNITS, Load, bring_stock, prepared, rows, turns
from benchmarks.workloads.one_shard import CATALOGUE, HOT, hot, uniform, zipf
from benchmarks.workloads.over_shards import (
    BATCH_LINES_MAX,
    LINES_MAX,
    by_hundreds,
    measure_orders,
    of_any_size,
)

ORDERS = Path(__file__).with_name("made_up_orders.csv")
SHORTEST = Setting(quick=True, rounds=1)


def batch_of(template: Template, number: int = 1) -> inventory_pb2.ExecuteRequest:
    return inventory_pb2.ExecuteRequest.FromString(template.numbered(number))


def asked(templates: list[Template]) -> Counter[str]:
    """Lines by SKU."""
    batches = [batch_of(template) for template in templates]
    return Counter(
        line.sku
        for batch in batches
        for command in batch.commands
        for line in command.reserve.lines
    )


def test_each_batch_has_request_ids_of_its_own() -> None:
    (template,) = hot()
    batches = [batch_of(template, number) for number in (1, 2, 0x12345678)]
    ids = [each.reserve.context.request_id for batch in batches for each in batch.commands]
    assert len(set(ids)) == 3 * BATCH
    assert [batch.batch_id for batch in batches] == [1, 2, 0x12345678]
    places = [(batch.batch_id, index) for batch in batches for index in range(BATCH)]
    assert list(map(batch_and_index, ids)) == places
    assert batch_and_index(uuid4().hex) is None


def test_request_ids_are_as_long_and_as_scattered_as_those_of_clients() -> None:
    (template,) = hot()
    batches = [batch_of(template, number) for number in range(1, 11)]
    ids = [[each.reserve.context.request_id for each in batch.commands] for batch in batches]
    assert {len(each) for batch in ids for each in batch} == {len(uuid4().hex)}
    in_order = sorted(each for batch in ids for each in batch)
    for batch in ids:
        assert sum(map(batch.__contains__, in_order[:BATCH])) < BATCH / 2
    assert all(sorted(batch) != batch for batch in ids)
    of_one_command = [batch[0] for batch in ids]
    assert sorted(of_one_command) != of_one_command


def test_uniform_asks_for_each_as_often() -> None:
    assert asked(uniform(CATALOGUE)) == Counter(CATALOGUE)


def test_zipf_asks_by_rank() -> None:
    counted = asked(zipf(CATALOGUE))
    total = counted.total()
    share = 1 / sum(rank**-1.1 for rank in range(1, len(CATALOGUE) + 1))
    for rank in (1, 2, 4, 8):
        of_rank = counted[CATALOGUE[rank - 1]] / total
        assert of_rank == pytest.approx(share * rank**-1.1, rel=0.1)


def test_baskets_have_any_number_of_lines_and_no_sku_twice() -> None:
    baskets = list(islice(of_any_size(CATALOGUE), 400))
    assert {len(basket) for basket in baskets} == set(range(1, LINES_MAX + 1))
    assert all(len({sku for sku, _, _ in basket}) == len(basket) for basket in baskets)


def test_batches_of_orders_are_no_larger_than_a_node_takes() -> None:
    small, large = [("A", 1)], [("A", 1)] * (BATCH_LINES_MAX // 4)
    templates = list(by_hundreds([small] * 250 + [large] * 5))
    assert [each.size for each in templates] == [100, 100, 53, 2]
    assert all(asked([each]).total() <= BATCH_LINES_MAX for each in templates)


def test_no_two_ports_of_a_node_are_the_same() -> None:
    """Of five hundred that are let go before the next is found, some are."""
    assert len(set(free_ports(500))) == 500


async def test_batches_are_reserved(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, Client(node.address) as client:
        await bring_stock(node, [HOT])
        found = await turns([Load("hot", node, prepared(node, hot()))], SHORTEST)
        held = (await client.stock(HOT, LOCATION)).balances.held
    assert held >= found["hot"].latencies.number * BATCH
    row = rows(found)["hot"]
    assert row["per_second"] > 0
    assert set(row) == {"per_second", "p50_ms", "p99_ms", "client_us", "server_us", "shards_us"}


async def test_checkouts_leave_nothing_open(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node, Client(node.address) as client:
        await bring_stock(node, [HOT])
        async with checkouts(node, [HOT]) as ask:
            assert await ask(0, 0) == COMMANDS
        balances = (await client.stock(HOT, LOCATION)).balances
    assert (balances.held, balances.allocated) == (0, 0)
    assert balances.on_hand == UNITS - COMMITTED


async def test_a_history_is_as_long_as_was_asked(tmp_path: Path) -> None:
    async with running_node(tmp_path) as node:
        await bring_stock(node, CATALOGUE)
        before = await growth.events_of(node)
        await growth.live_through(node, before + 4_000)
        after = await growth.events_of(node)
        assert 4_000 <= after - before < 8_000
        # One that is as long already grows by what the measure of a call takes.
        await growth.live_through(node, before)
        assert await growth.events_of(node) - after < 1_000


async def test_orders_are_reserved_and_replayed() -> None:
    found = await measure_orders(SHORTEST._replace(orders=ORDERS))
    assert list(found.rows) == ["reserved, 1 shard", "reserved, 4 shards"]
    assert all(row["per_second"] > 0 for row in found.rows.values())
    assert not found.wrong
    assert (await measure_orders(SHORTEST)).left_out


def test_make_bench_has_every_section() -> None:
    names = [section.name for section in bench.SECTIONS]
    wanted = {"workloads", "wide", "baskets", "orders", "scaling", "open-loop", "growth"}
    assert wanted <= set(names)
    assert len(names) == len(set(names))
