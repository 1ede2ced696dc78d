"""What callers hear of problems that concern channels."""

from collections.abc import Callable
from typing import Any

from holdfast.v1 import errors_pb2 as pb

from engine.core import rejections
from engine.core.listings import ListingProblem
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


CHANNEL_EXPLANATIONS: dict[type, Callable[[Any], Refusal]] = {
    rejections.ListingsRefused: _listings_refused,
}
"""The explanations of what concerns channels, by type."""
