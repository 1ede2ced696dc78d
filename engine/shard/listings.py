"""How a shard answers what it is asked about the identifiers of channels: beside its writer."""

from itertools import islice

from engine.core.listings import Listing
from engine.log.listings import listings, place_named
from engine.log.port import Log
from engine.shard.listing_queries import (
    FindListings,
    ListingQuestion,
    ListingsFound,
    ListingsRead,
    ListListings,
)


def read_listings(
    log: Log, question: ListingQuestion, durable: int
) -> ListingsRead | ListingsFound:
    """Answer as of now, which is not before the `durable` position."""
    tenant, channel = question.tenant, question.channel
    if isinstance(question, FindListings):
        found = tuple(_named(log, question, name) for name in question.names)
        return ListingsFound(found, durable)
    if isinstance(question, ListListings):
        after = listings(log, tenant, channel, question.sku, question.after)
        page = tuple(islice(after, question.limit + 1))
        return ListingsRead(page[: question.limit], len(page) > question.limit, durable)
    of_skus = (
        listing
        for sku in sorted(set(question.skus))
        for listing in listings(log, tenant, channel, sku)
    )
    return ListingsRead(tuple(of_skus), False, durable)


def _named(log: Log, question: FindListings, name: tuple[str, str, str]) -> Listing | None:
    place = place_named(log, question.tenant, question.channel, name)
    return None if place is None else Listing(*place, *name)
