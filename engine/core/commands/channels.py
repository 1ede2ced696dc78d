"""Commands that configure channels. All but ComputeBuffer are decided on shard 0, and every other
shard has recorded them before they are answered."""

from engine.core.channels import Channel, ChannelPolicy
from engine.core.model import Struct


class ConfigureChannel(Struct, frozen=True, tag=True):
    """The channel is as stated from now on; its policies stay. `remove`: it is configured no
    longer, and its policies are gone; of `channel` only the name is looked at."""

    tenant: str
    channel: Channel
    remove: bool = False


class SetChannelPolicies(Struct, frozen=True, tag=True):
    """These policies are as stated from now on, each scope once; others stay as they are."""

    tenant: str
    channel: str
    policies: tuple[ChannelPolicy, ...]


class DefineSkuGroup(Struct, frozen=True, tag=True):
    """The group has these SKUs, and those that begin so; with neither it is no more."""

    tenant: str
    name: str
    skus: tuple[str, ...] = ()
    sku_prefixes: tuple[str, ...] = ()


class ComputeBuffer(Struct, frozen=True, tag=True):
    """Compute the dynamic buffer of a channel for a SKU anew, in the shard of the SKU. So many
    units of it were sold on each day of the window."""

    tenant: str
    channel: str
    sku: str
    daily_sales: tuple[int, ...]
