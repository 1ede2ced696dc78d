"""What callers hear of each problem: the only table of statuses.

`explain` turns a problem (a rejection, a refused field, a shard that is away, ...) into a Refusal;
`statuses` sends it.
"""

from collections.abc import Callable
from typing import Any

from holdfast.v1 import errors_pb2 as pb

from engine.channels.asking import AnsweredTooLate, AnswerTooLarge
from engine.core.commands import Ship
from engine.feed.cursor import CursorForeign, CursorOutOfRange, MalformedCursor
from engine.feed.hub import TooManySubscribers
from engine.feed.steps import FeedStopping
from engine.rpc.checks import CURSOR_LIMIT, InvalidField, shortened
from engine.rpc.explain_access import ACCESS_EXPLANATIONS
from engine.rpc.explain_channels import CHANNEL_EXPLANATIONS
from engine.rpc.explain_reservations import RESERVATION_EXPLANATIONS
from engine.rpc.explain_stock import STOCK_EXPLANATIONS, invalid_field
from engine.rpc.explain_subscriptions import SUBSCRIPTION_EXPLANATIONS
from engine.rpc.problems import (
    DeadlineExpired,
    DecisionFailed,
    ReadNotKept,
    Rejected,
    ServerStopping,
    SubscriberBehind,
    SubscriberStalled,
)
from engine.rpc.refusals import CODES, Refusal
from engine.shard.port import HistoryDamaged, Overloaded, ShardUnavailable

__all__ = ["CODES", "EXPLANATIONS", "Refusal", "explain", "internal"]

OVERLOADED_RETRY_MS = 200
UNAVAILABLE_RETRY_MS = 500

RECORDED_IF_UNEXPECTED = frozenset(
    {pb.ERROR_REASON_LINE_QUANTITY_EXCEEDED, pb.ERROR_REASON_NOT_BACKED}
)
"""Why a Ship may be refused that is recorded where it tells of what has happened."""


def internal(correlation_id: str) -> Refusal:
    """What a caller hears of a fault of ours: where to find it in the server's log, and nothing
    else."""
    message = f"the server has a fault; its log has it under correlation id {correlation_id}"
    return Refusal(pb.ERROR_REASON_INTERNAL, message, {"correlation_id": correlation_id})


def explain(problem: object) -> Refusal | None:
    """The refusal that a problem becomes; None if it is not one that is foreseen, and so a fault of
    ours."""
    if isinstance(problem, Rejected):
        return _of_command(problem)
    explanation = EXPLANATIONS.get(type(problem))
    return explanation(problem) if explanation else None


def _of_command(problem: Rejected) -> Refusal | None:
    """A rejection, with what the command may be told to do instead."""
    refusal = explain(problem.rejection)
    if refusal and type(problem.command) is Ship and refusal.reason in RECORDED_IF_UNEXPECTED:
        hint = "; tell it with if_unexpected RECORD if they have left"
        return refusal._replace(message=refusal.message + hint)
    return refusal


def _malformed_cursor(problem: MalformedCursor) -> Refusal:
    return invalid_field(InvalidField("after_cursor", problem.cursor, CURSOR_LIMIT))


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


def _subscriber_behind(problem: SubscriberBehind) -> Refusal:
    message = f"subscriber {problem.name} was not sent all of it before the deadline"
    return Refusal(pb.ERROR_REASON_DEADLINE_EXPIRED, message, {"name": problem.name})


def _subscriber_stalled(problem: SubscriberStalled) -> Refusal:
    message = f"{problem}; go on after the last cursor"
    facts = {"seconds": f"{problem.seconds:g}"}
    return Refusal(pb.ERROR_REASON_SUBSCRIBER_STALLED, message, facts)


def _cursor_out_of_range(problem: CursorOutOfRange) -> Refusal:
    cursor = shortened(problem.cursor)
    message = f"the cursor {cursor} is older than the oldest kept event or ahead of the newest"
    if not cursor:
        message = "what has happened since the snapshot began is not kept any more; begin again"
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


def _read_not_kept(problem: ReadNotKept) -> Refusal:
    as_of = shortened(problem.as_of)
    message = f"what was at {as_of} is not kept any more; the oldest that is kept: {problem.oldest}"
    return Refusal(
        pb.ERROR_REASON_READ_NOT_KEPT, message, {"as_of": as_of, "oldest": problem.oldest}
    )


def _answered_too_late(problem: AnsweredTooLate) -> Refusal:
    return _deadline_expired(DeadlineExpired(problem.shard))


def _answer_too_large(problem: AnswerTooLarge) -> Refusal:
    result: Any = problem.result
    limit = f"at most {result.limit} locations in one answer"
    return invalid_field(InvalidField(result.field, f"{result.value} locations", limit))


EXPLANATIONS: dict[type, Callable[[Any], Refusal]] = {
    **STOCK_EXPLANATIONS,
    **RESERVATION_EXPLANATIONS,
    **SUBSCRIPTION_EXPLANATIONS,
    **CHANNEL_EXPLANATIONS,
    **ACCESS_EXPLANATIONS,
    MalformedCursor: _malformed_cursor,
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
    ReadNotKept: _read_not_kept,
    AnsweredTooLate: _answered_too_late,
    AnswerTooLarge: _answer_too_large,
    SubscriberBehind: _subscriber_behind,
    SubscriberStalled: _subscriber_stalled,
}
"""The explanation of each problem, by its type."""
