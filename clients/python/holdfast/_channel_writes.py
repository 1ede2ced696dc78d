"""Writes that concern channels. They do not travel in batches."""

from collections.abc import Iterable
from typing import Any, Unpack

from holdfast._command import Write, WriteOptions
from holdfast.channels import (
    BuffersComputed,
    Channel,
    ChannelPolicy,
    ChannelTerms,
    Listing,
    ListingsMapped,
)
from holdfast.types import NodeConfigured
from holdfast.v1 import channels_pb2


def configure_channel(
    channel: Channel | str, *, remove: bool = False, **options: Unpack[WriteOptions]
) -> Write[NodeConfigured]:
    """States how a channel is from now on: a `Channel`, or the name of one that sells from
    everywhere on the usual terms. `remove`: it is configured no longer, and its policies are gone.

    Gives `NodeConfigured` once every shard goes by it; raises InvalidField, and UnknownChannel for
    one that is to be removed and is not there.
    """
    stated = Channel(channel) if isinstance(channel, str) else channel
    request = channels_pb2.ConfigureChannelRequest(remove=remove)
    message = request.channel
    message.name = stated.name
    message.locations.extend(_names("locations", stated.locations))
    message.location_groups.extend(_names("location_groups", stated.location_groups))
    _set_terms(message.terms, stated.terms)
    message.listed_only = stated.listed_only
    return Write("configure_channel", request, request, options)


def set_channel_policies(
    channel: str, policies: Iterable[ChannelPolicy], **options: Unpack[WriteOptions]
) -> Write[NodeConfigured]:
    """States what a channel may sell of single SKUs, or of each SKU of a group; a policy without
    terms is no more. Others stay as they are.

    Gives `NodeConfigured`; raises UnknownChannel, UnknownSkuGroup, InvalidField, and KitHasNoStock
    for an allocation or a dynamic buffer of a kit.
    """
    request = channels_pb2.SetChannelPoliciesRequest(channel=channel)
    for policy in policies:
        message = request.policies.add()
        if bool(policy.sku) is bool(policy.sku_group):
            raise ValueError("a policy names either a sku or a sku_group")
        if policy.sku:
            message.sku = policy.sku
        else:
            message.sku_group = policy.sku_group
        if policy.terms is not None:
            _set_terms(message.terms, policy.terms)
    return Write("set_channel_policies", request, request, options)


def define_sku_group(
    name: str,
    skus: Iterable[str] = (),
    *,
    sku_prefixes: Iterable[str] = (),
    **options: Unpack[WriteOptions],
) -> Write[NodeConfigured]:
    """States which SKUs belong to a group: by name, or by how they begin. With neither there is no
    such group any more.

    Gives `NodeConfigured`; raises InvalidField.
    """
    request = channels_pb2.DefineSkuGroupRequest(
        name=name,
        skus=_names("skus", skus),
        sku_prefixes=_names("sku_prefixes", sku_prefixes),
    )
    return Write("define_sku_group", request, request, options)


def map_listings(
    channel: str,
    listings: Iterable[Listing],
    *,
    all_or_nothing: bool = False,
    **options: Unpack[WriteOptions],
) -> Write[ListingsMapped]:
    """States under which identifiers a channel knows up to 1 000 SKU-locations; others stay as they
    are.

    What is wrong with a listing is reported and leaves the others alone, or, with `all_or_nothing`,
    raises ListingsRefused. Gives `ListingsMapped`; raises UnknownChannel, InvalidField.
    """
    request = channels_pb2.MapListingsRequest(channel=channel, all_or_nothing=all_or_nothing)
    for listing in listings:
        request.listings.add(**listing._asdict())
    return Write("map_listings", request, request, options)


def compute_buffers(
    channel: str, skus: Iterable[str], **options: Unpack[WriteOptions]
) -> Write[BuffersComputed]:
    """Computes the dynamic buffers of up to 100 SKUs anew, from what was sold up to yesterday. The
    node does so by itself once a day.

    Gives `BuffersComputed`; raises UnknownChannel, BufferNotDynamic, InvalidField.
    """
    request = channels_pb2.ComputeBuffersRequest(channel=channel, skus=_names("skus", skus))
    return Write("compute_buffers", request, request, options)


def _names(field: str, names: Iterable[str]) -> list[str]:
    if isinstance(names, str):
        raise TypeError(f"{field} is the string {names!r}; it must be a list")
    return list(names)


def _set_terms(message: Any, terms: ChannelTerms) -> None:
    message.SetInParent()
    buffers = (terms.buffer_units, terms.buffer_percent, terms.dynamic_buffer)
    if sum(buffer is not None for buffer in buffers) > 1:
        raise ValueError("state one of buffer_units, buffer_percent, dynamic_buffer")
    if terms.buffer_units is not None:
        message.buffer.units = terms.buffer_units
    if terms.buffer_percent is not None:
        message.buffer.percent = terms.buffer_percent
    if terms.dynamic_buffer is not None:
        dynamic = message.buffer.dynamic
        for name, value in terms.dynamic_buffer._asdict().items():
            setattr(dynamic, name, value)
    if terms.cap_units is not None:
        message.cap_units = terms.cap_units
    if terms.allocation_units is not None:
        message.allocation_units = terms.allocation_units
