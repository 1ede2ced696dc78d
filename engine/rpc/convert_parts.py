"""What requests have in common: contexts, keys, baskets, parts of reservations, enums. Each is
checked and converted in one pass, since reading a field costs as much as checking it."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, Protocol, TypeVar

import msgspec
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from engine.core import commands as core
from engine.core.limits import (
    BASKET_LINES_MAX,
    PREFERENCES_MAX,
    QUANTITY_MAX,
    SOURCE_SEQUENCE_MAX,
)
from engine.core.model import (
    Fill,
    HoldClass,
    IfShort,
    Key,
    OnExpired,
    OnOverdue,
    ReleaseReason,
    Remainder,
    Selling,
    Strategy,
)
from engine.core.rejections import UnknownReservation
from engine.rpc.checks import (
    InvalidField,
    are_plain,
    check_count,
    check_range,
    check_required,
    check_text,
    check_unique,
    time_ms,
)
from engine.rpc.content_hash import content_hash
from engine.rpc.problems import Rejected
from engine.shard.messages import Write
from engine.shard.port import Shards
from engine.shard.slots import slot_of, slot_of_reservation

E = TypeVar("E", bound=IntEnum)


class Caller(msgspec.Struct, frozen=True, gc=False):
    """Who asks which node. `correlation_id` is used where a write states none; `principal` is the
    authenticated identity."""

    shards: Shards
    correlation_id: str = ""
    principal: str = ""


Submission = tuple[int, Write]
"""A home slot and what to submit there."""


class ByReference(NamedTuple):
    """A command on the reservation that has a reference: which one that is has to be found first,
    and its id put into the command."""

    reference: str
    context: core.Context
    command: core.OnReservation


class AtPosition(NamedTuple):
    """A command that builds on a position of its shard which is ahead of what is known here: the
    shard has to say first whether that has happened."""

    key: Key
    position: int
    submission: Submission


Unsettled = ByReference | AtPosition
"""A command that a shard has to be asked about before it can be submitted."""


def stock_key(key: stock_pb2.StockKey, path: str = "key") -> Key:
    """Check and convert the SKU-location at a path of a request."""
    return Key(
        optional(key.tenant, f"{path}.tenant"),
        required(key.sku, f"{path}.sku"),
        required(key.location, f"{path}.location"),
    )


def key_of_tenant(message: stock_pb2.StockKey, tenant: str, path: str) -> Key:
    """The SKU-location of a request that names its tenant beside it: the key's own may be left
    empty."""
    if tenant and message.tenant and message.tenant != tenant:
        raise InvalidField(f"{path}.tenant", message.tenant, "empty, or the same as tenant")
    key = stock_key(message, path)
    return Key(key.tenant or tenant, key.sku, key.location)


def _by_number(kind: type[E]) -> dict[int, E]:
    return {member.value: member for member in kind}


# What 0 (not stated) means is part of the contract. A selling state that is not stated stays as it
# is, so it has no entry here.
FILLS = {0: Fill.ALL_OR_NOTHING, **_by_number(Fill)}
HOLD_CLASSES = {0: HoldClass.CART, **_by_number(HoldClass)}
IF_SHORTS = {0: IfShort.REFUSE, **_by_number(IfShort)}
REMAINDERS = {0: Remainder.FREE, **_by_number(Remainder)}
RELEASE_REASONS = _by_number(ReleaseReason)
SELLINGS = _by_number(Selling)
STRATEGIES = {0: Strategy.PRIORITY, **_by_number(Strategy)}
ON_EXPIRED = {0: OnExpired.REFUSE, **_by_number(OnExpired)}
ON_OVERDUE = {0: OnOverdue.KEEP, **_by_number(OnOverdue)}


def known(values: dict[int, E], number: int, field: str) -> E:
    """The value of an enum's number; one that is not known here is refused, naming those that
    are."""
    value = values.get(number)
    if value is None:
        names = dict.fromkeys(member.name for member in sorted(values.values()))
        raise InvalidField(field, number, ", ".join(names))
    return value


def optional(value: str, field: str) -> str:
    """A text that may be empty; refused if malformed."""
    if value:
        check_text(value, field)
    return value


def required(value: str, field: str) -> str:
    """A text that may not be empty; refused if it is, or malformed."""
    check_required(value, field)
    return value


def check_names(tenant: str, reference: str, channel: str, customer: str) -> None:
    """Refuse malformed names of a new basket."""
    if are_plain(f"{tenant}{reference}{channel}{customer}"):
        return
    check_text(tenant, "tenant")
    check_text(reference, "reference")
    check_text(channel, "channel")
    check_text(customer, "customer")


def write_context(message: pb.WriteContext, caller: Caller) -> core.Context:
    """Check and convert the `context` of a write."""
    request_id = message.request_id
    correlation_id = message.correlation_id
    ticket = message.ticket
    source = message.source
    if not request_id or not are_plain(f"{request_id}{correlation_id}{ticket}{source}"):
        check_required(request_id, "context.request_id")
        check_text(correlation_id, "context.correlation_id")
        check_text(ticket, "context.ticket")
        check_text(source, "context.source")
    sequence = message.source_sequence
    if sequence:
        check_range(sequence, 0, SOURCE_SEQUENCE_MAX, "context.source_sequence")
        if not source:
            raise InvalidField("context.source_sequence", sequence, "0 without a source")
    return core.Context(
        request_id,
        correlation_id or caller.correlation_id,
        time_ms(message.occurred_at, "context.occurred_at")
        if message.HasField("occurred_at")
        else 0,
        ticket,
        message.validate_only,
        caller.principal,
        source,
        sequence,
    )


def basket(
    messages: Sequence[pb.BasketLine], tenant: str, path: str = "lines"
) -> tuple[core.BasketLine, ...]:
    """Check and convert the lines of a basket; at most as many as one may have."""
    if len(messages) > BASKET_LINES_MAX:
        check_count(len(messages), 1, BASKET_LINES_MAX, path, "lines")
    lines: list[core.BasketLine] = []
    # protobuf's own lists are slow to go through, and slowest in saying that they have ended.
    for message in messages[:]:
        line_id = message.line_id
        sku = message.sku
        location = message.location
        quantity = message.quantity
        minimum = message.minimum_quantity
        if not (
            line_id
            and sku
            and location
            and 0 < quantity <= QUANTITY_MAX
            and 0 <= minimum <= quantity
            and are_plain(f"{line_id}{sku}{location}")
        ):
            _check_line(message, f"{path}[{len(lines)}]")
        backorder = message.allow_backorder
        limit = message.customer_limit
        if location and not backorder and not limit:
            lines.append(core.BasketLine(line_id, Key(tenant, sku, location), quantity, minimum))
            continue
        if not 0 <= limit <= QUANTITY_MAX:
            check_range(limit, 0, QUANTITY_MAX, f"{path}[{len(lines)}].customer_limit")
        lines.append(
            core.BasketLine(
                line_id,
                Key(tenant, sku, location),
                quantity,
                minimum,
                tuple(message.locations.locations),
                message.group,
                backorder,
                limit,
            )
        )
    if len(lines) > 1:
        check_unique([line.line_id for line in lines], path, "line_id")
    return tuple(lines)


def home_of_basket(lines: Sequence[core.BasketLine], tenant: str) -> int:
    """The home slot of a new basket: that of its first line's SKU. InvalidField if it has no
    line."""
    if not lines:
        check_count(0, 1, BASKET_LINES_MAX, "lines", "lines")
    return slot_of(tenant, lines[0].key.sku)


def _check_line(message: pb.BasketLine, path: str) -> None:
    """Look closely at a basket line that does not pass at a glance."""
    check_required(message.line_id, f"{path}.line_id")
    check_required(message.sku, f"{path}.sku")
    source = message.WhichOneof("source")
    if source == "locations":
        check_names_of_list(message.locations.locations, f"{path}.locations.locations")
    elif source == "group":
        check_required(message.group, f"{path}.group")
    else:
        check_required(message.location, f"{path}.location")
    check_range(message.quantity, 1, QUANTITY_MAX, f"{path}.quantity")
    if not 0 <= message.minimum_quantity <= message.quantity:
        limit = f"0 to the line's quantity, {message.quantity}"
        raise InvalidField(f"{path}.minimum_quantity", message.minimum_quantity, limit)


def check_names_of_list(names: Sequence[str], path: str) -> None:
    """Refuse a list of locations that is empty, too long, or has a malformed or repeated one."""
    check_count(len(names), 1, PREFERENCES_MAX, path, "locations")
    for index, name in enumerate(names):
        check_required(name, f"{path}[{index}]")
    check_unique(names, path, "")


def line_quantities(
    messages: Sequence[pb.LineQuantity], *, of_ship: bool = False
) -> tuple[core.LineQuantity, ...]:
    """The named lines of a reservation; none mean all. Only those of a Ship have a location."""
    count = len(messages)
    if not count:
        return ()
    check_count(count, 0, BASKET_LINES_MAX, "lines", "lines")
    parts: list[core.LineQuantity] = []
    for index, message in enumerate(messages):
        line_id = message.line_id
        quantity = message.quantity
        location = message.location
        check_required(line_id, f"lines[{index}].line_id")
        check_range(quantity, 0, QUANTITY_MAX, f"lines[{index}].quantity")
        if location:
            if not of_ship:
                limit = "empty: only Ship says where units left from"
                raise InvalidField(f"lines[{index}].location", location, limit)
            check_text(location, f"lines[{index}].location")
            parts.append(core.LineQuantity(line_id, quantity, location))
        else:
            parts.append(core.LineQuantity(line_id, quantity))
    check_unique([part.line_id for part in parts], "lines", "line_id")
    return tuple(parts)


class OnReservation(Protocol):
    """A request on a reservation, named by its id or by its reference."""

    @property
    def reservation_id(self) -> str:
        """The id that the server gave it."""

    @property
    def reservation_reference(self) -> str:
        """The caller's own name for it."""


def subject(request: OnReservation) -> tuple[str, str]:
    """The id of the reservation that a request is on, or else its reference; the other is empty."""
    reservation_id = request.reservation_id
    reference = request.reservation_reference
    if not reference:
        check_required(reservation_id, "reservation_id")
        return reservation_id, ""
    if reservation_id:
        limit = "empty where reservation_id is not"
        raise InvalidField("reservation_reference", reference, limit)
    check_text(reference, "reservation_reference")
    return "", reference


def on_reservation(
    reference: str, context: core.Context, command: core.OnReservation
) -> Submission | ByReference:
    """Where a command on a reservation goes; Rejected if its id is none of ours."""
    if reference:
        return ByReference(reference, context, command)
    slot = home_slot(command.reservation_id)
    return slot, Write(context, content_hash(command), command)


def home_slot(reservation_id: str) -> int:
    """The slot that a reservation id names; Rejected if it is none of ours."""
    slot = slot_of_reservation(reservation_id)
    if slot is None:
        raise Rejected(UnknownReservation(reservation_id))
    return slot
