"""What a warehouse is, told as plainly as possible: one row for each unit that was ever promised.

This is the state of an independent model of the engine. It shares no code and no table with the
core: every balance is counted anew from the rows whenever it is asked for, and who waits in which
order is read off the rows as well.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from engine.core.commands import LineQuantity
from engine.core.configuration import Location
from engine.core.model import Key, OnOverdue, ReservationStatus, Selling, Settings
from engine.core.rejections import LineQuantityExceeded, UnknownLine

WAITING, HELD, ALLOCATED = "waiting", "held", "allocated"
SHIPPED, RETURNED, LOST = "shipped", "returned", "lost"
OPEN = (WAITING, HELD, ALLOCATED)

Place = tuple[str, Key]
"""A line of a basket at a SKU-location."""


def _own(value: object) -> object:
    """A copy of what changes in place; anything else as it is."""
    return value.copy() if isinstance(value, list | dict | set) else value


class Refusal(Exception):
    """The model's word that a command may not happen: by which kind of rejection, and for a short
    basket which lines are short, with what each could have had."""

    def __init__(self, kind: type, short: dict[str, int] | None = None) -> None:
        super().__init__(kind.__name__)
        self.kind = kind
        self.short = short or {}


@dataclass(eq=False)
class Unit:
    """One unit of one line of a basket."""

    basket: "Basket"
    line_id: str
    key: Key
    state: str
    counted: bool = True
    backed: bool = True
    picked: bool = False
    shipment: str = ""
    sent: int = 0
    """A number that grows with each unit that was shipped."""
    joined: tuple[int, int, int, str] = (0, 0, 0, "")
    """When its line began to wait here: what decides who is served first."""

    @property
    def place(self) -> Place:
        return (self.line_id, self.key)

    @property
    def queued(self) -> bool:
        return self.counted and (
            self.state == WAITING or (self.state in (HELD, ALLOCATED) and not self.backed)
        )


@dataclass(eq=False)
class Basket:
    """A reservation."""

    reservation_id: str
    number: int
    """It grows with each that comes: see `Warehouse.next_number`."""
    tenant: str
    channel: str
    customer: str
    reference: str
    created_ms: int
    expires_ms: int = 0
    hold_ms: int = 0
    confirm_by_ms: int = 0
    on_overdue: OnOverdue = OnOverdue.KEEP
    expired: bool = False
    units: list[Unit] = field(default_factory=list)
    places: dict[Place, int] = field(default_factory=dict)
    """Every line it ever had, with units in one kit, in order."""
    counted: dict[Place, bool] = field(default_factory=dict)
    """Whether the line weighs on balances there."""
    former: set[Place] = field(default_factory=set)
    """What a line was before it was given another SKU."""
    committed: dict[Place, int] = field(default_factory=dict)
    shipped_ms: dict[str, int] = field(default_factory=dict)

    def having(self, *states: str) -> list[Unit]:
        """Its units in these states, line by line, of each those first that no stock backs."""
        order = {place: index for index, place in enumerate(self.places)}
        found = [unit for unit in self.units if unit.state in states]
        return sorted(found, key=lambda unit: (order[unit.place], unit.backed))

    @property
    def status(self) -> ReservationStatus:
        states = {unit.state for unit in self.units}
        for state, status in (
            (WAITING, ReservationStatus.WAITING),
            (HELD, ReservationStatus.HELD),
            (ALLOCATED, ReservationStatus.COMMITTED),
            (SHIPPED, ReservationStatus.SHIPPED),
            (RETURNED, ReservationStatus.SHIPPED),
        ):
            if state in states:
                return status
        return ReservationStatus.EXPIRED if self.expired else ReservationStatus.RELEASED

    def due_ms(self) -> int | None:
        """When something happens to it by itself."""
        times = [self.expires_ms] if self.expires_ms and self.having(HELD, WAITING) else []
        times += [self.confirm_by_ms] if self.confirm_by_ms and self.having(ALLOCATED) else []
        return min(times) if times else None

    def rows(self, *pools: Callable[[Unit], bool]) -> list[Unit]:
        """The units of these pools, those of each before those of the next."""
        units = self.having(*OPEN, SHIPPED, LOST)
        return [unit for pool in pools for unit in units if pool(unit)]

    def named(self, parts: Sequence[LineQuantity], rows: list[Unit]) -> list[Unit]:
        """The rows that are named, or all. A quantity of a kit's line counts whole kits."""
        if not parts:
            return rows
        taken: list[Unit] = []
        for part in parts:
            each = self.each(part.line_id)
            if not each:
                raise Refusal(UnknownLine)
            left = [u for u in rows if u.line_id == part.line_id and u not in taken]
            by_sku = {sku: [u for u in left if u.key.sku == sku] for sku in each}
            if not any(self.is_count(place) for place in self.places if place[0] == part.line_id):
                # It is no kit: other SKUs that it had before are of no concern.
                by_sku = {sku: units for sku, units in by_sku.items() if units} or by_sku
            if not part.quantity:
                taken += left
                continue
            if any(part.quantity * each[sku] > len(units) for sku, units in by_sku.items()):
                raise Refusal(LineQuantityExceeded, {part.line_id: 0})
            for sku, units in by_sku.items():
                taken += units[: part.quantity * each[sku]]
        return taken

    def each(self, line_id: str) -> dict[str, int]:
        """The SKUs of a line, with units in one kit; one SKU if it is no kit."""
        places = [place for place in self.places if place[0] == line_id]
        used = {unit.place for unit in self.units if unit.line_id == line_id}
        present = [place for place in places if not used or place not in self.former]
        present.sort(key=lambda place: place in used)
        in_order = dict.fromkeys(place[1].sku for place in places)
        found = {place[1].sku: self.places[place] for place in present}
        return {sku: found[sku] for sku in in_order if sku in found}

    def is_count(self, place: Place) -> bool:
        """Whether the line only counts kits there."""
        return not self.counted.get(place, True) and len(self.each(place[0])) > 1

    def kit_of(self, line_id: str) -> str:
        """The kit that a line is of; empty if it is of none."""
        counts = [p for p in self.places if p[0] == line_id and p not in self.former]
        return next((place[1].sku for place in counts if self.is_count(place)), "")

    def whole_kits(self, rows: list[Unit]) -> list[Unit]:
        """The first rows that make whole kits, and all that are of none."""
        kept: set[Unit] = set()
        for line_id in {unit.line_id for unit in rows}:
            each = self.each(line_id)
            if not any(self.is_count(p) for p in self.places if p[0] == line_id):
                kept.update(unit for unit in rows if unit.line_id == line_id)
                continue
            by_sku = {
                sku: [u for u in rows if (u.line_id, u.key.sku) == (line_id, sku)] for sku in each
            }
            kits = min(len(units) // each[sku] for sku, units in by_sku.items())
            for sku, units in by_sku.items():
                kept.update(units[: kits * each[sku]])
        return [unit for unit in rows if unit in kept]


@dataclass
class Shelf:
    """A SKU-location."""

    on_hand: int = 0
    unavailable: dict[str, int] = field(default_factory=dict)
    safety_stock: int = 0
    tracked: bool = True
    selling: Selling = Selling.OPEN
    buffers: dict[str, int] = field(default_factory=dict)
    backorder_limit: int = 0
    incoming: dict[tuple[str, str], int] = field(default_factory=dict)
    """Units by reference of a delivery, or by id of a transfer."""
    sequences: dict[str, int] = field(default_factory=dict)
    counted_ms: dict[str, int] = field(default_factory=dict)
    moves: list[tuple[int, int]] = field(default_factory=list)
    """Every physical movement: when, and how many units came."""
    version: int = 0
    """As the engine says it: the model only checks that it grows."""

    @property
    def sellable(self) -> int:
        return self.on_hand - sum(self.unavailable.values())

    def come(self, now_ms: int, units: int, cause: str = "") -> None:
        """Units arrive, or leave if negative."""
        self.on_hand += units
        self.moves.append((now_ms, units))
        self.blame(cause, units)

    def blame(self, cause: str, units: int) -> None:
        """So many more units may not be sold for this cause; none for no cause."""
        if cause:
            self.unavailable[cause] = self.unavailable.get(cause, 0) + units


class Warehouse:
    """All shelves and baskets, and what is configured. One tenant."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.shard_of: Callable[[str], int] = lambda _sku: 0
        self.settings = Settings()
        self.source = ""
        """Who tells what is being done; empty if nobody says."""
        self.shelves: dict[Key, Shelf] = {}
        self.baskets: dict[str, Basket] = {}
        self.numbered = 0
        """The greatest number of a basket yet."""
        self.locations: dict[str, Location] = {}
        self.kits: dict[str, dict[str, int]] = {}
        self.limits: dict[str, tuple[int, int]] = {}
        self.sent = 0
        self.freed: list[Key] = []
        """Where units may have come free that somebody waits for, in order."""
        self.transfers: dict[str, tuple[Key, int]] = {}
        """Where each goes, and units still on their way."""

    def next_number(self) -> int:
        """The number of a basket that comes now. It is greater than that of all before it, also of
        those that are gone, as it decides who of those that came at one time is served first."""
        self.numbered += 1
        return self.numbered

    def units(self, key: Key) -> list[Unit]:
        """Units promised or waiting at a SKU-location that weigh on its balances."""
        return [
            unit
            for basket in self.baskets.values()
            for unit in basket.units
            if unit.key == key and unit.counted and unit.state in OPEN
        ]

    def balances(self, key: Key) -> dict[str, int]:
        """Every number of a SKU-location, counted from the rows."""
        shelf, units = self.shelves[key], self.units(key)
        held = sum(unit.state == HELD and unit.backed for unit in units)
        allocated = sum(unit.state == ALLOCATED and unit.backed for unit in units)
        return {
            "on_hand": shelf.on_hand,
            "held": held,
            "allocated": allocated,
            "picked": sum(unit.picked for unit in units),
            "backordered": sum(unit.state != WAITING and not unit.backed for unit in units),
            "waiting": sum(unit.state == WAITING for unit in units),
            "unavailable_units": sum(shelf.unavailable.values()),
            "incoming_units": sum(shelf.incoming.values()),
            "available": shelf.sellable - held - allocated - shelf.safety_stock,
        }

    def promised(self, key: Key) -> int:
        return sum(unit.state != WAITING and unit.backed for unit in self.units(key))

    def available(self, key: Key, channel: str) -> int:
        """Units that this channel may still be promised; below 0 if too many are."""
        shelf = self.shelves[key]
        kept_back = shelf.safety_stock + shelf.buffers.get(channel, 0)
        return shelf.sellable - self.promised(key) - kept_back

    def backorder_room(self, key: Key) -> int:
        queued = [unit for unit in self.units(key) if unit.queued and unit.state != WAITING]
        return max(0, self.shelves[key].backorder_limit - len(queued))

    def is_open(self, key: Key) -> bool:
        """Whether new promises may be made there."""
        location = self.locations.get(key.location)
        enabled = location is None or location.enabled
        return enabled and not self.is_stopped(key)

    def is_stopped(self, key: Key) -> bool:
        shelf = self.shelves.get(key)
        return shelf is not None and shelf.selling is Selling.STOPPED

    def group(self, name: str) -> tuple[str, ...]:
        members = [one for one in self.locations.values() if name in one.groups and one.enabled]
        return tuple(one.name for one in sorted(members, key=lambda one: (one.priority, one.name)))

    def of_customer(self, sku: str, customer: str) -> int:
        """Units of the SKU that count towards the customer's limit."""
        _, window_ms = self.limits.get(sku, (0, 0))
        return sum(
            unit.state in OPEN
            or (
                unit.state == SHIPPED
                and bool(window_ms)
                and unit.basket.shipped_ms[unit.shipment] > self.now_ms - window_ms
            )
            for basket in self.baskets.values()
            if basket.customer == customer
            for unit in basket.units
            if unit.key.sku == sku
        )

    def queue(self, key: Key) -> list[list[Unit]]:
        """Who waits at a SKU-location, line by line, first come first. Of a line what was ordered
        comes before what is held, and that before what is not promised at all."""
        lines: dict[tuple[int, int, int, str], list[Unit]] = {}
        for unit in self.units(key):
            if unit.queued:
                lines.setdefault(unit.joined, []).append(unit)
        rank = {ALLOCATED: 0, HELD: 1, WAITING: 2}
        return [sorted(lines[when], key=lambda unit: rank[unit.state]) for when in sorted(lines)]

    def save(self) -> Callable[[], None]:
        """Remember everything; what is returned brings it back."""
        things: list[object] = [self, *self.baskets.values(), *self.shelves.values()]
        saved = [
            (thing, {name: _own(value) for name, value in vars(thing).items()}) for thing in things
        ]
        # Nothing of a unit changes in place.
        saved += [
            (unit, vars(unit).copy()) for basket in self.baskets.values() for unit in basket.units
        ]

        def restore() -> None:
            for thing, before in saved:
                vars(thing).update(before)

        return restore

    def make(
        self, basket: Basket, place: Place, each: int, states: Iterable[tuple[str, bool, bool]]
    ) -> list[Unit]:
        """New units of a line, each given by its state, whether it is backed, and counted."""
        line_id, key = place
        states = list(states)
        present = [unit for unit in basket.units if unit.place == place]
        basket.former.discard(place)
        if all(unit.state == LOST for unit in present):
            # It is what it is now, whatever it was before.
            basket.places[place] = each
            for _, _, counted in states:
                basket.counted[place] = counted
            for unit in present:
                unit.counted = basket.counted[place]
        made = [
            Unit(basket, line_id, key, state, counted, backed) for state, backed, counted in states
        ]
        waits = [unit for unit in basket.units if unit.place == place and unit.queued]
        joined = (self.now_ms, basket.created_ms, basket.number, line_id)
        for unit in made:
            if unit.queued:
                unit.joined = waits[0].joined if waits else joined
        basket.units += made
        if any(unit.state in OPEN for unit in made):
            self.freed.append(key)
        return made
