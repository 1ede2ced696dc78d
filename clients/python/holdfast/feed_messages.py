"""What a feed or a subscription gives, message by message."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from holdfast import _convert, _convert_channels
from holdfast._fields import enum_number, numbers
from holdfast.channels import ChannelUpdate
from holdfast.event import Event
from holdfast.types import Stock
from holdfast.v1 import feed_pb2


class EventBatch(NamedTuple):
    """Events that came together, in order; `cursor` is right after the last of them."""

    events: tuple[Event, ...]
    cursor: str


class SnapshotBatch(NamedTuple):
    """Present states, of one SKU-location each; their later events follow. With `complete` all
    states were given, and all that has happened meanwhile.

    The cursor is empty until then. Who is cut off before gets the snapshot again from its
    beginning: a state with a version that is known already says nothing new.
    """

    stocks: tuple[Stock, ...]
    complete: bool
    cursor: str


class ChannelUpdateBatch(NamedTuple):
    """What a channel may sell now, of SKUs of which that has changed. With `snapshot_complete` all
    SKUs were given; the cursor is empty until then, as that of a SnapshotBatch."""

    updates: tuple[ChannelUpdate, ...]
    snapshot_complete: bool
    cursor: str


class CaughtUp(NamedTuple):
    """What was past at the start, or when the feed fell behind, has been told, at the server's
    `time`; what follows is new."""

    time: datetime
    cursor: str


class FellBehind(NamedTuple):
    """The feed was read so slowly that the server has to read its history again: so many events of
    all shards were not told yet. Nothing is missed; CaughtUp says when they are told."""

    time: datetime
    lag_events: int
    cursor: str


class Checkpoint(NamedTuple):
    """Nothing that passes the filter has happened for a while; the cursor moves on."""

    time: datetime
    cursor: str


FeedMessage: TypeAlias = (
    EventBatch | SnapshotBatch | ChannelUpdateBatch | CaughtUp | FellBehind | Checkpoint
)

MODES = numbers(feed_pb2.WatchMode, "WATCH_MODE_")
STARTS = numbers(feed_pb2.StartFrom, "START_FROM_")


def read_response(response: feed_pb2.WatchResponse) -> FeedMessage:
    """A message of the feed in the SDK's own types."""
    kind = response.WhichOneof("content")
    cursor = response.cursor
    if kind == "caught_up":
        return CaughtUp(_convert.moment(response.caught_up.time), cursor)
    if kind == "checkpoint":
        return Checkpoint(_convert.moment(response.checkpoint.time), cursor)
    if kind == "fell_behind":
        fell_behind = response.fell_behind
        return FellBehind(_convert.moment(fell_behind.time), fell_behind.lag_events, cursor)
    if kind == "snapshot":
        snapshot = response.snapshot
        stocks = [_convert.stock(each, cursor) for each in snapshot.stocks]
        return SnapshotBatch(tuple(stocks), snapshot.complete, cursor)
    if kind == "channel_updates":
        told = response.channel_updates
        updates = [_convert_channels.channel_update(each) for each in told.updates]
        return ChannelUpdateBatch(tuple(updates), told.snapshot_complete, cursor)
    return EventBatch(tuple([Event(each) for each in response.events.events]), cursor)


def watch_request(
    tenant: str, name: str, mode: str, start: str, channel: str, **lists: Iterable[str]
) -> feed_pb2.WatchRequest:
    """Asks for a feed; ValueError or TypeError for what cannot be meant."""
    for field, value in lists.items():
        if isinstance(value, str):
            raise TypeError(f"{field} is the string {value!r}; it must be a list")
    named: dict[str, Any] = {field: list(value) for field, value in lists.items()}
    request = feed_pb2.WatchRequest(
        tenant=tenant,
        name=name,
        filter=feed_pb2.EventFilter(channel=channel, **named),
        mode=enum_number(MODES, "mode", mode),
    )
    if start in STARTS:
        request.start_from = enum_number(STARTS, "start", start)
    elif start:
        request.after_cursor = start
    else:
        raise ValueError("start is empty; it must be 'now', 'beginning', 'snapshot' or a cursor")
    return request
