"""Requests that make or change what a basket is promised, to commands: see `convert_commands`."""

from collections.abc import Sequence

from holdfast.v1 import inventory_pb2 as pb

from engine.core import commands as core
from engine.core.limits import BASKET_LINES_MAX, QUANTITY_MAX
from engine.rpc.checks import (
    InvalidField,
    check_count,
    check_range,
    check_required,
    check_unique,
    confirm_ms,
    ttl_ms,
)
from engine.rpc.content_hash import content_hash
from engine.rpc.convert_parts import (
    FILLS,
    HOLD_CLASSES,
    IF_SHORTS,
    ON_EXPIRED,
    ON_OVERDUE,
    RELEASE_REASONS,
    REMAINDERS,
    STRATEGIES,
    ByReference,
    Caller,
    Submission,
    basket,
    check_names,
    home_of_basket,
    known,
    line_quantities,
    on_reservation,
    optional,
    required,
    subject,
    write_context,
)
from engine.shard.messages import Write


def reserve(request: pb.ReserveRequest, caller: Caller) -> Submission:
    """Check and convert a Reserve. Calls are spared here, because most of a batch are Reserves."""
    context = write_context(request.context, caller)
    tenant = request.tenant
    reference = request.reference
    channel = request.channel
    customer = request.customer
    if tenant or reference or channel or customer:
        check_names(tenant, reference, channel, customer)
    lines = basket(request.lines, tenant)
    fill = request.fill
    hold_class = request.hold_class
    strategy = request.strategy
    command = core.Reserve(
        tenant,
        lines,
        FILLS.get(fill) or known(FILLS, fill, "fill"),
        ttl_ms(request.ttl, "ttl") if request.HasField("ttl") else 0,
        HOLD_CLASSES.get(hold_class) or known(HOLD_CLASSES, hold_class, "hold_class"),
        reference,
        channel,
        customer,
        STRATEGIES.get(strategy) or known(STRATEGIES, strategy, "strategy"),
        request.split if request.HasField("split") else True,
        ttl_ms(request.wait, "wait") if request.HasField("wait") else 0,
    )
    return home_of_basket(lines, tenant), Write(context, content_hash(command), command)


def allocate(request: pb.AllocateRequest, caller: Caller) -> Submission:
    """Check and convert an Allocate."""
    context = write_context(request.context, caller)
    tenant = request.tenant
    reference = request.reference
    channel = request.channel
    customer = request.customer
    check_names(tenant, reference, channel, customer)
    lines = basket(request.lines, tenant)
    command = core.Allocate(
        tenant,
        lines,
        known(IF_SHORTS, request.if_short, "if_short"),
        reference,
        channel,
        customer,
        known(STRATEGIES, request.strategy, "strategy"),
        request.split if request.HasField("split") else True,
        _confirm_within_ms(request),
        known(ON_OVERDUE, request.on_overdue, "on_overdue"),
    )
    return home_of_basket(lines, tenant), Write(context, content_hash(command), command)


def _confirm_within_ms(request: pb.AllocateRequest | pb.CommitRequest) -> int:
    if request.HasField("confirm_within"):
        return confirm_ms(request.confirm_within, "confirm_within")
    return 0


def amend(request: pb.AmendRequest, caller: Caller) -> Submission | ByReference:
    """Check and convert an Amend."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id, reference = subject(request)
    set_lines = basket(request.set_lines, tenant, "set_lines")
    drop_line_ids = tuple(request.drop_line_ids)
    _check_dropped(drop_line_ids, set_lines)
    command = core.Amend(
        tenant,
        reservation_id,
        set_lines,
        drop_line_ids,
        known(STRATEGIES, request.strategy, "strategy"),
        request.split if request.HasField("split") else True,
    )
    return on_reservation(reference, context, command)


def _check_dropped(line_ids: Sequence[str], set_lines: Sequence[core.BasketLine]) -> None:
    """Refuse an Amend that changes nothing, or sets and drops the same line."""
    if not line_ids and not set_lines:
        raise InvalidField("set_lines", "0 lines", "at least one of set_lines, drop_line_ids")
    check_count(len(line_ids), 0, BASKET_LINES_MAX, "drop_line_ids", "lines")
    set_ids = {line.line_id for line in set_lines}
    for index, line_id in enumerate(line_ids):
        check_required(line_id, f"drop_line_ids[{index}]")
        if line_id in set_ids:
            raise InvalidField(f"drop_line_ids[{index}]", line_id, "not one of set_lines")
    check_unique(line_ids, "drop_line_ids", "")


def extend(request: pb.ExtendRequest, caller: Caller) -> Submission | ByReference:
    """Check and convert an Extend."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id, reference = subject(request)
    command = core.Extend(
        tenant,
        reservation_id,
        ttl_ms(request.ttl, "ttl") if request.HasField("ttl") else 0,
        known(HOLD_CLASSES, request.hold_class, "hold_class"),
    )
    return on_reservation(reference, context, command)


