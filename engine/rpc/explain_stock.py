"""What callers hear of rejections that concern stock, transfers and configuration: a part of the
table in `errors`."""

from collections.abc import Callable
from typing import Any

from holdfast.v1 import errors_pb2 as pb

from engine.core import rejections
from engine.core.model import ShortCause, ShortLine
from engine.rpc.checks import InvalidField
from engine.rpc.refusals import Refusal, are, at, key_facts, sku_of, time_text


def invalid_field(problem: InvalidField) -> Refusal:
    """A field is empty, malformed or out of its limits."""
    facts = {"field": problem.field, "value": problem.value, "limit": problem.limit}
    return Refusal(pb.ERROR_REASON_INVALID_FIELD, str(problem), facts)


def _too_many(problem: rejections.TooMany) -> Refusal:
    key = problem.key
    # A group of locations has no SKU.
    where = f"at {at(key)}" if key.sku else f"of location {key.location}"
    limit = f"at most {problem.limit} {where}"
    return invalid_field(InvalidField(problem.field, str(problem.value), limit))


def _short_sentence(line: ShortLine) -> str:
    key = line.key
    # A line that may come from several locations is short at none of them alone.
    what = at(key) if key.location else f"{sku_of(key)} from the locations asked"
    wish = f"line {line.line_id} asks for {line.asked} of {what}"
    if not line.line_id:
        wish = f"{line.asked} of {what} asked for"
    if line.cause is ShortCause.STOPPED:
        return f"{wish}, where selling is stopped"
    if line.cause is ShortCause.LOCATION_DISABLED:
        return f"{wish}, where {'the location is disabled' if key.location else 'none is enabled'}"
    available = f"{wish}, {are(line.available)} available"
    if line.cause is ShortCause.CUSTOMER_LIMIT:
        return f"{available} to this customer, who may not have more"
    return f"{available} for this channel" if line.cause is ShortCause.CHANNEL else available


def _insufficient_stock(problem: rejections.InsufficientStock) -> Refusal:
    short_lines = problem.short_lines
    message = _short_sentence(short_lines[0]) if short_lines else "not enough is available"
    if len(short_lines) > 1:
        more = len(short_lines) - 1
        message += f"; {more} more line{'s are' if more > 1 else ' is'} short"
    facts = {"short_lines": str(len(short_lines)), "omitted_lines": "0"}
    return Refusal(pb.ERROR_REASON_INSUFFICIENT_STOCK, message, facts, short_lines)


def _unknown_stock(problem: rejections.UnknownStock) -> Refusal:
    message = f"there is no {at(problem.key)}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_STOCK, message, key_facts(problem.key))


def _below_promised(problem: rejections.BelowPromised) -> Refusal:
    facts = {"on_hand": str(problem.on_hand), "promised": str(problem.promised)}
    message = (
        f"{problem.on_hand} of {at(problem.key)} would be left and "
        f"{are(problem.promised)} promised; tell it with if_short RECORD if it has happened"
    )
    return Refusal(pb.ERROR_REASON_BELOW_PROMISED, message, facts | key_facts(problem.key))


def _balance_out_of_range(problem: rejections.BalanceOutOfRange) -> Refusal:
    limit = f"{-problem.limit} to {problem.limit}"
    facts = {"field": problem.field, "value": str(problem.value), "limit": limit}
    message = f"{problem.field} of {at(problem.key)} would be {problem.value}; allowed: {limit}"
    return Refusal(pb.ERROR_REASON_BALANCE_OUT_OF_RANGE, message, facts | key_facts(problem.key))


def _version_mismatch(problem: rejections.VersionMismatch) -> Refusal:
    facts = {"expected": str(problem.expected), "actual": str(problem.actual)}
    message = f"{at(problem.key)} has version {problem.actual}, not {problem.expected}"
    return Refusal(pb.ERROR_REASON_VERSION_MISMATCH, message, facts | key_facts(problem.key))


def _on_hand_mismatch(problem: rejections.OnHandMismatch) -> Refusal:
    facts = {"expected": str(problem.expected), "actual": str(problem.actual)}
    message = (
        f"{problem.actual} of {at(problem.key)} {'is' if problem.actual == 1 else 'are'} on hand, "
    )
    message += f"not {problem.expected}"
    return Refusal(pb.ERROR_REASON_ON_HAND_MISMATCH, message, facts | key_facts(problem.key))


def _unknown_group(problem: rejections.UnknownGroup) -> Refusal:
    facts = {"line_id": problem.line_id, "group": problem.group}
    message = (
        f"line {problem.line_id} names the group {problem.group}, which no enabled location is in"
    )
    return Refusal(pb.ERROR_REASON_UNKNOWN_GROUP, message, facts)


def _customer_required(problem: rejections.CustomerRequired) -> Refusal:
    facts = {"line_id": problem.line_id, "sku": problem.sku}
    message = (
        f"line {problem.line_id} asks for {problem.sku}, of which each customer may have a limited "
        "number: name the customer"
    )
    return Refusal(pb.ERROR_REASON_CUSTOMER_REQUIRED, message, facts)


