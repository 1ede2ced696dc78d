"""What callers hear of each problem: the only table of statuses.

`explain` turns a problem (a rejection, a refused field, a shard that is away, ...) into a Refusal;
`statuses` sends it.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import grpc
from holdfast.v1 import errors_pb2 as pb

from engine.core import rejections
from engine.core.model import Key, ShortCause, ShortLine
from engine.feed.cursor import CursorForeign, CursorOutOfRange, MalformedCursor
from engine.feed.hub import TooManySubscribers
from engine.feed.watch import FeedStopping
from engine.rpc.checks import InvalidField, shortened
from engine.rpc.problems import (
    BasketSpansShards,
    DeadlineExpired,
    DecisionFailed,
    Rejected,
    ServerStopping,
)
from engine.shard.port import HistoryDamaged, Overloaded, ShardUnavailable

OVERLOADED_RETRY_MS = 200
UNAVAILABLE_RETRY_MS = 500

CODES: dict[pb.ErrorReason, grpc.StatusCode] = {
    pb.ERROR_REASON_INVALID_FIELD: grpc.StatusCode.INVALID_ARGUMENT,
    pb.ERROR_REASON_INSUFFICIENT_STOCK: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_UNKNOWN_STOCK: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_UNKNOWN_RESERVATION: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_UNKNOWN_LINE: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_RESERVATION_EXPIRED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_RESERVATION_RELEASED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_RESERVATION_COMMITTED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_RESERVATION_SHIPPED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_RESERVATION_NOT_COMMITTED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_LINE_QUANTITY_EXCEEDED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_BELOW_PROMISED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_BALANCE_OUT_OF_RANGE: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_VERSION_MISMATCH: grpc.StatusCode.ABORTED,
    pb.ERROR_REASON_ON_HAND_MISMATCH: grpc.StatusCode.ABORTED,
    pb.ERROR_REASON_REQUEST_ID_REUSED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_BASKET_SPANS_SHARDS: grpc.StatusCode.UNIMPLEMENTED,
    pb.ERROR_REASON_OVERLOADED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    pb.ERROR_REASON_SHARD_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    pb.ERROR_REASON_DEADLINE_EXPIRED: grpc.StatusCode.DEADLINE_EXCEEDED,
    pb.ERROR_REASON_CURSOR_OUT_OF_RANGE: grpc.StatusCode.OUT_OF_RANGE,
    pb.ERROR_REASON_CURSOR_FOREIGN: grpc.StatusCode.DATA_LOSS,
    pb.ERROR_REASON_INTERNAL: grpc.StatusCode.INTERNAL,
    pb.ERROR_REASON_HISTORY_DAMAGED: grpc.StatusCode.DATA_LOSS,
}
"""The gRPC code of each reason, as errors.proto states it."""


class Refusal(NamedTuple):
    """What a caller hears: a reason, a sentence for a person, and the facts for a program."""

    reason: pb.ErrorReason
    message: str
    metadata: dict[str, str]
    short_lines: tuple[ShortLine, ...] = ()
    retry_after_ms: int = 0

    @property
    def code(self) -> grpc.StatusCode:
        """The gRPC code of the reason."""
        return CODES[self.reason]


def internal(correlation_id: str) -> Refusal:
    """What a caller hears of a fault of ours: where to find it in the server's log, and nothing
    else."""
    message = f"the server has a fault; its log has it under correlation id {correlation_id}"
    return Refusal(pb.ERROR_REASON_INTERNAL, message, {"correlation_id": correlation_id})


def explain(problem: object) -> Refusal | None:
    """The refusal that a problem becomes; None if it is not one that is foreseen, and so a fault of
    ours."""
    if isinstance(problem, Rejected):
        problem = problem.rejection
    explanation = EXPLANATIONS.get(type(problem))
    return explanation(problem) if explanation else None


def _time(time_ms: int) -> str:
    """A time as RFC 3339 in UTC, to the millisecond."""
    time = datetime.fromtimestamp(time_ms / 1_000, UTC)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _key(key: Key) -> dict[str, str]:
    return {"tenant": key.tenant, "sku": key.sku, "location": key.location}


def _at(key: Key) -> str:
    of_tenant = f" of tenant {key.tenant}" if key.tenant else ""
    return f"{key.sku} at {key.location}{of_tenant}"


def _are(number: int) -> str:
    return "1 is" if number == 1 else f"{number} are"


def _invalid_field(problem: InvalidField) -> Refusal:
    facts = {"field": problem.field, "value": problem.value, "limit": problem.limit}
    return Refusal(pb.ERROR_REASON_INVALID_FIELD, str(problem), facts)


def _malformed_cursor(problem: MalformedCursor) -> Refusal:
    limit = "a cursor that this server gave"
    return _invalid_field(InvalidField("after_cursor", problem.cursor, limit))


def _too_many(problem: rejections.TooMany) -> Refusal:
    limit = f"at most {problem.limit} at {_at(problem.key)}"
    return _invalid_field(InvalidField(problem.field, str(problem.value), limit))


def _short_sentence(line: ShortLine) -> str:
    wish = f"line {line.line_id} asks for {line.asked} of {_at(line.key)}"
    if not line.line_id:
        wish = f"{line.asked} of {_at(line.key)} asked for"
    if line.cause is ShortCause.STOPPED:
        return f"{wish}, where selling is stopped"
    for_channel = " for this channel" if line.cause is ShortCause.CHANNEL else ""
    return f"{wish}, {_are(line.available)} available{for_channel}"


def _insufficient_stock(problem: rejections.InsufficientStock) -> Refusal:
    short_lines = problem.short_lines
    message = _short_sentence(short_lines[0]) if short_lines else "not enough is available"
    if len(short_lines) > 1:
        more = len(short_lines) - 1
        message += f"; {more} more line{'s are' if more > 1 else ' is'} short"
    facts = {"short_lines": str(len(short_lines)), "omitted_lines": "0"}
    return Refusal(pb.ERROR_REASON_INSUFFICIENT_STOCK, message, facts, short_lines)


def _unknown_stock(problem: rejections.UnknownStock) -> Refusal:
    message = f"there is no {_at(problem.key)}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_STOCK, message, _key(problem.key))


def _unknown_line(problem: rejections.UnknownLine) -> Refusal:
    facts = {"reservation_id": problem.reservation_id, "line_id": problem.line_id}
    message = f"reservation {problem.reservation_id} has no line {problem.line_id}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_LINE, message, facts)


def _expired(problem: rejections.HoldHasExpired) -> Refusal:
    expired_at = _time(problem.expired_at_ms)
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
        f"{problem.asked} asked for, {_are(problem.limit)} there"
    )
    return Refusal(pb.ERROR_REASON_LINE_QUANTITY_EXCEEDED, message, facts)


def _below_promised(problem: rejections.BelowPromised) -> Refusal:
    facts = {"on_hand": str(problem.on_hand), "promised": str(problem.promised)}
    message = (
        f"{problem.on_hand} of {_at(problem.key)} would be on hand and "
        f"{_are(problem.promised)} promised; tell it with if_short RECORD if it has happened"
    )
    return Refusal(pb.ERROR_REASON_BELOW_PROMISED, message, facts | _key(problem.key))


def _balance_out_of_range(problem: rejections.BalanceOutOfRange) -> Refusal:
    limit = f"{-problem.limit} to {problem.limit}"
    facts = {"field": problem.field, "value": str(problem.value), "limit": limit}
    message = f"{problem.field} of {_at(problem.key)} would be {problem.value}; allowed: {limit}"
    return Refusal(pb.ERROR_REASON_BALANCE_OUT_OF_RANGE, message, facts | _key(problem.key))


def _version_mismatch(problem: rejections.VersionMismatch) -> Refusal:
    facts = {"expected": str(problem.expected), "actual": str(problem.actual)}
    message = f"{_at(problem.key)} has version {problem.actual}, not {problem.expected}"
    return Refusal(pb.ERROR_REASON_VERSION_MISMATCH, message, facts | _key(problem.key))


def _on_hand_mismatch(problem: rejections.OnHandMismatch) -> Refusal:
    facts = {"expected": str(problem.expected), "actual": str(problem.actual)}
    message = (
        f"{problem.actual} of {_at(problem.key)} {'is' if problem.actual == 1 else 'are'} on hand, "
    )
    message += f"not {problem.expected}"
    return Refusal(pb.ERROR_REASON_ON_HAND_MISMATCH, message, facts | _key(problem.key))


def _request_id_reused(problem: rejections.RequestIdReused) -> Refusal:
    first_used_at = _time(problem.first_used_at_ms)
    facts = {"request_id": problem.request_id, "first_used_at": first_used_at}
    message = (
        f"request id {problem.request_id} was used at {first_used_at} with other content; "
        "use a new one"
    )
    return Refusal(pb.ERROR_REASON_REQUEST_ID_REUSED, message, facts)


def _basket_spans_shards(problem: BasketSpansShards) -> Refusal:
    facts = {"shards": str(problem.shards)}
    return Refusal(pb.ERROR_REASON_BASKET_SPANS_SHARDS, str(problem), facts)


def _overloaded(problem: Overloaded) -> Refusal:
    facts = {"shard": str(problem.shard), "queued": str(problem.queued)}
    message = f"shard {problem.shard} has {problem.queued} commands queued and takes no more now"
    return Refusal(pb.ERROR_REASON_OVERLOADED, message, facts, retry_after_ms=OVERLOADED_RETRY_MS)


def _shard_unavailable(problem: ShardUnavailable) -> Refusal:
    message = f"shard {problem.shard} is not available; retry with the same request id"
    return Refusal(
        pb.ERROR_REASON_SHARD_UNAVAILABLE,
        message,
        {"shard": str(problem.shard)},
        retry_after_ms=UNAVAILABLE_RETRY_MS,
    )


def _server_stopping(_: ServerStopping) -> Refusal:
    message = "the server is stopping; retry with the same request ids"
    return Refusal(
        pb.ERROR_REASON_SHARD_UNAVAILABLE, message, {}, retry_after_ms=UNAVAILABLE_RETRY_MS
    )


def _too_many_subscribers(problem: TooManySubscribers) -> Refusal:
    return Refusal(
        pb.ERROR_REASON_OVERLOADED,
        str(problem),
        {"subscribers": str(problem.limit)},
        retry_after_ms=OVERLOADED_RETRY_MS,
    )


def _feed_stopping(_: FeedStopping) -> Refusal:
    message = "the server is stopping; resume with the last cursor"
    return Refusal(
        pb.ERROR_REASON_SHARD_UNAVAILABLE, message, {}, retry_after_ms=UNAVAILABLE_RETRY_MS
    )


def _deadline_expired(problem: DeadlineExpired) -> Refusal:
    message = "the deadline passed before the command was decided; nothing was changed"
    return Refusal(pb.ERROR_REASON_DEADLINE_EXPIRED, message, {"shard": str(problem.shard)})


def _cursor_out_of_range(problem: CursorOutOfRange) -> Refusal:
    cursor = shortened(problem.cursor)
    message = f"the cursor {cursor} is older than the oldest kept event or ahead of the newest"
    facts = {"cursor": cursor, "oldest": problem.oldest}
    return Refusal(pb.ERROR_REASON_CURSOR_OUT_OF_RANGE, message, facts)


def _cursor_foreign(problem: CursorForeign) -> Refusal:
    cursor = shortened(problem.cursor)
    message = f"the cursor {cursor} belongs to another history; start again without it"
    facts = {"cursor": cursor, "history": problem.history, "epoch": str(problem.epoch)}
    return Refusal(pb.ERROR_REASON_CURSOR_FOREIGN, message, facts)


def _history_damaged(problem: HistoryDamaged) -> Refusal:
    shard = str(problem.shard)
    message = f"a part of the history of shard {shard} is damaged; the server's log says where"
    return Refusal(pb.ERROR_REASON_HISTORY_DAMAGED, message, {"shard": shard})


EXPLANATIONS: dict[type, Callable[[Any], Refusal]] = {
    InvalidField: _invalid_field,
    MalformedCursor: _malformed_cursor,
    rejections.TooMany: _too_many,
    rejections.InsufficientStock: _insufficient_stock,
    rejections.UnknownStock: _unknown_stock,
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
    rejections.LineQuantityExceeded: _line_quantity_exceeded,
    rejections.BelowPromised: _below_promised,
    rejections.BalanceOutOfRange: _balance_out_of_range,
    rejections.VersionMismatch: _version_mismatch,
    rejections.OnHandMismatch: _on_hand_mismatch,
    rejections.RequestIdReused: _request_id_reused,
    BasketSpansShards: _basket_spans_shards,
    Overloaded: _overloaded,
    ShardUnavailable: _shard_unavailable,
    ServerStopping: _server_stopping,
    TooManySubscribers: _too_many_subscribers,
    FeedStopping: _feed_stopping,
    DeadlineExpired: _deadline_expired,
    DecisionFailed: lambda problem: internal(problem.correlation_id),
    CursorOutOfRange: _cursor_out_of_range,
    CursorForeign: _cursor_foreign,
    HistoryDamaged: _history_damaged,
}
"""The explanation of each problem, by its type."""
