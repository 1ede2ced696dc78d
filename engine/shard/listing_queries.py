"""What the first shard can be asked about the identifiers of channels: see `queries`."""

from engine.core.listings import Listing
from engine.core.model import Struct


class ReadListings(Struct, frozen=True, tag=True):
    """Ask for all listings of some SKUs."""

    tenant: str
    channel: str
    skus: tuple[str, ...]
    at_least: int = 0


class ListListings(Struct, frozen=True, tag=True):
    """Ask for a page of a channel's listings, of one SKU if that is not empty: after the one of
    this SKU and location, if there is one."""

    tenant: str
    channel: str
    sku: str
    limit: int
    after: tuple[str, str] | None = None
    at_least: int = 0


class FindListings(Struct, frozen=True, tag=True):
    """Ask what has these identifiers: shop, item and external location."""

    tenant: str
    channel: str
    names: tuple[tuple[str, str, str], ...]
    at_least: int = 0


ListingQuestion = ReadListings | ListListings | FindListings


class ListingsRead(Struct, frozen=True, tag=True):
    """Listings in order of SKU, then location; `has_more`: the page is not the last one."""

    listings: tuple[Listing, ...]
    has_more: bool
    position: int


class ListingsFound(Struct, frozen=True, tag=True):
    """The listing of each name that was asked for; None: nothing is mapped to it."""

    listings: tuple[Listing | None, ...]
    position: int
