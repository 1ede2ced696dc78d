"""What the SDK takes and gives where channels are concerned: shops, marketplaces, tills.

`Listing` is under which identifiers a channel knows what it sells; answers that come in pages are a
`holdfast.Listing`.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class DynamicBuffer(NamedTuple):
    """A buffer that follows from sales and lead time: z * sqrt(L * sd^2 + d^2 * sL^2), rounded up.
    d and sd are mean and standard deviation of daily sales over the last `window_days`."""

    service_factor: float
    lead_time_days: float
    lead_time_deviation_days: float = 0.0
    window_days: int = 30


class ChannelTerms(NamedTuple):
    """What a channel may sell of one SKU, over all its locations.

    The buffer is what it leaves to others: units, a percentage of what is available to it, or a
    dynamic one; at most one of them, and without any 10 percent, or none where there is an
    allocation. It never shows more than `cap_units`. `allocation_units` are its alone, and it has
    no others; `allocation_since` says from when they are counted, and is only read.
    """

    buffer_units: int | None = None
    buffer_percent: int | None = None
    dynamic_buffer: DynamicBuffer | None = None
    cap_units: int | None = None
    allocation_units: int | None = None
    allocation_since: datetime | None = None


class Channel(NamedTuple):
    """A place where stock is sold. It sells from its `locations` and then those of its
    `location_groups`, in order of preference; without either from everywhere. `terms` are those of
    SKUs without a policy. `listed_only`: its feed tells of what has a listing only."""

    name: str
    locations: Sequence[str] = ()
    location_groups: Sequence[str] = ()
    terms: ChannelTerms = ChannelTerms()
    listed_only: bool = False


class ChannelPolicy(NamedTuple):
    """The terms of one SKU, or of each SKU of a group; without terms there is no policy any more.
    One of a SKU goes before one of a group."""

    sku: str = ""
    sku_group: str = ""
    terms: ChannelTerms | None = None


class PolicyOfChannel(NamedTuple):
    """A policy with the channel that it is of."""

    channel: str
    policy: ChannelPolicy


class SkuGroup(NamedTuple):
    """SKUs, by name or by how they begin, that policies are given for as one."""

    name: str
    skus: tuple[str, ...]
    sku_prefixes: tuple[str, ...]


class Channels(NamedTuple):
    """What is configured of channels; `cursor` says what the read covers at least."""

    channels: tuple[Channel, ...]
    policies: tuple[PolicyOfChannel, ...]
    sku_groups: tuple[SkuGroup, ...]
    cursor: str


class Listing(NamedTuple):
    """Under which identifiers a channel knows a SKU at a location; without a location, at all that
    the channel sells from. Without an item, the listing is removed."""

    sku: str
    location: str = ""
    shop: str = ""
    item: str = ""
    external_location: str = ""


class ListingProblem(StrEnum):
    """What is wrong with a listing."""

    UNKNOWN = "unknown"
    UNKNOWN_STOCK = "unknown_stock"
    DUPLICATE = "duplicate"
    NOT_SOLD_THERE = "not_sold_there"


class ListingReport(NamedTuple):
    """A listing, and what is wrong with it, if anything; of a duplicate also the listing that has
    the same identifiers."""

    listing: Listing
    problem: ListingProblem | None
    conflict: Listing | None = None


class ListingsMapped(NamedTuple):
    """So many listings are as stated; `problems` are the others."""

    mapped: int
    problems: tuple[ListingReport, ...]
    cursor: str
    replayed: bool
    recorded_at: datetime | None


class ListingsFound(NamedTuple):
    """The listing of each name that was asked for, in their order; None: there is none."""

    items: tuple[Listing | None, ...]
    cursor: str


class ComputedBuffer(NamedTuple):
    """A dynamic buffer with all that it was computed from."""

    channel: str
    sku: str
    parameters: DynamicBuffer
    daily_sales_mean: float
    daily_sales_deviation: float
    units: int
    computed_at: datetime | None


class BuffersComputed(NamedTuple):
    """Buffers as they are now, in the order of the SKUs that were asked for."""

    buffers: tuple[ComputedBuffer, ...]
    cursor: str
    replayed: bool
    recorded_at: datetime | None


class ChannelLocation(NamedTuple):
    """What a channel may sell of a SKU at one location."""

    location: str
    units: int
    unlimited: bool = False
    listing: Listing | None = None


class ChannelUpdate(NamedTuple):
    """What a channel may sell of a SKU now: `units` in all, and by location, whose sum is never
    above that. Of two updates of a SKU the one with the higher epoch, or else the higher version,
    is the newer. `recorded_at` is None in a snapshot."""

    sku: str
    units: int
    unlimited: bool = False
    locations: tuple[ChannelLocation, ...] = ()
    listing: Listing | None = None
    epoch: int = 0
    version: int = 0
    recorded_at: datetime | None = None


class ChannelAvailability(NamedTuple):
    """What a channel may sell of a SKU, and the numbers that it follows from: `available_units` are
    at its locations, `allocated_to_others_units` of them other channels' alone, `buffer_units` it
    leaves to others, `allocation_used_units` it has taken of its allocation. `policy` None: the
    terms are the channel's own."""

    update: ChannelUpdate
    terms: ChannelTerms
    policy: ChannelPolicy | None
    available_units: int
    allocated_to_others_units: int
    buffer_units: int
    computed_buffer: ComputedBuffer | None
    allocation_used_units: int
    cursor: str
