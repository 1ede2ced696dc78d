"""ConfigurationService: changes go to the first shard, which tells the others; reads ask it."""

from functools import partial
from typing import Annotated, Any

import grpc.aio
import msgspec
from holdfast.v1 import configuration_pb2 as pb
from holdfast.v1 import configuration_pb2_grpc

from engine.rpc.calls import look_up
from engine.rpc.checks import check_text
from engine.rpc.convert_commands import CONFIGURATION_CONVERTERS
from engine.rpc.convert_past import put_customer_limit, put_hold_times, put_kit, put_location
from engine.rpc.cursors import covering, positions_at_least
from engine.rpc.methods import Methods
from engine.rpc.pages import Pages
from engine.rpc.writes import method
from engine.shard.port import Shards
from engine.shard.queries import ConfigurationRead, ReadConfiguration

SERVICE = pb.DESCRIPTOR.services_by_name["ConfigurationService"].full_name

CONFIGURATION_SHARD = 0
"""The shard that decides what is configured."""

LOCATIONS, KITS, CUSTOMER_LIMITS = range(3)
"""The kinds of what is configured, in the order of pages."""

Context = grpc.aio.ServicerContext[Any, Any]
_command = partial(method, CONFIGURATION_CONVERTERS)


class ConfigurationPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a list of what is configured goes on: after what is of this kind and name."""

    kind: Annotated[int, msgspec.Meta(ge=LOCATIONS, le=CUSTOMER_LIMITS)]
    name: str


class ConfigurationService(configuration_pb2_grpc.ConfigurationServiceServicer):
    """Answers commands and queries of the node's configuration."""

    def __init__(self, shards: Shards) -> None:
        self.shards = shards

    ConfigureLocations = _command("configure_locations", pb.ConfigureLocationsResponse)
    DefineKit = _command("define_kit", pb.DefineKitResponse)
    LimitCustomers = _command("limit_customers", pb.LimitCustomersResponse)
    ConfigureHolds = _command("configure_holds", pb.ConfigureHoldsResponse)

    async def GetConfiguration(
        self, request: pb.GetConfigurationRequest, context: Context
    ) -> pb.GetConfigurationResponse:
        return await get_configuration(self.shards, request)


def add_configuration_service(shards: Shards, methods: Methods) -> None:
    """Serve ConfigurationService."""
    configuration_pb2_grpc.add_ConfigurationServiceServicer_to_server(
        ConfigurationService(shards), methods
    )


async def get_configuration(
    shards: Shards, request: pb.GetConfigurationRequest
) -> pb.GetConfigurationResponse:
    """A page of what is configured, with the hold times."""
    check_text(request.tenant, "tenant")
    pages = Pages(request)
    place = pages.start(ConfigurationPlace) or ConfigurationPlace(LOCATIONS, "")
    question = ReadConfiguration(request.tenant, pages.limit, place.kind, place.name)
    read = await look_up(shards, CONFIGURATION_SHARD, question, ConfigurationRead)
    at_least = positions_at_least(request.read_at_least, shards)
    cursor = covering(at_least, {CONFIGURATION_SHARD: read.position}, shards)
    response = pb.GetConfigurationResponse(cursor=cursor)
    for location in read.locations:
        put_location(response.locations.add(), location)
    for kit in read.kits:
        put_kit(response.kits.add(), kit)
    for limit in read.customer_limits:
        put_customer_limit(response.customer_limits.add(), limit)
    put_hold_times(response.hold_times, read.settings)
    if read.has_more:
        response.next_page_token = pages.token(_last_place(read))
    return response


def _last_place(read: ConfigurationRead) -> ConfigurationPlace:
    if read.customer_limits:
        return ConfigurationPlace(CUSTOMER_LIMITS, read.customer_limits[-1].sku)
    if read.kits:
        return ConfigurationPlace(KITS, read.kits[-1].sku)
    return ConfigurationPlace(LOCATIONS, read.locations[-1].name)
