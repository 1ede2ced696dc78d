"""Reads protobuf messages about channels into the SDK's own types."""

from typing import Any

from holdfast import _convert
from holdfast.channels import (
    BuffersComputed,
    Channel,
    ChannelAvailability,
    ChannelLocation,
    ChannelPolicy,
    ChannelTerms,
    ChannelUpdate,
    ComputedBuffer,
    DynamicBuffer,
    Listing,
    ListingProblem,
    ListingReport,
    ListingsMapped,
    PolicyOfChannel,
    SkuGroup,
)
from holdfast.v1 import channels_pb2

_PROBLEMS = {
    number: ListingProblem(name.removeprefix("LISTING_PROBLEM_").lower())
    for name, number in channels_pb2.ListingProblem.items()
    if number
}


def channel(message: channels_pb2.Channel) -> Channel:
    """A channel."""
    return Channel(
        message.name,
        tuple(message.locations),
        tuple(message.location_groups),
        terms(message.terms),
        message.listed_only,
    )


def terms(message: channels_pb2.ChannelTerms) -> ChannelTerms:
    """What a channel may sell of a SKU."""
    buffer = message.buffer
    size = buffer.WhichOneof("size")
    return ChannelTerms(
        buffer.units if size == "units" else None,
        buffer.percent if size == "percent" else None,
        _dynamic(buffer.dynamic) if size == "dynamic" else None,
        message.cap_units if message.HasField("cap_units") else None,
        message.allocation_units if message.HasField("allocation_units") else None,
        _convert.moment_or_none(message.allocation_since),
    )


def _dynamic(message: channels_pb2.DynamicBuffer) -> DynamicBuffer:
    return DynamicBuffer(
        message.service_factor,
        message.lead_time_days,
        message.lead_time_deviation_days,
        message.window_days,
    )


def policy(message: channels_pb2.ChannelPolicy) -> ChannelPolicy:
    """The terms of a SKU or of a group."""
    stated = terms(message.terms) if message.HasField("terms") else None
    return ChannelPolicy(message.sku, message.sku_group, stated)


def policy_of_channel(message: channels_pb2.PolicyOfChannel) -> PolicyOfChannel:
    """A policy with its channel."""
    return PolicyOfChannel(message.channel, policy(message.policy))


def sku_group(message: channels_pb2.SkuGroup) -> SkuGroup:
    """A group of SKUs."""
    return SkuGroup(message.name, tuple(message.skus), tuple(message.sku_prefixes))


def listing(message: channels_pb2.Listing) -> Listing:
    """Under which identifiers a channel knows something."""
    return Listing(
        message.sku, message.location, message.shop, message.item, message.external_location
    )


def listing_report(message: channels_pb2.ListingReport) -> ListingReport:
    """A listing, and what is wrong with it."""
    problem = None
    if message.problem:
        problem = _PROBLEMS.get(message.problem, ListingProblem.UNKNOWN)
    conflict = listing(message.conflict) if message.HasField("conflict") else None
    return ListingReport(listing(message.listing), problem, conflict)


def listings_mapped(message: Any) -> ListingsMapped:
    """The answer to map_listings."""
    receipt = message.receipt
    return ListingsMapped(
        message.mapped,
        tuple([listing_report(each) for each in message.problems]),
        receipt.cursor,
        receipt.replayed,
        _convert.moment_or_none(receipt.recorded_at),
    )


def computed_buffer(message: channels_pb2.ComputedBuffer) -> ComputedBuffer:
    """A dynamic buffer."""
    return ComputedBuffer(
        message.channel,
        message.sku,
        _dynamic(message.parameters),
        message.daily_sales_mean,
        message.daily_sales_deviation,
        message.units,
        _convert.moment_or_none(message.computed_at),
    )


def buffers_computed(message: Any) -> BuffersComputed:
    """The answer to compute_buffers."""
    receipt = message.receipt
    return BuffersComputed(
        tuple([computed_buffer(each) for each in message.buffers]),
        receipt.cursor,
        receipt.replayed,
        _convert.moment_or_none(receipt.recorded_at),
    )


def channel_update(message: channels_pb2.ChannelUpdate) -> ChannelUpdate:
    """What a channel may sell of a SKU."""
    return ChannelUpdate(
        message.sku,
        message.units,
        message.unlimited,
        tuple([_location(each) for each in message.locations]),
        listing(message.listing) if message.HasField("listing") else None,
        message.epoch,
        message.version,
        _convert.moment_or_none(message.recorded_at),
    )


def _location(message: channels_pb2.ChannelLocation) -> ChannelLocation:
    return ChannelLocation(
        message.location,
        message.units,
        message.unlimited,
        listing(message.listing) if message.HasField("listing") else None,
    )


def channel_availability(
    message: channels_pb2.GetChannelAvailabilityResponse,
) -> ChannelAvailability:
    """What a channel may sell of a SKU, and why."""
    computed = message.computed_buffer if message.HasField("computed_buffer") else None
    return ChannelAvailability(
        channel_update(message.update),
        terms(message.terms),
        policy(message.policy) if message.HasField("policy") else None,
        message.available_units,
        message.allocated_to_others_units,
        message.buffer_units,
        computed_buffer(computed) if computed is not None else None,
        message.allocation_used_units,
        message.cursor,
    )
