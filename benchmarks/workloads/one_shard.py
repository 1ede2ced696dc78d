"""One node of one shard, asked for one SKU, for many, for some of very many, and for checkouts.

`/s` counts commands, a checkout's stages one by one; latencies are those of a call: of a batch, or
of all four stages of a hundred checkouts. The CPU columns are microseconds per command.
"""

import asyncio
import itertools
import random
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks import report
from benchmarks.load import send_all
from benchmarks.messages import Template
from benchmarks.node import Node, running_node
from benchmarks.sections import Found, Section, Setting
from benchmarks.workloads.checkouts import COMMANDS, checkouts
from benchmarks.workloads.closed import (
    BATCH,
    Load,
    bring_stock,
    numbers,
    prepared,
    reserves,
    rows,
    singles,
    turns,
)

HOT = "HOT"
CATALOGUE = [f"SKU-{number:05d}" for number in range(10_000)]
ZIPF_EXPONENT = 1.1
ZIPF_BATCHES = 1_000
WIDE, QUICK_WIDE = 1_000_000, 20_000
ACTIVE_SHARE = 10
"""One of so many SKU-locations is asked for."""
HOT_ROW = "hot SKU"
CHECKOUTS_ROW = "checkouts, 10,000 SKUs"


def wide_row(locations: int) -> str:
    """The row of so many SKU-locations."""
    return f"uniform over a tenth of {locations:,}"


def hot() -> list[Template]:
    """Everybody wants the same."""
    return singles([HOT], 1)


def uniform(skus: Sequence[str]) -> list[Template]:
    """Each of these as often as any other."""
    shuffled = random.Random(1).sample(skus, len(skus))
    return singles(shuffled, -(-len(skus) // BATCH))


def zipf(skus: Sequence[str]) -> list[Template]:
    """The n-th of these in proportion to n to the power of -1.1."""
    weights = [rank**-ZIPF_EXPONENT for rank in range(1, len(skus) + 1)]
    cumulated = list(itertools.accumulate(weights))
    chance = random.Random(1)
    return [
        reserves([(sku, 1)] for sku in chance.choices(skus, cum_weights=cumulated, k=BATCH))
        for _ in range(ZIPF_BATCHES)
    ]


@asynccontextmanager
async def verified_node(wrong: list[str], shards: int = 1) -> AsyncIterator[Node]:
    """A node of its own; whether its log is in order afterwards is told in `wrong`."""
    with tempfile.TemporaryDirectory(prefix="holdfast-") as directory:
        async with running_node(Path(directory), shards) as node:
            yield node
        verdict = await asyncio.to_thread(node.verify)
        if not verdict.well:
            wrong.append(f"verify: {verdict.summary}")


async def measure_one_shard(setting: Setting) -> Found:
    """One SKU, ten thousand in two ways, and checkouts."""
    wrong: list[str] = []
    async with verified_node(wrong) as node:
        await bring_stock(node, [HOT, *CATALOGUE])
        rounds = await turns(
            [
                Load(HOT_ROW, node, prepared(node, hot())),
                Load("uniform over 10,000 SKUs", node, prepared(node, uniform(CATALOGUE))),
                Load("zipf (1.1) over 10,000 SKUs", node, prepared(node, zipf(CATALOGUE))),
                Load(CHECKOUTS_ROW, node, checkouts(node, CATALOGUE), calls_tried=2),
            ],
            setting,
        )
    checked_out = rounds[CHECKOUTS_ROW].per_second * BATCH / COMMANDS
    return Found(rows(rounds), {"checkouts, baskets/s": round(checked_out)}, wrong=wrong)


async def measure_wide(setting: Setting) -> Found:
    """Very many SKU-locations of which few are asked for, beside one hot SKU of the same node. Each
    of the few is asked for once before, and so is in memory as long as there is room for it."""
    locations = setting.locations or (QUICK_WIDE if setting.quick else WIDE)
    skus = [f"SKU-{number:07d}" for number in range(locations)]
    active = random.Random(1).sample(skus, locations // ACTIVE_SHARE)
    row = wide_row(locations)
    wrong: list[str] = []
    async with verified_node(wrong) as node:
        await bring_stock(node, [HOT, *skus])
        asked = uniform(active)
        report.progress(f"{len(active):,} for the first time")
        started = time.perf_counter()
        await send_all(node.address, (each.numbered(next(numbers)) for each in asked), len(asked))
        first_per_s = len(active) / (time.perf_counter() - started)
        loads = [
            Load(HOT_ROW, node, prepared(node, hot())),
            Load(row, node, prepared(node, asked)),
        ]
        rounds = await turns(loads, setting)
    share = rounds[row].per_second / rounds[HOT_ROW].per_second
    facts = {
        "asked for the first time, /s": round(first_per_s),
        "share of the hot SKU's": round(share, 3),
    }
    return Found(rows(rounds), facts, wrong=wrong)


SECTION = Section("workloads", "One shard, 4 callers with batches of 100", measure_one_shard)
WIDE_SECTION = Section("wide", "Many SKU-locations, a tenth of them active", measure_wide)
