"""What can go wrong, as exceptions: one class for each reason that a caller may want to tell from
the others.

Every error is a `HoldfastError`. A reason that this SDK does not know (from a newer server) is a
plain `HoldfastError` with its `reason`, `message`, `metadata` and `code`.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Generic, TypeVar, overload

from holdfast.types import ShortLine

FactT = TypeVar("FactT", str, int)


class Code(IntEnum):
    """The canonical status codes, as in google.rpc.Code."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class _Fact(Generic[FactT]):
    """An attribute that reads one entry of the error's metadata; empty or 0 if the server did not
    send it."""

    def __init__(self, read: type[FactT], name: str, description: str) -> None:
        self._read: Callable[[str], FactT] = read
        self._absent: FactT = read()
        self._name = name
        self.__doc__ = description

    @overload
    def __get__(self, error: None, owner: type[Any]) -> "_Fact[FactT]": ...
    @overload
    def __get__(self, error: "HoldfastError", owner: type[Any]) -> FactT: ...
    def __get__(self, error: "HoldfastError | None", owner: type[Any]) -> "FactT | _Fact[FactT]":
        if error is None:
            return self
        fact = error.metadata.get(self._name)
        return self._read(fact) if fact else self._absent


class HoldfastError(Exception):
    """The server refused a call, or could not be reached.

    `reason` is the name of the reason without its prefix ("INSUFFICIENT_STOCK"), empty if the
    failure has none, as when the connection broke; `code` the status code; `metadata` the facts;
    `message` a sentence for a person. `request_id` is the failed write's. `outcome_unknown` is True
    when the write may have taken effect all the same: calling again with the same request id is
    safe then, and tells.
    """

    def __init__(
        self,
        message: str = "",
        *,
        reason: str = "",
        code: int = Code.UNKNOWN,
        metadata: Mapping[str, str] | None = None,
        short_lines: Sequence[ShortLine] = (),
        retry_after_s: float = 0.0,
        request_id: str = "",
        outcome_unknown: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason
        self.code = Code(code) if code in _CODES else Code.UNKNOWN
        self.metadata: Mapping[str, str] = dict(metadata or {})
        self.request_id = request_id
        self.outcome_unknown = outcome_unknown
        self._short_lines = tuple(short_lines)
        self._retry_after_s = retry_after_s

    def __str__(self) -> str:
        text = self.message or self.reason or self.code.name
        if self.outcome_unknown:
            text += (
                " The outcome is unknown; a retry with the same request id is safe:"
                f" {self.request_id}"
            )
        return text

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions with keyword arguments cannot be pickled by default, and worker pools pickle
        # them.
        return (type(self), (self.message,), self.__dict__)


_CODES = frozenset(Code)


class InvalidField(HoldfastError):
    """A field is empty, malformed or out of its limits; nothing was changed."""

    field = _Fact(str, "field", "The field, as a path: ``lines[0].quantity``.")
    value = _Fact(str, "value", "What it was.")
    limit = _Fact(str, "limit", "What it may be.")


class InsufficientStock(HoldfastError):
    """A promise asks for more than is available."""

    omitted_lines = _Fact(int, "omitted_lines", "Short lines beyond those listed.")

    @property
    def short_lines(self) -> tuple[ShortLine, ...]:
        """Every line that could not be filled: with what was asked, what was available, and what
        stood in the way."""
        return self._short_lines


class _OfStock(HoldfastError):
    """An error about one SKU-location."""

    tenant = _Fact(str, "tenant", "The tenant.")
    sku = _Fact(str, "sku", "The SKU.")
    location = _Fact(str, "location", "The location.")


class UnknownStock(_OfStock):
    """No such SKU-location; receive, adjust, set_on_hand or configure create one."""


class BelowPromised(_OfStock):
    """The change would leave less on hand than is held and allocated; tell it with
    ``if_short="record"``."""

    on_hand = _Fact(int, "on_hand", "Units that would be on hand.")
    promised = _Fact(int, "promised", "Units held and allocated.")


class BalanceOutOfRange(_OfStock):
    """A balance would leave its range."""

    field = _Fact(str, "field", "The balance.")
    value = _Fact(str, "value", "What it would be.")
    limit = _Fact(str, "limit", "What it may be.")


class VersionMismatch(_OfStock):
    """The SKU-location's version is not `if_version`: somebody else changed it. Read it again, then
    decide."""

    expected = _Fact(int, "expected", "The version that was stated.")
    actual = _Fact(int, "actual", "The version that it has.")


class OnHandMismatch(_OfStock):
    """The units on hand are not `if_on_hand`. Read them again, then decide."""

    expected = _Fact(int, "expected", "The units that were stated.")
    actual = _Fact(int, "actual", "The units that are there.")


class _OfReservation(HoldfastError):
    """An error about one reservation."""

    reservation_id = _Fact(str, "reservation_id", "The reservation.")


class UnknownReservation(_OfReservation):
    """No such reservation in this tenant."""


class UnknownLine(_OfReservation):
    """The reservation has no such line."""

    line_id = _Fact(str, "line_id", "The line.")


class ReservationExpired(_OfReservation):
    """The hold's deadline has passed; its units are free again."""

    expired_at = _Fact(str, "expired_at", "The deadline, in ISO 8601.")


class ReservationReleased(_OfReservation):
    """The reservation was released."""


class ReservationCommitted(_OfReservation):
    """The reservation was committed before, and with other content."""


class ReservationShipped(_OfReservation):
    """Nothing of the reservation waits any more: all of it was shipped."""


class ReservationNotCommitted(_OfReservation):
    """Nothing of the reservation is allocated yet: commit it first."""


class LineQuantityExceeded(_OfReservation):
    """A line has fewer units in the asked-for state."""

    line_id = _Fact(str, "line_id", "The line.")
    asked = _Fact(int, "asked", "Units asked for.")
    limit = _Fact(int, "limit", "Units that it has.")


class RequestIdReused(HoldfastError):
    """The request id was used before with other content; nothing was changed by this call."""

    first_used_at = _Fact(str, "first_used_at", "When, in ISO 8601.")


class BasketSpansShards(HoldfastError):
    """The lines of the basket live on more than one shard of this node."""

    shards = _Fact(int, "shards", "On how many.")


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


class DeadlineExpired(HoldfastError):
    """The call's deadline passed; `outcome_unknown` is False if the server said that nothing was
    changed."""


class CursorOutOfRange(HoldfastError):
    """The cursor is older than the oldest kept event, or ahead of the newest."""

    cursor = _Fact(str, "cursor", "The cursor that was given.")
    oldest = _Fact(str, "oldest", "The oldest cursor that can be resumed from.")


class CursorForeign(HoldfastError):
    """The cursor belongs to another history: another data directory, or one since restored or
    resharded."""

    cursor = _Fact(str, "cursor", "The cursor that was given.")
    history = _Fact(str, "history", "The history of this server.")


class Internal(HoldfastError):
    """The server has a fault; it was logged there under `correlation_id`."""

    correlation_id = _Fact(str, "correlation_id", "Finds the fault in the server's log.")


class HistoryDamaged(HoldfastError):
    """A part of the server's history is damaged on its disk, so that the feed cannot go on there;
    its operator has to mend it."""

    shard = _Fact(int, "shard", "The shard whose history it is.")


ERROR_BY_REASON: Mapping[str, type[HoldfastError]] = {
    "INVALID_FIELD": InvalidField,
    "INSUFFICIENT_STOCK": InsufficientStock,
    "UNKNOWN_STOCK": UnknownStock,
    "UNKNOWN_RESERVATION": UnknownReservation,
    "UNKNOWN_LINE": UnknownLine,
    "RESERVATION_EXPIRED": ReservationExpired,
    "RESERVATION_RELEASED": ReservationReleased,
    "RESERVATION_COMMITTED": ReservationCommitted,
    "RESERVATION_SHIPPED": ReservationShipped,
    "RESERVATION_NOT_COMMITTED": ReservationNotCommitted,
    "LINE_QUANTITY_EXCEEDED": LineQuantityExceeded,
    "BELOW_PROMISED": BelowPromised,
    "BALANCE_OUT_OF_RANGE": BalanceOutOfRange,
    "VERSION_MISMATCH": VersionMismatch,
    "ON_HAND_MISMATCH": OnHandMismatch,
    "REQUEST_ID_REUSED": RequestIdReused,
    "BASKET_SPANS_SHARDS": BasketSpansShards,
    "OVERLOADED": Overloaded,
    "SHARD_UNAVAILABLE": Unavailable,
    "DEADLINE_EXPIRED": DeadlineExpired,
    "CURSOR_OUT_OF_RANGE": CursorOutOfRange,
    "CURSOR_FOREIGN": CursorForeign,
    "INTERNAL": Internal,
    "HISTORY_DAMAGED": HistoryDamaged,
}
"""The one table of reasons."""

ERROR_BY_CODE: Mapping[int, type[HoldfastError]] = {
    Code.UNAVAILABLE: Unavailable,
    Code.DEADLINE_EXCEEDED: DeadlineExpired,
    Code.INTERNAL: Internal,
}
"""For failures without a reason: those that the transport makes."""


def make_error(
    reason: str,
    code: int,
    message: str,
    metadata: Mapping[str, str],
    short_lines: Sequence[ShortLine] = (),
    retry_after_s: float = 0.0,
) -> HoldfastError:
    """The error of a reason; without or with an unknown one, that of the status code."""
    kind = ERROR_BY_REASON.get(reason)
    if kind is None:
        kind = HoldfastError if reason else ERROR_BY_CODE.get(code, HoldfastError)
    return kind(
        message,
        reason=reason,
        code=code,
        metadata=metadata,
        short_lines=short_lines,
        retry_after_s=retry_after_s,
    )
