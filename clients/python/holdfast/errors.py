"""What can go wrong, as exceptions: one class for each reason that a caller may want to tell from
the others.

Every error is a `HoldfastError`. A reason that this SDK does not know (from a newer server) is a
plain `HoldfastError` with its `reason`, `message`, `metadata` and `code`.
"""

from collections.abc import Mapping, Sequence

from holdfast._call_errors import (
    BasketSpansShards,
    CursorForeign,
    CursorOutOfRange,
    DeadlineExpired,
    HistoryDamaged,
    Internal,
    InvalidField,
    Overloaded,
    ReadNotKept,
    RequestIdReused,
    SubscriberStalled,
    Unavailable,
)
from holdfast._channel_errors import (
    BufferNotDynamic,
    ListingsRefused,
    UnknownChannel,
    UnknownSkuGroup,
)
from holdfast._error_base import (
    Code,
    HoldfastError,
)
from holdfast._reservation_errors import (
    AmbiguousReference,
    AttemptDecided,
    CustomerRequired,
    LineExists,
    LineQuantityExceeded,
    NotBacked,
    NotShipped,
    PickedUnits,
    ReservationCommitted,
    ReservationExpired,
    ReservationNotCommitted,
    ReservationReleased,
    ReservationShipped,
    StillWaiting,
    TooManyLines,
    UnknownGroup,
    UnknownLine,
    UnknownReservation,
    UnknownShipment,
)
from holdfast._stock_errors import (
    BalanceOutOfRange,
    BelowPromised,
    CountStale,
    InsufficientStock,
    KitHasNoStock,
    KitInKit,
    ObservationTooOld,
    OnHandMismatch,
    SourceStale,
    TransferQuantityExceeded,
    UnavailableQuantityExceeded,
    UnknownIncoming,
    UnknownStock,
    UnknownTransfer,
    VersionMismatch,
)
from holdfast._subscription_errors import (
    SubscriptionDiffers,
    SubscriptionTakenOver,
    TooManyParked,
    TooManySubscriptions,
    UnknownParkedMessage,
    UnknownSubscription,
)
from holdfast.types import ShortLine

__all__ = [
    "ERROR_BY_CODE",
    "ERROR_BY_REASON",
    "AmbiguousReference",
    "AttemptDecided",
    "BalanceOutOfRange",
    "BasketSpansShards",
    "BelowPromised",
    "BufferNotDynamic",
    "Code",
    "CountStale",
    "CursorForeign",
    "CursorOutOfRange",
    "CustomerRequired",
    "DeadlineExpired",
    "HistoryDamaged",
    "HoldfastError",
    "InsufficientStock",
    "Internal",
    "InvalidField",
    "KitHasNoStock",
    "KitInKit",
    "LineExists",
    "LineQuantityExceeded",
    "ListingsRefused",
    "NotBacked",
    "NotShipped",
    "ObservationTooOld",
    "OnHandMismatch",
    "Overloaded",
    "PickedUnits",
    "ReadNotKept",
    "RequestIdReused",
    "ReservationCommitted",
    "ReservationExpired",
    "ReservationNotCommitted",
    "ReservationReleased",
    "ReservationShipped",
    "SourceStale",
    "StillWaiting",
    "SubscriberStalled",
    "SubscriptionDiffers",
    "SubscriptionTakenOver",
    "TooManyLines",
    "TooManyParked",
    "TooManySubscriptions",
    "TransferQuantityExceeded",
    "Unavailable",
    "UnavailableQuantityExceeded",
    "UnknownChannel",
    "UnknownGroup",
    "UnknownIncoming",
    "UnknownLine",
    "UnknownParkedMessage",
    "UnknownReservation",
    "UnknownShipment",
    "UnknownSkuGroup",
    "UnknownStock",
    "UnknownSubscription",
    "UnknownTransfer",
    "VersionMismatch",
    "make_error",
]

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
    "STILL_WAITING": StillWaiting,
    "PICKED_UNITS": PickedUnits,
    "NOT_BACKED": NotBacked,
    "NOT_SHIPPED": NotShipped,
    "UNKNOWN_SHIPMENT": UnknownShipment,
    "LINE_EXISTS": LineExists,
    "TOO_MANY_LINES": TooManyLines,
    "UNKNOWN_GROUP": UnknownGroup,
    "CUSTOMER_REQUIRED": CustomerRequired,
    "KIT_HAS_NO_STOCK": KitHasNoStock,
    "KIT_IN_KIT": KitInKit,
    "UNKNOWN_TRANSFER": UnknownTransfer,
    "TRANSFER_QUANTITY_EXCEEDED": TransferQuantityExceeded,
    "UNAVAILABLE_QUANTITY_EXCEEDED": UnavailableQuantityExceeded,
    "UNKNOWN_INCOMING": UnknownIncoming,
    "SOURCE_STALE": SourceStale,
    "COUNT_STALE": CountStale,
    "OBSERVATION_TOO_OLD": ObservationTooOld,
    "ATTEMPT_DECIDED": AttemptDecided,
    "AMBIGUOUS_REFERENCE": AmbiguousReference,
    "READ_NOT_KEPT": ReadNotKept,
    "UNKNOWN_CHANNEL": UnknownChannel,
    "UNKNOWN_SKU_GROUP": UnknownSkuGroup,
    "LISTINGS_REFUSED": ListingsRefused,
    "BUFFER_NOT_DYNAMIC": BufferNotDynamic,
    "UNKNOWN_SUBSCRIPTION": UnknownSubscription,
    "SUBSCRIPTION_DIFFERS": SubscriptionDiffers,
    "SUBSCRIPTION_TAKEN_OVER": SubscriptionTakenOver,
    "UNKNOWN_PARKED_MESSAGE": UnknownParkedMessage,
    "TOO_MANY_PARKED": TooManyParked,
    "TOO_MANY_SUBSCRIPTIONS": TooManySubscriptions,
    "SUBSCRIBER_STALLED": SubscriberStalled,
}
"""The one table of reasons."""

for _kind in (HoldfastError, *ERROR_BY_REASON.values()):
    # Tracebacks and pickles name the module that callers import from.
    _kind.__module__ = __name__

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
