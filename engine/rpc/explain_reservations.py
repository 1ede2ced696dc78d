"""What callers hear of rejections that concern reservations: a part of the table in `errors`."""

from collections.abc import Callable
from typing import Any

from holdfast.v1 import errors_pb2 as pb

from engine.core import rejections
from engine.rpc.problems import AmbiguousReference, UnknownReference
from engine.rpc.refusals import Refusal, are, time_text

SENTENCE_IDS_MAX = 3
"""So many of the reservations that a reference may mean are named in the sentence; the facts name
more."""


def _unknown_line(problem: rejections.UnknownLine) -> Refusal:
    facts = {"reservation_id": problem.reservation_id, "line_id": problem.line_id}
    message = f"reservation {problem.reservation_id} has no line {problem.line_id}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_LINE, message, facts)


def _expired(problem: rejections.HoldHasExpired) -> Refusal:
    expired_at = time_text(problem.expired_at_ms)
    facts = {"reservation_id": problem.reservation_id, "expired_at": expired_at}
    message = f"the hold of reservation {problem.reservation_id} expired at {expired_at}"
    return Refusal(pb.ERROR_REASON_RESERVATION_EXPIRED, message, facts)


def _of_reservation(reason: pb.ErrorReason, sentence: str) -> Callable[[Any], Refusal]:
    """An explanation whose only fact is the reservation's id."""

    def explanation(problem: Any) -> Refusal:
        reservation_id: str = problem.reservation_id
        facts = {"reservation_id": reservation_id}
        return Refusal(reason, sentence.format(reservation_id), facts)

    return explanation


def _line_quantity_exceeded(problem: rejections.LineQuantityExceeded) -> Refusal:
    facts = {
        "reservation_id": problem.reservation_id,
        "line_id": problem.line_id,
        "asked": str(problem.asked),
        "limit": str(problem.limit),
    }
    message = (
        f"line {problem.line_id} of reservation {problem.reservation_id}: "
        f"{problem.asked} asked for, {are(problem.limit)} there"
    )
    return Refusal(pb.ERROR_REASON_LINE_QUANTITY_EXCEEDED, message, facts)


def _picked_units(problem: rejections.PickedUnits) -> Refusal:
    facts = {
        "reservation_id": problem.reservation_id,
        "line_id": problem.line_id,
        "picked": str(problem.picked),
    }
    message = (
        f"{problem.picked} of line {problem.line_id} of reservation {problem.reservation_id} "
        f"{'lies' if problem.picked == 1 else 'lie'} in a box: Unpick first"
    )
    return Refusal(pb.ERROR_REASON_PICKED_UNITS, message, facts)


def _not_backed(problem: rejections.NotBacked) -> Refusal:
    facts = {
        "reservation_id": problem.reservation_id,
        "line_id": problem.line_id,
        "asked": str(problem.asked),
        "backed": str(problem.backed),
    }
    message = (
        f"line {problem.line_id} of reservation {problem.reservation_id}: "
        f"{problem.asked} asked for, stock is there for {problem.backed}; the rest waits for more"
    )
    return Refusal(pb.ERROR_REASON_NOT_BACKED, message, facts)


def _unknown_shipment(problem: rejections.UnknownShipment) -> Refusal:
    facts = {"reservation_id": problem.reservation_id, "shipment_id": problem.shipment_id}
    message = f"reservation {problem.reservation_id} has no shipment {problem.shipment_id}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_SHIPMENT, message, facts)


def _line_exists(problem: rejections.LineExists) -> Refusal:
    facts = {"reservation_id": problem.reservation_id, "line_id": problem.line_id}
    message = (
        f"line {problem.line_id} of reservation {problem.reservation_id} cannot get another SKU "
        "once units of it are shipped, nor counted units where it has uncounted ones: use another "
        "line"
    )
    return Refusal(pb.ERROR_REASON_LINE_EXISTS, message, facts)


