"""How a shard lists what is configured of channels: beside its writer."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from engine.core.channel_book import ChannelBook
from engine.core.channels import ChannelPolicy
from engine.log.port import Log
from engine.shard.channel_queries import ChannelsPlace, ChannelsRead, PolicyOfChannel, ReadChannels

CHANNEL, POLICY, SKU_GROUP = range(3)
"""The kinds of what is listed, in the order of pages."""


def read_channels(log: Log, question: ReadChannels, durable: int) -> ChannelsRead:
    """A page of channels in order of name, then of policies in order of channel, kind of scope and
    name, then of groups of SKUs in order of name."""
    channels = log.configuration().channels
    after = (question.place.kind, question.place.names)
    entries = sorted(
        (entry for entry in _entries(channels, question) if entry[:2] > after), key=_order
    )
    page = list(islice(entries, question.limit))
    found: list[list[Any]] = [[], [], []]
    for kind, _, value in page:
        found[kind].append(value)
    next_place = ChannelsPlace(*page[-1][:2]) if len(entries) > len(page) else None
    return ChannelsRead(
        tuple(found[CHANNEL]), tuple(found[POLICY]), tuple(found[SKU_GROUP]), next_place, durable
    )


_Entry = tuple[int, tuple[str, ...], Any]
"""A kind, what names the value among those of its kind, and the value."""


def _order(entry: _Entry) -> tuple[int, tuple[str, ...]]:
    return entry[:2]


def _entries(channels: ChannelBook, question: ReadChannels) -> Iterator[_Entry]:
    tenant, only = question.tenant, question.channel
    for (owner, name), channel in channels.channels.items():
        if owner == tenant and only in ("", name):
            yield CHANNEL, (name,), channel
    for (owner, name), policies in channels.policies.items():
        if owner == tenant and only in ("", name):
            for policy in policies.values():
                yield POLICY, (name, *_scope(policy)), PolicyOfChannel(name, policy)
    if not only:
        for (owner, name), group in channels.groups.items():
            if owner == tenant:
                yield SKU_GROUP, (name,), group


def _scope(policy: ChannelPolicy) -> tuple[str, str]:
    return ("sku", policy.sku) if policy.sku else ("sku_group", policy.sku_group)
