"""Which SKU-locations there are, whoever sells them."""

import asyncio
from collections.abc import Iterable

from engine.channels.asking import AnswerTooLarge, Asking
from engine.core.configuration import Component
from engine.core.limits import AVAILABILITY_KEYS_MAX
from engine.shard.queries import AvailabilityRead, ReadAvailability
from engine.shard.slots import slot_of

Place = tuple[str, str]
"""A SKU and a location, or any of them if that is empty."""


async def existing_places(asking: Asking, tenant: str, places: Iterable[Place]) -> set[Place]:
    """Those of the places where the SKU is; a kit is where all its components are. Raises as Asking
    does."""
    wanted = set(places)
    there, kits = await _read(asking, tenant, wanted)
    parts = {place: {(part.sku, place[1]) for part in kit} for place, kit in kits.items()}
    needed = set().union(*parts.values())
    found, _ = await _read(asking, tenant, needed - wanted)
    there |= found
    return {place for place in wanted if place in there or parts.get(place, {None}) <= there}


async def _read(
    asking: Asking, tenant: str, places: set[Place]
) -> tuple[set[Place], dict[Place, tuple[Component, ...]]]:
    """The places where there is stock, and those whose SKUs are kits."""
    of_shard: dict[int, list[Place]] = {}
    for place in sorted(places):
        of_shard.setdefault(asking.shards.shard_of(slot_of(tenant, place[0])), []).append(place)
    there: set[Place] = set()
    kits: dict[Place, tuple[Component, ...]] = {}

    async def read(own: list[Place]) -> None:
        query = ReadAvailability(tenant, tuple(own), "", "")
        try:
            answer = await asking.ask(slot_of(tenant, own[0][0]), query, AvailabilityRead)
        except AnswerTooLarge:
            if len(own) == 1:
                there.update(own)
                return
            half = len(own) // 2
            await asyncio.gather(read(own[:half]), read(own[half:]))
            return
        there.update(
            place for place, found in zip(own, answer.availabilities, strict=True) if found
        )
        kits.update({own[index]: components for index, components in answer.kits})

    batches = [
        own[start : start + AVAILABILITY_KEYS_MAX]
        for own in of_shard.values()
        for start in range(0, len(own), AVAILABILITY_KEYS_MAX)
    ]
    await asyncio.gather(*map(read, batches))
    return there, kits
