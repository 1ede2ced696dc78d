"""How a shard answers questions: beside its writer, from what is stored.

History is read as of a durable position; indexes, reservations and configuration as they are when
they are read, which may be a little later.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, get_args

from engine.core.limits import QUEUE_ENTRIES_READ_MAX
from engine.core.model import Key, Settings
from engine.log.index import first_come, queue_prefix, queued_line_of
from engine.log.port import Log
from engine.log.time_travel import NotKept, stock_as_of
from engine.shard.channel_lists import read_channels
from engine.shard.channel_queries import ReadChannels, ReadDailySales
from engine.shard.daily_sales import read_daily_sales
from engine.shard.due_buffer_queries import ReadDueBuffers
from engine.shard.due_buffers import read_due_buffers
from engine.shard.listing import list_reservations
from engine.shard.listing_queries import ListingQuestion
from engine.shard.listings import read_listings
from engine.shard.past import explain, not_kept, read_events
from engine.shard.queries import (
    ConfigurationRead,
    ExplainStock,
    ListReservations,
    PlacesRead,
    PositionRead,
    QueryResult,
    Question,
    ReadConfiguration,
    ReadEvents,
    ReadPlaces,
    ReadPositionAt,
    ReadStockAsOf,
    ReadStocks,
    StockRead,
)
from engine.shard.stocks import read_stocks


def read_beside(log: Log, question: Question, durable: int, settings: Settings) -> QueryResult:
    """Answer a question as of the `durable` position. `settings` are those of tenants that have
    configured none. LogError if the log is damaged there."""
    if isinstance(question, ReadConfiguration):
        return _configuration(log, question, durable, settings)
    return _ANSWERS[type(question)](log, question, durable)


def _position_at(log: Log, question: ReadPositionAt, durable: int) -> QueryResult:
    at = log.position_at(question.time_ms)
    return (
        not_kept(log) if at + 1 < log.oldest_position else PositionRead(min(at, durable), durable)
    )


def _stock_as_of(log: Log, question: ReadStockAsOf, durable: int) -> QueryResult:
    position = question.position
    if position is None:
        position = log.position_at(question.time_ms)
    stock = stock_as_of(log, question.key, min(position, durable))
    if isinstance(stock, NotKept):
        return not_kept(log)
    return StockRead(stock, durable)


def _places(log: Log, question: ReadPlaces, durable: int) -> PlacesRead:
    lines_of_key: dict[Key, set[str]] = {}
    for line_id, key in question.lines:
        lines_of_key.setdefault(key, set()).add(line_id)
    room = QUEUE_ENTRIES_READ_MAX
    found: dict[tuple[str, Key], tuple[int, bool]] = {}
    for key, line_ids in lines_of_key.items():
        room = _find_places(log, key, question.reservation_id, line_ids, room, found)
    return PlacesRead(tuple(found.get(line, (0, False)) for line in question.lines), durable)


def _find_places(
    log: Log,
    key: Key,
    reservation_id: str,
    line_ids: set[str],
    room: int,
    found: dict[tuple[str, Key], tuple[int, bool]],
) -> int:
    """Find the places of a reservation's lines in one queue, looking at no more than `room` of it;
    return what is left of the room."""
    prefix = queue_prefix(key)
    # A basket may be queued with many lines, and is large then: it is read once.
    units_of: dict[str, dict[str, int]] = {}
    place = 1
    for entry in islice(first_come(log.index(prefix), prefix), room):
        room -= 1
        queued_id, line_id = queued_line_of(entry, prefix)
        if queued_id == reservation_id and line_id in line_ids:
            found[line_id, key] = (place, False)
            line_ids.discard(line_id)
            if not line_ids:
                return room
        if queued_id not in units_of:
            units_of[queued_id] = _queued_units(log, queued_id, key)
        place += units_of[queued_id].get(line_id, 0)
    if not room:
        for line_id in line_ids:
            found[line_id, key] = (place, True)
    return room


def _queued_units(log: Log, reservation_id: str, key: Key) -> dict[str, int]:
    """Units of a reservation that are queued at a SKU-location, by line."""
    reservation = log.reservation(reservation_id)
    lines = reservation.lines if reservation is not None else ()
    return {line.line_id: line.queued for line in lines if line.key == key}


def _configuration(
    log: Log, question: ReadConfiguration, durable: int, settings: Settings
) -> ConfigurationRead:
    """A page in order of kind, then name."""
    configuration = log.configuration()
    tenant = question.tenant
    of_kind: tuple[Iterable[tuple[str, str]], ...] = (
        configuration.locations,
        configuration.kits,
        configuration.customer_limits,
    )
    after = (question.after_kind, question.after_name)
    names = sorted(
        (kind, name)
        for kind, configured in enumerate(of_kind)
        for owner, name in configured
        if owner == tenant and (kind, name) > after
    )
    page = names[: question.limit]
    return ConfigurationRead(
        tuple(configuration.locations[tenant, name] for kind, name in page if kind == 0),
        tuple(configuration.kits[tenant, name] for kind, name in page if kind == 1),
        tuple(configuration.customer_limits[tenant, name] for kind, name in page if kind == 2),
        configuration.settings(tenant, settings),
        len(names) > len(page),
        durable,
    )


_ANSWERS: dict[type, Callable[[Log, Any, int], QueryResult]] = {
    ReadStockAsOf: _stock_as_of,
    ReadEvents: read_events,
    ExplainStock: explain,
    ListReservations: list_reservations,
    ReadPlaces: _places,
    ReadStocks: read_stocks,
    ReadPositionAt: _position_at,
    ReadChannels: read_channels,
    ReadDailySales: read_daily_sales,
    ReadDueBuffers: read_due_buffers,
    **dict.fromkeys(get_args(ListingQuestion), read_listings),
}
"""What answers each kind of question but that for the configuration."""
