"""What a handler raises when it has no answer to give; `errors` says what the caller hears of
each."""

from collections.abc import Sequence

from engine.core.commands import Command
from engine.core.rejections import Rejection


class Rejected(Exception):
    """The engine has refused the command or found nothing to read, for a reason of its closed set.
    `command` is what it has refused: what could be done instead may depend on it."""

    def __init__(self, rejection: Rejection, command: Command | None = None) -> None:
        super().__init__(repr(rejection))
        self.rejection = rejection
        self.command = command


class UnknownReference(Exception):
    """No reservation of the tenant has this reference."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"no reservation has the reference {reference}")
        self.reference = reference


class AmbiguousReference(Exception):
    """Several open reservations have this reference. `reservation_ids` are theirs; more than
    `limit` of them stand for any number."""

    def __init__(self, reference: str, reservation_ids: Sequence[str], limit: int) -> None:
        super().__init__(f"several open reservations have the reference {reference}")
        self.reference = reference
        self.reservation_ids = reservation_ids
        self.limit = limit


class ReadNotKept(Exception):
    """What was asked for is older than what is kept. `as_of` and `oldest` are cursors, or times as
    RFC 3339."""

    def __init__(self, as_of: str, oldest: str) -> None:
        super().__init__(f"what was at {as_of} is not kept; the oldest is {oldest}")
        self.as_of = as_of
        self.oldest = oldest


class DeadlineExpired(Exception):
    """The shard found the deadline passed before it decided: nothing was changed."""

    def __init__(self, shard: int) -> None:
        super().__init__(f"the deadline passed before shard {shard} decided")
        self.shard = shard


class SubscriberBehind(Exception):
    """The named subscriber was not sent everything that was waited for before the deadline, or is
    not there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"subscriber {name} is behind")
        self.name = name


class SubscriberStalled(Exception):
    """The subscriber did not take a message within this time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the subscriber has not taken a message for {seconds:g} s")
        self.seconds = seconds


class DecisionFailed(Exception):
    """The shard answered that it failed: a fault of ours. Nothing was changed. Of a command, the
    shard logs what was raised, with the request id; the front end logs each failure, with
    `correlation_id`."""

    def __init__(self, shard: int, correlation_id: str) -> None:
        super().__init__(f"shard {shard} failed to answer")
        self.shard = shard
        self.correlation_id = correlation_id


class ServerStopping(Exception):
    """The server drains: it takes nothing new on this stream. What it took before was answered."""
