"""Computes dynamic buffers: what was sold is asked beside the writer of each SKU's shard, which
then decides what follows from it."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from engine.channels.asking import Asking
from engine.core.commands import ComputeBuffer
from engine.shard.channel_queries import DailySalesRead, ReadDailySales, SkuSales
from engine.shard.messages import Result, Write
from engine.shard.slots import slot_of


class BufferNotDynamic(Exception):
    """The terms of a channel for a SKU have no dynamic buffer: there is nothing to compute."""

    def __init__(self, channel: str, sku: str) -> None:
        super().__init__(f"the buffer of {channel} for {sku} is not dynamic")
        self.channel = channel
        self.sku = sku


class Computed(NamedTuple):
    """What the shard of a SKU has decided about its buffer."""

    write: Write
    shard: int
    result: Result


def wall_ms() -> int:
    """The wall clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


async def compute_buffers(
    asking: Asking,
    tenant: str,
    channel: str,
    skus: Iterable[str],
    write_of: Callable[[ComputeBuffer], Write],
) -> list[Computed]:
    """Compute the buffers of a channel for SKUs, not very many, from what was sold up to
    yesterday; `write_of` makes the write of each command. Raises as Asking does, and
    BufferNotDynamic, before anything is written."""
    wanted = list(skus)
    sales = await _sales(asking, tenant, channel, wanted)
    for one in sales.values():
        if one.parameters is None:
            raise BufferNotDynamic(channel, one.sku)

    async def submit(sku: str) -> Computed:
        slot = slot_of(tenant, sku)
        shard = asking.shards.shard_of(slot)
        write = write_of(ComputeBuffer(tenant, channel, sku, sales[sku].units))
        future = asking.shards.submit(slot, write, asking.deadline_ns)
        return Computed(write, shard, await asking.wait(shard, future))

    return list(await asyncio.gather(*map(submit, wanted)))


async def _sales(asking: Asking, tenant: str, channel: str, skus: list[str]) -> dict[str, SkuSales]:
    """What was sold of each SKU, by its shard."""
    heads_ms = (asking.shards.feed(shard).head_time_ms for shard in range(asking.shards.count))
    now_ms = max(wall_ms(), *heads_ms)
    of_shard: dict[int, list[str]] = {}
    for sku in skus:
        of_shard.setdefault(asking.shards.shard_of(slot_of(tenant, sku)), []).append(sku)

    async def read(shard: int, own: list[str]) -> tuple[SkuSales, ...]:
        question = ReadDailySales(tenant, channel, tuple(own), now_ms)
        return (await asking.look_up(shard, question, DailySalesRead)).sales

    answers = await asyncio.gather(*(read(shard, own) for shard, own in of_shard.items()))
    return {one.sku: one for answer in answers for one in answer}
