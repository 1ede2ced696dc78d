"""How things are: lines, levels, stock, reservations, transfers, and what may be promised."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from holdfast._enums import OnOverdue, ReservationStatus, Selling, ShortCause


class Line(NamedTuple):
    """One line of a basket to reserve or allocate; a plain ``(sku, location, quantity)`` is as
    good.

    The units come from `location`, from `locations` in order of preference, or from the enabled
    locations of a `group` in order of their priority: one of the three is given. An empty `line_id`
    becomes the line's number in the basket: "1", "2", ... With best effort, the basket is refused
    when fewer than `minimum_quantity` units can be had for the line. With `allow_backorder`, units
    beyond what is available are promised up to the SKU-location's backorder limit. `customer_limit`
    says how many units of the SKU the customer may have in all their baskets; 0: as many as is
    configured.
    """

    sku: str
    location: str = ""
    quantity: int = 1
    line_id: str = ""
    minimum_quantity: int = 0
    locations: Sequence[str] = ()
    group: str = ""
    allow_backorder: bool = False
    customer_limit: int = 0


class LinePart(NamedTuple):
    """A line of a reservation, or `quantity` units of it; 0 means all that it has.

    `location` is for ship alone: where the units left from, if not from where they were allocated.
    """

    line_id: str
    quantity: int = 0
    location: str = ""


class PickedLine(NamedTuple):
    """What a picker did to a line: `quantity` units lie in a box, `missing` ones were looked for in
    vain. Neither given: all that is allocated was picked."""

    line_id: str
    quantity: int = 0
    missing: int = 0


class LineResult(NamedTuple):
    """Units that one command held, committed, freed, released, allocated, picked, shipped or took
    back for one line at one location.

    `backordered` units of these are not backed by stock yet; `waiting` units, on top of them, are
    not promised yet. `place` is where they stand in the SKU-location's queue: 1 and the units
    before them, or 0.
    """

    line_id: str
    sku: str
    location: str
    quantity: int
    backordered: int = 0
    waiting: int = 0
    place: int = 0


class ShortLine(NamedTuple):
    """A line that could not be filled: `asked` units, of which `available` could have been had at
    that moment."""

    line_id: str
    sku: str
    location: str
    cause: ShortCause
    asked: int
    available: int


class UnavailableUnits(NamedTuple):
    """Units that are there and may not be sold, for one cause: damaged, under inspection,
    "missing"."""

    cause: str
    units: int


class Balances(NamedTuple):
    """The numbers of one SKU-location.

    `available` is on_hand - unavailable - held - allocated - safety_stock; it may be negative.
    `held` and `allocated` units are promised and backed by stock; `backordered` ones are promised
    without; `waiting` ones are not promised. `picked` units of `allocated` lie in a box, `incoming`
    units are expected.
    """

    on_hand: int
    held: int
    allocated: int
    safety_stock: int
    available: int
    unavailable: tuple[UnavailableUnits, ...] = ()
    picked: int = 0
    incoming: int = 0
    backordered: int = 0
    waiting: int = 0


class ChannelBuffer(NamedTuple):
    """Units that one channel must leave to the others; 0 units remove the buffer."""

    channel: str
    units: int


class Incoming(NamedTuple):
    """Units that are expected: of a delivery, or of the transfer `transfer_id`. `expected_at` is
    None when it is not known."""

    reference: str
    quantity: int
    expected_at: datetime | None
    transfer_id: str = ""


class SourceMark(NamedTuple):
    """How far one source has told about a SKU-location: its highest sequence number (0: none), and
    when it made its last count."""

    source: str
    sequence: int
    counted_at: datetime | None


class Stock(NamedTuple):
    """The state of one SKU-location. `version` grows by 1 with each of its events and is the value
    for `if_version`.

    `backorder_limit` units may be promised beyond what is available. `cursor` says what the read
    covers; it is empty inside the answer to a write, which has its own.
    """

    sku: str
    location: str
    balances: Balances
    tracked: bool
    selling: Selling
    version: int
    channel_buffers: tuple[ChannelBuffer, ...]
    tenant: str = ""
    cursor: str = ""
    backorder_limit: int = 0
    incoming: tuple[Incoming, ...] = ()
    sources: tuple[SourceMark, ...] = ()


class ReservationLine(NamedTuple):
    """One line of a reservation at one location: units still held, units allocated and not yet
    shipped, units shipped.

    `committed` units were ever allocated by commit. `backordered` units of held and allocated have
    no stock behind them yet, `waiting` ones are not promised, `picked` ones of allocated lie in a
    box, `returned` ones of shipped have come back, `expired` ones were lost to the deadline. One
    unit of a line of a kit stands for `units_each` units of a component.
    """

    line_id: str
    sku: str
    location: str
    held: int
    allocated: int
    shipped: int
    committed: int = 0
    backordered: int = 0
    waiting: int = 0
    picked: int = 0
    returned: int = 0
    expired: int = 0
    units_each: int = 1


class ShippedLine(NamedTuple):
    """What one shipment took of a line at one location, and how much of that has come back."""

    line_id: str
    sku: str
    location: str
    shipped: int
    returned: int


class Shipment(NamedTuple):
    """One shipment of a reservation; its id is its ship's reference, or its number."""

    shipment_id: str
    shipped_at: datetime | None
    lines: tuple[ShippedLine, ...]


