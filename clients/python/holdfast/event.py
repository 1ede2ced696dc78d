"""An event of the history, read from its protobuf message as far as it is asked for."""

from datetime import datetime
from typing import Any, NamedTuple

from google.protobuf.timestamp_pb2 import Timestamp

from holdfast import _convert
from holdfast._event_kinds import AtRisk, Cause, EventKind
from holdfast.types import Balances
from holdfast.v1 import feed_pb2, history_pb2

__all__ = ["AtRisk", "Cause", "Event", "EventKind", "Explanation", "explanation"]


_KINDS = {kind.value: kind for kind in EventKind}


class Event:
    """A fact: something that has happened to a SKU-location, or to a reservation as a whole or the
    node's configuration (then `sku` is empty).

    The attributes below read what most kinds share, and are empty or 0 where a kind has no such
    fact; `details` has the rest.
    """

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
    def backordered(self) -> int:
        """Units of `quantity` that no stock backs."""
        return int(getattr(self.details, "backordered", 0))

    @property
    def reference(self) -> str:
        """The caller's name for the reservation, delivery or transfer that it concerns, or empty;
        that of the command is in `cause`."""
        return str(getattr(self.details, "reference", ""))

    @property
    def shipment_id(self) -> str:
        """The shipment that it concerns, or empty."""
        return str(getattr(self.details, "shipment_id", ""))

    @property
    def transfer_id(self) -> str:
        """The transfer that it concerns, or empty."""
        return str(getattr(self.details, "transfer_id", ""))

    @property
    def unavailable_cause(self) -> str:
        """Why its units may not be sold; empty: they may, or it is none of its business."""
        return str(getattr(self.details, "unavailable_cause", ""))

    @property
    def expires_at(self) -> datetime | None:
        """The reservation's deadline from it on, or None."""
        return self._moment("expires_at")

    @property
    def confirm_by(self) -> datetime | None:
        """By when the allocation has, or had, to be confirmed, or None."""
        return self._moment("confirm_by")

    @property
    def at_risk(self) -> tuple[AtRisk, ...]:
        """Of a shortfall: whose units may not be there."""
        return tuple(
            [
                AtRisk(each.reservation_id, each.units, each.allocated)
                for each in getattr(self.details, "at_risk", ())
            ]
        )

    @property
    def lines(self) -> tuple["Event", ...]:
        """Of LINES_TOLD: what happens to the lines in the other shard, each with key and kind
        alone."""
        if self.kind is not EventKind.LINES_TOLD:
            return ()
        return tuple([Event(each) for each in self.details.lines])

    def _moment(self, name: str) -> datetime | None:
        timestamp = getattr(self.details, name, None)
        return _convert.moment_or_none(timestamp) if isinstance(timestamp, Timestamp) else None

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
            cause.source,
            cause.source_sequence,
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


class Explanation(NamedTuple):
    """One event that changed a number: by how much, and what it was after it."""

    event: Event
    change: int
    value: int


def explanation(message: history_pb2.Explanation) -> Explanation:
    """One step of why a number is what it is."""
    return Explanation(Event(message.event), message.change, message.value)
