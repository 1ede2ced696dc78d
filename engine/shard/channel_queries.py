"""What a shard can be asked about channels, and how it answers: see `queries`."""

from engine.core.channels import (
    Channel,
    ChannelPolicy,
    ChannelTerms,
    ComputedBuffer,
    DynamicBuffer,
    SkuGroup,
)
from engine.core.configuration import Component
from engine.core.model import Struct


class ReadChannelAvailability(Struct, frozen=True, tag=True):
    """Ask what a configured channel may sell of SKUs of this shard, and how that comes about.
    Answered NotThere if the channel is not configured."""

    tenant: str
    channel: str
    skus: tuple[str, ...]


class ChannelsPlace(Struct, frozen=True):
    """Where a list of channels goes on: after what is of this kind, a channel (0), a policy (1) or
    a group of SKUs (2), and of this name: of a policy the channel, "sku" or "sku_group", and that
    one's name."""

    kind: int = 0
    names: tuple[str, ...] = ()


class ReadChannels(Struct, frozen=True, tag=True):
    """Ask for a page of a tenant's channels, their policies, and groups of SKUs; of one `channel`
    alone, and then of no group, if that is not empty."""

    tenant: str
    channel: str
    limit: int
    place: ChannelsPlace = ChannelsPlace()
    at_least: int = 0


class ReadDailySales(Struct, frozen=True, tag=True):
    """Ask what was sold of SKUs of this shard at the locations of a channel, on each day before
    that of `now_ms` (UTC) for which the SKU's dynamic buffer looks back. Answered NotThere if the
    channel is not configured."""

    tenant: str
    channel: str
    skus: tuple[str, ...]
    now_ms: int
    at_least: int = 0


class LocationAvailable(Struct, frozen=True):
    """What may be promised at a location; `unlimited` where nothing is counted and new promises may
    be made."""

    location: str
    available: int
    unlimited: bool
    version: int


class ChannelSku(Struct, frozen=True):
    """What a channel may sell of a SKU, and the facts that it follows from.

    `units` in all, below which the sum over the `locations` stays; these are in the channel's order
    of preference, and those alone that have the SKU. A kit has neither: what may be sold of it
    follows from its components, where selling the kit is not `stopped`. `available_units` are there
    for anyone at the channel's locations, `others_units` of them are other channels' alone, and
    `buffer_units` the channel leaves to others. `policy` None: the terms are the channel's own.
    """

    sku: str
    units: int
    unlimited: bool
    locations: tuple[LocationAvailable, ...]
    terms: ChannelTerms
    policy: ChannelPolicy | None = None
    available_units: int = 0
    others_units: int = 0
    buffer_units: int = 0
    computed_buffer: ComputedBuffer | None = None
    allocation_used_units: int = 0
    components: tuple[Component, ...] = ()
    stopped: tuple[str, ...] = ()


class ChannelAvailabilityRead(Struct, frozen=True, tag=True):
    """What a channel may sell of each asked SKU, as of `position`; `listed_only`: its feed tells of
    what has a listing only."""

    skus: tuple[ChannelSku, ...]
    position: int
    listed_only: bool = False


class PolicyOfChannel(Struct, frozen=True):
    """A policy with the channel that it is of."""

    channel: str
    policy: ChannelPolicy


class ChannelsRead(Struct, frozen=True, tag=True):
    """A page of channels, then policies, then groups of SKUs; `next_place` None: it is the last
    one."""

    channels: tuple[Channel, ...]
    policies: tuple[PolicyOfChannel, ...]
    sku_groups: tuple[SkuGroup, ...]
    next_place: ChannelsPlace | None
    position: int


class SkuSales(Struct, frozen=True):
    """The units of a SKU sold on each day of the window, the oldest first. `parameters` None: the
    channel's terms for it have no dynamic buffer. `is_complete` False: there was more to look at
    than one question may, or not all of the window is kept; then only whole days are listed."""

    sku: str
    parameters: DynamicBuffer | None
    units: tuple[int, ...] = ()
    is_complete: bool = True


class DailySalesRead(Struct, frozen=True, tag=True):
    """What was sold of each asked SKU."""

    sales: tuple[SkuSales, ...]
    position: int
