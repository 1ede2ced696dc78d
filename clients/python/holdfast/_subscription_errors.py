"""Errors about durable subscriptions and what is parked for them."""

from holdfast._error_base import Fact, HoldfastError


class UnknownSubscription(HoldfastError):
    """There is no such subscription, or it was deleted."""

    name = Fact(str, "name", "The subscription.")


class SubscriptionDiffers(HoldfastError):
    """The subscription that has this name follows something else: delete it, or take another
    name."""

    name = Fact(str, "name", "The subscription.")
    field = Fact(str, "field", "What differs: ``filter.skus``.")


class SubscriptionTakenOver(HoldfastError):
    """Another consumer has opened the subscription, or it was reset. What was sent and not
    acknowledged is sent to whoever opens it next."""

    name = Fact(str, "name", "The subscription.")


class UnknownParkedMessage(HoldfastError):
    """No such message is parked."""

    name = Fact(str, "name", "The subscription.")
    id = Fact(int, "id", "The message.")


class TooManyParked(HoldfastError):
    """As many messages are parked for the subscription as may be: replay or drop some."""

    name = Fact(str, "name", "The subscription.")
    parked = Fact(int, "parked", "How many are parked.")
    limit = Fact(int, "limit", "How many may be.")


class TooManySubscriptions(HoldfastError):
    """The node keeps as many subscriptions as it may: delete some."""

    limit = Fact(int, "limit", "How many may be.")
