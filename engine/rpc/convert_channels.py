"""Requests of ChannelService, to commands: see `convert_commands`."""

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from holdfast.v1 import channels_pb2 as pb

from engine.core import commands as core
from engine.core.channels import Buffer, Channel, ChannelPolicy, ChannelTerms, DynamicBuffer
from engine.core.limits import (
    BUFFER_WINDOW_DAYS_MAX,
    BUFFER_WINDOW_DAYS_MIN,
    BUFFERS_PER_CALL_MAX,
    CHANNEL_GROUPS_MAX,
    CHANNEL_LOCATIONS_MAX,
    LEAD_TIME_DAYS_MAX,
    LISTING_NAMES_MAX,
    LISTINGS_PER_COMMAND_MAX,
    POLICIES_PER_COMMAND_MAX,
    QUANTITY_MAX,
    SERVICE_FACTOR_MAX,
    SKU_GROUP_PREFIXES_MAX,
    SKU_GROUP_SKUS_MAX,
)
from engine.core.listings import Listing
from engine.rpc.checks import (
    UNIQUE_LIMIT,
    InvalidField,
    check_count,
    check_range,
    check_required,
    check_text,
    check_unique,
)
from engine.rpc.content_hash import content_hash
from engine.rpc.convert_configuration import CONFIGURATION_SLOT
from engine.rpc.convert_parts import Caller, Submission, optional, required, write_context
from engine.shard.messages import Write

SCOPE_LIMIT = "one of sku, sku_group"
WINDOW_DAYS_DEFAULT = 30


def configure_channel(request: pb.ConfigureChannelRequest, caller: Caller) -> Submission:
    """Check and convert a ConfigureChannel."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    message = request.channel
    name = required(message.name, "channel.name")
    if request.remove:
        return _submission(context, core.ConfigureChannel(tenant, Channel(name), remove=True))
    channel = Channel(
        name,
        _names(message.locations, CHANNEL_LOCATIONS_MAX, "channel.locations"),
        _names(message.location_groups, CHANNEL_GROUPS_MAX, "channel.location_groups"),
        _terms(message.terms, "channel.terms"),
        message.listed_only,
    )
    return _submission(context, core.ConfigureChannel(tenant, channel))


def set_channel_policies(request: pb.SetChannelPoliciesRequest, caller: Caller) -> Submission:
    """Check and convert a SetChannelPolicies."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    channel = required(request.channel, "channel")
    messages = request.policies
    check_count(len(messages), 1, POLICIES_PER_COMMAND_MAX, "policies", "policies")
    policies = [_policy(message, f"policies[{index}]") for index, message in enumerate(messages)]
    first: dict[tuple[str, str], int] = {}
    for index, policy in enumerate(policies):
        scope = (policy.sku, policy.sku_group)
        if scope in first:
            field = f"policies[{index}].{'sku' if policy.sku else 'sku_group'}"
            limit = f"{UNIQUE_LIMIT}, and policies[{first[scope]}] has it"
            raise InvalidField(field, policy.sku or policy.sku_group, limit)
        first[scope] = index
    return _submission(context, core.SetChannelPolicies(tenant, channel, tuple(policies)))


def define_sku_group(request: pb.DefineSkuGroupRequest, caller: Caller) -> Submission:
    """Check and convert a DefineSkuGroup."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    name = required(request.name, "name")
    skus = _names(request.skus, SKU_GROUP_SKUS_MAX, "skus")
    prefixes = _names(request.sku_prefixes, SKU_GROUP_PREFIXES_MAX, "sku_prefixes")
    return _submission(context, core.DefineSkuGroup(tenant, name, skus, prefixes))


def map_listings(
    request: pb.MapListingsRequest, caller: Caller
) -> tuple[core.Context, core.MapListings]:
    """Check and convert a MapListings, before it is known what is wrong with its listings."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    channel = required(request.channel, "channel")
    messages = request.listings
    check_count(len(messages), 1, LISTINGS_PER_COMMAND_MAX, "listings", "listings")
    listings = [_listing(message, f"listings[{index}]") for index, message in enumerate(messages)]
    first: dict[tuple[str, str], int] = {}
    for index, listing in enumerate(listings):
        if listing.place in first:
            limit = f"with its location {UNIQUE_LIMIT}, and listings[{first[listing.place]}] has it"
            raise InvalidField(f"listings[{index}].sku", listing.sku, limit)
        first[listing.place] = index
    command = core.MapListings(tenant, channel, tuple(listings), request.all_or_nothing)
    return context, command


