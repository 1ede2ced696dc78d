"""How a shard answers queries: from its actors and its store, activating none."""

from engine.core.availability import promisable
from engine.core.limits import AVAILABILITY_LOCATIONS_MAX
from engine.core.model import Key, Stock
from engine.shard.messages import (
    AvailabilityRead,
    LocationAvailable,
    Query,
    ReadAvailability,
    ReadReservation,
    ReadStock,
    ReservationRead,
    Result,
    StockRead,
    TooLarge,
)
from engine.shard.turn import Turn


def read(turn: Turn, request: Query) -> Result:
    """Answer a query as of the commands of the turn so far."""
    position = turn.next_position - 1
    if isinstance(request, ReadStock):
        return StockRead(turn.look_at(request.key), position)
    if isinstance(request, ReadReservation):
        reservation = turn.reservation(request.reservation_id)
        if reservation is not None and reservation.tenant != request.tenant:
            reservation = None
        return ReservationRead(reservation, position)
    return _availability(turn, request, position)


def _availability(turn: Turn, request: ReadAvailability, position: int) -> Result:
    own = _own_units(turn, request)
    answers = []
    room = AVAILABILITY_LOCATIONS_MAX
    for sku, location in request.keys:
        locations = [location] if location else turn.locations(request.tenant, sku)
        room -= len(locations)
        if room < 0:
            limit = AVAILABILITY_LOCATIONS_MAX
            return TooLarge("keys", limit - room, limit)
        found = []
        for name in locations:
            key = Key(request.tenant, sku, name)
            stock = turn.look_at(key)
            if stock is not None:
                found.append(_available(name, stock, request.channel, own.get(key, 0)))
        answers.append(tuple(found))
    return AvailabilityRead(tuple(answers), position)


def _own_units(turn: Turn, request: ReadAvailability) -> dict[Key, int]:
    """What the reservation to be left out holds, by SKU-location."""
    own: dict[Key, int] = {}
    if not request.excluding_reservation:
        return own
    excluded = turn.reservation(request.excluding_reservation)
    if excluded is not None and excluded.tenant == request.tenant:
        for line in excluded.lines:
            if line.counted:
                own[line.key] = own.get(line.key, 0) + line.held
    return own


def _available(location: str, stock: Stock, channel: str, own_units: int) -> LocationAvailable:
    seen = Stock(
        stock.on_hand + own_units,
        stock.held,
        stock.allocated,
        stock.safety_stock,
        stock.tracked,
        stock.selling,
        stock.version,
        stock.channel_buffers,
    )
    units = promisable(seen, channel) if stock.tracked else 0
    return LocationAvailable(location, units, not stock.tracked, stock.version)


def work_of(result: Result) -> int:
    """How much work a query was, counted in locations."""
    if isinstance(result, AvailabilityRead):
        return sum(map(len, result.availabilities)) + len(result.availabilities)
    return AVAILABILITY_LOCATIONS_MAX if isinstance(result, TooLarge) else 1
