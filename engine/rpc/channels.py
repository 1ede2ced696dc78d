"""ChannelService: how channels are configured, what they may sell, and what they call it."""

from functools import partial
from typing import Any

import grpc.aio
from holdfast.v1 import channels_pb2 as pb
from holdfast.v1 import channels_pb2_grpc

from engine.rpc.channel_buffers import compute_buffers
from engine.rpc.channel_listings import find_listings, list_listings, map_listings
from engine.rpc.channel_reads import get_channel_availability, list_channels
from engine.rpc.convert_commands import CHANNEL_CONVERTERS
from engine.rpc.methods import Methods
from engine.rpc.writes import method
from engine.shard.port import Shards

SERVICE = pb.DESCRIPTOR.services_by_name["ChannelService"].full_name

Context = grpc.aio.ServicerContext[Any, Any]
_command = partial(method, CHANNEL_CONVERTERS)


class ChannelService(channels_pb2_grpc.ChannelServiceServicer):
    """Answers commands and queries of channels."""

    def __init__(self, shards: Shards) -> None:
        self.shards = shards

    ConfigureChannel = _command("configure_channel", pb.ConfigureChannelResponse)
    SetChannelPolicies = _command("set_channel_policies", pb.SetChannelPoliciesResponse)
    DefineSkuGroup = _command("define_sku_group", pb.DefineSkuGroupResponse)

    async def MapListings(
        self, request: pb.MapListingsRequest, context: Context
    ) -> pb.MapListingsResponse:
        return await map_listings(self.shards, request)

    async def ListListings(
        self, request: pb.ListListingsRequest, context: Context
    ) -> pb.ListListingsResponse:
        return await list_listings(self.shards, request)

    async def FindListings(
        self, request: pb.FindListingsRequest, context: Context
    ) -> pb.FindListingsResponse:
        return await find_listings(self.shards, request)

    async def ComputeBuffers(
        self, request: pb.ComputeBuffersRequest, context: Context
    ) -> pb.ComputeBuffersResponse:
        return await compute_buffers(self.shards, request)

    async def ListChannels(
        self, request: pb.ListChannelsRequest, context: Context
    ) -> pb.ListChannelsResponse:
        return await list_channels(self.shards, request)

    async def GetChannelAvailability(
        self, request: pb.GetChannelAvailabilityRequest, context: Context
    ) -> pb.GetChannelAvailabilityResponse:
        return await get_channel_availability(self.shards, request)


def add_channel_service(shards: Shards, methods: Methods) -> None:
    """Serve ChannelService."""
    channels_pb2_grpc.add_ChannelServiceServicer_to_server(ChannelService(shards), methods)
