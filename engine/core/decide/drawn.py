"""What channels take of their allocations by what has been decided, and give back. Whatever moves
promises, this is the only place that says so."""

from collections.abc import Iterable
from typing import Any, Protocol

from engine.core.channel_book import ChannelBook
from engine.core.channels import ChannelTerms
from engine.core.events import (
    AllocationDrawn,
    AllocationFilled,
    AllocationReleased,
    BasketPrepared,
    Event,
    HoldExpired,
    HoldFilled,
    HoldReacquired,
    HoldReleased,
    ReservationCreated,
    ReservationJoined,
    ShippedUnexpectedly,
    StockAllocated,
    StockHeld,
    StockSold,
    WaitFilled,
)
from engine.core.model import Key, Reservation

DRAWS: dict[type, int] = {
    StockHeld: +1,
    StockAllocated: +1,
    HoldReacquired: +1,
    HoldFilled: +1,
    AllocationFilled: +1,
    WaitFilled: +1,
    ShippedUnexpectedly: +1,
    StockSold: +1,
    HoldReleased: -1,
    HoldExpired: -1,
    AllocationReleased: -1,
}
"""What each unit of an event that stock backs draws. Commit and Ship move nothing: the units were
drawn when they were promised."""

_BEGINNING = frozenset({ReservationCreated, ReservationJoined, BasketPrepared})


class Seen(Protocol):
    """What is looked at beside the events: a View has all of it."""

    channels: ChannelBook

    def reservation(self, reservation_id: str) -> Reservation | None:
        """The reservation, unless it begins with the events."""


def drawn(view: Seen, events: Iterable[Event]) -> list[AllocationDrawn]:
    """The events that say so, one for each SKU-location and channel, in order of first mention.

    Units are given back only by reservations that were made since the allocation was stated: what
    was taken before that does not count.
    """
    if not view.channels.allocates:
        return []
    moved: dict[tuple[Key, str], tuple[int, ChannelTerms]] = {}
    begun: dict[str, str] = {}
    for event in events:
        _note(begun, event)
        sign = DRAWS.get(type(event))
        if sign is None:
            continue
        units = _backed(event)
        key: Key = event.key  # type: ignore[union-attr]
        if not units or not view.channels.is_allocated(key.tenant, key.sku):
            continue
        channel, since_ms = _seller(view, event, begun)
        terms = _terms(view, key, channel)
        if terms is None:
            continue
        if sign < 0 and since_ms is not None and since_ms < terms.allocation_since_ms:
            continue
        before, _ = moved.get((key, channel), (0, terms))
        moved[key, channel] = (before + sign * units, terms)
    return [
        AllocationDrawn(key, channel, units, terms.allocation_since_ms)
        for (key, channel), (units, terms) in moved.items()
        if units
    ]


def _note(begun: dict[str, str], event: Any) -> None:
    """Remember the channel of a reservation that begins with this event."""
    if type(event) in _BEGINNING:
        begun[event.reservation_id] = event.channel


def _backed(event: Any) -> int:
    """Units of an event with stock behind them, where anything is counted."""
    units: int = event.quantity - getattr(event, "backordered", 0)
    return units if event.counted else 0


def _seller(view: Seen, event: Any, begun: dict[str, str]) -> tuple[str, int | None]:
    """The channel that an event is of, and since when its reservation is there; None: it has just
    begun."""
    if type(event) is StockSold:
        return event.channel, None
    reservation_id: str = event.reservation_id
    if reservation_id in begun:
        return begun[reservation_id], None
    reservation: Reservation | None = view.reservation(reservation_id)
    return ("", None) if reservation is None else (reservation.channel, reservation.created_at_ms)


def _terms(view: Seen, key: Key, name: str) -> ChannelTerms | None:
    """The terms of a channel that state an allocation of the SKU; None if there are none."""
    channel = view.channels.channel(key.tenant, name) if name else None
    if channel is None:
        return None
    terms, _ = view.channels.terms(key.tenant, channel, key.sku)
    return None if terms.allocation_units is None else terms
