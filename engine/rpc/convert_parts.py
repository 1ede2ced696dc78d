"""What requests have in common: contexts, keys, baskets, parts of reservations, enums. Each is
checked and converted in one pass, since reading a field costs as much as checking it."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, TypeVar

from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from engine.core import commands as core
from engine.core.limits import BASKET_LINES_MAX, CHANNEL_BUFFERS_MAX, QUANTITY_MAX
from engine.core.model import Fill, HoldClass, IfShort, Key, ReleaseReason, Remainder, Selling
from engine.core.rejections import UnknownReservation
from engine.rpc.checks import (
    UNIQUE_LIMIT,
    InvalidField,
    are_plain,
    check_range,
    check_required,
    check_text,
    time_ms,
)
from engine.rpc.problems import BasketSpansShards, Rejected
from engine.shard.port import Shards
from engine.shard.slots import slot_of, slot_of_reservation

E = TypeVar("E", bound=IntEnum)


class Caller(NamedTuple):
    """Who asks which node. `correlation_id` is used where a write states none; `principal` is the
    authenticated identity."""

    shards: Shards
    correlation_id: str = ""
    principal: str = ""


def stock_key(key: stock_pb2.StockKey) -> Key:
    """Check and convert the `key` of a request."""
    return Key(
        optional(key.tenant, "key.tenant"),
        required(key.sku, "key.sku"),
        required(key.location, "key.location"),
    )


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
    if not request_id or not are_plain(f"{request_id}{correlation_id}{ticket}"):
        check_required(request_id, "context.request_id")
        check_text(correlation_id, "context.correlation_id")
        check_text(ticket, "context.ticket")
    return core.Context(
        request_id,
        correlation_id or caller.correlation_id,
        time_ms(message.occurred_at, "context.occurred_at")
        if message.HasField("occurred_at")
        else 0,
        ticket,
        message.validate_only,
        caller.principal,
    )


def basket(
    messages: Sequence[pb.BasketLine], tenant: str, shards: Shards
) -> tuple[int, tuple[core.BasketLine, ...]]:
    """The home slot and the lines of a new basket."""
    count = len(messages)
    if not 0 < count <= BASKET_LINES_MAX:
        raise InvalidField("lines", f"{count} lines", f"1 to {BASKET_LINES_MAX} lines")
    lines: list[core.BasketLine] = []
    for message in messages:
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
            _check_line(message, f"lines[{len(lines)}]")
        lines.append(core.BasketLine(line_id, Key(tenant, sku, location), quantity, minimum))
    slot = slot_of(tenant, lines[0].key.sku)
    if count > 1:
        _check_unique([line.line_id for line in lines], "lines", "line_id")
        if shards.count > 1:
            shard_of = shards.shard_of
            homes = {shard_of(slot_of(tenant, line.key.sku)) for line in lines}
            if len(homes) > 1:
                raise BasketSpansShards(len(homes))
    return slot, tuple(lines)


def _check_line(message: pb.BasketLine, path: str) -> None:
    """Look closely at a basket line that does not pass at a glance."""
    check_required(message.line_id, f"{path}.line_id")
    check_required(message.sku, f"{path}.sku")
    check_required(message.location, f"{path}.location")
    check_range(message.quantity, 1, QUANTITY_MAX, f"{path}.quantity")
    if not 0 <= message.minimum_quantity <= message.quantity:
        limit = f"0 to the line's quantity, {message.quantity}"
        raise InvalidField(f"{path}.minimum_quantity", message.minimum_quantity, limit)


def _check_unique(names: list[str], path: str, field: str) -> None:
    """Refuse the first entry that repeats an earlier one's name."""
    if len(set(names)) == len(names):
        return
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name in first:
            limit = f"{UNIQUE_LIMIT}, and {path}[{first[name]}] has it"
            raise InvalidField(f"{path}[{index}].{field}", name, limit)
        first[name] = index


def line_quantities(messages: Sequence[pb.LineQuantity]) -> tuple[core.LineQuantity, ...]:
    """The named lines of a reservation; none mean all."""
    count = len(messages)
    if not count:
        return ()
    if count > BASKET_LINES_MAX:
        raise InvalidField("lines", f"{count} lines", f"0 to {BASKET_LINES_MAX} lines")
    parts: list[core.LineQuantity] = []
    for index, message in enumerate(messages):
        line_id = message.line_id
        quantity = message.quantity
        check_required(line_id, f"lines[{index}].line_id")
        check_range(quantity, 0, QUANTITY_MAX, f"lines[{index}].quantity")
        parts.append(core.LineQuantity(line_id, quantity))
    _check_unique([part.line_id for part in parts], "lines", "line_id")
    return tuple(parts)


def channel_buffers(messages: Sequence[stock_pb2.ChannelBuffer]) -> tuple[tuple[str, int], ...]:
    """Check and convert the buffers of a Configure."""
    count = len(messages)
    if count > CHANNEL_BUFFERS_MAX:
        limit = f"0 to {CHANNEL_BUFFERS_MAX} buffers"
        raise InvalidField("channel_buffers", f"{count} buffers", limit)
    buffers: list[tuple[str, int]] = []
    for index, message in enumerate(messages):
        channel = message.channel
        units = message.units
        check_required(channel, f"channel_buffers[{index}].channel")
        check_range(units, 0, QUANTITY_MAX, f"channel_buffers[{index}].units")
        buffers.append((channel, units))
    _check_unique([channel for channel, _ in buffers], "channel_buffers", "channel")
    return tuple(buffers)


def home_slot(reservation_id: str) -> int:
    """The slot that a reservation id names; Rejected if it is none of ours."""
    slot = slot_of_reservation(reservation_id)
    if slot is None:
        raise Rejected(UnknownReservation(reservation_id))
    return slot
