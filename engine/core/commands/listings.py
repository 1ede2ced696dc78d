"""Commands on the identifiers of channels."""

from engine.core.listings import Listing, ListingReport
from engine.core.model import Struct


class MapListings(Struct, frozen=True, tag=True):
    """The channel knows these SKU-locations, each of which is named once, under these identifiers
    from now on. `all_or_nothing`: if anything is wrong with one of them, none is mapped.

    `found` are those with which something was found to be wrong before it is decided, by asking the
    shards of their SKUs; they are no part of what the caller asks for.
    """

    tenant: str
    channel: str
    listings: tuple[Listing, ...]
    all_or_nothing: bool = False
    found: tuple[ListingReport, ...] = ()
