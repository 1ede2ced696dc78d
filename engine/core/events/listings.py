"""What has happened to the identifiers of channels. Only the shard that decides configuration
records these events, and no other one is told."""

from engine.core.listings import Listing, ListingReport
from engine.core.model import Struct


class ListingsMapped(Struct, frozen=True, tag=True):
    """A channel knows SKU-locations under these identifiers from now on, and, where none are given,
    under none any more. `problems` are those that were asked for with them and not mapped."""

    tenant: str
    channel: str
    listings: tuple[Listing, ...]
    problems: tuple[ListingReport, ...] = ()


ListingEvent = ListingsMapped
"""Events of the identifiers of channels."""
