"""What a channel may sell of SKUs: numbers from their shards, identifiers from the first one."""

import asyncio
from collections.abc import Sequence

from engine.channels.asking import Asking
from engine.channels.facts import ChannelLocation, ChannelUpdate
from engine.shard.port import Shards
from engine.shard.queries import AvailabilityRead, ReadAvailability
from engine.shard.slots import slot_of


async def channel_updates(
    shards: Shards, tenant: str, channel: str, skus: Sequence[str], deadline_ns: int = 0
) -> list[ChannelUpdate]:
    """What a channel may sell of each of these SKUs now, in their order; of a kit, as many as its
    components allow. A SKU that is nowhere has no units.

    The version is what the front end had heard of all shards before it asked, so that a later
    answer never has a lower one. Raises Unanswered, Overloaded or ShardUnavailable if a shard does
    not answer until `deadline_ns` (CLOCK_MONOTONIC; 0: ten seconds from now).
    """
    asking = Asking(shards, deadline_ns)
    version = sum(shards.feed(shard).head for shard in range(shards.count))
    of_shard: dict[int, list[str]] = {}
    for sku in dict.fromkeys(skus):
        of_shard.setdefault(shards.shard_of(slot_of(tenant, sku)), []).append(sku)
    found: dict[str, ChannelUpdate] = {}

    async def read(own: list[str]) -> None:
        query = ReadAvailability(tenant, tuple((sku, "") for sku in own), channel, "")
        answer = await asking.ask(slot_of(tenant, own[0]), query, AvailabilityRead)
        for sku, locations in zip(own, answer.availabilities, strict=True):
            there = tuple(
                ChannelLocation(one.location, one.available, one.unlimited) for one in locations
            )
            units = sum(one.units for one in there)
            unlimited = any(one.unlimited for one in there)
            found[sku] = ChannelUpdate(sku, units, unlimited, there, None, shards.epoch, version)

    await asyncio.gather(*(read(own) for own in of_shard.values()))
    return [found[sku] for sku in skus]
