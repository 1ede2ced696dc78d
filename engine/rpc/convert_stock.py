"""Requests on the stock of one SKU, to commands: see `convert_commands`."""

from collections.abc import Sequence

from holdfast.v1 import inventory_pb2 as pb
from holdfast.v1 import stock_pb2

from engine.core import commands as core
from engine.core.limits import BALANCE_MAX, CHANNEL_BUFFERS_MAX, QUANTITY_MAX
from engine.core.model import Key
from engine.core.rejections import UnknownTransfer
from engine.rpc.checks import (
    CURSOR_LIMIT,
    InvalidField,
    check_count,
    check_range,
    check_required,
    check_unique,
    time_ms,
)
from engine.rpc.content_hash import content_hash
from engine.rpc.convert_parts import (
    IF_SHORTS,
    SELLINGS,
    AtPosition,
    Caller,
    Submission,
    known,
    optional,
    required,
    stock_key,
    write_context,
)
from engine.rpc.cursors import position_in
from engine.rpc.problems import Rejected
from engine.shard.messages import Write
from engine.shard.port import Shards
from engine.shard.slots import slot_of, slot_of_reservation

VERSION_MAX = 2**63 - 1
"""The highest version that can be asked for; the field admits twice as much, which none reaches."""


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
    return _on_stock(context, key, command)


def receive(request: pb.ReceiveRequest, caller: Caller) -> Submission:
    """Check and convert a Receive."""
    context = write_context(request.context, caller)
    key = stock_key(request.key)
    quantity = request.quantity
    check_range(quantity, 1, QUANTITY_MAX, "quantity")
    command = core.Receive(
        key,
        quantity,
        optional(request.reference, "reference"),
        optional(request.incoming_reference, "incoming_reference"),
        optional(request.unavailable_cause, "unavailable_cause"),
    )
    return _on_stock(context, key, command)


def expect(request: pb.ExpectRequest, caller: Caller) -> Submission:
    """Check and convert an Expect."""
    context = write_context(request.context, caller)
    key = stock_key(request.key)
    reference = required(request.reference, "reference")
    check_range(request.quantity, 0, QUANTITY_MAX, "quantity")
    command = core.Expect(key, reference, request.quantity, _expected_at_ms(request))
    return _on_stock(context, key, command)


def _expected_at_ms(request: pb.ExpectRequest | pb.SendTransferRequest) -> int:
    if request.HasField("expected_at"):
        return time_ms(request.expected_at, "expected_at")
    return 0


def take_back(request: pb.TakeBackRequest, caller: Caller) -> Submission:
    """Check and convert a TakeBack."""
    context = write_context(request.context, caller)
    key = stock_key(request.key)
    check_range(request.quantity, 1, QUANTITY_MAX, "quantity")
    command = core.TakeBack(
        key,
        request.quantity,
        required(request.reason, "reason"),
        optional(request.reference, "reference"),
        optional(request.unavailable_cause, "unavailable_cause"),
    )
    return _on_stock(context, key, command)


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
        optional(request.unavailable_cause, "unavailable_cause"),
    )
    return _on_stock(context, key, command)


def set_on_hand(request: pb.SetOnHandRequest, caller: Caller) -> Submission | AtPosition:
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
        *_observed(request, key, caller.shards),
    )
    slot, write = _on_stock(context, key, command)
    shard, position = caller.shards.shard_of(slot), command.observed_position
    if position > caller.shards.feed(shard).head:
        # It may have been answered before this front end has heard of it.
        return AtPosition(key, position, (slot, write))
    return slot, write


def _observed(request: pb.SetOnHandRequest, key: Key, shards: Shards) -> tuple[int, int]:
    """When it was counted: a time and a position, at most one of them not 0."""
    text = request.observed_cursor
    if request.HasField("observed_at"):
        if text:
            raise InvalidField("observed_cursor", text, "empty where observed_at is set")
        return time_ms(request.observed_at, "observed_at"), 0
    if not text:
        return 0, 0
    shard = shards.shard_of(slot_of(key.tenant, key.sku))
    position = position_in(text, "observed_cursor", shards, shard)
    if not position:
        limit = f"{CURSOR_LIMIT} after the first event of shard {shard}"
        raise InvalidField("observed_cursor", text, limit)
    return 0, position


