"""The node's configuration as the log stores it: one record for each location, kit and customer
limit, and one for each tenant's hold times.

A key is the record's kind, the tenant, NUL, and the name; the hold times of a tenant have no name.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from engine.core.configuration import Configuration, CustomerLimit, Kit, Location
from engine.core.events import (
    ConfigurationEvent,
    CustomersLimited,
    HoldsConfigured,
    KitDefined,
    LocationsConfigured,
)
from engine.core.model import Settings
from engine.log.codec import encode_state
from engine.log.port import LogError

_Record = TypeVar("_Record")

LOCATION, KIT, CUSTOMER_LIMIT, HOLDS = b"l", b"k", b"c", b"h"
"""Kinds of records."""


def changed_records(event: ConfigurationEvent) -> Iterator[tuple[bytes, bytes | None]]:
    """The records that an event changes, encoded; None deletes one."""
    tenant = event.tenant
    if isinstance(event, LocationsConfigured):
        for location in event.locations:
            yield _key(LOCATION, tenant, location.name), encode_state(location)
    elif isinstance(event, KitDefined):
        kit = event.kit
        yield _key(KIT, tenant, kit.sku), encode_state(kit) if kit.components else None
    elif isinstance(event, CustomersLimited):
        limit = CustomerLimit(event.sku, event.units, event.window_ms)
        encoded = encode_state(limit) if limit.units else None
        yield _key(CUSTOMER_LIMIT, tenant, event.sku), encoded
    elif isinstance(event, HoldsConfigured):
        holds = Settings(event.cart_ms, event.checkout_ms, event.order_ms)
        yield _key(HOLDS, tenant, ""), encode_state(holds)


def records(configuration: Configuration) -> Iterator[tuple[bytes, bytes]]:
    """All records of a configuration, encoded, in no particular order."""
    for (tenant, name), location in configuration.locations.items():
        yield _key(LOCATION, tenant, name), encode_state(location)
    for (tenant, sku), kit in configuration.kits.items():
        yield _key(KIT, tenant, sku), encode_state(kit)
    for (tenant, sku), limit in configuration.customer_limits.items():
        yield _key(CUSTOMER_LIMIT, tenant, sku), encode_state(limit)
    for tenant, holds in configuration.holds.items():
        yield _key(HOLDS, tenant, ""), encode_state(holds)


def load(stored: Iterable[tuple[bytes, bytes]]) -> Configuration:
    """The configuration of all its stored records. LogError if one of them is none."""
    configuration = Configuration()
    load_into(configuration, stored)
    return configuration


def load_into(configuration: Configuration, stored: Iterable[tuple[bytes, bytes]]) -> None:
    """Put stored records into a configuration. LogError if one of them is none."""
    for key, value in stored:
        put = _LOADERS.get(key[:1])
        if put is None:
            raise LogError(f"the stored configuration {key!r} is of a kind not known here")
        try:
            tenant = key[1:].decode().split("\0")[0]
            put(configuration, tenant, value)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise LogError(f"the stored configuration {key!r} cannot be read: {error}") from error


def _key(kind: bytes, tenant: str, name: str) -> bytes:
    return kind + f"{tenant}\0{name}".encode()


def _loader(
    kind: type[_Record], put: Callable[[Configuration, str, _Record], None]
) -> Callable[[Configuration, str, bytes], None]:
    decode = msgspec.msgpack.Decoder(kind).decode
    return lambda configuration, tenant, data: put(configuration, tenant, decode(data))


def _put_holds(configuration: Configuration, tenant: str, holds: Settings) -> None:
    configuration.holds[tenant] = holds


_LOADERS: dict[bytes, Callable[[Configuration, str, Any], None]] = {
    LOCATION: _loader(Location, Configuration.put_location),
    KIT: _loader(Kit, Configuration.put_kit),
    CUSTOMER_LIMIT: _loader(CustomerLimit, Configuration.put_customer_limit),
    HOLDS: _loader(Settings, _put_holds),
}