def _kit_has_no_stock(problem: rejections.KitHasNoStock) -> Refusal:
    message = f"{sku_of(problem.key)} is a kit: its components have stock, it has none of its own"
    return Refusal(pb.ERROR_REASON_KIT_HAS_NO_STOCK, message, key_facts(problem.key))


def _kit_in_kit(problem: rejections.KitInKit) -> Refusal:
    facts = {"sku": problem.sku, "component": problem.component}
    message = f"{problem.component} cannot be in the kit {problem.sku}: kits do not nest"
    return Refusal(pb.ERROR_REASON_KIT_IN_KIT, message, facts)


def _unknown_transfer(problem: rejections.UnknownTransfer) -> Refusal:
    message = f"there is no transfer {problem.transfer_id}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_TRANSFER, message, {"transfer_id": problem.transfer_id})


def _transfer_quantity_exceeded(problem: rejections.TransferQuantityExceeded) -> Refusal:
    facts = {
        "transfer_id": problem.transfer_id,
        "asked": str(problem.asked),
        "limit": str(problem.limit),
    }
    message = (
        f"transfer {problem.transfer_id}: {problem.asked} told of, {are(problem.limit)} on the way"
    )
    return Refusal(pb.ERROR_REASON_TRANSFER_QUANTITY_EXCEEDED, message, facts)


def _unavailable_quantity_exceeded(problem: rejections.UnavailableQuantityExceeded) -> Refusal:
    facts = {
        "unavailable_cause": problem.unavailable_cause,
        "asked": str(problem.asked),
        "limit": str(problem.limit),
    }
    message = (
        f"{problem.asked} of {at(problem.key)} asked for of those unavailable as "
        f"{problem.unavailable_cause}, {are(problem.limit)} there"
    )
    facts |= key_facts(problem.key)
    return Refusal(pb.ERROR_REASON_UNAVAILABLE_QUANTITY_EXCEEDED, message, facts)


def _unknown_incoming(problem: rejections.UnknownIncoming) -> Refusal:
    facts = {"reference": problem.reference} | key_facts(problem.key)
    message = f"nothing is expected as {problem.reference} of {at(problem.key)}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_INCOMING, message, facts)


def _source_stale(problem: rejections.SourceStale) -> Refusal:
    facts = {
        "source": problem.source,
        "source_sequence": str(problem.source_sequence),
        "last": str(problem.last),
    }
    message = (
        f"source {problem.source} told of {at(problem.key)} up to number {problem.last} before; "
        f"number {problem.source_sequence} is not new"
    )
    return Refusal(pb.ERROR_REASON_SOURCE_STALE, message, facts | key_facts(problem.key))


def _count_stale(problem: rejections.CountStale) -> Refusal:
    observed_at, last = time_text(problem.observed_at_ms), time_text(problem.last_ms)
    facts = {"source": problem.source, "observed_at": observed_at, "last": last}
    message = (
        f"source {problem.source} told of a count of {at(problem.key)} made at {last}; "
        f"one made at {observed_at} is not newer"
    )
    return Refusal(pb.ERROR_REASON_COUNT_STALE, message, facts | key_facts(problem.key))


def _observation_too_old(problem: rejections.ObservationTooOld) -> Refusal:
    observed_at = time_text(problem.observed_at_ms) if problem.observed_at_ms else ""
    facts = {"observed_at": observed_at} | key_facts(problem.key)
    message = (
        f"what has happened to {at(problem.key)} since the count"
        f"{f' at {observed_at}' if observed_at else ''} is not kept any more; count again"
    )
    return Refusal(pb.ERROR_REASON_OBSERVATION_TOO_OLD, message, facts)


STOCK_EXPLANATIONS: dict[type, Callable[[Any], Refusal]] = {
    InvalidField: invalid_field,
    rejections.TooMany: _too_many,
    rejections.InsufficientStock: _insufficient_stock,
    rejections.UnknownStock: _unknown_stock,
    rejections.BelowPromised: _below_promised,
    rejections.BalanceOutOfRange: _balance_out_of_range,
    rejections.VersionMismatch: _version_mismatch,
    rejections.OnHandMismatch: _on_hand_mismatch,
    rejections.UnknownGroup: _unknown_group,
    rejections.CustomerRequired: _customer_required,
    rejections.KitHasNoStock: _kit_has_no_stock,
    rejections.KitInKit: _kit_in_kit,
    rejections.UnknownTransfer: _unknown_transfer,
    rejections.TransferQuantityExceeded: _transfer_quantity_exceeded,
    rejections.UnavailableQuantityExceeded: _unavailable_quantity_exceeded,
    rejections.UnknownIncoming: _unknown_incoming,
    rejections.SourceStale: _source_stale,
    rejections.CountStale: _count_stale,
    rejections.ObservationTooOld: _observation_too_old,
}
"""The explanations of what concerns stock, by type."""
