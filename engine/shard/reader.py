"""How a shard answers queries: from its actors and its store, activating none."""

from collections.abc import Iterator
from itertools import islice

from msgspec.structs import replace

from engine.core.availability import promisable
from engine.core.channel_rules import sells
from engine.core.configuration import Component
from engine.core.limits import (
    AVAILABILITY_LOCATIONS_MAX,
    REFERENCE_OPEN_MAX,
    REFERENCE_RESERVATIONS_MAX,
)
from engine.core.model import Key, Reservation, Stock
from engine.log.index import reference_prefix, reservation_of
from engine.shard.channel_queries import (
    ChannelAvailabilityRead,
    LocationAvailable,
    ReadChannelAvailability,
)
from engine.shard.channel_reader import read_channel_availability, shared_out
from engine.shard.messages import Result
from engine.shard.queries import (
    AvailabilityRead,
    FindReservation,
    Query,
    ReadAvailability,
    ReadReservation,
    ReadStock,
    ReadTransfer,
    ReservationRead,
    ReservationsFound,
    StockRead,
    TooLarge,
    TransferRead,
)
from engine.shard.turn import Turn
from engine.shard.writer import request_key

FINDING_WORK = 20
"""What finding a reservation counts as, in locations."""


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
    if isinstance(request, ReadTransfer):
        transfer = turn.transfer(request.transfer_id)
        if transfer is not None and transfer.tenant != request.tenant:
            transfer = None
        return TransferRead(transfer, position)
    if isinstance(request, FindReservation):
        return _find(turn, request, position)
    if isinstance(request, ReadChannelAvailability):
        return read_channel_availability(turn, request, position)
    return _availability(turn, request, position)


def _find(turn: Turn, request: FindReservation, position: int) -> ReservationsFound:
    """The open reservations of a reference, or else the newest closed one."""
    open_ids: list[str] = []
    closed: Reservation | None = None
    for reservation in islice(_of_reference(turn, request), REFERENCE_RESERVATIONS_MAX):
        if reservation.is_open:
            open_ids.append(reservation.reservation_id)
            if len(open_ids) > REFERENCE_OPEN_MAX:
                break
        elif closed is None:
            closed = reservation
    return ReservationsFound(
        tuple(open_ids),
        closed.reservation_id if closed else "",
        closed.created_at_ms if closed else 0,
        _recorded_id(turn, request) if request.request_id else "",
        position,
    )


def _of_reference(turn: Turn, request: FindReservation) -> Iterator[Reservation]:
    prefix = reference_prefix(request.tenant, request.reference)
    for entry in turn.entries(prefix, newest_first=True):
        reservation = turn.reservation(reservation_of(entry, prefix))
        if reservation is not None:
            yield reservation


def _recorded_id(turn: Turn, request: FindReservation) -> str:
    """The reservation of the command that the request id was used for by reference; empty if it was
    not, or for no reservation."""
    key = request_key(request.slot, request.tenant, request.request_id)
    in_turn = turn.request(key)
    record = in_turn[0] if in_turn else turn.log.request(key)
    if record is None:
        return ""
    commit = in_turn[1] if in_turn else turn.log.commit_at(record.position)[0]
    for recorded in commit.recorded:
        reservation_id: str = getattr(recorded.event, "reservation_id", "")
        if reservation_id:
            return reservation_id
    return ""


def _availability(turn: Turn, request: ReadAvailability, position: int) -> Result:
    tenant = request.tenant
    own = _own_units(turn, request)
    answers: list[tuple[LocationAvailable, ...]] = []
    kits: list[tuple[int, tuple[Component, ...]]] = []
    room = AVAILABILITY_LOCATIONS_MAX
    for index, (sku, location) in enumerate(request.keys):
        kit = turn.kit(tenant, sku)
        if kit is not None:
            kits.append((index, kit.components))
            answers.append(())
            continue
        locations = [location] if location else turn.locations(tenant, sku)
        room -= len(locations)
        if room < 0:
            limit = AVAILABILITY_LOCATIONS_MAX
            return TooLarge("keys", limit - room, limit)
        found: list[LocationAvailable] = []
        for name in locations:
            key = Key(tenant, sku, name)
            stock = turn.look_at(key)
            if stock is not None:
                found.append(_available(turn, key, stock, request.channel, own.get(key, 0)))
        if turn.channels.channels:
            own_units = {key.location: units for key, units in own.items() if key.sku == sku}
            everywhere = not location
            found = shared_out(
                turn, tenant, sku, request.channel, found, own_units, everywhere=everywhere
            )
        answers.append(tuple(found))
    return AvailabilityRead(tuple(answers), position, tuple(kits))


def _own_units(turn: Turn, request: ReadAvailability) -> dict[Key, int]:
    """What the reservation to be left out holds with stock behind it, by SKU-location."""
    own: dict[Key, int] = {}
    if not request.excluding_reservation:
        return own
    excluded = turn.reservation(request.excluding_reservation)
    if excluded is not None and excluded.tenant == request.tenant:
        for line in excluded.lines:
            if line.counted:
                own[line.key] = own.get(line.key, 0) + line.held - line.held_backordered
    return own


def _available(
    turn: Turn, key: Key, stock: Stock, channel: str, own_units: int
) -> LocationAvailable:
    is_open = sells(turn, key, stock)
    if not stock.tracked:
        return LocationAvailable(key.location, 0, is_open, stock.version)
    if own_units:
        stock = replace(stock, held=stock.held - own_units)
    units = promisable(stock, channel, enabled=is_open)
    return LocationAvailable(key.location, units, False, stock.version)


def work_of(result: Result) -> int:
    """How much work a query was, counted in locations."""
    if isinstance(result, AvailabilityRead):
        return sum(map(len, result.availabilities)) + len(result.availabilities)
    if isinstance(result, ChannelAvailabilityRead):
        return sum(len(one.locations) + 1 for one in result.skus)
    if isinstance(result, ReservationsFound):
        return FINDING_WORK + len(result.open_ids)
    return AVAILABILITY_LOCATIONS_MAX if isinstance(result, TooLarge) else 1
