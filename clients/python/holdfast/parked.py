"""What could not be processed and is kept by the server: parked messages of a subscription."""

from datetime import datetime
from typing import Any, NamedTuple

from holdfast import _convert, _convert_channels
from holdfast._command import set_moment
from holdfast.channels import ChannelUpdate, Listing
from holdfast.event import Event
from holdfast.v1 import channels_pb2, subscriptions_pb2


class ExternalMessage(NamedTuple):
    """A message of a channel: an order, a refund, a sale. `id` is its name there; the same id is
    parked once."""

    id: str
    content_type: str
    body: bytes


class ParkedMessage(NamedTuple):
    """A message that could not be processed, under the `id` that the server has given it: an
    `Event`, a `ChannelUpdate` or an `ExternalMessage`. `replaying`: it is to be given to a consumer
    again, as it was `replays` times."""

    id: int
    content: Any
    reason: str
    parked_at: datetime | None
    replays: int
    replaying: bool


def parked_message(message: subscriptions_pb2.ParkedMessage) -> ParkedMessage:
    """A parked message in the SDK's own types."""
    return ParkedMessage(
        message.id,
        _content(message),
        message.reason,
        _convert.moment_or_none(message.parked_at),
        message.replays,
        message.replaying,
    )


def _content(
    message: subscriptions_pb2.ParkedMessage,
) -> Event | ChannelUpdate | ExternalMessage:
    kind = message.WhichOneof("content")
    if kind == "event":
        return Event(message.event)
    if kind == "external":
        external = message.external
        return ExternalMessage(external.id, external.content_type, external.body)
    return _convert_channels.channel_update(message.channel_update)


def to_park(message: Any, reason: str) -> subscriptions_pb2.ParkedMessage:
    """What the server is to park: an event, an update of a channel, a message from outside, or one
    that was parked before. TypeError for anything else."""
    parked = subscriptions_pb2.ParkedMessage(reason=reason)
    if isinstance(message, ParkedMessage):
        parked.id = message.id
        message = message.content
    if isinstance(message, Event):
        parked.event.CopyFrom(message.message)
    elif isinstance(message, ExternalMessage):
        parked.external.id = message.id
        parked.external.content_type = message.content_type
        parked.external.body = message.body
    elif isinstance(message, ChannelUpdate):
        _put_update(parked.channel_update, message)
    else:
        raise TypeError(f"{type(message).__name__} cannot be parked")
    return parked


def _put_update(message: channels_pb2.ChannelUpdate, update: ChannelUpdate) -> None:
    message.sku = update.sku
    message.units = update.units
    message.unlimited = update.unlimited
    message.epoch = update.epoch
    message.version = update.version
    if update.recorded_at is not None:
        set_moment(message.recorded_at, update.recorded_at)
    if update.listing is not None:
        _put_listing(message.listing, update.listing)
    for location in update.locations:
        entry = message.locations.add()
        entry.location = location.location
        entry.units = location.units
        entry.unlimited = location.unlimited
        if location.listing is not None:
            _put_listing(entry.listing, location.listing)


def _put_listing(message: channels_pb2.Listing, listing: Listing) -> None:
    message.sku = listing.sku
    message.location = listing.location
    message.shop = listing.shop
    message.item = listing.item
    message.external_location = listing.external_location