class BuffersAsked(NamedTuple):
    """What a ComputeBuffers asks for."""

    context: core.Context
    tenant: str
    channel: str
    skus: tuple[str, ...]


def compute_buffers(request: pb.ComputeBuffersRequest, caller: Caller) -> BuffersAsked:
    """Check and convert a ComputeBuffers: it becomes one command for each SKU."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    channel = required(request.channel, "channel")
    check_count(len(request.skus), 1, BUFFERS_PER_CALL_MAX, "skus", "SKUs")
    skus = _names(request.skus, BUFFERS_PER_CALL_MAX, "skus")
    return BuffersAsked(context, tenant, channel, skus)


def listing_names(messages: Sequence[pb.ListingName]) -> tuple[tuple[str, str, str], ...]:
    """Check and convert the names of a FindListings."""
    check_count(len(messages), 1, LISTING_NAMES_MAX, "names", "names")
    names = []
    for index, message in enumerate(messages):
        check_text(message.shop, f"names[{index}].shop")
        check_required(message.item, f"names[{index}].item")
        check_text(message.external_location, f"names[{index}].external_location")
        names.append((message.shop, message.item, message.external_location))
    return tuple(names)


def _listing(message: pb.Listing, path: str) -> Listing:
    check_required(message.sku, f"{path}.sku")
    for field in ("location", "shop", "item", "external_location"):
        check_text(getattr(message, field), f"{path}.{field}")
    return Listing(
        message.sku, message.location, message.shop, message.item, message.external_location
    )


def _policy(message: pb.ChannelPolicy, path: str) -> ChannelPolicy:
    scope = message.WhichOneof("scope")
    if scope is None:
        raise InvalidField(path, "", SCOPE_LIMIT)
    check_required(getattr(message, scope), f"{path}.{scope}")
    terms = _terms(message.terms, f"{path}.terms") if message.HasField("terms") else None
    return ChannelPolicy(message.sku, message.sku_group, terms)


def _terms(message: pb.ChannelTerms, path: str) -> ChannelTerms:
    buffer = _buffer(message.buffer, f"{path}.buffer") if message.HasField("buffer") else None
    stated: dict[str, int] = {}
    for field in ("cap_units", "allocation_units"):
        if message.HasField(field):
            check_range(getattr(message, field), 0, QUANTITY_MAX, f"{path}.{field}")
            stated[field] = getattr(message, field)
    return ChannelTerms(buffer, **stated)


def _buffer(message: pb.Buffer, path: str) -> Buffer:
    size = message.WhichOneof("size")
    if size == "units":
        check_range(message.units, 0, QUANTITY_MAX, f"{path}.units")
        return Buffer(units=message.units)
    if size == "percent":
        check_range(message.percent, 0, 100, f"{path}.percent")
        return Buffer(percent=message.percent)
    if size == "dynamic":
        return Buffer(dynamic=_dynamic(message.dynamic, f"{path}.dynamic"))
    raise InvalidField(path, "", "one of units, percent, dynamic")


def _dynamic(message: pb.DynamicBuffer, path: str) -> DynamicBuffer:
    factor = message.service_factor
    if not 0 < factor <= SERVICE_FACTOR_MAX:
        raise InvalidField(f"{path}.service_factor", factor, f"above 0, to {SERVICE_FACTOR_MAX:g}")
    for field in ("lead_time_days", "lead_time_deviation_days"):
        days = getattr(message, field)
        if not isfinite(days) or not 0 <= days <= LEAD_TIME_DAYS_MAX:
            raise InvalidField(f"{path}.{field}", days, f"0 to {LEAD_TIME_DAYS_MAX:g} days")
    window = message.window_days or WINDOW_DAYS_DEFAULT
    check_range(window, BUFFER_WINDOW_DAYS_MIN, BUFFER_WINDOW_DAYS_MAX, f"{path}.window_days")
    # A zero with a sign becomes one without: a record of the log leaves out every zero.
    lead_time, deviation = message.lead_time_days + 0.0, message.lead_time_deviation_days + 0.0
    return DynamicBuffer(factor, lead_time, deviation, window)


def _names(names: Sequence[str], most: int, path: str) -> tuple[str, ...]:
    check_count(len(names), 0, most, path, "names")
    for index, name in enumerate(names):
        check_required(name, f"{path}[{index}]")
    check_unique(names, path, "")
    return tuple(names)


def _submission(context: core.Context, command: core.OnConfiguration) -> Submission:
    return CONFIGURATION_SLOT, Write(context, content_hash(command), command)
