"""Why something cannot be done with a durable subscription."""


class UnknownSubscription(Exception):
    """There is no such subscription, or it was deleted."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no subscription {name}")
        self.name = name


class SubscriptionDiffers(Exception):
    """The subscription of this name follows something else; `field` says what differs."""

    def __init__(self, name: str, field: str) -> None:
        super().__init__(f"subscription {name} has another {field}")
        self.name = name
        self.field = field


class TakenOver(Exception):
    """Another consumer has opened the subscription, or it was reset."""

    def __init__(self, name: str) -> None:
        super().__init__(f"subscription {name} was opened by another consumer, or reset")
        self.name = name


class UnknownParkedMessage(Exception):
    """No such message is parked."""

    def __init__(self, name: str, parked_id: int) -> None:
        super().__init__(f"no message {parked_id} is parked for subscription {name}")
        self.name = name
        self.parked_id = parked_id


class TooManyParked(Exception):
    """As many messages are parked for the subscription as may be."""

    def __init__(self, name: str, limit: int) -> None:
        super().__init__(f"{limit} messages are parked for subscription {name}, the most there are")
        self.name = name
        self.limit = limit


class TooManySubscriptions(Exception):
    """The node keeps as many subscriptions as it may."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the node keeps {limit} subscriptions, the most there may be")
        self.limit = limit


class TooManyMarks(Exception):
    """The subscription has as many marks as it may."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"at most {limit} marks")
        self.limit = limit


class NotSent(Exception):
    """A cursor was acknowledged that the consumer was not sent."""

    def __init__(self, cursor: str) -> None:
        super().__init__(f"the cursor {cursor} was not sent to this consumer")
        self.cursor = cursor
