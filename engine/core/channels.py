"""What is configured of the places where stock is sold: which units each of them may sell.

A channel that nobody has configured sells whatever is available, from anywhere.
"""

from engine.core.model import Struct

DEFAULT_BUFFER_PERCENT = 10
"""Of what is available to a channel, so many of 100 units are left to others unless its terms say
otherwise; also while a dynamic buffer has not been computed yet."""


class DynamicBuffer(Struct, frozen=True):
    """A buffer that follows from sales and lead time: see `engine.core.safety`. Times are days."""

    service_factor: float
    lead_time_days: float
    lead_time_deviation_days: float = 0.0
    window_days: int = 30


class Buffer(Struct, frozen=True):
    """Units of a SKU that a channel leaves to others. Exactly one of these says how many."""

    units: int | None = None
    percent: int | None = None
    dynamic: DynamicBuffer | None = None


class ChannelTerms(Struct, frozen=True):
    """What a channel may sell of one SKU over all its locations. No buffer stated: 10 percent, or
    none where there is an allocation. The time at which an allocation was stated is its name: what
    was taken before that does not count. 0 without one."""

    buffer: Buffer | None = None
    cap_units: int | None = None
    allocation_units: int | None = None
    allocation_since_ms: int = 0


class Channel(Struct, frozen=True):
    """A channel with the locations that it sells from, and then groups of them, in order of
    preference; without either it sells from everywhere. `terms` are those of SKUs without a
    policy."""

    name: str
    locations: tuple[str, ...] = ()
    location_groups: tuple[str, ...] = ()
    terms: ChannelTerms = ChannelTerms()
    listed_only: bool = False


class ChannelPolicy(Struct, frozen=True):
    """The terms of one SKU, or else of each SKU of a group; None: there is no such policy any
    more."""

    sku: str = ""
    sku_group: str = ""
    terms: ChannelTerms | None = None


class SkuGroup(Struct, frozen=True):
    """SKUs, by name or by how they begin, that policies may be given for as one. With neither there
    is no such group."""

    name: str
    skus: tuple[str, ...] = ()
    sku_prefixes: tuple[str, ...] = ()


class ComputedBuffer(Struct, frozen=True):
    """A dynamic buffer with all that it was computed from: mean and standard deviation of what was
    sold of the SKU in a day, at the channel's locations."""

    channel: str
    sku: str
    parameters: DynamicBuffer
    daily_sales_mean: float
    daily_sales_deviation: float
    units: int
    computed_at_ms: int
