"""Requests to commands, one converter each, for unary calls and for Execute alike.

A converter takes the request and the caller, and returns the home slot with the Write to submit
there. It raises InvalidField, BasketSpansShards or Rejected (a reservation id that is none of
ours), all before anything is submitted.
"""

from collections.abc import Callable
from typing import Any

from holdfast.v1 import inventory_pb2 as pb

from engine.core import commands as core
from engine.core.limits import BALANCE_MAX, QUANTITY_MAX
from engine.rpc.checks import InvalidField, check_range, ttl_ms
from engine.rpc.content_hash import content_hash
from engine.rpc.convert_parts import (
    FILLS,
    HOLD_CLASSES,
    IF_SHORTS,
    RELEASE_REASONS,
    REMAINDERS,
    SELLINGS,
    Caller,
    basket,
    channel_buffers,
    check_names,
    home_slot,
    known,
    line_quantities,
    optional,
    required,
    stock_key,
    write_context,
)
from engine.shard.messages import Write
from engine.shard.slots import slot_of

VERSION_MAX = 2**63 - 1
"""The highest version that can be asked for; the field admits twice as much, which none reaches."""

Submission = tuple[int, Write]
"""A home slot and what to submit there."""

Converter = Callable[[Any, Caller], Submission]
"""A checked conversion of one kind of request."""


def reserve(request: pb.ReserveRequest, caller: Caller) -> Submission:
    """Check and convert a Reserve. Calls are spared here, because most of a batch are Reserves."""
    context = write_context(request.context, caller)
    tenant = request.tenant
    reference = request.reference
    channel = request.channel
    customer = request.customer
    if tenant or reference or channel or customer:
        check_names(tenant, reference, channel, customer)
    slot, lines = basket(request.lines, tenant, caller.shards)
    fill = request.fill
    hold_class = request.hold_class
    command = core.Reserve(
        tenant,
        lines,
        FILLS.get(fill) or known(FILLS, fill, "fill"),
        ttl_ms(request.ttl, "ttl") if request.HasField("ttl") else 0,
        HOLD_CLASSES.get(hold_class) or known(HOLD_CLASSES, hold_class, "hold_class"),
        reference,
        channel,
        customer,
    )
    return slot, Write(context, content_hash(command), command)


def allocate(request: pb.AllocateRequest, caller: Caller) -> Submission:
    """Check and convert an Allocate."""
    context = write_context(request.context, caller)
    tenant = request.tenant
    reference = request.reference
    channel = request.channel
    customer = request.customer
    check_names(tenant, reference, channel, customer)
    slot, lines = basket(request.lines, tenant, caller.shards)
    if_short = known(IF_SHORTS, request.if_short, "if_short")
    command = core.Allocate(tenant, lines, if_short, reference, channel, customer)
    return slot, Write(context, content_hash(command), command)


def extend(request: pb.ExtendRequest, caller: Caller) -> Submission:
    """Check and convert an Extend."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id = required(request.reservation_id, "reservation_id")
    command = core.Extend(
        tenant,
        reservation_id,
        ttl_ms(request.ttl, "ttl") if request.HasField("ttl") else 0,
        known(HOLD_CLASSES, request.hold_class, "hold_class"),
    )
    return home_slot(reservation_id), Write(context, content_hash(command), command)


def commit(request: pb.CommitRequest, caller: Caller) -> Submission:
    """Check and convert a Commit."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id = required(request.reservation_id, "reservation_id")
    command = core.Commit(
        tenant,
        reservation_id,
        line_quantities(request.lines),
        known(REMAINDERS, request.remainder, "remainder"),
        optional(request.reference, "reference"),
    )
    return home_slot(reservation_id), Write(context, content_hash(command), command)


def release(request: pb.ReleaseRequest, caller: Caller) -> Submission:
    """Check and convert a Release."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id = required(request.reservation_id, "reservation_id")
    reason = known(RELEASE_REASONS, request.reason, "reason")
    command = core.Release(tenant, reservation_id, line_quantities(request.lines), reason)
    return home_slot(reservation_id), Write(context, content_hash(command), command)


def ship(request: pb.ShipRequest, caller: Caller) -> Submission:
    """Check and convert a Ship."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id = required(request.reservation_id, "reservation_id")
    reference = optional(request.reference, "reference")
    command = core.Ship(tenant, reservation_id, line_quantities(request.lines), reference)
    return home_slot(reservation_id), Write(context, content_hash(command), command)


def sell(request: pb.SellRequest, caller: Caller) -> Submission:
    """Check and convert a Sell."""
    context = write_context(request.context, caller)
    key = stock_key(request.key)
    quantity = request.quantity
    check_range(quantity, 1, QUANTITY_MAX, "quantity")
    command = core.Sell(
        key,
        quantity,
        known(IF_SHORTS, request.if_short, "if_short"),
        optional(request.reference, "reference"),
        optional(request.channel, "channel"),
    )
    return slot_of(key.tenant, key.sku), Write(context, content_hash(command), command)


def receive(request: pb.ReceiveRequest, caller: Caller) -> Submission:
    """Check and convert a Receive."""
    context = write_context(request.context, caller)
    key = stock_key(request.key)
    quantity = request.quantity
    check_range(quantity, 1, QUANTITY_MAX, "quantity")
    command = core.Receive(key, quantity, optional(request.reference, "reference"))
    return slot_of(key.tenant, key.sku), Write(context, content_hash(command), command)


def adjust(request: pb.AdjustRequest, caller: Caller) -> Submission:
    """Check and convert an Adjust."""
    context = write_context(request.context, caller)
    key = stock_key(request.key)
    delta = request.delta
    if not delta or not -QUANTITY_MAX <= delta <= QUANTITY_MAX:
        raise InvalidField("delta", delta, f"{-QUANTITY_MAX} to {QUANTITY_MAX}, not 0")
    command = core.Adjust(
        key,
        delta,
        required(request.reason, "reason"),
        required(request.reference, "reference"),
        known(IF_SHORTS, request.if_short, "if_short"),
    )
    return slot_of(key.tenant, key.sku), Write(context, content_hash(command), command)


def set_on_hand(request: pb.SetOnHandRequest, caller: Caller) -> Submission:
    """Check and convert a SetOnHand."""
    context = write_context(request.context, caller)
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
        known(IF_SHORTS, request.if_short, "if_short"),
        optional(request.reference, "reference"),
        optional(request.reason, "reason"),
    )
    return slot_of(key.tenant, key.sku), Write(context, content_hash(command), command)


def configure(request: pb.ConfigureRequest, caller: Caller) -> Submission:
    """Check and convert a Configure."""
    context = write_context(request.context, caller)
    key = stock_key(request.key)
    safety_stock = request.safety_stock if request.HasField("safety_stock") else None
    if safety_stock is not None:
        check_range(safety_stock, 0, QUANTITY_MAX, "safety_stock")
    tracked = request.tracked if request.HasField("tracked") else None
    selling = known(SELLINGS, request.selling, "selling") if request.selling else None
    buffers = channel_buffers(request.channel_buffers)
    if safety_stock is None and tracked is None and selling is None and not buffers:
        limit = "at least one of safety_stock, tracked, selling, channel_buffers"
        raise InvalidField("safety_stock", "", limit)
    command = core.Configure(key, safety_stock, tracked, selling, buffers)
    return slot_of(key.tenant, key.sku), Write(context, content_hash(command), command)


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
