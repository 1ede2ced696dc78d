"""What callers hear of problems that concern channels."""

from collections.abc import Callable
from typing import Any

from holdfast.v1 import errors_pb2 as pb

from engine.channels.asking import ChannelMissing
from engine.channels.buffers import BufferNotDynamic, SalesNotKept
from engine.core import rejections
from engine.core.listings import ListingProblem
from engine.rpc.checks import InvalidField
from engine.rpc.explain_stock import invalid_field
from engine.rpc.refusals import Refusal

_PROBLEMS = {
    ListingProblem.UNKNOWN_STOCK: "there is no such stock",
    ListingProblem.DUPLICATE: "its identifiers name something else",
    ListingProblem.NOT_SOLD_THERE: "the channel does not sell from there",
}


def _listings_refused(problem: rejections.ListingsRefused) -> Refusal:
    first = problem.problems[0]
    listing = first.listing
    where = f"{listing.sku} at {listing.location}" if listing.location else listing.sku
    count = len(problem.problems)
    others = f", and {count - 1} more are wrong" if count > 1 else ""
    facts = {
        "problems": str(count),
        "sku": listing.sku,
        "location": listing.location,
        "problem": first.problem.name,
    }
    message = f"none is mapped: of {where}, {_PROBLEMS[first.problem]}{others}"
    return Refusal(pb.ERROR_REASON_LISTINGS_REFUSED, message, facts)


def _unknown_channel(problem: rejections.UnknownChannel | ChannelMissing) -> Refusal:
    message = f"there is no channel {problem.channel}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_CHANNEL, message, {"channel": problem.channel})


def _unknown_sku_group(problem: rejections.UnknownSkuGroup) -> Refusal:
    message = f"no SKU belongs to the group {problem.sku_group}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_SKU_GROUP, message, {"sku_group": problem.sku_group})


def _buffer_not_dynamic(problem: rejections.NoDynamicBuffer | BufferNotDynamic) -> Refusal:
    message = (
        f"the buffer of channel {problem.channel} for {problem.sku} does not follow from sales"
    )
    facts = {"channel": problem.channel, "sku": problem.sku}
    return Refusal(pb.ERROR_REASON_BUFFER_NOT_DYNAMIC, message, facts)


def _sales_not_kept(problem: SalesNotKept) -> Refusal:
    message = (
        f"what channel {problem.channel} has sold of {problem.sku} is not kept for a whole day yet"
    )
    facts = {"channel": problem.channel, "sku": problem.sku}
    return Refusal(pb.ERROR_REASON_READ_NOT_KEPT, message, facts)


def _too_many_allocations(problem: rejections.TooManyAllocations) -> Refusal:
    limit = f"at most {problem.limit} channels with an allocation of one SKU"
    return invalid_field(InvalidField("allocation_units", f"{problem.value} channels", limit))


CHANNEL_EXPLANATIONS: dict[type, Callable[[Any], Refusal]] = {
    rejections.ListingsRefused: _listings_refused,
    rejections.UnknownChannel: _unknown_channel,
    rejections.UnknownSkuGroup: _unknown_sku_group,
    rejections.NoDynamicBuffer: _buffer_not_dynamic,
    rejections.TooManyAllocations: _too_many_allocations,
    ChannelMissing: _unknown_channel,
    BufferNotDynamic: _buffer_not_dynamic,
    SalesNotKept: _sales_not_kept,
}
"""The explanations of what concerns channels, by type."""
