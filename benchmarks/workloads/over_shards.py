"""Baskets on a node of four shards, by prepared batches of 100 from 4 callers: `/s` counts baskets.
`5 lines over 4 shards` has each line in another shard than the one before it, `1-20 lines` take
SKUs wherever they are; `5 lines in one shard` is what there is to compare with. The limit is asked
the same as the first, with as many durable messages, by servers that decide nothing (see
`benchmarks.durable_baskets`).

With a file of orders, its baskets are reserved as they are on a node of one shard and on one of
four, in turns; and the whole file is replayed through the SDK, which compares every balance with a
ledger of its own (see `benchmarks.replay_orders`).
"""

import itertools
import random
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from benchmarks import report
from benchmarks.basket_load import assortment
from benchmarks.echo import Echo, running_echo
from benchmarks.messages import Template
from benchmarks.orders_file import read_orders
from benchmarks.replay_orders import replay
from benchmarks.sections import Found, Section, Setting
from benchmarks.shard_baskets import LINES, SKUS_PER_SHARD, Basket, in_one_shard, over_all_shards
from benchmarks.workloads.closed import (
    BATCH,
    CALLERS,
    Line,
    Load,
    bring_stock,
    prepared,
    reserves,
    rows,
    turns,
)
from benchmarks.workloads.one_shard import verified_node

SHARDS = 4
LINES_MAX = 20
BATCHES = 200
"""That are prepared of each kind of basket."""
BATCH_LINES_MAX = 10_000
"""Half of what a node takes in one batch; a basket has no more than 2 000."""
REPLAYED_AT_ONCE = 32
OVER_SHARDS_ROW = f"{LINES} lines over {SHARDS} shards"
MIXED_ROW = f"1-{LINES_MAX} lines over {SHARDS} shards"
LIMIT_ROW = f"{OVER_SHARDS_ROW}, limit"


def batches(baskets: Iterator[Basket]) -> list[Template]:
    """The next baskets, by the hundred."""
    return [
        reserves(
            [(sku, units) for sku, _, units in basket]
            for basket in itertools.islice(baskets, BATCH)
        )
        for _ in range(BATCHES)
    ]


def of_any_size(skus: Sequence[str]) -> Iterator[Basket]:
    """Baskets of 1 to 20 lines, one number as often as any other."""
    chance = random.Random(1)
    while True:
        chosen = chance.sample(skus, chance.randint(1, LINES_MAX))
        yield [(sku, "", chance.randint(1, 3)) for sku in chosen]


async def measure_baskets(setting: Setting) -> Found:
    """Baskets that live in one shard, and over all of them; and how many of these there could be if
    nothing was decided."""
    skus = assortment(SHARDS, SKUS_PER_SHARD, 0)
    kinds = {
        f"{LINES} lines in one shard": batches(in_one_shard(skus)),
        OVER_SHARDS_ROW: batches(over_all_shards(skus)),
        MIXED_ROW: batches(of_any_size(skus.skus)),
    }
    wrong: list[str] = []
    async with running_limit() as limit, verified_node(wrong, SHARDS) as node:
        await bring_stock(node, skus.skus)
        loads = [Load(name, node, prepared(node, each)) for name, each in kinds.items()]
        loads.append(Load(LIMIT_ROW, limit, prepared(limit, kinds[OVER_SHARDS_ROW])))
        rounds = await turns(loads, setting)
    lines = rounds[MIXED_ROW].per_second * (1 + LINES_MAX) / 2
    return Found(rows(rounds), {f"{MIXED_ROW}, lines/s": round(lines)}, wrong=wrong)


@asynccontextmanager
async def running_limit() -> AsyncIterator[Echo]:
    """A server for baskets over as many shards, which decides nothing."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        async with running_echo(Path(directory), SHARDS) as limit:
            yield limit


async def measure_orders(setting: Setting) -> Found:
    """The baskets of a file of orders, if there is one."""
    if setting.orders is None:
        return Found({}, left_out={"orders": "--orders says of which file"})
    orders = read_orders(setting.orders)
    baskets = [[(sku, units) for _, sku, units in each.lines] for each in orders.baskets]
    if not baskets:
        return Found({}, left_out={"orders": "there is no basket in the file"})
    templates = list(by_hundreds(baskets))
    wrong: list[str] = []
    async with AsyncExitStack() as stack:
        loads = []
        for shards in (1, SHARDS):
            node = await stack.enter_async_context(verified_node(wrong, shards))
            await bring_stock(node, list(orders.opening))
            name = f"reserved, {shards} shard{'s' * (shards > 1)}"
            loads.append(Load(name, node, prepared(node, templates)))
        rounds = await turns(loads, setting)
    report.progress("replaying the whole file through the SDK")
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        found = await replay(orders, Path(directory), concurrency=REPLAYED_AT_ONCE)
    if not found["well"]:
        wrong.append(f"replay: {found['differences']} differences; verify: {found['verify']}")
    facts = {
        "baskets in the file": len(baskets),
        "lines of a basket, mean": round(sum(map(len, baskets)) / len(baskets), 1),
        "replayed whole, by the SDK, baskets/s": found["baskets per second"],
    }
    return Found(rows(rounds), facts, wrong=wrong)


def by_hundreds(baskets: Iterable[Sequence[Line]]) -> Iterator[Template]:
    """Batches of a hundred baskets, or of fewer where they are large."""
    batch: list[Sequence[Line]] = []
    for lines in baskets:
        if len(batch) == BATCH or sum(map(len, batch)) + len(lines) > BATCH_LINES_MAX:
            yield reserves(batch)
            batch = []
        batch.append(lines)
    if batch:
        yield reserves(batch)


HOW = f"{CALLERS} callers with batches of {BATCH}"
SECTION = Section("baskets", f"Baskets on {SHARDS} shards, {HOW}", measure_baskets)
ORDERS_SECTION = Section("orders", f"Baskets of real orders, {HOW}", measure_orders)
