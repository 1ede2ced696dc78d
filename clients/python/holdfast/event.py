"""An event of the change feed, read from its protobuf message as far as it is asked for."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from holdfast import _convert
from holdfast.types import Balances
from holdfast.v1 import feed_pb2


class EventKind(StrEnum):
    """What an event says has happened."""

    UNKNOWN = "unknown"
    STOCK_HELD = "stock_held"
    HOLD_COMMITTED = "hold_committed"
    HOLD_RELEASED = "hold_released"
    HOLD_EXPIRED = "hold_expired"
    STOCK_ALLOCATED = "stock_allocated"
    ALLOCATION_RELEASED = "allocation_released"
    STOCK_SHIPPED = "stock_shipped"
    STOCK_SOLD = "stock_sold"
    STOCK_RECEIVED = "stock_received"
    STOCK_ADJUSTED = "stock_adjusted"
    STOCK_COUNTED = "stock_counted"
    STOCK_CONFIGURED = "stock_configured"
    SHORTFALL_DETECTED = "shortfall_detected"
    RESERVATION_CREATED = "reservation_created"
    RESERVATION_EXTENDED = "reservation_extended"
    RESERVATION_RENAMED = "reservation_renamed"
    RESERVATION_EXPIRED = "reservation_expired"


_KINDS = {kind.value: kind for kind in EventKind}


class Cause(NamedTuple):
    """Which command made an event, and in whose name; "Expire" for the passing of a deadline."""

    command: str
    request_id: str
    principal: str
    correlation_id: str
    ticket: str
    reason: str
    reference: str
    occurred_at: datetime | None


class Event:
    """A fact: something that has happened to a SKU-location, or to a reservation as a whole (then
    `sku` is empty)."""

    __slots__ = ("message",)

    def __init__(self, message: feed_pb2.Event) -> None:
        self.message = message
        """The protobuf message with everything the server said."""

    @property
    def kind(self) -> EventKind:
        """What has happened."""
        return _KINDS.get(self.message.WhichOneof("kind") or "", EventKind.UNKNOWN)

    @property
    def details(self) -> Any:
        """The protobuf message of the kind, such as StockHeld; None for a kind that this SDK does
        not know."""
        name = self.message.WhichOneof("kind")
        return getattr(self.message, name) if name else None

    @property
    def shard(self) -> int:
        """The shard that recorded it."""
        return self.message.shard

    @property
    def position(self) -> int:
        """Its place in the shard's history, from 1."""
        return self.message.position

    @property
    def tenant(self) -> str:
        """The tenant that it concerns."""
        if self.message.HasField("key"):
            return self.message.key.tenant
        return str(getattr(self.details, "tenant", ""))

    @property
    def sku(self) -> str:
        """The SKU, or empty."""
        return self.message.key.sku

    @property
    def location(self) -> str:
        """The location, or empty."""
        return self.message.key.location

    @property
    def version(self) -> int:
        """The SKU-location's version after it; 0 without one."""
        return self.message.version

    @property
    def balances(self) -> Balances | None:
        """The SKU-location's balances after it; None for an event of a reservation as a whole."""
        message = self.message
        return _convert.balances(message.balances) if message.HasField("balances") else None

    @property
    def reservation_id(self) -> str:
        """The reservation that it concerns, or empty."""
        return str(getattr(self.details, "reservation_id", ""))

    @property
    def line_id(self) -> str:
        """The reservation's line that it concerns, or empty."""
        return str(getattr(self.details, "line_id", ""))

    @property
    def quantity(self) -> int:
        """Units that moved; 0 for kinds that move none, and for an adjustment or a count, whose
        `details` tell."""
        return int(getattr(self.details, "quantity", 0))

    @property
    def recorded_at(self) -> datetime:
        """When it was recorded, by engine time."""
        return _convert.moment(self.message.recorded_at)

    @property
    def cause(self) -> Cause:
        """What made it."""
        cause = self.message.cause
        occurred_at = _convert.moment(cause.occurred_at) if cause.HasField("occurred_at") else None
        return Cause(
            cause.command,
            cause.request_id,
            cause.principal,
            cause.correlation_id,
            cause.ticket,
            cause.reason,
            cause.reference,
            occurred_at,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and self.message == other.message

    def __hash__(self) -> int:
        return hash((self.message.shard, self.message.position))

    def __repr__(self) -> str:
        message = self.message
        where = f" {self.sku!r} at {self.location!r}" if self.sku else f" {self.reservation_id}"
        return (
            f"<Event {self.kind}{where} version={self.version} {message.shard}/{message.position}>"
        )
