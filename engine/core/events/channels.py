"""What has happened to channels. Each shard records the first three in its own history, as all
configuration; a computed buffer only the shard of its SKU."""

from engine.core.channels import Channel, ChannelPolicy, ComputedBuffer, SkuGroup
from engine.core.model import Key, Struct


class ChannelConfigured(Struct, frozen=True, tag=True):
    """A channel is as stated from now on; `removed`: it is configured no longer, and its policies
    and computed buffers are gone."""

    tenant: str
    channel: Channel
    removed: bool = False


class ChannelPoliciesSet(Struct, frozen=True, tag=True):
    """Policies of a channel are as stated from now on; those without terms are no more."""

    tenant: str
    channel: str
    policies: tuple[ChannelPolicy, ...]


class SkuGroupDefined(Struct, frozen=True, tag=True):
    """A group of SKUs is as stated from now on; without SKUs and prefixes it is no more."""

    tenant: str
    group: SkuGroup


class BufferComputed(Struct, frozen=True, tag=True):
    """A dynamic buffer was computed."""

    tenant: str
    buffer: ComputedBuffer


class AllocationDrawn(Struct, frozen=True, tag=True):
    """A channel has taken so many units of its allocation here, or, below 0, given them back. The
    allocation is the one that was stated at `since_ms`."""

    key: Key
    channel: str
    units: int
    since_ms: int


ChannelEvent = ChannelConfigured | ChannelPoliciesSet | SkuGroupDefined | BufferComputed
"""Events of the configuration of channels."""
