"""Protobuf requests to commands: shape check and conversion in one pass, since every field read costs as much as the checks.

Each converter takes the request and the caller, and returns the home slot with the Write to submit there. It raises
InvalidField, BasketSpansShards or Rejected (a reservation id that is none of ours), all before anything is submitted.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

import msgspec

from engine.core import commands as core
from engine.core.limits import (
    BALANCE_MAX,
    BASKET_LINES_MAX,
    CHANNEL_BUFFERS_MAX,
    QUANTITY_MAX,
)
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
    ttl_ms,
)
from engine.rpc.problems import BasketSpansShards, Rejected
from engine.shard.messages import Write
from engine.shard.port import Shards
from engine.shard.slots import slot_of, slot_of_reservation
from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

CONTENT_HASH_BYTES = 16

VERSION_MAX = 2**63 - 1
"""The highest version that can be asked for: the field admits twice as much, which no version reaches."""

E = TypeVar("E", bound=IntEnum)

_encode = msgspec.msgpack.Encoder().encode


class Caller(NamedTuple):
    """Who asks which node. `correlation_id` is used where a write states none; `principal` is the authenticated identity."""

    shards: Shards
    correlation_id: str = ""
    principal: str = ""


Submission = tuple[int, Write]
"""A home slot and what to submit there."""

Converter = Callable[[Any, Caller], Submission]
"""A checked conversion of one kind of request."""


def reserve(request: pb.ReserveRequest, caller: Caller) -> Submission:
    """Check and convert a Reserve."""
    context = _context(request.context, caller)
    tenant = request.tenant
    reference = request.reference
    channel = request.channel
    customer = request.customer
    if tenant or reference or channel or customer:
        _check_names(tenant, reference, channel, customer)
    slot, lines = _basket(request.lines, tenant, caller.shards)
    command = core.Reserve(
        tenant,
        lines,
        _fills.get(request.fill) or _unknown(_fills, request.fill, "fill"),
        ttl_ms(request.ttl, "ttl") if request.HasField("ttl") else 0,
        _hold_classes.get(request.hold_class)
        or _unknown(_hold_classes, request.hold_class, "hold_class"),
        reference,
        channel,
        customer,
    )
    return slot, Write(context, _hash(command), command)


def allocate(request: pb.AllocateRequest, caller: Caller) -> Submission:
    """Check and convert an Allocate."""
    context = _context(request.context, caller)
    tenant = request.tenant
    reference = request.reference
    channel = request.channel
    customer = request.customer
    _check_names(tenant, reference, channel, customer)
    slot, lines = _basket(request.lines, tenant, caller.shards)
    if_short = _if_short(request.if_short)
    command = core.Allocate(tenant, lines, if_short, reference, channel, customer)
    return slot, Write(context, _hash(command), command)


def extend(request: pb.ExtendRequest, caller: Caller) -> Submission:
    """Check and convert an Extend."""
    context = _context(request.context, caller)
    tenant = _optional(request.tenant, "tenant")
    reservation_id = _required(request.reservation_id, "reservation_id")
    command = core.Extend(
        tenant,
        reservation_id,
        ttl_ms(request.ttl, "ttl") if request.HasField("ttl") else 0,
        _hold_classes.get(request.hold_class)
        or _unknown(_hold_classes, request.hold_class, "hold_class"),
    )
    return _home(reservation_id), Write(context, _hash(command), command)


def commit(request: pb.CommitRequest, caller: Caller) -> Submission:
    """Check and convert a Commit."""
    context = _context(request.context, caller)
    tenant = _optional(request.tenant, "tenant")
    reservation_id = _required(request.reservation_id, "reservation_id")
    command = core.Commit(
        tenant,
        reservation_id,
        _parts(request.lines),
        _remainders.get(request.remainder) or _unknown(_remainders, request.remainder, "remainder"),
        _optional(request.reference, "reference"),
    )
    return _home(reservation_id), Write(context, _hash(command), command)


def release(request: pb.ReleaseRequest, caller: Caller) -> Submission:
    """Check and convert a Release."""
    context = _context(request.context, caller)
    tenant = _optional(request.tenant, "tenant")
    reservation_id = _required(request.reservation_id, "reservation_id")
    reason = _release_reasons.get(request.reason)
    if reason is None:
        reason = _unknown(_release_reasons, request.reason, "reason")
    command = core.Release(tenant, reservation_id, _parts(request.lines), reason)
    return _home(reservation_id), Write(context, _hash(command), command)


def ship(request: pb.ShipRequest, caller: Caller) -> Submission:
    """Check and convert a Ship."""
    context = _context(request.context, caller)
    tenant = _optional(request.tenant, "tenant")
    reservation_id = _required(request.reservation_id, "reservation_id")
    reference = _optional(request.reference, "reference")
    command = core.Ship(tenant, reservation_id, _parts(request.lines), reference)
    return _home(reservation_id), Write(context, _hash(command), command)


def sell(request: pb.SellRequest, caller: Caller) -> Submission:
    """Check and convert a Sell."""
    context = _context(request.context, caller)
    key = stock_key(request.key)
    quantity = request.quantity
    check_range(quantity, 1, QUANTITY_MAX, "quantity")
    command = core.Sell(
        key,
        quantity,
        _if_short(request.if_short),
        _optional(request.reference, "reference"),
        _optional(request.channel, "channel"),
    )
    return slot_of(key.tenant, key.sku), Write(context, _hash(command), command)


def receive(request: pb.ReceiveRequest, caller: Caller) -> Submission:
    """Check and convert a Receive."""
    context = _context(request.context, caller)
    key = stock_key(request.key)
    quantity = request.quantity
    check_range(quantity, 1, QUANTITY_MAX, "quantity")
    command = core.Receive(key, quantity, _optional(request.reference, "reference"))
    return slot_of(key.tenant, key.sku), Write(context, _hash(command), command)


def adjust(request: pb.AdjustRequest, caller: Caller) -> Submission:
    """Check and convert an Adjust."""
    context = _context(request.context, caller)
    key = stock_key(request.key)
    delta = request.delta
    if not delta or not -QUANTITY_MAX <= delta <= QUANTITY_MAX:
        raise InvalidField("delta", delta, f"{-QUANTITY_MAX} to {QUANTITY_MAX}, not 0")
    command = core.Adjust(
        key,
        delta,
        _required(request.reason, "reason"),
        _required(request.reference, "reference"),
        _if_short(request.if_short),
    )
    return slot_of(key.tenant, key.sku), Write(context, _hash(command), command)


def set_on_hand(request: pb.SetOnHandRequest, caller: Caller) -> Submission:
    """Check and convert a SetOnHand."""
    context = _context(request.context, caller)
    key = stock_key(request.key)
    on_hand = request.on_hand
    check_range(on_hand, 0, BALANCE_MAX, "on_hand")
    if_on_hand = request.if_on_hand if request.HasField("if_on_hand") else None
    if if_on_hand is not None:
        check_range(if_on_hand, -BALANCE_MAX, BALANCE_MAX, "if_on_hand")
    if_version = request.if_version if request.HasField("if_version") else None
    if if_version is not None:
        check_range(if_version, 0, VERSION_MAX, "if_version")
    command = core.SetOnHand(
        key,
        on_hand,
        if_version,
        if_on_hand,
        _if_short(request.if_short),
        _optional(request.reference, "reference"),
        _optional(request.reason, "reason"),
    )
    return slot_of(key.tenant, key.sku), Write(context, _hash(command), command)


def configure(request: pb.ConfigureRequest, caller: Caller) -> Submission:
    """Check and convert a Configure."""
    context = _context(request.context, caller)
    key = stock_key(request.key)
    safety_stock = request.safety_stock if request.HasField("safety_stock") else None
    if safety_stock is not None:
        check_range(safety_stock, 0, QUANTITY_MAX, "safety_stock")
    tracked = request.tracked if request.HasField("tracked") else None
    selling = _sellings.get(request.selling)
    if selling is None and request.selling:
        selling = _unknown(_sellings, request.selling, "selling")
    buffers = _buffers(request.channel_buffers)
    if safety_stock is None and tracked is None and selling is None and not buffers:
        limit = "at least one of safety_stock, tracked, selling, channel_buffers"
        raise InvalidField("safety_stock", "", limit)
    command = core.Configure(key, safety_stock, tracked, selling, buffers)
    return slot_of(key.tenant, key.sku), Write(context, _hash(command), command)


def stock_key(key: stock_pb2.StockKey) -> Key:
    """Check and convert the `key` of a request."""
    return Key(
        _optional(key.tenant, "key.tenant"),
        _required(key.sku, "key.sku"),
        _required(key.location, "key.location"),
    )


CONVERTERS: dict[str, Converter] = {
    "reserve": reserve,
    "extend": extend,
    "commit": commit,
    "release": release,
    "allocate": allocate,
    "ship": ship,
    "sell": sell,
    "receive": receive,
    "adjust": adjust,
    "set_on_hand": set_on_hand,
    "configure": configure,
}
"""The converter of each command, by its name in the oneof of `Command`."""


def _by_number(kind: type[E]) -> dict[int, E]:
    return {member.value: member for member in kind}


# What 0 (not stated) means is part of the contract; a selling state that is not stated stays as it is.
_fills = {0: Fill.ALL_OR_NOTHING, **_by_number(Fill)}
_hold_classes = {0: HoldClass.CART, **_by_number(HoldClass)}
_if_shorts = {0: IfShort.REFUSE, **_by_number(IfShort)}
_remainders = {0: Remainder.FREE, **_by_number(Remainder)}
_release_reasons = _by_number(ReleaseReason)
_sellings = _by_number(Selling)


def _unknown(known: dict[int, E], number: int, field: str) -> E:
    """Refuse the number of an enum that is not known here, naming those that are."""
    names = sorted(known.values())
    raise InvalidField(field, number, ", ".join(dict.fromkeys(member.name for member in names)))


def _if_short(number: int) -> IfShort:
    return _if_shorts.get(number) or _unknown(_if_shorts, number, "if_short")


def _optional(value: str, field: str) -> str:
    if value:
        check_text(value, field)
    return value


def _required(value: str, field: str) -> str:
    check_required(value, field)
    return value


def _check_names(tenant: str, reference: str, channel: str, customer: str) -> None:
    if are_plain(f"{tenant}{reference}{channel}{customer}"):
        return
    check_text(tenant, "tenant")
    check_text(reference, "reference")
    check_text(channel, "channel")
    check_text(customer, "customer")


def _hash(command: core.Command) -> bytes:
    """What tells a repeated command from another one under the same request id."""
    return blake2b(_encode(command), digest_size=CONTENT_HASH_BYTES).digest()


def _context(message: pb.WriteContext, caller: Caller) -> core.Context:
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


def _basket(
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


def _parts(messages: Sequence[pb.LineQuantity]) -> tuple[core.LineQuantity, ...]:
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


def _buffers(messages: Sequence[stock_pb2.ChannelBuffer]) -> tuple[tuple[str, int], ...]:
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


def _home(reservation_id: str) -> int:
    slot = slot_of_reservation(reservation_id)
    if slot is None:
        raise Rejected(UnknownReservation(reservation_id))
    return slot
