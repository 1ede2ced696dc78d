"""What a request names: the one closed table that says which fields of the contract are tenants,
SKUs, locations and channels, and what each command touches beyond what it names.

Rules are held against this (`engine.access`). A field that is in no class here is not passed over:
a test fails until it is in one.
"""

from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from holdfast.v1 import feed_pb2
from holdfast.v1 import inventory_pb2 as pb

from engine.access.named import EVERY, NONE, Named, Names, only


class Field(Enum):
    """What a field of a request is."""

    TENANT = "tenant"
    SKU = "sku"
    """A SKU; empty: every SKU."""
    SKU_PREFIX = "sku prefix"
    SKU_GROUP = "sku group"
    """Any SKUs: who belongs to a group may change."""
    LOCATION = "location"
    """A location; empty: every location."""
    LOCATION_IF_ANY = "location if any"
    """A location; empty: none in particular."""
    LOCATION_GROUP = "location group"
    """Any locations."""
    CHANNEL = "channel"
    """A channel; empty: none, as whoever sells without one."""
    CHANNEL_OR_ALL = "channel or all"
    """A channel; empty: every channel."""
    OTHER = "other"
    """Nothing that a rule is about; what is in it is not looked at."""


_OTHER = (
    *("after_cursor", "all_or_nothing", "allocation_since", "allocation_units", "allow_backorder"),
    *("as_of_cursor", "as_of_time", "backorder_limit", "batch_id", "cap_units", "cart"),
    *("checkout", "confirm_within", "consumer", "correlation_id", "cursor", "customer"),
    *("customer_limit", "dangling_only", "delta", "drop_line_ids", "enabled"),
    *("excluding_reservation", "expected_at", "external_location", "field", "fill"),
    *("from_cause", "from_time", "from_version", "hold_class", "ids", "if_on_hand", "if_short"),
    *("if_unexpected", "if_version", "incoming_reference", "item", "kinds", "lead_time_days"),
    *("lead_time_deviation_days", "line_id", "listed_only", "lost", "mark", "minimum_quantity"),
    *("missing", "mode", "name", "newest_first", "observed_at", "observed_cursor"),
    *("occurred_at", "on_expired", "on_hand", "on_overdue", "order", "page_size", "page_token"),
    *("parked_ids", "percent", "priority", "quantity", "read_at_least", "reason"),
    *("received_cursor", "reference", "region", "remainder", "remove", "request_id"),
    *("safety_stock", "selling", "service_factor", "shipment_id", "shop", "source"),
    *("source_sequence", "split", "start_from", "state", "strategy", "ticket", "time", "timeout"),
    *("to_cause", "to_time", "to_version", "tracked", "ttl", "unavailable_cause", "units"),
    *("validate_only", "value", "wait", "window", "window_days"),
    # What these name is looked up, and held against the rules then: see `engine.rpc.subjects`.
    *("reservation_id", "reservation_reference", "transfer_id"),
    # What a consumer parks is its own copy of what it was told.
    *("ParkMessageRequest.message", "Park.message"),
)

FIELDS: dict[str, Field] = {
    **dict.fromkeys(_OTHER, Field.OTHER),
    "tenant": Field.TENANT,
    "sku": Field.SKU,
    "skus": Field.SKU,
    "sku_prefixes": Field.SKU_PREFIX,
    "sku_group": Field.SKU_GROUP,
    "location": Field.LOCATION,
    "locations": Field.LOCATION,
    "from_location": Field.LOCATION,
    "to_location": Field.LOCATION,
    "LineQuantity.location": Field.LOCATION_IF_ANY,
    "Location.name": Field.LOCATION,
    "group": Field.LOCATION_GROUP,
    "groups": Field.LOCATION_GROUP,
    "location_groups": Field.LOCATION_GROUP,
    "channel": Field.CHANNEL_OR_ALL,
    "ReserveRequest.channel": Field.CHANNEL,
    "AllocateRequest.channel": Field.CHANNEL,
    "SellRequest.channel": Field.CHANNEL,
    "BatchGetAvailabilityRequest.channel": Field.CHANNEL,
    "Channel.name": Field.CHANNEL_OR_ALL,
}
"""The class of each field by its name, or by message and name where a message has another."""


