"""ListChannels and GetChannelAvailability."""

from typing import Annotated

import msgspec
from holdfast.v1 import channels_pb2 as pb

from engine.channels.updates import LISTINGS_SHARD, channel_numbers
from engine.rpc.channel_calls import asking_now, cursor_of
from engine.rpc.checks import check_required, check_text
from engine.rpc.convert_channel_state import (
    put_channel,
    put_computed_buffer,
    put_policy,
    put_sku_group,
    put_terms,
)
from engine.rpc.convert_feed import put_channel_update
from engine.rpc.cursors import positions_at_least
from engine.rpc.pages import Pages
from engine.shard.channel_queries import ChannelsPlace, ChannelsRead, ReadChannels
from engine.shard.port import Shards

KINDS_MAX = 2
"""Channels, policies and groups of SKUs are numbered from 0."""


class ChannelPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a list of channels goes on, as ChannelsPlace of the shard says it."""

    kind: Annotated[int, msgspec.Meta(ge=0, le=KINDS_MAX)]
    names: Annotated[tuple[str, ...], msgspec.Meta(max_length=3)]


async def list_channels(shards: Shards, request: pb.ListChannelsRequest) -> pb.ListChannelsResponse:
    """A page of channels, then of their policies, then of groups of SKUs."""
    check_text(request.tenant, "tenant")
    check_text(request.channel, "channel")
    pages = Pages(request)
    place = pages.start(ChannelPlace) or ChannelPlace(0, ())
    at_least = positions_at_least(request.read_at_least, shards)
    asking = asking_now(shards)
    question = ReadChannels(
        request.tenant, request.channel, pages.limit, ChannelsPlace(place.kind, place.names)
    )
    read = await asking.look_up(LISTINGS_SHARD, question, ChannelsRead)
    response = pb.ListChannelsResponse(cursor=cursor_of(asking, at_least))
    for channel in read.channels:
        put_channel(response.channels.add(), channel)
    for one in read.policies:
        message = response.policies.add(channel=one.channel)
        put_policy(message.policy, one.policy)
    for group in read.sku_groups:
        put_sku_group(response.sku_groups.add(), group)
    if read.next_place is not None:
        following = ChannelPlace(read.next_place.kind, read.next_place.names)
        response.next_page_token = pages.token(following)
    return response


async def get_channel_availability(
    shards: Shards, request: pb.GetChannelAvailabilityRequest
) -> pb.GetChannelAvailabilityResponse:
    """What a channel may sell of a SKU, and the numbers that it follows from."""
    check_text(request.tenant, "tenant")
    check_required(request.channel, "channel")
    check_required(request.sku, "sku")
    tenant, channel, sku = request.tenant, request.channel, request.sku
    at_least = positions_at_least(request.read_at_least, shards)
    asking = asking_now(shards)
    [(update, one)] = await channel_numbers(asking, tenant, channel, [sku])
    response = pb.GetChannelAvailabilityResponse(
        available_units=one.available_units,
        allocated_to_others_units=one.others_units,
        buffer_units=one.buffer_units,
        allocation_used_units=one.allocation_used_units,
        cursor=cursor_of(asking, at_least),
    )
    put_channel_update(response.update, update)
    put_terms(response.terms, one.terms)
    if one.policy is not None:
        put_policy(response.policy, one.policy)
    if one.computed_buffer is not None:
        put_computed_buffer(response.computed_buffer, one.computed_buffer)
    return response
