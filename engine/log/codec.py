"""What the log writes as bytes: commit groups as protobuf, state as msgpack, keys in an order
that a scan can use."""

from typing import TypeVar

import msgspec

from engine.core.model import Key, Reservation, Stock, Transfer
from engine.log.decode import decode_group, group_bounds
from engine.log.encode import encode_group
from engine.log.port import LogError, RequestRecord, Totals

__all__ = [
    "decode_group",
    "decode_key",
    "decode_request",
    "decode_reservation",
    "decode_stock",
    "decode_timer",
    "decode_totals",
    "decode_transfer",
    "encode_group",
    "encode_key",
    "encode_state",
    "encode_timer",
    "encode_totals",
    "group_bounds",
    "sku_prefix",
    "tenant_prefix",
]

_State = TypeVar("_State")

encode_state = msgspec.msgpack.Encoder().encode
"""A Stock, Reservation, Transfer, RequestRecord or record of the configuration as bytes: all their
numbers have bounds below 64 bits."""

encode_totals = msgspec.json.Encoder().encode
"""Totals as bytes. They are JSON, because sums over SKU-locations may take more than the 64 bits
that msgpack has for a number."""


def _decode(
    decoder: msgspec.msgpack.Decoder[_State] | msgspec.json.Decoder[_State], data: bytes, what: str
) -> _State:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LogError(f"{len(data)} stored bytes are no {what}: {error}") from error


_STOCK = msgspec.msgpack.Decoder(Stock)
_RESERVATION = msgspec.msgpack.Decoder(Reservation)
_REQUEST = msgspec.msgpack.Decoder(RequestRecord)
_TRANSFER = msgspec.msgpack.Decoder(Transfer)
_TOTALS = msgspec.json.Decoder(Totals)


def decode_stock(data: bytes) -> Stock:
    """The Stock of these bytes; LogError if they are none."""
    return _decode(_STOCK, data, "stock")


def decode_reservation(data: bytes) -> Reservation:
    """The Reservation of these bytes; LogError if they are none."""
    return _decode(_RESERVATION, data, "reservation")


def decode_request(data: bytes) -> RequestRecord:
    """The RequestRecord of these bytes; LogError if they are none."""
    return _decode(_REQUEST, data, "request record")


def decode_transfer(data: bytes) -> Transfer:
    """The Transfer of these bytes; LogError if they are none."""
    return _decode(_TRANSFER, data, "transfer")


def decode_totals(data: bytes) -> Totals:
    """The Totals of these bytes; LogError if they are none."""
    return _decode(_TOTALS, data, "totals")


def encode_key(key: Key) -> bytes:
    """The key as tenant, SKU and location in UTF-8 with zero bytes between, so that all
    locations of a SKU lie together. ValueError if one of them contains a zero byte, which no id
    may."""
    data = f"{key.tenant}\0{key.sku}\0{key.location}".encode()
    if data.count(0) != 2:
        raise ValueError(f"an id of {key} contains a zero byte")
    return data


def decode_key(data: bytes) -> Key:
    """The key of these bytes; LogError if they are none."""
    try:
        tenant, sku, location = data.decode().split("\0")
    except ValueError as error:
        raise LogError(f"the stored key {data!r} is no SKU-location: {error}") from error
    return Key(tenant, sku, location)


def decode_name(data: bytes) -> str:
    """The name, such as a reservation's id, that is a stored key; LogError if it is none."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise LogError(f"the stored key {data!r} is no name: {error}") from error


def sku_prefix(tenant: str, sku: str) -> bytes:
    """What the encoded keys of all locations of a SKU begin with."""
    return f"{tenant}\0{sku}\0".encode()


def tenant_prefix(tenant: str) -> bytes:
    """What the encoded keys of a tenant begin with."""
    return f"{tenant}\0".encode()


def encode_timer(deadline_ms: int, reservation_id: str) -> bytes:
    """A deadline as bytes that sort by time, then by reservation id."""
    return deadline_ms.to_bytes(8, "big") + reservation_id.encode()


def decode_timer(data: bytes) -> tuple[int, str]:
    """The deadline and reservation id of these bytes; LogError if they are none."""
    if len(data) <= 8:
        raise LogError(f"the stored timer {data!r} is too short")
    try:
        return int.from_bytes(data[:8], "big"), data[8:].decode()
    except UnicodeDecodeError as error:
        raise LogError(f"the stored timer {data!r} names no reservation: {error}") from error
