"""The node's configuration as the log stores it: one record for each location, kit, customer limit,
channel, policy, group of SKUs and computed buffer, and one for each tenant's hold times.

A key is the record's kind, the tenant, NUL, and the name; the hold times of a tenant have no name,
and that of a policy or a computed buffer is the channel, NUL, and what it is for.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from engine.core.channel_book import ChannelBook
from engine.core.channels import Channel, ChannelPolicy, ComputedBuffer, SkuGroup
from engine.core.configuration import Configuration, CustomerLimit, Kit, Location
from engine.core.events import (
    BufferComputed,
    ChannelConfigured,
    ChannelPoliciesSet,
    ConfigurationEvent,
    CustomersLimited,
    HoldsConfigured,
    KitDefined,
    LocationsConfigured,
    SkuGroupDefined,
)
from engine.core.events.channels import ChannelEvent
from engine.core.model import Settings, Struct
from engine.log.codec import encode_state
from engine.log.port import LogError

_Record = TypeVar("_Record")

LOCATION, KIT, CUSTOMER_LIMIT, HOLDS = b"l", b"k", b"c", b"h"
CHANNEL, POLICY, SKU_GROUP, BUFFER = b"s", b"p", b"g", b"b"
"""Kinds of records."""


class PolicyRecord(Struct, frozen=True):
    """A policy with the channel that it is of."""

    channel: str
    policy: ChannelPolicy


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
    else:
        yield from _changed_channels(event)


def _changed_channels(event: ChannelEvent) -> Iterator[tuple[bytes, bytes | None]]:
    tenant = event.tenant
    if isinstance(event, ChannelConfigured):
        channel = event.channel
        yield _key(CHANNEL, tenant, channel.name), None if event.removed else encode_state(channel)
    elif isinstance(event, ChannelPoliciesSet):
        for policy in event.policies:
            record = encode_state(PolicyRecord(event.channel, policy))
            yield _policy_key(tenant, event.channel, policy), record if policy.terms else None
    elif isinstance(event, SkuGroupDefined):
        group = event.group
        is_there = group.skus or group.sku_prefixes
        yield _key(SKU_GROUP, tenant, group.name), encode_state(group) if is_there else None
    elif isinstance(event, BufferComputed):
        buffer = event.buffer
        name = f"{buffer.channel}\0{buffer.sku}"
        yield _key(BUFFER, tenant, name), encode_state(buffer)


def dropped_prefixes(event: ConfigurationEvent) -> Iterator[bytes]:
    """What the keys begin with of all records that an event makes go, however many they are: those
    that go with a channel."""
    if isinstance(event, ChannelConfigured) and event.removed:
        for kind in (POLICY, BUFFER):
            yield _key(kind, event.tenant, f"{event.channel.name}\0")


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
    yield from _channel_records(configuration.channels)


def _channel_records(channels: ChannelBook) -> Iterator[tuple[bytes, bytes]]:
    for (tenant, name), channel in channels.channels.items():
        yield _key(CHANNEL, tenant, name), encode_state(channel)
    for (tenant, name), policies in channels.policies.items():
        for policy in policies.values():
            yield _policy_key(tenant, name, policy), encode_state(PolicyRecord(name, policy))
    for (tenant, name), group in channels.groups.items():
        yield _key(SKU_GROUP, tenant, name), encode_state(group)
    for (tenant, name), buffers in channels.buffers.items():
        for sku, buffer in buffers.items():
            yield _key(BUFFER, tenant, f"{name}\0{sku}"), encode_state(buffer)


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


def _policy_key(tenant: str, channel: str, policy: ChannelPolicy) -> bytes:
    scope = f"s{policy.sku}" if policy.sku else f"g{policy.sku_group}"
    return _key(POLICY, tenant, f"{channel}\0{scope}")


def computed_buffer_of(key: bytes) -> tuple[str, str] | None:
    """The tenant and the SKU of a computed buffer's record, which only the shard of the SKU keeps;
    None if the key is that of another record."""
    if key[:1] != BUFFER:
        return None
    tenant, _, sku = key[1:].decode().split("\0")
    return tenant, sku


def _loader(
    kind: type[_Record], put: Callable[[Configuration, str, _Record], None]
) -> Callable[[Configuration, str, bytes], None]:
    decode = msgspec.msgpack.Decoder(kind).decode
    return lambda configuration, tenant, data: put(configuration, tenant, decode(data))


def _put_holds(configuration: Configuration, tenant: str, holds: Settings) -> None:
    configuration.holds[tenant] = holds


def _put_channel(configuration: Configuration, tenant: str, channel: Channel) -> None:
    configuration.channels.put_channel(tenant, channel)


def _put_policy(configuration: Configuration, tenant: str, record: PolicyRecord) -> None:
    configuration.channels.put_policy(tenant, record.channel, record.policy)


def _put_sku_group(configuration: Configuration, tenant: str, group: SkuGroup) -> None:
    configuration.channels.put_group(tenant, group)


def _put_buffer(configuration: Configuration, tenant: str, buffer: ComputedBuffer) -> None:
    configuration.channels.put_buffer(tenant, buffer)


_LOADERS: dict[bytes, Callable[[Configuration, str, Any], None]] = {
    LOCATION: _loader(Location, Configuration.put_location),
    KIT: _loader(Kit, Configuration.put_kit),
    CUSTOMER_LIMIT: _loader(CustomerLimit, Configuration.put_customer_limit),
    HOLDS: _loader(Settings, _put_holds),
    CHANNEL: _loader(Channel, _put_channel),
    POLICY: _loader(PolicyRecord, _put_policy),
    SKU_GROUP: _loader(SkuGroup, _put_sku_group),
    BUFFER: _loader(ComputedBuffer, _put_buffer),
}
