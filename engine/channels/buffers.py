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


class SalesNotKept(Exception):
    """Of no day of the window all sales of a SKU are kept: nothing follows from them yet."""

    def __init__(self, channel: str, sku: str) -> None:
        super().__init__(f"what {channel} has sold of {sku} is not kept for a whole day")
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


WriteOf = Callable[[ComputeBuffer], Write]
"""Makes the write of a command."""


async def compute_buffers(
    asking: Asking, tenant: str, channel: str, skus: Iterable[str], write_of: WriteOf
) -> list[Computed]:
    """Compute the buffers of a channel for SKUs, not very many, from what was sold up to yesterday.
    Raises as Asking does, and BufferNotDynamic or SalesNotKept, before anything is written."""
    wanted = list(skus)
    sales = await _sales(asking, tenant, channel, wanted)
    for one in sales.values():
        if one.parameters is None:
            raise BufferNotDynamic(channel, one.sku)
        if not one.units:
            raise SalesNotKept(channel, one.sku)
    return await _submit(asking, tenant, channel, [sales[sku] for sku in wanted], write_of)


async def compute_what_can_be(
    asking: Asking, tenant: str, channel: str, skus: Iterable[str], write_of: WriteOf
) -> list[Computed]:
    """The same, of those SKUs alone for which it can be done."""
    sales = await _sales(asking, tenant, channel, list(skus))
    computable = [one for one in sales.values() if one.parameters is not None and one.units]
    return await _submit(asking, tenant, channel, computable, write_of)


async def _submit(
    asking: Asking, tenant: str, channel: str, sales: Iterable[SkuSales], write_of: WriteOf
) -> list[Computed]:
    async def submit(one: SkuSales) -> Computed:
        slot = slot_of(tenant, one.sku)
        shard = asking.shards.shard_of(slot)
        write = write_of(ComputeBuffer(tenant, channel, one.sku, one.units))
        future = asking.shards.submit(slot, write, asking.deadline_ns)
        return Computed(write, shard, await asking.wait(shard, future))

    return list(await asyncio.gather(*map(submit, sales)))


async def _sales(asking: Asking, tenant: str, channel: str, skus: list[str]) -> dict[str, SkuSales]:
    """What was sold of each SKU, by its shard."""
    heads_ms = (asking.shards.feed(shard).head_time_ms for shard in range(asking.shards.count))
    now_ms = max(wall_ms(), *heads_ms)
    of_shard: dict[int, list[str]] = {}
    for sku in skus:
        of_shard.setdefault(asking.shards.shard_of(slot_of(tenant, sku)), []).append(sku)
    found: dict[str, SkuSales] = {}

    async def read(shard: int, own: list[str]) -> None:
        question = ReadDailySales(tenant, channel, tuple(own), now_ms)
        answer = await asking.look_up(shard, question, DailySalesRead)
        found.update((one.sku, one) for one in answer.sales)
        if len(own) > 1:
            # There was too much to look at for all of them together.
            for one in answer.sales:
                if one.parameters is not None and not one.units:
                    await read(shard, [one.sku])

    await asyncio.gather(*(read(shard, own) for shard, own in of_shard.items()))
    return found
