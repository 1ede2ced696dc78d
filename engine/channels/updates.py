"""What a channel may sell of SKUs: numbers from their shards, identifiers from the first one."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from engine.channels.asking import Asking
from engine.channels.facts import ChannelLocation, ChannelUpdate
from engine.channels.gathering import gather
from engine.core.listings import Listing
from engine.shard.channel_queries import ChannelSku
from engine.shard.listing_queries import ListingsRead, ReadListings
from engine.shard.port import Shards

LISTINGS_SHARD = 0
"""The shard that decides how channels are configured, and what they call what they sell."""


async def channel_updates(
    shards: Shards, tenant: str, channel: str, skus: Sequence[str], deadline_ns: int = 0
) -> list[ChannelUpdate]:
    """What a channel may sell of each of these SKUs now, in their order; of a kit, as many as its
    components allow. A SKU that is nowhere has no units. A location with a listing that the channel
    does not sell from has none either, and comes last: what was shown there before must not stay.
    Where the channel is told of what is listed only, the locations are those with a listing, unless
    the SKU has one as a whole.

    The version is what the front end had heard of all shards before it asked, so that a later
    answer never has a lower one. Raises ChannelMissing, Unanswered, Overloaded or ShardUnavailable
    if the channel is not configured, or a shard does not answer until `deadline_ns`
    (CLOCK_MONOTONIC; 0: ten seconds from now).
    """
    numbers = await channel_numbers(Asking(shards, deadline_ns), tenant, channel, skus)
    return [update for update, _ in numbers]


async def channel_numbers(
    asking: Asking, tenant: str, channel: str, skus: Sequence[str]
) -> list[tuple[ChannelUpdate, ChannelSku]]:
    """The same, each with the facts that it follows from."""
    shards = asking.shards
    version = sum(shards.feed(shard).head for shard in range(shards.count))
    found, listings = await asyncio.gather(
        gather(asking, tenant, channel, skus), _listings_of(asking, tenant, channel, skus)
    )
    numbers = []
    for sku in skus:
        one = found.skus[sku]
        of_sku = listings.get(sku, {})
        locations = _locations(one, of_sku)
        listing = of_sku.get("")
        if found.listed_only and listing is None:
            locations = tuple(at for at in locations if at.listing is not None)
        told = not found.listed_only or listing is not None or bool(locations)
        update = ChannelUpdate(
            sku, one.units, one.unlimited, locations, listing, shards.epoch, version, told
        )
        numbers.append((update, one))
    return numbers


async def _listings_of(
    asking: Asking, tenant: str, channel: str, skus: Iterable[str]
) -> dict[str, dict[str, Listing]]:
    """The channel's listings of SKUs, by SKU and by location. Raises as Asking does."""
    question = ReadListings(tenant, channel, tuple(dict.fromkeys(skus)))
    read = await asking.look_up(LISTINGS_SHARD, question, ListingsRead)
    found: dict[str, dict[str, Listing]] = {}
    for listing in read.listings:
        found.setdefault(listing.sku, {})[listing.location] = listing
    return found


def _locations(found: ChannelSku, listings: Mapping[str, Listing]) -> tuple[ChannelLocation, ...]:
    sold = [
        ChannelLocation(at.location, at.available, at.unlimited, listings.get(at.location))
        for at in found.locations
    ]
    unsold = listings.keys() - {at.location for at in sold} - {""}
    left = [ChannelLocation(name, 0, listing=listings[name]) for name in sorted(unsold)]
    return (*sold, *left)
