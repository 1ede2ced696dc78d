"""What could not be processed and is kept by the server: parked messages of a subscription."""

from datetime import datetime
from typing import Any, NamedTuple

from google.protobuf.message import Message

from holdfast import _convert
from holdfast.event import Event
from holdfast.v1 import channels_pb2, feed_pb2, subscriptions_pb2


class ExternalMessage(NamedTuple):
    """A message of a channel: an order, a refund, a sale. `id` is its name there; the same id is
    parked once."""

    id: str
    content_type: str
    body: bytes


class ParkedMessage(NamedTuple):
    """A message that could not be processed, under the `id` that the server has given it: an
    `Event`, an update of a channel, or an `ExternalMessage`. `replaying`: it is to be given to a
    consumer again, as it was `replays` times."""

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


def _content(message: subscriptions_pb2.ParkedMessage) -> Any:
    kind = message.WhichOneof("content")
    if kind == "event":
        return Event(message.event)
    if kind == "external":
        external = message.external
        return ExternalMessage(external.id, external.content_type, external.body)
    return message.channel_update


def to_park(message: Any, reason: str) -> subscriptions_pb2.ParkedMessage:
    """What the server is to park: an event, an update of a channel, a message from outside, or one
    that was parked before and given again. TypeError for anything else."""
    parked = subscriptions_pb2.ParkedMessage(reason=reason)
    if isinstance(message, ParkedMessage):
        parked.id = message.id
        message = message.content
    content: Message | None = None
    if isinstance(message, Event):
        content = message.message
    elif isinstance(message, ExternalMessage):
        content = subscriptions_pb2.ExternalMessage(
            id=message.id, content_type=message.content_type, body=message.body
        )
    elif isinstance(message, Message):
        content = message
    if isinstance(content, feed_pb2.Event):
        parked.event.CopyFrom(content)
    elif isinstance(content, channels_pb2.ChannelUpdate):
        parked.channel_update.CopyFrom(content)
    elif isinstance(content, subscriptions_pb2.ExternalMessage):
        parked.external.CopyFrom(content)
    else:
        raise TypeError(f"{type(message).__name__} cannot be parked")
    return parked
