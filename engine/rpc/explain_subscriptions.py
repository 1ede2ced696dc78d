"""What callers hear of problems with durable subscriptions."""

from collections.abc import Callable
from typing import Any

from holdfast.v1 import errors_pb2 as pb

from engine.feed.subscription_problems import (
    SubscriptionDiffers,
    TakenOver,
    TooManyParked,
    TooManySubscriptions,
    UnknownParkedMessage,
    UnknownSubscription,
)
from engine.rpc.refusals import Refusal


def _unknown(problem: UnknownSubscription) -> Refusal:
    message = f"there is no subscription {problem.name}"
    return Refusal(pb.ERROR_REASON_UNKNOWN_SUBSCRIPTION, message, {"name": problem.name})


def _differs(problem: SubscriptionDiffers) -> Refusal:
    message = (
        f"subscription {problem.name} follows something else: its {problem.field} differs; delete "
        "it, or take another name"
    )
    facts = {"name": problem.name, "field": problem.field}
    return Refusal(pb.ERROR_REASON_SUBSCRIPTION_DIFFERS, message, facts)


def _taken_over(problem: TakenOver) -> Refusal:
    message = f"subscription {problem.name} was opened by another consumer, or reset"
    return Refusal(pb.ERROR_REASON_SUBSCRIPTION_TAKEN_OVER, message, {"name": problem.name})


def _unknown_parked(problem: UnknownParkedMessage) -> Refusal:
    message = f"no message {problem.parked_id} is parked for subscription {problem.name}"
    facts = {"name": problem.name, "id": str(problem.parked_id)}
    return Refusal(pb.ERROR_REASON_UNKNOWN_PARKED_MESSAGE, message, facts)


def _too_many_parked(problem: TooManyParked) -> Refusal:
    limit = problem.limit
    message = (
        f"{limit} messages are parked for subscription {problem.name}, and no more may be; replay "
        "or drop some"
    )
    facts = {"name": problem.name, "parked": str(limit), "limit": str(limit)}
    return Refusal(pb.ERROR_REASON_TOO_MANY_PARKED, message, facts)


def _too_many(problem: TooManySubscriptions) -> Refusal:
    message = f"the node keeps {problem.limit} subscriptions, and no more may be; delete some"
    facts = {"limit": str(problem.limit)}
    return Refusal(pb.ERROR_REASON_TOO_MANY_SUBSCRIPTIONS, message, facts)


SUBSCRIPTION_EXPLANATIONS: dict[type, Callable[[Any], Refusal]] = {
    UnknownSubscription: _unknown,
    SubscriptionDiffers: _differs,
    TakenOver: _taken_over,
    UnknownParkedMessage: _unknown_parked,
    TooManyParked: _too_many_parked,
    TooManySubscriptions: _too_many,
}
"""The explanation of each problem, by its type."""