class Touches(Enum):
    """What a command touches of SKUs, locations or channels."""

    NAMED = "named"
    """What it names, or all if it names none."""
    STATED = "stated"
    """What it names, or none."""
    ALL = "all"
    NOTHING = "nothing"


N, S, A, X = Touches.NAMED, Touches.STATED, Touches.ALL, Touches.NOTHING

TOUCHES: dict[str, tuple[Touches, Touches, Touches]] = {
    "Reserve": (N, N, N),
    "Allocate": (N, N, N),
    **dict.fromkeys(("Extend", "Commit", "Release", "Confirm", "Amend"), (S, S, S)),
    **dict.fromkeys(("Pick", "Unpick", "Ship", "Return", "TransferReservation"), (S, S, S)),
    "Sell": (N, N, N),
    **dict.fromkeys(("Receive", "Adjust", "SetOnHand", "Expect", "TakeBack", "Move"), (N, N, X)),
    "Configure": (N, N, S),
    "SendTransfer": (N, N, X),
    "ReceiveTransfer": (S, S, X),
    "GetStock": (N, N, X),
    "GetReservation": (S, S, S),
    "GetTransfer": (S, S, X),
    "BatchGetAvailability": (N, N, N),
    # Events tell of the sales of every channel; reservations have lines of any SKU.
    "ListEvents": (N, N, A),
    "ExplainStock": (N, N, A),
    "ListReservations": (A, A, A),
    "GetConfiguration": (A, A, A),
    "ConfigureLocations": (A, N, A),
    "DefineKit": (N, A, A),
    "LimitCustomers": (N, A, A),
    "ConfigureHolds": (A, A, A),
    "ConfigureChannel": (A, A, N),
    "SetChannelPolicies": (N, A, N),
    "DefineSkuGroup": (A, A, A),
    "MapListings": (N, N, N),
    "ComputeBuffers": (N, A, N),
    "ListListings": (N, A, N),
    "FindListings": (A, A, N),
    "ListChannels": (A, A, N),
    "GetChannelAvailability": (N, A, N),
    "Watch": (N, N, N),
    "Subscribe": (N, N, N),
    # What a subscription follows is held against the rules when it is known.
    **dict.fromkeys(("ListSubscriptions", "ResetSubscription", "DeleteSubscription"), (S, S, S)),
    **dict.fromkeys(("SetMark", "ParkMessage", "ListParkedMessages"), (S, S, S)),
    **dict.fromkeys(("ReplayParkedMessages", "DropParkedMessages"), (S, S, S)),
    "WaitForSubscriber": (X, X, X),
    "GetNode": (X, X, X),
}
"""What each command touches of SKUs, locations and channels. Whatever it names is held against the
rules in any case."""

ALL_STOCK = Named(skus=EVERY, locations=EVERY, channels=EVERY)
"""Whatever a reservation, a transfer or a subscription may be about."""

COMMAND_NAMES: dict[str, str] = {
    field.name: str(getattr(field.message_type, "name", "")).removesuffix("Request")
    for field in pb.Command.DESCRIPTOR.oneofs_by_name["command"].fields
}
"""The name of each command, as rules know it, by its field in Command."""


def named_by(command: str, request: Any) -> Named:
    """What a command names and touches, as far as the request says it."""
    if command in {"Watch", "Subscribe"}:
        return named_by_feed(request.tenant, request.filter, request.mode)
    found = _Found()
    _collect(request, None, found)
    touches = TOUCHES[command]
    if command == "ListEvents" and request.WhichOneof("subject") == "reservation_id":
        touches = (S, S, S)
    tenants = found.tenants.names()
    if not tenants.is_any and command != "GetNode":
        tenants = only("")
    kinds = (found.skus, found.locations, found.channels)
    return Named(
        tenants,
        *(_touched(names.names(), what) for names, what in zip(kinds, touches, strict=True)),
    )


def named_by_feed(tenant: str, asked: feed_pb2.EventFilter, mode: int) -> Named:
    """What a feed tells of. Only what a channel may sell is told of that channel alone: the filter
    of other feeds takes a channel for the locations that it sells from."""
    skus = Names(frozenset(asked.skus), frozenset(asked.sku_prefixes))
    locations = only(*asked.locations)
    channel = asked.channel if mode == feed_pb2.WATCH_MODE_LATEST else ""
    return Named(
        only(tenant),
        skus if skus.is_any else EVERY,
        locations if locations.is_any and not asked.groups else EVERY,
        only(channel) if channel else EVERY,
    )


