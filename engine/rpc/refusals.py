"""What a caller hears of a problem: a reason with its gRPC code, a sentence, and facts."""

from datetime import UTC, datetime
from typing import NamedTuple

import grpc
from holdfast.v1 import errors_pb2 as pb

from engine.core.model import Key, ShortLine

CODES: dict[pb.ErrorReason, grpc.StatusCode] = {
    pb.ERROR_REASON_INVALID_FIELD: grpc.StatusCode.INVALID_ARGUMENT,
    pb.ERROR_REASON_INSUFFICIENT_STOCK: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_UNKNOWN_STOCK: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_UNKNOWN_RESERVATION: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_UNKNOWN_LINE: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_RESERVATION_EXPIRED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_RESERVATION_RELEASED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_RESERVATION_COMMITTED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_RESERVATION_SHIPPED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_RESERVATION_NOT_COMMITTED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_LINE_QUANTITY_EXCEEDED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_BELOW_PROMISED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_BALANCE_OUT_OF_RANGE: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_VERSION_MISMATCH: grpc.StatusCode.ABORTED,
    pb.ERROR_REASON_ON_HAND_MISMATCH: grpc.StatusCode.ABORTED,
    pb.ERROR_REASON_REQUEST_ID_REUSED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_OVERLOADED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    pb.ERROR_REASON_SHARD_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    pb.ERROR_REASON_DEADLINE_EXPIRED: grpc.StatusCode.DEADLINE_EXCEEDED,
    pb.ERROR_REASON_CURSOR_OUT_OF_RANGE: grpc.StatusCode.OUT_OF_RANGE,
    pb.ERROR_REASON_CURSOR_FOREIGN: grpc.StatusCode.DATA_LOSS,
    pb.ERROR_REASON_INTERNAL: grpc.StatusCode.INTERNAL,
    pb.ERROR_REASON_HISTORY_DAMAGED: grpc.StatusCode.DATA_LOSS,
    pb.ERROR_REASON_STILL_WAITING: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_PICKED_UNITS: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_NOT_BACKED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_NOT_SHIPPED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_UNKNOWN_SHIPMENT: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_LINE_EXISTS: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_TOO_MANY_LINES: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_UNKNOWN_GROUP: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_CUSTOMER_REQUIRED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_KIT_HAS_NO_STOCK: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_KIT_IN_KIT: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_UNKNOWN_TRANSFER: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_TRANSFER_QUANTITY_EXCEEDED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_UNAVAILABLE_QUANTITY_EXCEEDED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_UNKNOWN_INCOMING: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_SOURCE_STALE: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_COUNT_STALE: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_OBSERVATION_TOO_OLD: grpc.StatusCode.OUT_OF_RANGE,
    pb.ERROR_REASON_ATTEMPT_DECIDED: grpc.StatusCode.ABORTED,
    pb.ERROR_REASON_AMBIGUOUS_REFERENCE: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_READ_NOT_KEPT: grpc.StatusCode.OUT_OF_RANGE,
    pb.ERROR_REASON_UNKNOWN_SUBSCRIPTION: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_SUBSCRIPTION_DIFFERS: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_SUBSCRIPTION_TAKEN_OVER: grpc.StatusCode.ABORTED,
    pb.ERROR_REASON_UNKNOWN_PARKED_MESSAGE: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_TOO_MANY_PARKED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    pb.ERROR_REASON_TOO_MANY_SUBSCRIPTIONS: grpc.StatusCode.RESOURCE_EXHAUSTED,
    pb.ERROR_REASON_SUBSCRIBER_STALLED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    pb.ERROR_REASON_UNKNOWN_CHANNEL: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_UNKNOWN_SKU_GROUP: grpc.StatusCode.NOT_FOUND,
    pb.ERROR_REASON_LISTINGS_REFUSED: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_BUFFER_NOT_DYNAMIC: grpc.StatusCode.FAILED_PRECONDITION,
    pb.ERROR_REASON_UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    pb.ERROR_REASON_PERMISSION_DENIED: grpc.StatusCode.PERMISSION_DENIED,
    pb.ERROR_REASON_RATE_LIMITED: grpc.StatusCode.RESOURCE_EXHAUSTED,
}
"""The gRPC code of each reason, as errors.proto states it."""


class Refusal(NamedTuple):
    """What a caller hears: a reason, a sentence for a person, and the facts for a program."""

    reason: pb.ErrorReason
    message: str
    metadata: dict[str, str]
    short_lines: tuple[ShortLine, ...] = ()
    retry_after_ms: int = 0

    @property
    def code(self) -> grpc.StatusCode:
        """The gRPC code of the reason."""
        return CODES[self.reason]


def time_text(time_ms: int) -> str:
    """A time as RFC 3339 in UTC, to the millisecond."""
    time = datetime.fromtimestamp(time_ms / 1_000, UTC)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def key_facts(key: Key) -> dict[str, str]:
    """The facts that name a SKU-location."""
    return {"tenant": key.tenant, "sku": key.sku, "location": key.location}


def at(key: Key) -> str:
    """A SKU-location in a sentence."""
    return f"{key.sku} at {key.location}{_of_tenant(key)}"


def sku_of(key: Key) -> str:
    """A SKU in a sentence, wherever it is."""
    return f"{key.sku}{_of_tenant(key)}"


def _of_tenant(key: Key) -> str:
    return f" of tenant {key.tenant}" if key.tenant else ""


def are(number: int) -> str:
    """A number of units with its verb."""
    return "1 is" if number == 1 else f"{number} are"
