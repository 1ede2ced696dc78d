"""What is wrong with listings: the shards of their SKUs know what is there and what is sold."""

from collections.abc import Iterable, Sequence

from engine.channels.asking import Asking, ChannelMissing
from engine.channels.gathering import gather
from engine.channels.places import existing_places
from engine.core.listings import Listing, ListingProblem, ListingReport


async def dangling(
    asking: Asking, tenant: str, channel: str, listings: Sequence[Listing]
) -> tuple[ListingReport, ...]:
    """Those of the listings that lead nowhere, in their order, and why: there is no such stock, or
    the channel does not sell from there. Raises as Asking does, ChannelMissing among others."""
    if not listings:
        return ()
    found = await gather(asking, tenant, channel, (listing.sku for listing in listings))
    sold = {(sku, at.location) for sku, one in found.skus.items() for at in one.locations}
    sold |= {(sku, "") for sku, one in found.skus.items() if one.locations}
    return await _reports(asking, tenant, [one for one in listings if one.place not in sold])


async def dangling_of_any(
    asking: Asking, tenant: str, channel: str, listings: Sequence[Listing]
) -> tuple[ListingReport, ...]:
    """The same, also for a channel that is not configured, which sells from nowhere."""
    try:
        return await dangling(asking, tenant, channel, listings)
    except ChannelMissing:
        return await _reports(asking, tenant, listings)


async def _reports(
    asking: Asking, tenant: str, listings: Iterable[Listing]
) -> tuple[ListingReport, ...]:
    """Why a channel sells nothing where these listings lead."""
    unsold = list(listings)
    there = await existing_places(asking, tenant, {listing.place for listing in unsold})
    return tuple(
        ListingReport(
            listing,
            ListingProblem.NOT_SOLD_THERE
            if listing.place in there
            else ListingProblem.UNKNOWN_STOCK,
        )
        for listing in unsold
    )
