"""Subscriptions, their filters, and what is parked for them, from and to the contract."""

from hashlib import blake2b

from holdfast.v1 import feed_pb2
from holdfast.v1 import subscriptions_pb2 as pb

from engine.feed.consumer import Warned
from engine.feed.subscription import Subscription
from engine.feed.subscription_store import StoredParked, ToPark
from engine.feed.wire import tag, varint
from engine.rpc.checks import InvalidField, check_required, check_text
from engine.rpc.convert_state import put_time

REASON_BYTES_MAX = 1_024
"""Bytes of the reason why a message is parked."""
BODY_BYTES_MAX = 64 * 1024
"""Bytes of the body of a message from outside."""
CONTENT_BYTES_MAX = 1024 * 1024
"""Bytes of a parked message. Events beyond that are in no message of the feed either, but for one
that is larger by itself."""

_IDENTITY_BYTES = 16
_FEED = tag(pb.SubscribeResponse.FEED_FIELD_NUMBER, 2)
_LISTS = ("skus", "sku_prefixes", "locations", "groups", "kinds")
"""The lists of an EventFilter; their order means nothing."""


def encoded_filter(asked: feed_pb2.EventFilter) -> bytes:
    """A filter as it is kept: the same filter gives the same bytes."""
    kept = feed_pb2.EventFilter(channel=asked.channel)
    for name in _LISTS:
        getattr(kept, name).extend(sorted(set(getattr(asked, name))))
    return kept.SerializeToString(deterministic=True)


def differing(one: bytes, other: bytes) -> str:
    """The field in which two filters, as they are kept, differ first; empty: in none."""
    if one == other:
        return ""
    before, after = feed_pb2.EventFilter.FromString(one), feed_pb2.EventFilter.FromString(other)
    differ = (
        name for name in (*_LISTS, "channel") if getattr(before, name) != getattr(after, name)
    )
    return f"filter.{next(differ, '')}"


def put_subscription(
    message: pb.Subscription, subscription: Subscription, lag_events: int, lag_s: float
) -> None:
    """Fill a Subscription."""
    stored = subscription.stored
    message.name = stored.name
    message.filter.ParseFromString(stored.filter)
    message.mode = stored.mode  # type: ignore[assignment]
    message.cursor = subscription.cursor
    put_time(message.created_at, stored.created_ms)
    if stored.acknowledged_ms:
        put_time(message.acknowledged_at, stored.acknowledged_ms)
    message.active = subscription.consumer is not None
    message.lag_events = lag_events
    message.lag_seconds = lag_s
    message.parked_messages = subscription.parked
    for mark, value in stored.marks.items():
        message.marks[mark] = value


def to_park(message: pb.ParkedMessage, field: str, now_ms: int) -> ToPark:
    """A message to park. InvalidField if it cannot be."""
    reason_bytes = len(message.reason.encode())
    if reason_bytes > REASON_BYTES_MAX:
        limit = f"at most {REASON_BYTES_MAX} bytes of UTF-8"
        raise InvalidField(f"{field}.reason", f"{reason_bytes} bytes", limit)
    kept = pb.ParkedMessage()
    kind = message.WhichOneof("content")
    identity = b""
    if kind == "event":
        kept.event.CopyFrom(message.event)
        if not message.event.position:
            raise InvalidField(f"{field}.event.position", 0, "an event of this feed")
        identity = _identity(kept)
    elif kind == "channel_update":
        kept.channel_update.CopyFrom(message.channel_update)
        check_required(message.channel_update.sku, f"{field}.channel_update.sku")
        identity = b"sku " + message.channel_update.sku.encode()
    elif kind == "external":
        _check_external(message.external, f"{field}.external")
        kept.external.CopyFrom(message.external)
        identity = b"external " + message.external.id.encode()
    elif not message.id:
        raise InvalidField(field, "", "one of event, channel_update, external")
    content = kept.SerializeToString()
    if len(content) > CONTENT_BYTES_MAX:
        raise InvalidField(field, f"{len(content)} bytes", f"at most {CONTENT_BYTES_MAX} bytes")
    return ToPark(identity, content, message.reason, now_ms)


def _identity(message: pb.ParkedMessage) -> bytes:
    """What is the same for the same event. Its place alone would not do: after a restore another
    event may have it."""
    encoded = message.SerializeToString(deterministic=True)
    return b"event " + blake2b(encoded, digest_size=_IDENTITY_BYTES).digest()


def _check_external(external: pb.ExternalMessage, field: str) -> None:
    check_required(external.id, f"{field}.id")
    check_text(external.content_type, f"{field}.content_type")
    if len(external.body) > BODY_BYTES_MAX:
        size = f"{len(external.body)} bytes"
        raise InvalidField(f"{field}.body", size, f"at most {BODY_BYTES_MAX} bytes")


def put_parked(message: pb.ParkedMessage, parked: StoredParked) -> None:
    """Fill a ParkedMessage."""
    message.ParseFromString(parked.content)
    message.id = parked.parked_id
    message.reason = parked.reason
    put_time(message.parked_at, parked.parked_ms)
    message.replays = parked.replays
    message.replaying = parked.replaying


def put_warning(message: pb.RetentionWarning, warned: Warned) -> None:
    """Fill a RetentionWarning."""
    put_time(message.drops_at, warned.drops_ms)
    message.lag_events = warned.lag_events


def feed_response(encoded: bytes) -> bytes:
    """An encoded WatchResponse as an encoded SubscribeResponse, without reading it."""
    return b"".join((_FEED, varint(len(encoded)), encoded))