class Reservation(NamedTuple):
    """A basket as it stands. `expires_at` is None when nothing was ever held; `cursor` says what
    the read covers.

    A waiting basket is held for `hold` once it has all that it waits for, and waits until
    `expires_at`. An allocation that nobody confirms by `confirm_by` is kept or released, as
    `on_overdue` says. A PREPARED one holds units for a basket over several shards that is not
    decided yet, or for the reservation `prepared_for`.
    """

    reservation_id: str
    status: ReservationStatus
    lines: tuple[ReservationLine, ...]
    reference: str
    channel: str
    customer: str
    expires_at: datetime | None
    created_at: datetime | None
    tenant: str = ""
    cursor: str = ""
    hold: timedelta | None = None
    confirm_by: datetime | None = None
    on_overdue: OnOverdue = OnOverdue.KEEP
    shipments: tuple[Shipment, ...] = ()
    prepared_for: str = ""


class Transfer(NamedTuple):
    """Units on their way from one location to another: `in_transit` is sent - received - lost."""

    transfer_id: str
    sku: str
    from_location: str
    to_location: str
    sent: int
    received: int
    lost: int
    in_transit: int
    reference: str
    created_at: datetime | None
    expected_at: datetime | None
    tenant: str = ""
    cursor: str = ""


class LocationAvailability(NamedTuple):
    """What may be promised of a SKU at one location; `unlimited` where units are not counted."""

    location: str
    available: int
    unlimited: bool
    version: int


class Availability(NamedTuple):
    """What may be promised of a SKU, in total and by location; no locations if the SKU is unknown
    there."""

    sku: str
    total_available: int
    unlimited: bool
    locations: tuple[LocationAvailability, ...]


class Availabilities(NamedTuple):
    """The answer to `availability`: `items` in the order of the keys asked; `cursor` says what the
    answer covers."""

    items: tuple[Availability, ...]
    cursor: str


class Location(NamedTuple):
    """A place that stock is sourced from. In a group, those with a lower `priority` come first. A
    disabled one makes no new promise. `region` is the caller's own and of no effect."""

    name: str
    priority: int = 0
    region: str = ""
    enabled: bool = True
    groups: Sequence[str] = ()


class Component(NamedTuple):
    """So many units of a SKU are in one kit."""

    sku: str
    quantity: int


class Kit(NamedTuple):
    """A SKU that is sold as one and consists of others."""

    sku: str
    components: tuple[Component, ...]


class CustomerLimit(NamedTuple):
    """How many units of a SKU one customer may have; shipped ones count for the `window`, if there
    is one."""

    sku: str
    units: int
    window: timedelta | None


class HoldTimes(NamedTuple):
    """How long holds of each class last."""

    cart: timedelta | None
    checkout: timedelta | None
    order: timedelta | None


class NodeConfiguration(NamedTuple):
    """What is configured for a tenant, on the whole node; `cursor` says what the read covers at
    least."""

    locations: tuple[Location, ...]
    kits: tuple[Kit, ...]
    customer_limits: tuple[CustomerLimit, ...]
    hold_times: HoldTimes
    cursor: str


class Node(NamedTuple):
    """What a node is and how it is set. `request_retention` is how long request ids are remembered,
    None for ever; `hold_times` are those of the default tenant; `oldest_cursor` is the oldest that
    a feed can start after."""

    version: str
    history: str
    epoch: int
    shards: int
    request_retention: timedelta | None
    hold_times: HoldTimes
    oldest_cursor: str
