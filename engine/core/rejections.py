"""Why a command may not happen: a closed set, each with its facts. A rejection changes nothing."""

from engine.core.model import Key, ShortLine, Struct


class InsufficientStock(Struct, frozen=True, tag=True):
    """A promise asks for more than is available. Every short line is listed."""

    short_lines: tuple[ShortLine, ...]


class UnknownStock(Struct, frozen=True, tag=True):
    """No such SKU-location."""

    key: Key


class UnknownReservation(Struct, frozen=True, tag=True):
    """No such reservation in this tenant."""

    reservation_id: str


class UnknownLine(Struct, frozen=True, tag=True):
    """The reservation has no such line."""

    reservation_id: str
    line_id: str


class HoldHasExpired(Struct, frozen=True, tag=True):
    """The hold's deadline has passed."""

    reservation_id: str
    expired_at_ms: int


class AlreadyReleased(Struct, frozen=True, tag=True):
    """The reservation was released."""

    reservation_id: str


class AlreadyCommitted(Struct, frozen=True, tag=True):
    """Nothing is held any more: the reservation was committed, and not with this content."""

    reservation_id: str


class AlreadyShipped(Struct, frozen=True, tag=True):
    """Nothing is allocated any more: everything was shipped."""

    reservation_id: str


class NotCommitted(Struct, frozen=True, tag=True):
    """Nothing is allocated yet."""

    reservation_id: str


class LineQuantityExceeded(Struct, frozen=True, tag=True):
    """A line has fewer units in the asked-for state."""

    reservation_id: str
    line_id: str
    asked: int
    limit: int


class BelowPromised(Struct, frozen=True, tag=True):
    """Less would be on hand than is held and allocated."""

    key: Key
    on_hand: int
    promised: int


class BalanceOutOfRange(Struct, frozen=True, tag=True):
    """A balance would leave its range of plus or minus `limit`."""

    key: Key
    field: str
    value: int
    limit: int


class TooManyChannelBuffers(Struct, frozen=True, tag=True):
    """The SKU-location would have more channel buffers than allowed."""

    key: Key
    buffers: int
    limit: int


class VersionMismatch(Struct, frozen=True, tag=True):
    """The SKU-location has another version."""

    key: Key
    expected: int
    actual: int


class OnHandMismatch(Struct, frozen=True, tag=True):
    """Another number of units is on hand."""

    key: Key
    expected: int
    actual: int


class RequestIdReused(Struct, frozen=True, tag=True):
    """The request id was used before with other content."""

    request_id: str
    first_used_at_ms: int


Rejection = (
    InsufficientStock
    | UnknownStock
    | UnknownReservation
    | UnknownLine
    | HoldHasExpired
    | AlreadyReleased
    | AlreadyCommitted
    | AlreadyShipped
    | NotCommitted
    | LineQuantityExceeded
    | BelowPromised
    | BalanceOutOfRange
    | TooManyChannelBuffers
    | VersionMismatch
    | OnHandMismatch
    | RequestIdReused
)
