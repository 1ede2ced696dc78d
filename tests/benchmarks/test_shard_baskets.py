"""The benchmark of baskets over shards measures every row, and counts what one basket sends."""

from itertools import islice
from pathlib import Path

import pytest

from benchmarks.basket_load import assortment
from benchmarks.node import running_node
from benchmarks.shard_baskets import (
    Scale,
    ShardBaskets,
    in_one_shard,
    messages_per_basket,
    over_all_shards,
    ratios,
)
from engine.shard.slots import shard_of, slot_of

SMALLEST = Scale(1, 1, 1)


async def test_every_row_is_measured(tmp_path: Path) -> None:
    async with running_node(tmp_path, 2) as node:
        load = ShardBaskets(node, SMALLEST)
        await load.bring_stock()
        rows = await load.run()
    assert len(rows) == 6
    assert all(row.per_second > 0 for row in rows.values())
    assert all(ratio > 0 for ratio in ratios(rows).values())


def test_baskets_live_where_they_should() -> None:
    skus = assortment(4, 10, 0)
    for made, shards in ((in_one_shard, 1), (over_all_shards, 4)):
        for basket in islice(made(skus), 8):
            assert len({shard_of(slot_of("", sku), 4) for sku, _, _ in basket}) == shards
            assert len({sku for sku, _, _ in basket}) == 5


@pytest.mark.parametrize(("shards", "others"), [(2, 1), (4, 3)])
async def test_messages_are_as_few_as_the_protocol_takes(shards: int, others: int) -> None:
    """Twice to the home; to each other shard what it is asked and told; its acknowledgement."""
    assert await messages_per_basket(shards) == {
        "Write": 2,
        "Prepare": others,
        "Tell": others,
        "Acknowledge": others,
    }