def _too_many_lines(problem: rejections.TooManyLines) -> Refusal:
    facts = {"lines": str(problem.lines), "limit": str(problem.limit)}
    message = (
        f"the basket would have {problem.lines} lines, with those of its kits' components; "
        f"allowed: at most {problem.limit}"
    )
    return Refusal(pb.ERROR_REASON_TOO_MANY_LINES, message, facts)


def _attempt_decided(problem: rejections.AttemptDecided) -> Refusal:
    message = (
        "the basket over several shards was given up before all of it was set aside; nothing was "
        "changed: retry"
    )
    return Refusal(pb.ERROR_REASON_ATTEMPT_DECIDED, message, {"attempt_id": problem.attempt_id})


def _unknown_reference(problem: UnknownReference) -> Refusal:
    message = f"there is no reservation with the reference {problem.reference}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_RESERVATION, message, {"reference": problem.reference})


def _ambiguous_reference(problem: AmbiguousReference) -> Refusal:
    count = len(problem.reservation_ids)
    number = f"more than {problem.limit}" if count > problem.limit else str(count)
    ids = ", ".join(problem.reservation_ids[: problem.limit])
    facts = {"reference": problem.reference, "reservations": number, "reservation_ids": ids}
    named = problem.reservation_ids[: min(SENTENCE_IDS_MAX, problem.limit)]
    message = (
        f"{number} open reservations have the reference {problem.reference}; name one by its id: "
        f"{', '.join(named)}{', ...' if count > len(named) else ''}"
    )
    return Refusal(pb.ERROR_REASON_AMBIGUOUS_REFERENCE, message, facts)


def _request_id_reused(problem: rejections.RequestIdReused) -> Refusal:
    first_used_at = time_text(problem.first_used_at_ms)
    facts = {"request_id": problem.request_id, "first_used_at": first_used_at}
    message = (
        f"request id {problem.request_id} was used at {first_used_at} with other content; "
        "use a new one"
    )
    return Refusal(pb.ERROR_REASON_REQUEST_ID_REUSED, message, facts)


RESERVATION_EXPLANATIONS: dict[type, Callable[[Any], Refusal]] = {
    rejections.UnknownReservation: _of_reservation(
        pb.ERROR_REASON_UNKNOWN_RESERVATION, "there is no reservation {}"
    ),
    rejections.UnknownLine: _unknown_line,
    rejections.HoldHasExpired: _expired,
    rejections.AlreadyReleased: _of_reservation(
        pb.ERROR_REASON_RESERVATION_RELEASED, "reservation {} was released"
    ),
    rejections.AlreadyCommitted: _of_reservation(
        pb.ERROR_REASON_RESERVATION_COMMITTED, "reservation {} was committed with other content"
    ),
    rejections.AlreadyShipped: _of_reservation(
        pb.ERROR_REASON_RESERVATION_SHIPPED, "everything of reservation {} was shipped"
    ),
    rejections.NotCommitted: _of_reservation(
        pb.ERROR_REASON_RESERVATION_NOT_COMMITTED,
        "nothing of reservation {} is allocated: commit it first",
    ),
    rejections.StillWaiting: _of_reservation(
        pb.ERROR_REASON_STILL_WAITING,
        "reservation {} waits for stock; it can be committed once it has it all",
    ),
    rejections.NotShipped: _of_reservation(
        pb.ERROR_REASON_NOT_SHIPPED, "nothing of reservation {} was shipped that could come back"
    ),
    rejections.LineQuantityExceeded: _line_quantity_exceeded,
    rejections.PickedUnits: _picked_units,
    rejections.NotBacked: _not_backed,
    rejections.UnknownShipment: _unknown_shipment,
    rejections.LineExists: _line_exists,
    rejections.TooManyLines: _too_many_lines,
    rejections.AttemptDecided: _attempt_decided,
    rejections.RequestIdReused: _request_id_reused,
    UnknownReference: _unknown_reference,
    AmbiguousReference: _ambiguous_reference,
}
"""The explanations of what concerns reservations, by type."""
