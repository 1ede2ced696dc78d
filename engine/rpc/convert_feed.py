"""Steps of a feed to encoded WatchResponses. Events are bytes already; the rest is made as
messages."""

from holdfast.v1 import channels_pb2, feed_pb2

from engine.channels.facts import ChannelLocation, ChannelUpdate
from engine.core.listings import Listing
from engine.feed import wire
from engine.feed.steps import CaughtUp, Events, FellBehind, Numbers, Snapshot, Step
from engine.rpc.convert_state import put_stock, put_time


def encoded(step: Step) -> bytes:
    """A step as an encoded WatchResponse."""
    if isinstance(step, Events):
        return wire.events_response(step.cursor, step.entries)
    response = feed_pb2.WatchResponse(cursor=step.cursor)
    if isinstance(step, Snapshot):
        response.snapshot.complete = step.complete
        for key, stock in step.stocks:
            put_stock(response.snapshot.stocks.add(), key, stock)
    elif isinstance(step, Numbers):
        response.channel_updates.snapshot_complete = step.complete
        for update, recorded_at_ms in step.updates:
            message = response.channel_updates.updates.add()
            put_channel_update(message, update, recorded_at_ms)
    elif isinstance(step, FellBehind):
        put_time(response.fell_behind.time, step.time_ms)
        response.fell_behind.lag_events = step.lag_events
    elif isinstance(step, CaughtUp):
        put_time(response.caught_up.time, step.time_ms)
    else:
        put_time(response.checkpoint.time, step.time_ms)
    return response.SerializeToString()


def put_channel_update(
    message: channels_pb2.ChannelUpdate, update: ChannelUpdate, recorded_at_ms: int = 0
) -> None:
    """Fill a ChannelUpdate; `recorded_at_ms` 0: it has no time."""
    message.sku = update.sku
    message.units = update.units
    message.unlimited = update.unlimited
    for location in update.locations:
        _put_location(message.locations.add(), location)
    if update.listing is not None:
        put_listing(message.listing, update.listing)
    message.epoch = update.epoch
    message.version = update.version
    if recorded_at_ms:
        put_time(message.recorded_at, recorded_at_ms)


def _put_location(message: channels_pb2.ChannelLocation, location: ChannelLocation) -> None:
    message.location = location.location
    message.units = location.units
    message.unlimited = location.unlimited
    if location.listing is not None:
        put_listing(message.listing, location.listing)


def put_listing(message: channels_pb2.Listing, listing: Listing) -> None:
    """Fill a Listing."""
    message.sku = listing.sku
    message.location = listing.location
    message.shop = listing.shop
    message.item = listing.item
    message.external_location = listing.external_location
