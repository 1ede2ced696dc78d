"""What a shard can be asked without changing anything, and how it answers.

A Query is answered in the turn that it arrives in, and so sees every command before it. A Question
may take long: it is answered beside the writer, from what is stored.
"""

from engine.core.configuration import Component, CustomerLimit, Kit, Location
from engine.core.model import Cause, Key, Reservation, Settings, Stock, Struct, Transfer
from engine.shard.channel_queries import (
    ChannelAvailabilityRead,
    ChannelsRead,
    DailySalesRead,
    LocationAvailable,
    ReadChannelAvailability,
    ReadChannels,
    ReadDailySales,
)
from engine.shard.due_buffer_queries import DueBuffersRead, ReadDueBuffers
from engine.shard.listing_queries import ListingQuestion, ListingsFound, ListingsRead


class ReadStock(Struct, frozen=True, tag=True):
    """Ask for a SKU-location."""

    key: Key


class ReadReservation(Struct, frozen=True, tag=True):
    """Ask for a reservation of a tenant."""

    tenant: str
    reservation_id: str


class ReadTransfer(Struct, frozen=True, tag=True):
    """Ask for a transfer of a tenant."""

    tenant: str
    transfer_id: str


class ReadAvailability(Struct, frozen=True, tag=True):
    """Ask what may be promised of (SKU, location) pairs; an empty location means all that have the
    SKU."""

    tenant: str
    keys: tuple[tuple[str, str], ...]
    channel: str
    excluding_reservation: str


class FindReservation(Struct, frozen=True, tag=True):
    """Ask which reservations with their home in this shard have a reference; and, if a
    `request_id` is given, which one the command was on that it was used for by reference. `slot` is
    that of commands by reference."""

    tenant: str
    reference: str
    slot: int = 0
    request_id: str = ""


Query = (
    ReadStock
    | ReadReservation
    | ReadTransfer
    | ReadAvailability
    | ReadChannelAvailability
    | FindReservation
)


class ReadStockAsOf(Struct, frozen=True, tag=True):
    """Ask what a SKU-location was at a position of this shard or, if that is None, at an engine
    time. `at_least`: the position that the answer must cover, as in all questions."""

    key: Key
    position: int | None
    time_ms: int
    at_least: int = 0


class ReadEvents(Struct, frozen=True, tag=True):
    """Ask for a page of events of a SKU-location, or of a reservation; positions, times (engine
    milliseconds) and versions are both included. `after`: the version, or of a reservation the
    position, of the last event before the page; 0: none."""

    key: Key | None
    tenant: str
    reservation_id: str
    from_version: int
    to_version: int
    from_ms: int
    to_ms: int
    newest_first: bool
    limit: int
    after: int = 0
    at_least: int = 0


class ExplainStock(Struct, frozen=True, tag=True):
    """Ask which events made a number of a SKU-location: an attribute of Stock. As of a position, or
    else of a time, or else of now (both None). `before_version` is that of the last event looked at
    for the page before; 0: none was."""

    key: Key
    number: str
    position: int | None
    time_ms: int | None
    limit: int
    before_version: int = 0
    at_least: int = 0


class OfPromises(Struct, frozen=True, tag=True):
    """Reservations with units held, or allocated, at a SKU-location."""

    key: Key
    held: bool
    allocated: bool


class OfRisk(Struct, frozen=True, tag=True):
    """Reservations whose units may not be there at a SKU-location."""

    key: Key


class OfReference(Struct, frozen=True, tag=True):
    """Reservations with a reference."""

    tenant: str
    reference: str


class OfCustomer(Struct, frozen=True, tag=True):
    """Reservations in which a customer has, or was shipped, units of a SKU."""

    tenant: str
    sku: str
    customer: str


class ListPlace(Struct, frozen=True):
    """Where a list of reservations goes on: after the entry that ends so. For those at risk also
    whether the list has come to allocations, and how many units are not covered yet."""

    after: bytes
    at_allocations: bool = False
    uncovered: int = 0


class ListReservations(Struct, frozen=True, tag=True):
    """Ask for a page of reservations, newest first; `place` None: the first one."""

    which: OfPromises | OfRisk | OfReference | OfCustomer
    limit: int
    place: ListPlace | None = None
    at_least: int = 0


class ReadPlaces(Struct, frozen=True, tag=True):
    """Ask how many units are queued before the lines of a reservation: (line id, SKU-location)."""

    reservation_id: str
    lines: tuple[tuple[str, Key], ...]
    at_least: int = 0


class ReadPositionAt(Struct, frozen=True, tag=True):
    """Ask for the position of the last event recorded up to an engine time."""

    time_ms: int
    at_least: int = 0


class ReadConfiguration(Struct, frozen=True, tag=True):
    """Ask for a page of a tenant's configuration: after the `after_name` of what is of
    `after_kind`: locations (0), kits (1), limits (2)."""

    tenant: str
    limit: int
    after_kind: int = 0
    after_name: str = ""
    at_least: int = 0


