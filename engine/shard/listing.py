"""Lists of reservations, from the indexes: newest first, in pages."""

from collections.abc import Iterator
from heapq import merge
from typing import NamedTuple

from engine.core.limits import PAGE_EVENTS_READ_MAX, PAGE_LINES_MAX
from engine.core.model import Key, Reservation
from engine.log.index import (
    customer_prefix,
    promised_prefix,
    reference_prefix,
    reservation_of,
)
from engine.log.port import Log
from engine.shard.queries import (
    ListedReservation,
    ListPlace,
    ListReservations,
    OfCustomer,
    OfPromises,
    OfReference,
    OfRisk,
    ReservationsRead,
)


class _Found(NamedTuple):
    """A place in a list, and the reservation there, if it belongs to the list."""

    place: ListPlace
    reservation: Reservation | None


def list_reservations(log: Log, question: ListReservations, durable: int) -> ReservationsRead:
    """A page of a list. It ends early when it has many lines, or when many places were looked
    at."""
    which = question.which
    if isinstance(which, OfRisk):
        found = _at_risk(log, which.key, question.place)
    else:
        found = _listed(log, which, question.place)
    listed: list[ListedReservation] = []
    lines = 0
    place: ListPlace | None = None
    for looked_at, one in enumerate(found):
        is_full = len(listed) == question.limit or lines >= PAGE_LINES_MAX
        if is_full or looked_at == PAGE_EVENTS_READ_MAX:
            return ReservationsRead(tuple(listed), place, durable)
        place = one.place
        if one.reservation is not None:
            listed.append(ListedReservation(one.reservation, place.after))
            lines += _size(one.reservation)
    return ReservationsRead(tuple(listed), None, durable)


def _size(reservation: Reservation) -> int:
    shipped = sum(len(shipment.lines) for shipment in reservation.shipments)
    return len(reservation.lines) + shipped


def _listed(
    log: Log, which: OfPromises | OfReference | OfCustomer, place: ListPlace | None
) -> Iterator[_Found]:
    if isinstance(which, OfReference):
        prefixes = [reference_prefix(which.tenant, which.reference)]
    elif isinstance(which, OfCustomer):
        prefixes = [customer_prefix(which.tenant, which.sku, which.customer)]
    else:
        states = [(False, which.held), (True, which.allocated)]
        prefixes = [
            promised_prefix(which.key, allocated=allocated) for allocated, is_in in states if is_in
        ]
    after = place.after if place else b""
    # Entries of one reservation end the same under each prefix, and so lie side by side.
    ends = merge(*(_ends(log, prefix, after) for prefix in prefixes), reverse=True)
    last = b""
    for end in ends:
        if end == last:
            continue
        last = end
        reservation = log.reservation(reservation_of(prefixes[0] + end, prefixes[0]))
        yield _Found(ListPlace(end), reservation)


def _ends(log: Log, prefix: bytes, after: bytes) -> Iterator[bytes]:
    """How the entries with a prefix end, newest first."""
    entries = log.index(prefix, newest_first=True, after=prefix + after if after else b"")
    return (entry[len(prefix) :] for entry in entries)


def _at_risk(log: Log, key: Key, place: ListPlace | None) -> Iterator[_Found]:
    """Holds, then allocations, until they cover what is missing. A reservation with both is listed
    once for each."""
    stock = log.stock(key)
    if stock is None or not stock.tracked:
        return
    uncovered = place.uncovered if place else stock.promised - stock.sellable
    for allocated in (False, True):
        if place is not None and place.at_allocations and not allocated:
            continue
        after = place.after if place and place.at_allocations is allocated else b""
        prefix = promised_prefix(key, allocated=allocated)
        for end in _ends(log, prefix, after):
            if uncovered <= 0:
                return
            reservation = log.reservation(reservation_of(prefix + end, prefix))
            units = _backed_units(reservation, key, allocated) if reservation else 0
            uncovered -= units
            yield _Found(ListPlace(end, allocated, uncovered), reservation if units else None)


def _backed_units(reservation: Reservation, key: Key, allocated: bool) -> int:
    """Units of a reservation with stock behind them, in one state at one SKU-location."""
    units = 0
    for line in reservation.lines:
        if line.key == key and line.counted:
            if allocated:
                units += line.allocated - line.allocated_backordered
            else:
                units += line.held - line.held_backordered
    return units
