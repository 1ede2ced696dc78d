"""Under which identifiers a channel knows what it sells."""

from enum import IntEnum

from engine.core.model import Struct


class Listing(Struct, frozen=True):
    """A channel's shop, item and location for a SKU at a location of ours; for all locations that
    the channel sells from, as one, if `location` is empty. No `item`: none are mapped."""

    sku: str
    location: str = ""
    shop: str = ""
    item: str = ""
    external_location: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """The SKU and the location."""
        return self.sku, self.location

    @property
    def name(self) -> tuple[str, str, str]:
        """The identifiers: of one channel, each triple names one place."""
        return self.shop, self.item, self.external_location


class ListingProblem(IntEnum):
    """What is wrong with a listing."""

    UNKNOWN_STOCK = 1
    DUPLICATE = 2
    NOT_SOLD_THERE = 3


class ListingReport(Struct, frozen=True):
    """A listing that was not mapped, and why; of a duplicate, the one that has the identifiers."""

    listing: Listing
    problem: ListingProblem
    conflict: Listing = Listing("")
