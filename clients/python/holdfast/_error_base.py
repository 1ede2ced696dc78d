"""What every error of the SDK has: a status code, a reason, and facts."""

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Generic, TypeVar, overload

from holdfast.types import ShortLine

FactT = TypeVar("FactT", str, int, float)


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


class Fact(Generic[FactT]):
    """An attribute that reads one entry of the error's metadata; empty or 0 if the server did not
    send it."""

    def __init__(self, read: type[FactT], name: str, description: str) -> None:
        self._read: Callable[[str], FactT] = read
        self._absent: FactT = read()
        self._name = name
        self.__doc__ = description

    @overload
    def __get__(self, error: None, owner: type[Any]) -> "Fact[FactT]": ...
    @overload
    def __get__(self, error: "HoldfastError", owner: type[Any]) -> FactT: ...
    def __get__(self, error: "HoldfastError | None", owner: type[Any]) -> "FactT | Fact[FactT]":
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


class OfStock(HoldfastError):
    """An error about one SKU-location."""

    tenant = Fact(str, "tenant", "The tenant.")
    sku = Fact(str, "sku", "The SKU.")
    location = Fact(str, "location", "The location.")


class OfReservation(HoldfastError):
    """An error about one reservation."""

    reservation_id = Fact(str, "reservation_id", "The reservation.")