def _touched(names: Names, touched: Touches) -> Names:
    if touched is Touches.ALL or (touched is Touches.NAMED and not names.is_any):
        return EVERY
    return names


class _Gathering:
    """Names of one kind."""

    def __init__(self) -> None:
        self.exact: set[str] = set()
        self.prefixes: set[str] = set()

    def names(self) -> Names:
        if not self.exact and not self.prefixes:
            return NONE
        return Names(frozenset(self.exact), frozenset(self.prefixes))

    def add_if_any(self, name: str) -> None:
        if name:
            self.exact.add(name)

    def add_or_all(self, name: str) -> None:
        if name:
            self.exact.add(name)
        else:
            self.prefixes.add("")


class _Found:
    """What was found in a request so far."""

    def __init__(self) -> None:
        self.tenants = _Gathering()
        self.skus = _Gathering()
        self.locations = _Gathering()
        self.channels = _Gathering()


_ADD: dict[Field, Callable[[_Found, str], None]] = {
    Field.SKU: lambda found, name: found.skus.add_or_all(name),
    Field.SKU_PREFIX: lambda found, name: found.skus.prefixes.add(name),
    Field.SKU_GROUP: lambda found, _name: found.skus.prefixes.add(""),
    Field.LOCATION: lambda found, name: found.locations.add_or_all(name),
    Field.LOCATION_IF_ANY: lambda found, name: found.locations.add_if_any(name),
    Field.LOCATION_GROUP: lambda found, _name: found.locations.prefixes.add(""),
    Field.CHANNEL: lambda found, name: found.channels.exact.add(name),
    Field.CHANNEL_OR_ALL: lambda found, name: found.channels.add_or_all(name),
}


class _Step(NamedTuple):
    """A field that is looked at: what is done with it, or, of a message, None."""

    name: str
    is_repeated: bool
    is_choice: bool
    """Whether it is one of a oneof, or a message: then it counts only if it is there."""
    add: Callable[[_Found, str], None] | None


class _Plan(NamedTuple):
    """What is looked at in a message."""

    has_tenant: bool
    steps: tuple[_Step, ...]


def field_class(message: str, field: str) -> Field | None:
    """The class of a field; None if it is in none."""
    return FIELDS.get(f"{message}.{field}") or FIELDS.get(field)


def is_inside(message: str, field: FieldDescriptor) -> bool:
    """Whether a field of a message is a message of the contract with fields to be classed."""
    kind = field.message_type
    if kind is None or not kind.full_name.startswith("holdfast."):
        return False
    return FIELDS.get(f"{message}.{field.name}") is not Field.OTHER


@cache
def _plan(descriptor: Descriptor) -> _Plan:
    """What is looked at in messages of this type."""
    steps = []
    has_tenant = False
    for field in descriptor.fields:
        is_choice = field.containing_oneof is not None
        if is_inside(descriptor.name, field):
            inside = _plan(field.message_type)
            if inside.has_tenant or inside.steps:
                steps.append(_Step(field.name, field.is_repeated, True, None))
            continue
        kind = field_class(descriptor.name, field.name)
        if kind is Field.TENANT:
            has_tenant = True
        elif kind is not None and kind is not Field.OTHER:
            steps.append(_Step(field.name, field.is_repeated, is_choice, _ADD[kind]))
    return _Plan(has_tenant, tuple(steps))


def _collect(message: Any, outer: str | None, found: _Found) -> None:
    """Gather what a message names. The tenant of what is in it, where that is empty, is its own:
    `outer` is that of the message around it, None: there is no such message."""
    plan = _plan(message.DESCRIPTOR)
    tenant = outer
    if plan.has_tenant:
        tenant = message.tenant or outer or ""
        if message.tenant or outer is not None:
            found.tenants.exact.add(tenant)
    for step in plan.steps:
        if step.is_choice and not step.is_repeated and not message.HasField(step.name):
            continue
        value = getattr(message, step.name)
        for one in value if step.is_repeated else (value,):
            if step.add is None:
                _collect(one, tenant, found)
            else:
                step.add(found, one)
    if plan.has_tenant and outer is None and not found.tenants.exact:
        found.tenants.exact.add("")
