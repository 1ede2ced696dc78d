"""Decides what is tried again, when, and what may be said about a call that failed for good."""

import random

from holdfast.errors import Code, HoldfastError

BACKOFF_S_FIRST = 0.02
BACKOFF_S_MAX = 1.0
"""Delays before a retry double from the first to the longest, and are shortened at random by up to
a half."""

RETRY_MARGIN_S = 0.005
"""A retry this close to the deadline could not be answered in time, so it is not made."""

_BROKEN_SIGNS = ("Internal error from Core", "RST_STREAM", "Stream removed")
"""How a connection that is torn down in the middle of a call shows in gRPC's message, with a code
that is otherwise a fault's. The first is what a write to a stream that has just ended gives."""

RENEWED = "TOKEN_RENEWED"
"""The reason, of the SDK's own, of a call that was refused for a token that is no longer the one to
show."""

_RETRIED_REASONS = frozenset(
    {
        *("OVERLOADED", "SHARD_UNAVAILABLE", "ATTEMPT_DECIDED", "SUBSCRIBER_STALLED"),
        *("RATE_LIMITED", RENEWED),
    }
)
_DOOR_REASONS = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})
_UNDECIDED_REASONS = _RETRIED_REASONS | _DOOR_REASONS | {"", "DEADLINE_EXPIRED", "INTERNAL"}
"""What says nothing of a try that came before it: it may have taken effect."""
_REFUSED_CODES = frozenset(
    {Code.INVALID_ARGUMENT, Code.UNIMPLEMENTED, Code.PERMISSION_DENIED, Code.UNAUTHENTICATED}
)


def is_retried(error: HoldfastError) -> bool:
    """Whether the same call may succeed when it is made again: the connection broke, the server
    asked for it, or a basket over several shards got in the way of another."""
    if error.reason:
        return error.reason in _RETRIED_REASONS
    if error.code in (Code.UNAVAILABLE, Code.CANCELLED):
        return True
    return error.code in (Code.INTERNAL, Code.UNKNOWN) and any(
        sign in error.message for sign in _BROKEN_SIGNS
    )


def leaves_unknown(error: HoldfastError) -> bool:
    """Whether a write that failed like this may have taken effect all the same."""
    if error.reason:
        return error.reason == "SHARD_UNAVAILABLE"
    return error.code not in _REFUSED_CODES


def conclude(error: HoldfastError, request_id: str, unknown_before: bool) -> HoldfastError:
    """Says in the error of a write whether its outcome is unknown, counting the tries before the
    last."""
    error.request_id = request_id
    error.outcome_unknown = leaves_unknown(error) or (
        unknown_before and error.reason in _UNDECIDED_REASONS
    )
    return error


def backoff_s(attempt: int) -> float:
    """The delay after the given number of earlier retries, with jitter."""
    longest: float = min(BACKOFF_S_MAX, BACKOFF_S_FIRST * 2 ** min(attempt, 10))
    return longest * (0.5 + random.random() / 2)


def retry_delay_s(error: HoldfastError, attempt: int, remaining_s: float) -> float | None:
    """When to try again, or None if it is of no use within the time that remains."""
    if not is_retried(error) or remaining_s <= RETRY_MARGIN_S:
        return None
    asked_s: float = getattr(error, "retry_after_s", 0.0)
    if asked_s:
        # Everybody was told the same delay, so jitter is added rather than taken away.
        delay_s = asked_s * (1.0 + random.random() / 4)
        return delay_s if delay_s < remaining_s - RETRY_MARGIN_S else None
    # Near the deadline the delay shrinks, so that a last try still falls within it.
    return min(backoff_s(attempt), remaining_s / 2)
