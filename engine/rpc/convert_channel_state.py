"""Channels, their policies, listings and buffers, to protobuf; what a feed tells of them is in
`convert_feed`."""

from holdfast.v1 import channels_pb2 as pb

from engine.core.channels import (
    Buffer,
    Channel,
    ChannelPolicy,
    ChannelTerms,
    ComputedBuffer,
    DynamicBuffer,
    SkuGroup,
)
from engine.core.listings import ListingProblem, ListingReport
from engine.rpc.convert_feed import put_listing
from engine.rpc.convert_state import put_time

PROBLEMS = {
    ListingProblem.UNKNOWN_STOCK: pb.LISTING_PROBLEM_UNKNOWN_STOCK,
    ListingProblem.DUPLICATE: pb.LISTING_PROBLEM_DUPLICATE,
    ListingProblem.NOT_SOLD_THERE: pb.LISTING_PROBLEM_NOT_SOLD_THERE,
}


def put_channel(message: pb.Channel, channel: Channel) -> None:
    """Fill a Channel."""
    message.name = channel.name
    message.locations.extend(channel.locations)
    message.location_groups.extend(channel.location_groups)
    put_terms(message.terms, channel.terms)
    message.listed_only = channel.listed_only


def put_policy(message: pb.ChannelPolicy, policy: ChannelPolicy) -> None:
    """Fill a ChannelPolicy."""
    if policy.sku:
        message.sku = policy.sku
    else:
        message.sku_group = policy.sku_group
    if policy.terms is not None:
        put_terms(message.terms, policy.terms)


def put_terms(message: pb.ChannelTerms, terms: ChannelTerms) -> None:
    """Fill ChannelTerms."""
    message.SetInParent()
    if terms.buffer is not None:
        _put_buffer(message.buffer, terms.buffer)
    if terms.cap_units is not None:
        message.cap_units = terms.cap_units
    if terms.allocation_units is not None:
        message.allocation_units = terms.allocation_units
        put_time(message.allocation_since, terms.allocation_since_ms)


def _put_buffer(message: pb.Buffer, buffer: Buffer) -> None:
    if buffer.units is not None:
        message.units = buffer.units
    elif buffer.percent is not None:
        message.percent = buffer.percent
    elif buffer.dynamic is not None:
        _put_dynamic(message.dynamic, buffer.dynamic)


def _put_dynamic(message: pb.DynamicBuffer, dynamic: DynamicBuffer) -> None:
    message.service_factor = dynamic.service_factor
    message.lead_time_days = dynamic.lead_time_days
    message.lead_time_deviation_days = dynamic.lead_time_deviation_days
    message.window_days = dynamic.window_days


def put_computed_buffer(message: pb.ComputedBuffer, buffer: ComputedBuffer) -> None:
    """Fill a ComputedBuffer."""
    message.channel = buffer.channel
    message.sku = buffer.sku
    _put_dynamic(message.parameters, buffer.parameters)
    message.daily_sales_mean = buffer.daily_sales_mean
    message.daily_sales_deviation = buffer.daily_sales_deviation
    message.units = buffer.units
    put_time(message.computed_at, buffer.computed_at_ms)


def put_sku_group(message: pb.SkuGroup, group: SkuGroup) -> None:
    """Fill a SkuGroup."""
    message.name = group.name
    message.skus.extend(group.skus)
    message.sku_prefixes.extend(group.sku_prefixes)


def put_report(message: pb.ListingReport, report: ListingReport) -> None:
    """Fill a ListingReport."""
    put_listing(message.listing, report.listing)
    message.problem = PROBLEMS[report.problem]
    if report.conflict.sku:
        put_listing(message.conflict, report.conflict)
