"""What callers hear when they are turned away at the door."""

from collections.abc import Callable
from typing import Any

from holdfast.v1 import errors_pb2 as pb

from engine.access.problems import PermissionDenied, RateLimited, Unauthenticated
from engine.rpc.refusals import Refusal


def _unauthenticated(problem: Unauthenticated) -> Refusal:
    return Refusal(pb.ERROR_REASON_UNAUTHENTICATED, problem.cause, {"cause": problem.cause})


def _permission_denied(problem: PermissionDenied) -> Refusal:
    facts = {
        "principal": problem.principal,
        "command": problem.command,
        "not_covered": problem.not_covered,
    }
    return Refusal(pb.ERROR_REASON_PERMISSION_DENIED, str(problem), facts)


def _rate_limited(problem: RateLimited) -> Refusal:
    facts = {
        "principal": problem.principal,
        "limit": problem.limit,
        "value": str(problem.value),
    }
    return Refusal(
        pb.ERROR_REASON_RATE_LIMITED, str(problem), facts, retry_after_ms=problem.retry_after_ms
    )


ACCESS_EXPLANATIONS: dict[type, Callable[[Any], Refusal]] = {
    Unauthenticated: _unauthenticated,
    PermissionDenied: _permission_denied,
    RateLimited: _rate_limited,
}
