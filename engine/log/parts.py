"""What all records are made of, as protobuf messages: times, keys, and names with units."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from holdfast.v1 import stock_pb2

from engine.core.model import Key


def encode_time(target: Timestamp | Duration, time_ms: int) -> None:
    """Fill a fresh Timestamp or Duration."""
    target.seconds = time_ms // 1_000
    target.nanos = time_ms % 1_000 * 1_000_000


def decode_time(source: Timestamp | Duration) -> int:
    """Milliseconds of a Timestamp or Duration."""
    return source.seconds * 1_000 + source.nanos // 1_000_000


def encode_key_message(target: stock_pb2.StockKey, key: Key) -> None:
    """Fill a fresh StockKey."""
    if key.tenant:
        target.tenant = key.tenant
    target.sku = key.sku
    target.location = key.location


def decode_key_message(source: stock_pb2.StockKey) -> Key:
    """The Key of a StockKey."""
    return Key(source.tenant, source.sku, source.location)


def encode_pairs(target: Any, pairs: Iterable[tuple[str, int]]) -> None:
    """Fill a fresh repeated field of messages that have a name and a number of units."""
    for name, units in pairs:
        message = target.add()
        first, second = message.DESCRIPTOR.fields
        setattr(message, first.name, name)
        setattr(message, second.name, units)


def decode_pairs(source: Any) -> tuple[tuple[str, int], ...]:
    """Names and units of a repeated field of such messages."""
    return tuple(
        tuple(getattr(message, field.name) for field in message.DESCRIPTOR.fields)
        for message in source
    )