def commit(request: pb.CommitRequest, caller: Caller) -> Submission | ByReference:
    """Check and convert a Commit."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id, reference = subject(request)
    command = core.Commit(
        tenant,
        reservation_id,
        line_quantities(request.lines),
        known(REMAINDERS, request.remainder, "remainder"),
        optional(request.reference, "reference"),
        known(ON_EXPIRED, request.on_expired, "on_expired"),
        _confirm_within_ms(request),
        known(ON_OVERDUE, request.on_overdue, "on_overdue"),
    )
    return on_reservation(reference, context, command)


def confirm(request: pb.ConfirmRequest, caller: Caller) -> Submission | ByReference:
    """Check and convert a Confirm."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id, reference = subject(request)
    return on_reservation(reference, context, core.Confirm(tenant, reservation_id))


def release(request: pb.ReleaseRequest, caller: Caller) -> Submission | ByReference:
    """Check and convert a Release."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id, reference = subject(request)
    reason = known(RELEASE_REASONS, request.reason, "reason")
    command = core.Release(tenant, reservation_id, line_quantities(request.lines), reason)
    return on_reservation(reference, context, command)


def pick(request: pb.PickRequest, caller: Caller) -> Submission | ByReference:
    """Check and convert a Pick."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id, reference = subject(request)
    command = core.Pick(
        tenant,
        reservation_id,
        _picked_lines(request.lines),
        optional(request.reference, "reference"),
    )
    return on_reservation(reference, context, command)


def _picked_lines(messages: Sequence[pb.PickedLine]) -> tuple[core.PickedLine, ...]:
    check_count(len(messages), 0, BASKET_LINES_MAX, "lines", "lines")
    lines: list[core.PickedLine] = []
    for index, message in enumerate(messages):
        check_required(message.line_id, f"lines[{index}].line_id")
        check_range(message.quantity, 0, QUANTITY_MAX, f"lines[{index}].quantity")
        check_range(message.missing, 0, QUANTITY_MAX, f"lines[{index}].missing")
        lines.append(core.PickedLine(message.line_id, message.quantity, message.missing))
    check_unique([line.line_id for line in lines], "lines", "line_id")
    return tuple(lines)


def unpick(request: pb.UnpickRequest, caller: Caller) -> Submission | ByReference:
    """Check and convert an Unpick."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id, reference = subject(request)
    lines = line_quantities(request.lines)
    command = core.Unpick(tenant, reservation_id, lines, optional(request.reference, "reference"))
    return on_reservation(reference, context, command)


def ship(request: pb.ShipRequest, caller: Caller) -> Submission | ByReference:
    """Check and convert a Ship."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id, reservation_reference = subject(request)
    command = core.Ship(
        tenant,
        reservation_id,
        line_quantities(request.lines, of_ship=True),
        optional(request.reference, "reference"),
        known(IF_SHORTS, request.if_unexpected, "if_unexpected"),
    )
    return on_reservation(reservation_reference, context, command)


def return_(request: pb.ReturnRequest, caller: Caller) -> Submission | ByReference:
    """Check and convert a Return."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id, reservation_reference = subject(request)
    command = core.Return(
        tenant,
        reservation_id,
        line_quantities(request.lines),
        optional(request.shipment_id, "shipment_id"),
        optional(request.unavailable_cause, "unavailable_cause"),
        optional(request.reason, "reason"),
        optional(request.reference, "reference"),
    )
    return on_reservation(reservation_reference, context, command)


def transfer_reservation(
    request: pb.TransferReservationRequest, caller: Caller
) -> Submission | ByReference:
    """Check and convert a TransferReservation."""
    context = write_context(request.context, caller)
    tenant = optional(request.tenant, "tenant")
    reservation_id, reference = subject(request)
    command = core.TransferReservation(
        tenant,
        reservation_id,
        required(request.to_location, "to_location"),
        line_quantities(request.lines),
    )
    return on_reservation(reference, context, command)
