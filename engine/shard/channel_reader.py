"""How a shard answers what channels may sell, as of the commands of a turn so far."""

from collections.abc import Mapping, Sequence

from engine.core.channel_rules import sells, share_of
from engine.core.channels import Channel
from engine.core.limits import AVAILABILITY_LOCATIONS_MAX
from engine.core.model import Key, Selling
from engine.shard.channel_queries import (
    ChannelAvailabilityRead,
    ChannelSku,
    LocationAvailable,
    ReadChannelAvailability,
)
from engine.shard.queries import NotThere, TooLarge
from engine.shard.turn import Turn


def read_channel_availability(
    turn: Turn, request: ReadChannelAvailability, position: int
) -> ChannelAvailabilityRead | NotThere | TooLarge:
    """What a channel may sell of each SKU, and why."""
    channel = turn.channels.channel(request.tenant, request.channel)
    if channel is None:
        return NotThere(position)
    room = AVAILABILITY_LOCATIONS_MAX
    found = []
    for sku in request.skus:
        found.append(_of_sku(turn, request.tenant, channel, sku))
        room -= len(found[-1].locations)
        if room < 0:
            return TooLarge("skus", AVAILABILITY_LOCATIONS_MAX - room, AVAILABILITY_LOCATIONS_MAX)
    return ChannelAvailabilityRead(tuple(found), position, channel.listed_only)


def _of_sku(turn: Turn, tenant: str, channel: Channel, sku: str) -> ChannelSku:
    terms, policy = turn.channels.terms(tenant, channel, sku)
    kit = turn.kit(tenant, sku)
    if kit is not None:
        stopped = tuple(
            name
            for name in turn.locations(tenant, sku)
            if (stock := turn.look_at(Key(tenant, sku, name))) is not None
            and stock.selling is Selling.STOPPED
        )
        return ChannelSku(
            sku, 0, False, (), terms, policy, components=kit.components, stopped=stopped
        )
    share = share_of(turn, turn.look_at, tenant, channel.name, sku)
    if share is None or share.locations is None or share.limit is None:
        raise ValueError(f"{channel.name} is configured, and nothing is said of {sku}")
    units = share.by_location()
    locations = []
    for name in share.locations:
        key = Key(tenant, sku, name)
        stock = turn.look_at(key)
        if stock is not None:
            unlimited = not stock.tracked and sells(turn, key, stock)
            locations.append(LocationAvailable(name, units[name], unlimited, stock.version))
    return ChannelSku(
        sku,
        share.limit,
        any(one.unlimited for one in locations),
        tuple(locations),
        terms,
        policy,
        share.available_units,
        share.others_units,
        share.buffer_units,
        turn.channels.computed_buffer(tenant, channel.name, sku),
        share.used_units,
    )


def shared_out(
    turn: Turn,
    tenant: str,
    sku: str,
    channel: str,
    found: Sequence[LocationAvailable],
    own: Mapping[str, int],
    *,
    everywhere: bool,
) -> list[LocationAvailable]:
    """What may be promised at locations, given what is available there, if channels are configured.

    `everywhere`: the SKU's locations were all asked for, and what is found of them may be had
    together, those that the channel prefers first; else each may be had alone. `own`: units given
    back before anything is taken, by location.
    """
    share = share_of(turn, turn.look_at, tenant, channel, sku, all_locations=everywhere)
    if share is None:
        return list(found)
    taken = {name: -units for name, units in own.items()}
    units: dict[str, int] = {}
    places = {name: place for place, name in enumerate(share.locations or ())}
    for one in sorted(found, key=lambda one: places.get(one.location, len(places))):
        units[one.location] = 0
        if share.sells_at(one.location):
            free = one.available
            if share.is_bounded(one.location):
                free = max(0, min(free, share.free(one.location, taken)))
            units[one.location] = free
            if everywhere:
                taken[one.location] = taken.get(one.location, 0) + free
    return [
        LocationAvailable(
            one.location,
            units[one.location],
            one.unlimited and share.sells_at(one.location),
            one.version,
        )
        for one in found
    ]
