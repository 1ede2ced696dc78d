"""Requests that configure the node, to commands: see `convert_commands`. All are decided on the
first shard."""

from collections.abc import Sequence

from holdfast.v1 import configuration_pb2 as pb

from engine.core import commands as core
from engine.core.configuration import Component, Location
from engine.core.limits import (
    COMPONENTS_MAX,
    GROUPS_PER_LOCATION_MAX,
    LOCATIONS_PER_COMMAND_MAX,
    PRIORITY_MAX,
    QUANTITY_MAX,
)
from engine.rpc.checks import (
    InvalidField,
    check_count,
    check_range,
    check_required,
    check_text,
    check_unique,
    ttl_ms,
    window_ms,
)
from engine.rpc.content_hash import content_hash
from engine.rpc.convert_parts import Caller, Submission, optional, required, write_context
from engine.shard.messages import Write

CONFIGURATION_SLOT = 0
"""A slot of the shard that decides what is configured."""


def configure_locations(request: pb.ConfigureLocationsRequest, caller: Caller) -> Submission:
    """Check and convert a ConfigureLocations."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    messages = request.locations
    check_count(len(messages), 1, LOCATIONS_PER_COMMAND_MAX, "locations", "locations")
    locations = [
        _location(message, f"locations[{index}]") for index, message in enumerate(messages)
    ]
    check_unique([location.name for location in locations], "locations", "name")
    return _submission(context, core.ConfigureLocations(tenant, tuple(locations)))


def _location(message: pb.Location, path: str) -> Location:
    check_required(message.name, f"{path}.name")
    check_range(message.priority, -PRIORITY_MAX, PRIORITY_MAX, f"{path}.priority")
    check_text(message.region, f"{path}.region")
    groups = tuple(message.groups)
    check_count(len(groups), 0, GROUPS_PER_LOCATION_MAX, f"{path}.groups", "groups")
    for index, group in enumerate(groups):
        check_required(group, f"{path}.groups[{index}]")
    check_unique(groups, f"{path}.groups", "")
    return Location(message.name, message.priority, message.region, message.enabled, groups)


def define_kit(request: pb.DefineKitRequest, caller: Caller) -> Submission:
    """Check and convert a DefineKit."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    sku = required(request.sku, "sku")
    return _submission(context, core.DefineKit(tenant, sku, _components(request.components)))


def _components(messages: Sequence[pb.Component]) -> tuple[Component, ...]:
    check_count(len(messages), 0, COMPONENTS_MAX, "components", "components")
    components: list[Component] = []
    for index, message in enumerate(messages):
        check_required(message.sku, f"components[{index}].sku")
        check_range(message.quantity, 1, QUANTITY_MAX, f"components[{index}].quantity")
        components.append(Component(message.sku, message.quantity))
    check_unique([component.sku for component in components], "components", "sku")
    return tuple(components)


def limit_customers(request: pb.LimitCustomersRequest, caller: Caller) -> Submission:
    """Check and convert a LimitCustomers."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    sku = required(request.sku, "sku")
    check_range(request.units, 0, QUANTITY_MAX, "units")
    counted_ms = window_ms(request.window, "window") if request.HasField("window") else 0
    return _submission(context, core.LimitCustomers(tenant, sku, request.units, counted_ms))


def configure_holds(request: pb.ConfigureHoldsRequest, caller: Caller) -> Submission:
    """Check and convert a ConfigureHolds."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    times = request.hold_times
    stated = {
        name: ttl_ms(getattr(times, name), f"hold_times.{name}") if times.HasField(name) else 0
        for name in ("cart", "checkout", "order")
    }
    if not any(stated.values()):
        raise InvalidField("hold_times", "", f"at least one of {', '.join(stated)}")
    command = core.ConfigureHolds(tenant, stated["cart"], stated["checkout"], stated["order"])
    return _submission(context, command)


def _submission(context: core.Context, command: core.OnConfiguration) -> Submission:
    return CONFIGURATION_SLOT, Write(context, content_hash(command), command)