class ReadStocks(Struct, frozen=True, tag=True):
    """Ask for a page of a tenant's SKU-locations, in order of SKU, then location, all as of one
    position: those whose SKU is one of `skus` or begins with one of `sku_prefixes`, or all if
    neither is given; of these the ones at `locations`, None: everywhere. `after`: those after this
    one."""

    tenant: str
    skus: tuple[str, ...]
    sku_prefixes: tuple[str, ...]
    locations: tuple[str, ...] | None
    limit: int
    after: Key | None = None
    at_least: int = 0


Question = (
    ReadStockAsOf
    | ReadEvents
    | ExplainStock
    | ListReservations
    | ReadPlaces
    | ReadConfiguration
    | ListingQuestion
    | ReadDueBuffers
    | ReadStocks
    | ReadPositionAt
    | ReadChannels
    | ReadDailySales
)


class StockRead(Struct, frozen=True, tag=True):
    """A SKU-location, None if it does not exist, as of `position`."""

    stock: Stock | None
    position: int


class ReservationRead(Struct, frozen=True, tag=True):
    """A reservation, None if it does not exist, as of `position`."""

    reservation: Reservation | None
    position: int


class TransferRead(Struct, frozen=True, tag=True):
    """A transfer, None if it does not exist, as of `position`."""

    transfer: Transfer | None
    position: int


class AvailabilityRead(Struct, frozen=True, tag=True):
    """For each asked key, what may be promised by location, as of `position`; `kits`: the
    components of those that are kits, by the key's index."""

    availabilities: tuple[tuple[LocationAvailable, ...], ...]
    position: int
    kits: tuple[tuple[int, tuple[Component, ...]], ...] = ()


class ReservationsFound(Struct, frozen=True, tag=True):
    """The ids of open reservations, newest first, the newest closed one if none is open (with when
    it was made), and the one for which the request id is recorded; empty: none."""

    open_ids: tuple[str, ...]
    closed_id: str
    closed_created_ms: int
    recorded_id: str
    position: int


class EventRead(Struct, frozen=True):
    """An event with its place and cause. `encoded` is a holdfast.v1.Event without these."""

    position: int
    recorded_at_ms: int
    cause: Cause
    encoded: bytes


class EventsRead(Struct, frozen=True, tag=True):
    """A page of events; `next_after` 0: it is the last one."""

    events: tuple[EventRead, ...]
    next_after: int
    position: int


class ExplanationRead(Struct, frozen=True):
    """An event that changed a number, by how much, and the number after it."""

    event: EventRead
    change: int
    value: int


class ExplanationsRead(Struct, frozen=True, tag=True):
    """A number as of position `as_of`, and a page of what made it; `next_before` 0: it is the last
    one."""

    value: int
    explanations: tuple[ExplanationRead, ...]
    next_before: int
    as_of: int
    position: int


class ListedReservation(Struct, frozen=True):
    """A reservation, or the part of one that this shard has; `entry` is how its entry ends, by
    which lists are in order."""

    reservation: Reservation
    entry: bytes


class ReservationsRead(Struct, frozen=True, tag=True):
    """A page of reservations; `next_place` None: it is the last one."""

    reservations: tuple[ListedReservation, ...]
    next_place: ListPlace | None
    position: int


class PlacesRead(Struct, frozen=True, tag=True):
    """The place of each asked line: 1 and the units queued before it, and whether it is only known
    to be no better than that; 0 if it is not queued."""

    places: tuple[tuple[int, bool], ...]
    position: int


class ConfigurationRead(Struct, frozen=True, tag=True):
    """A page of configuration; `has_more`: it is not the last one."""

    locations: tuple[Location, ...]
    kits: tuple[Kit, ...]
    customer_limits: tuple[CustomerLimit, ...]
    settings: Settings
    has_more: bool
    position: int


class StocksRead(Struct, frozen=True, tag=True):
    """A page of SKU-locations as of `position`. `next_after`: where to go on; None: it is the last
    page."""

    stocks: tuple[tuple[Key, Stock], ...]
    next_after: Key | None
    position: int


class PositionRead(Struct, frozen=True, tag=True):
    """Position `at` is that of the last event up to then, as of `position`; 0: there was none."""

    at: int
    position: int


class PastNotKept(Struct, frozen=True, tag=True):
    """What was asked for is older than what is kept: events from `oldest_position` on, the first of
    them recorded at `oldest_ms`."""

    oldest_position: int
    oldest_ms: int


class NotThere(Struct, frozen=True, tag=True):
    """What was asked about does not exist, and never did."""

    position: int


class TooLarge(Struct, frozen=True, tag=True):
    """The answer to a read would be larger than allowed: `value` of what `field` names, against
    `limit`."""

    field: str
    value: int
    limit: int


QueryResult = (
    StockRead
    | ReservationRead
    | TransferRead
    | AvailabilityRead
    | ChannelAvailabilityRead
    | ReservationsFound
    | EventsRead
    | ExplanationsRead
    | ReservationsRead
    | PlacesRead
    | ConfigurationRead
    | ListingsRead
    | ListingsFound
    | DueBuffersRead
    | ChannelsRead
    | DailySalesRead
    | StocksRead
    | PositionRead
    | PastNotKept
    | NotThere
    | TooLarge
)
