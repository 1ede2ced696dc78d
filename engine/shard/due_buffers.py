"""Which dynamic buffers are due to be computed, beside the writer of the shard of their SKUs."""

from collections.abc import Iterator
from itertools import groupby

from engine.core.channel_book import ChannelBook
from engine.core.channels import Channel, ComputedBuffer
from engine.core.configuration import Configuration
from engine.core.limits import PAGE_EVENTS_READ_MAX
from engine.core.model import Key
from engine.log.codec import tenant_prefix
from engine.log.port import Log
from engine.shard.due_buffer_queries import DueBuffer, DueBuffersRead, ReadDueBuffers


def read_due_buffers(log: Log, question: ReadDueBuffers, durable: int) -> DueBuffersRead:
    """A page of what is due. It has at least `limit` buffers unless it is the last one, or very
    many SKUs were looked at; a SKU's are together."""
    configuration = log.configuration()
    found: list[DueBuffer] = []
    skus = _skus(log, configuration.channels, question.after)
    for looked_at, (tenant, sku, locations) in enumerate(skus, 1):
        found += [
            DueBuffer(tenant, channel.name, sku)
            for channel in _dynamic_channels(configuration.channels, tenant)
            if _is_due(configuration, tenant, channel, sku, locations, question.before_ms)
        ]
        if len(found) >= question.limit or looked_at == PAGE_EVENTS_READ_MAX:
            return DueBuffersRead(tuple(found), (tenant, sku), durable)
    return DueBuffersRead(tuple(found), None, durable)


def _skus(
    log: Log, channels: ChannelBook, after: tuple[str, str] | None
) -> Iterator[tuple[str, str, set[str]]]:
    """The SKUs of tenants with dynamic buffers: tenant, SKU, locations, in order."""
    for tenant in sorted({tenant for tenant, _ in channels.channels}):
        if (after and tenant < after[0]) or not _dynamic_channels(channels, tenant):
            continue
        start = Key(*after, _LAST) if after and after[0] == tenant else None
        stocks = (key for key, _ in log.stocks(tenant_prefix(tenant), start))
        for sku, keys in groupby(stocks, key=lambda key: key.sku):
            yield tenant, sku, {key.location for key in keys}


def _dynamic_channels(channels: ChannelBook, tenant: str) -> list[Channel]:
    """The channels of a tenant that have a dynamic buffer for some SKU, in order of name."""
    return [
        channel
        for (owner, name), channel in sorted(channels.channels.items())
        if owner == tenant
        and any(
            terms is not None and terms.buffer is not None and terms.buffer.dynamic is not None
            for terms in (
                channel.terms,
                *(policy.terms for policy in channels.policies.get((tenant, name), {}).values()),
            )
        )
    ]


def _is_due(
    configuration: Configuration,
    tenant: str,
    channel: Channel,
    sku: str,
    locations: set[str],
    before_ms: int,
) -> bool:
    terms, _ = configuration.channels.terms(tenant, channel, sku)
    parameters = terms.buffer.dynamic if terms.buffer is not None else None
    if parameters is None or configuration.kit(tenant, sku) is not None:
        return False
    sells_from = configuration.sells_from(tenant, channel)
    if sells_from is not None and locations.isdisjoint(sells_from):
        return False
    computed: ComputedBuffer | None = configuration.channels.computed_buffer(
        tenant, channel.name, sku
    )
    return (
        computed is None or computed.computed_at_ms < before_ms or computed.parameters != parameters
    )


_LAST = "\U0010ffff"
"""Sorts after every name of a location."""
