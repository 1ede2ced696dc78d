"""What a channel is told of a SKU."""

from engine.core.listings import Listing
from engine.core.model import Struct


class ChannelLocation(Struct, frozen=True):
    """Units that a channel may sell at one location; `unlimited` where nothing is counted. Without
    a `listing` the channel has no identifiers for the SKU there."""

    location: str
    units: int
    unlimited: bool = False
    listing: Listing | None = None


class ChannelUpdate(Struct, frozen=True):
    """What a channel may sell of a SKU: in all, and by location in its order of preference.

    Of two updates of a SKU the one of the higher epoch, or else of the higher version, is the
    newer. `told`: the channel's feed tells of it; it does not where the channel is told of what is
    listed only, and the SKU is not.
    """

    sku: str
    units: int
    unlimited: bool
    locations: tuple[ChannelLocation, ...]
    listing: Listing | None
    epoch: int
    version: int
    told: bool = True
