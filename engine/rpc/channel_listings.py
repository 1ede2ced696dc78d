"""MapListings, ListListings and FindListings: decided and kept by the first shard, checked against
those of the SKUs."""

from typing import Any

import msgspec
from holdfast.v1 import channels_pb2 as pb
from msgspec.structs import replace

from engine.channels.listings import dangling, dangling_of_any
from engine.channels.updates import LISTINGS_SHARD
from engine.core.limits import PAGE_SIZE_MAX
from engine.core.listings import Listing
from engine.rpc.calls import CURRENT, ask, problem_of
from engine.rpc.channel_calls import asking_now, cursor_of
from engine.rpc.checks import check_required, check_text
from engine.rpc.content_hash import content_hash
from engine.rpc.convert_answers import Place, put_receipt
from engine.rpc.convert_channel_state import PROBLEMS, put_report
from engine.rpc.convert_channels import listing_names
from engine.rpc.convert_channels import map_listings as convert_map_listings
from engine.rpc.convert_configuration import CONFIGURATION_SLOT
from engine.rpc.convert_feed import put_listing
from engine.rpc.convert_parts import Caller
from engine.rpc.cursors import positions_at_least
from engine.rpc.pages import Pages
from engine.shard.listing_queries import (
    FindListings,
    ListingsFound,
    ListingsRead,
    ListListings,
)
from engine.shard.messages import Accepted, Write
from engine.shard.port import Shards


async def map_listings(shards: Shards, request: pb.MapListingsRequest) -> pb.MapListingsResponse:
    """Look for what is wrong with the listings, then map the others."""
    call = CURRENT.get()
    context, command = convert_map_listings(
        request, Caller(shards, call.correlation_id, call.principal)
    )
    hash_of_request = content_hash(command)
    stated = [listing for listing in command.listings if listing.item]
    found = await dangling(asking_now(shards), command.tenant, command.channel, stated)
    write = Write(context, hash_of_request, replace(command, found=found))
    result = await ask(shards, CONFIGURATION_SLOT, write)
    if not isinstance(result, Accepted):
        raise problem_of(result, write, LISTINGS_SHARD)
    answer: Any = result.answer
    response = pb.MapListingsResponse(mapped=answer.mapped)
    for report in answer.problems:
        put_report(response.problems.add(), report)
    put_receipt(response.receipt, result, Place(shards.history, shards.epoch, LISTINGS_SHARD))
    return response


class ListingPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a list of listings goes on: after this one."""

    sku: str
    location: str


async def list_listings(shards: Shards, request: pb.ListListingsRequest) -> pb.ListListingsResponse:
    """A page of what is mapped, with what leads nowhere. A page of dangling ones may be short, as
    only so many listings are looked at for it."""
    check_text(request.tenant, "tenant")
    check_required(request.channel, "channel")
    check_text(request.sku, "sku")
    pages = Pages(request)
    place = pages.start(ListingPlace)
    at_least = positions_at_least(request.read_at_least, shards)
    asking = asking_now(shards)
    question = ListListings(
        request.tenant,
        request.channel,
        request.sku,
        PAGE_SIZE_MAX if request.dangling_only else pages.limit,
        (place.sku, place.location) if place else None,
    )
    read = await asking.look_up(LISTINGS_SHARD, question, ListingsRead)
    wrong = await dangling_of_any(asking, request.tenant, request.channel, read.listings)
    problems = {report.listing.place: report.problem for report in wrong}
    wanted = [report.listing for report in wrong] if request.dangling_only else read.listings
    listed = wanted[: pages.limit]
    response = pb.ListListingsResponse(cursor=cursor_of(asking, at_least))
    for listing in listed:
        message = response.listings.add()
        put_listing(message.listing, listing)
        if listing.place in problems:
            message.problem = PROBLEMS[problems[listing.place]]
    is_cut = len(wanted) > len(listed)
    if is_cut or read.has_more:
        last = listed[-1] if is_cut else read.listings[-1]
        response.next_page_token = pages.token(ListingPlace(*last.place))
    return response


async def find_listings(shards: Shards, request: pb.FindListingsRequest) -> pb.FindListingsResponse:
    """The SKU-locations that a channel means."""
    check_text(request.tenant, "tenant")
    check_required(request.channel, "channel")
    names = listing_names(request.names)
    at_least = positions_at_least(request.read_at_least, shards)
    asking = asking_now(shards)
    question = FindListings(request.tenant, request.channel, names)
    found = await asking.look_up(LISTINGS_SHARD, question, ListingsFound)
    response = pb.FindListingsResponse(cursor=cursor_of(asking, at_least))
    for name, listing in zip(names, found.listings, strict=True):
        put_listing(response.listings.add(), listing or Listing("", "", *name))
    return response
