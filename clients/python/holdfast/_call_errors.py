"""Errors about the call itself: its fields, its request id, its cursor, and the server."""

from holdfast._error_base import Fact, HoldfastError


class InvalidField(HoldfastError):
    """A field is empty, malformed or out of its limits; nothing was changed."""

    field = Fact(str, "field", "The field, as a path: ``lines[0].quantity``.")
    value = Fact(str, "value", "What it was.")
    limit = Fact(str, "limit", "What it may be.")


class RequestIdReused(HoldfastError):
    """The request id was used before with other content; nothing was changed by this call."""

    first_used_at = Fact(str, "first_used_at", "When, in ISO 8601.")


class BasketSpansShards(HoldfastError):
    """The lines of the basket live on more than one shard. No longer given: they may."""

    shards = Fact(int, "shards", "On how many.")


class Overloaded(HoldfastError):
    """The server's queue is full and stayed so until the call's deadline; nothing was changed by
    the last try."""

    @property
    def retry_after_s(self) -> float:
        """When to try again, in seconds from the answer."""
        return self._retry_after_s


class Unavailable(HoldfastError):
    """The server, or one shard of it, could not be reached until the call's deadline; or the client
    was closed."""

    @property
    def retry_after_s(self) -> float:
        """When to try again, in seconds from the answer; 0 if the server did not say."""
        return self._retry_after_s


class Unauthenticated(HoldfastError):
    """The server does not know who calls: no token or certificate, or one that it does not, no
    longer or not yet believe. Not tried again; nothing was changed by the last try."""

    cause = Fact(str, "cause", "What is wrong with what was shown.")


class PermissionDenied(HoldfastError):
    """The principal may not do this; nothing was changed. Not tried again."""

    principal = Fact(str, "principal", "Whom the server takes the caller for.")
    command = Fact(str, "command", "What was asked for: the name of the RPC.")
    not_covered = Fact(str, "not_covered", "What no rule of the principal covers.")


class RateLimited(HoldfastError):
    """The principal asks faster, or more at once, than it may, and did so until the call's
    deadline; nothing was changed by the last try."""

    principal = Fact(str, "principal", "Whom the server takes the caller for.")
    limit = Fact(str, "limit", "Which limit: commands_per_s or calls_at_once.")
    value = Fact(int, "value", "How much the principal may.")

    @property
    def retry_after_s(self) -> float:
        """When to try again, in seconds from the answer."""
        return self._retry_after_s


class DeadlineExpired(HoldfastError):
    """The call's deadline passed; `outcome_unknown` is False if the server said that nothing was
    changed."""

    name = Fact(str, "name", "The feed that was waited for, if one was.")


class CursorOutOfRange(HoldfastError):
    """The cursor is older than the oldest kept event, or ahead of the newest."""

    cursor = Fact(str, "cursor", "The cursor that was given.")
    oldest = Fact(str, "oldest", "The oldest cursor that can be resumed from.")


class CursorForeign(HoldfastError):
    """The cursor belongs to another history: another data directory, or one since restored or
    resharded."""

    cursor = Fact(str, "cursor", "The cursor that was given.")
    history = Fact(str, "history", "The history of this server.")


class Internal(HoldfastError):
    """The server has a fault; it was logged there under `correlation_id`."""

    correlation_id = Fact(str, "correlation_id", "Finds the fault in the server's log.")


class HistoryDamaged(HoldfastError):
    """A part of the server's history is damaged on its disk, so that the feed cannot go on there;
    its operator has to mend it."""

    shard = Fact(int, "shard", "The shard whose history it is.")


class SubscriberStalled(HoldfastError):
    """The subscriber did not take a message for so long that the server let it go. Feeds and
    subscriptions of this SDK go on by themselves after their last cursor."""

    seconds = Fact(float, "seconds", "For how long.")


class ReadNotKept(HoldfastError):
    """The state or history as of then is not kept any more."""

    as_of = Fact(str, "as_of", "What was asked for: a time in ISO 8601, or a cursor.")
    oldest = Fact(str, "oldest", "The oldest that is kept.")
