"""What a channel may sell of SKUs: numbers from their shards, identifiers from the first one."""

import asyncio
from collections.abc import Iterable, Sequence

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
    components allow. A SKU that is nowhere has no units.

    The version is what the front end had heard of all shards before it asked, so that a later
    answer never has a lower one. Raises ChannelMissing, Unanswered, Overloaded or ShardUnavailable
    if the channel is not configured, or a shard does not answer until `deadline_ns`
    (CLOCK_MONOTONIC; 0: ten seconds from now).
    """
    version = version_now(shards)
    asking = Asking(shards, deadline_ns)
    found, listings = await asyncio.gather(
        gather(asking, tenant, channel, skus), listings_of(asking, tenant, channel, skus)
    )
    return [update_of(found[sku], listings, shards.epoch, version) for sku in skus]


def version_now(shards: Shards) -> int:
    """How much the front end has heard of all shards: it only grows."""
    return sum(shards.feed(shard).head for shard in range(shards.count))


async def listings_of(
    asking: Asking, tenant: str, channel: str, skus: Iterable[str]
) -> dict[tuple[str, str], Listing]:
    """The channel's listings of SKUs, by SKU and location. Raises as Asking does."""
    question = ReadListings(tenant, channel, tuple(dict.fromkeys(skus)))
    read = await asking.look_up(LISTINGS_SHARD, question, ListingsRead)
    return {listing.place: listing for listing in read.listings}


def update_of(
    found: ChannelSku, listings: dict[tuple[str, str], Listing], epoch: int, version: int
) -> ChannelUpdate:
    """The numbers of a SKU with the channel's identifiers."""
    locations = tuple(
        ChannelLocation(
            at.location, at.available, at.unlimited, listings.get((found.sku, at.location))
        )
        for at in found.locations
    )
    listing = listings.get((found.sku, ""))
    return ChannelUpdate(
        found.sku, found.units, found.unlimited, locations, listing, epoch, version
    )
