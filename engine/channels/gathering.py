"""What a channel may sell of SKUs, gathered from their shards and, for kits, from those of their
components."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from engine.channels.asking import AnswerTooLarge, Asking
from engine.core.channel_rules import kit_buffer_units
from engine.core.limits import CHANNEL_SKUS_READ_MAX
from engine.shard.channel_queries import (
    ChannelAvailabilityRead,
    ChannelSku,
    LocationAvailable,
    ReadChannelAvailability,
)
from engine.shard.slots import slot_of


class Gathered(NamedTuple):
    """What a channel may sell, by SKU, and whether its feed tells of what has a listing only."""

    skus: dict[str, ChannelSku]
    listed_only: bool


async def gather(asking: Asking, tenant: str, channel: str, skus: Iterable[str]) -> Gathered:
    """What a channel may sell of each of these SKUs; of a kit, as many as its components allow.
    Raises as Asking does."""
    wanted = set(skus)
    found, listed_only = await _read(asking, tenant, channel, wanted)
    kits = [one for one in found.values() if one.components]
    components = {component.sku for kit in kits for component in kit.components}
    found |= (await _read(asking, tenant, channel, components - wanted)).skus
    together = {
        sku: _of_kit(found[sku], found) if found[sku].components else found[sku] for sku in wanted
    }
    return Gathered(together, listed_only)


async def _read(asking: Asking, tenant: str, channel: str, skus: set[str]) -> Gathered:
    """What the shards of SKUs say of them: each is asked at once, for not too many at a time."""
    of_shard: dict[int, list[str]] = {}
    for sku in sorted(skus):
        of_shard.setdefault(asking.shards.shard_of(slot_of(tenant, sku)), []).append(sku)
    batches = [
        own[start : start + CHANNEL_SKUS_READ_MAX]
        for own in of_shard.values()
        for start in range(0, len(own), CHANNEL_SKUS_READ_MAX)
    ]

    found: dict[str, ChannelSku] = {}
    listed_only: set[bool] = set()

    async def ask(batch: Sequence[str]) -> None:
        query = ReadChannelAvailability(tenant, channel, tuple(batch))
        try:
            answer = await asking.ask(slot_of(tenant, batch[0]), query, ChannelAvailabilityRead)
        except AnswerTooLarge:
            if len(batch) == 1:
                raise
            half = len(batch) // 2
            await asyncio.gather(ask(batch[:half]), ask(batch[half:]))
            return
        found.update((one.sku, one) for one in answer.skus)
        listed_only.add(answer.listed_only)

    await asyncio.gather(*map(ask, batches))
    return Gathered(found, True in listed_only)


def _of_kit(kit: ChannelSku, found: Mapping[str, ChannelSku]) -> ChannelSku:
    """What may be sold of a kit: at each location that has all components, and in all, as many as
    the scarcest of them allows, less the kit's own buffer and at most its cap. In all it may be
    more than at the locations, as components may come from several."""
    parts = [(found[each.sku], each.quantity) for each in kit.components]
    by_location = [{at.location: at for at in part.locations} for part, _ in parts]
    counted = [part.units // quantity for part, quantity in parts if not part.unlimited]
    made = min(counted, default=None)
    buffer = 0 if made is None else kit_buffer_units(kit.terms, kit.policy, made)
    limits = [] if made is None else [max(0, made - buffer)]
    if kit.terms.cap_units is not None:
        limits.append(kit.terms.cap_units)
    if set().union(*by_location) <= set(kit.stopped):
        limits.append(0)
    units = min(limits, default=None)
    left = units
    locations = []
    for place in parts[0][0].locations:
        name = place.location
        if not all(name in at for at in by_location):
            continue
        kits = [
            at[name].available // quantity
            for at, (_, quantity) in zip(by_location, parts, strict=True)
            if not at[name].unlimited
        ]
        if name in kit.stopped:
            kits.append(0)
        at_most = kits if left is None else [*kits, left]
        here = min(at_most, default=0)
        left = None if left is None else left - here
        locations.append(LocationAvailable(name, here, not at_most, 0))
    return replace(
        kit,
        units=units or 0,
        unlimited=units is None,
        locations=tuple(locations),
        available_units=made or 0,
        buffer_units=buffer,
    )