def move(request: pb.MoveRequest, caller: Caller) -> Submission:
    """Check and convert a Move."""
    context = write_context(request.context, caller)
    key = stock_key(request.key)
    check_range(request.quantity, 1, QUANTITY_MAX, "quantity")
    from_cause = optional(request.from_cause, "from_cause")
    to_cause = optional(request.to_cause, "to_cause")
    if from_cause == to_cause:
        raise InvalidField("to_cause", to_cause, "another cause than from_cause")
    command = core.Move(
        key,
        request.quantity,
        from_cause,
        to_cause,
        optional(request.reason, "reason"),
        optional(request.reference, "reference"),
        known(IF_SHORTS, request.if_short, "if_short"),
    )
    return _on_stock(context, key, command)


def configure(request: pb.ConfigureRequest, caller: Caller) -> Submission:
    """Check and convert a Configure."""
    context = write_context(request.context, caller)
    key = stock_key(request.key)
    safety_stock = request.safety_stock if request.HasField("safety_stock") else None
    if safety_stock is not None:
        check_range(safety_stock, 0, QUANTITY_MAX, "safety_stock")
    tracked = request.tracked if request.HasField("tracked") else None
    selling = known(SELLINGS, request.selling, "selling") if request.selling else None
    buffers = _channel_buffers(request.channel_buffers)
    backorder_limit = request.backorder_limit if request.HasField("backorder_limit") else None
    if backorder_limit is not None:
        check_range(backorder_limit, 0, QUANTITY_MAX, "backorder_limit")
    settings = (safety_stock, tracked, selling, backorder_limit)
    if not buffers and all(setting is None for setting in settings):
        limit = "at least one of safety_stock, tracked, selling, channel_buffers, backorder_limit"
        raise InvalidField("safety_stock", "", limit)
    command = core.Configure(key, safety_stock, tracked, selling, buffers, backorder_limit)
    return _on_stock(context, key, command)


def _channel_buffers(messages: Sequence[stock_pb2.ChannelBuffer]) -> tuple[tuple[str, int], ...]:
    check_count(len(messages), 0, CHANNEL_BUFFERS_MAX, "channel_buffers", "buffers")
    buffers: list[tuple[str, int]] = []
    for index, message in enumerate(messages):
        channel = message.channel
        units = message.units
        check_required(channel, f"channel_buffers[{index}].channel")
        check_range(units, 0, QUANTITY_MAX, f"channel_buffers[{index}].units")
        buffers.append((channel, units))
    check_unique([channel for channel, _ in buffers], "channel_buffers", "channel")
    return tuple(buffers)


def send_transfer(request: pb.SendTransferRequest, caller: Caller) -> Submission:
    """Check and convert a SendTransfer."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    sku = required(request.sku, "sku")
    from_location = required(request.from_location, "from_location")
    to_location = required(request.to_location, "to_location")
    if from_location == to_location:
        raise InvalidField("to_location", to_location, "another location than from_location")
    check_range(request.quantity, 1, QUANTITY_MAX, "quantity")
    command = core.SendTransfer(
        tenant,
        sku,
        from_location,
        to_location,
        request.quantity,
        _expected_at_ms(request),
        optional(request.reference, "reference"),
        known(IF_SHORTS, request.if_short, "if_short"),
    )
    return slot_of(tenant, sku), Write(context, content_hash(command), command)


def receive_transfer(request: pb.ReceiveTransferRequest, caller: Caller) -> Submission:
    """Check and convert a ReceiveTransfer. Rejected if its transfer id is none of ours."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    transfer_id = required(request.transfer_id, "transfer_id")
    quantity = request.quantity
    check_range(quantity, 0, QUANTITY_MAX, "quantity")
    check_range(request.lost, 0, QUANTITY_MAX, "lost")
    if not quantity and not request.lost:
        raise InvalidField("quantity", quantity, f"1 to {QUANTITY_MAX}, or 0 if units are lost")
    command = core.ReceiveTransfer(
        tenant,
        transfer_id,
        quantity,
        request.lost,
        optional(request.unavailable_cause, "unavailable_cause"),
        optional(request.reference, "reference"),
    )
    slot = slot_of_reservation(transfer_id)
    if slot is None:
        raise Rejected(UnknownTransfer(transfer_id))
    return slot, Write(context, content_hash(command), command)


def _on_stock(context: core.Context, key: Key, command: core.OnStock) -> Submission:
    return slot_of(key.tenant, key.sku), Write(context, content_hash(command), command)
