"""The independent model of commands on baskets: what each comes to, told by rows of units.

A command either changes the warehouse and says what its answer has to say, or raises Refusal; who
calls it takes back what a refused one has changed before.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from engine.core.commands import (
    Allocate,
    Commit,
    Confirm,
    Extend,
    Release,
    Reserve,
)
from engine.core.model import (
    Fill,
    IfShort,
    Key,
    OnExpired,
    OnOverdue,
    Remainder,
    ReservationStatus,
)
from engine.core.rejections import (
    AlreadyCommitted,
    AlreadyReleased,
    AlreadyShipped,
    HoldHasExpired,
    InsufficientStock,
    LineExists,
    NotCommitted,
    PickedUnits,
    StillWaiting,
    UnknownReservation,
)
from tests.model.promising import Ask, Promised, Promiser, Terms, Want, ask_of
from tests.model.selling import Channels, Market
from tests.model.warehouse import (
    ALLOCATED,
    HELD,
    LOST,
    OPEN,
    RETURNED,
    SHIPPED,
    WAITING,
    Basket,
    Place,
    Refusal,
    Unit,
)

COMMITTED = ReservationStatus.COMMITTED
OVER: dict[ReservationStatus, type] = {
    ReservationStatus.EXPIRED: HoldHasExpired,
    ReservationStatus.SHIPPED: AlreadyShipped,
    ReservationStatus.RELEASED: AlreadyReleased,
}
"""Why nothing of a basket is open any more."""

Sums = dict[Place, tuple[int, int, int]]
"""Units by line and place: promised ones, backordered ones among them, waiting ones besides."""


@dataclass
class Told:
    """What an answer has to say."""

    basket: Basket | None = None
    lines: Sums = field(default_factory=dict)
    other_lines: Sums = field(default_factory=dict)
    """Freed, or missing."""
    short: dict[str, int] = field(default_factory=dict)
    places: dict[Place, int] = field(default_factory=dict)
    key: Key | None = None
    expected: int = 0
    moved_since: int = 0


def summed(units: Iterable[Unit]) -> Sums:
    sums: dict[Place, list[int]] = {}
    for unit in units:
        row = sums.setdefault(unit.place, [0, 0, 0])
        row[2 if unit.state == WAITING else 0] += 1
        row[1] += unit.state != WAITING and not unit.backed
    return {place: (row[0], row[1], row[2]) for place, row in sums.items()}


class Baskets(Channels):
    """A warehouse in which baskets are made, changed and ended."""

    def serve(self) -> None:
        """Whatever came free goes to those who wait, first come first served, in the same turn; a
        basket that has got all it waited for is held from now on."""
        self.before = {}
        for key in self._places_in_turn():
            for line in self.queue(key):
                for unit in line:
                    if self._is_served(unit) and self._is_free_to(unit):
                        unit.state = HELD if unit.state == WAITING else unit.state
                        unit.backed = True
                        self._take(unit.basket.channel, key, 1)
        self.freed = []
        for basket in self.baskets.values():
            queued = any(unit.queued for unit in basket.units)
            if basket.hold_ms and not queued and basket.having(*OPEN):
                basket.expires_ms, basket.hold_ms = self.now_ms + basket.hold_ms, 0

    def _places_in_turn(self) -> list[Key]:
        """Where units have come free; then, as channels sell from several locations, the others
        that have the same SKUs."""
        freed = list(dict.fromkeys(key for key in self.freed if key in self.shelves))
        if not self.outlets:
            return freed
        skus = dict.fromkeys(key.sku for key in freed)
        others = [key for sku in skus for key in sorted(self.shelves, key=str) if key.sku == sku]
        return list(dict.fromkeys([*freed, *others]))

    def _is_free_to(self, unit: Unit) -> bool:
        """Whether a unit is there that who waits for it may have. Where nothing is sold it is
        nobody else's."""
        channel, key = unit.basket.channel, unit.key
        if not self.outlets or not self.is_open(key):
            return self.available(key, channel) > 0
        market = Market(self, channel, key.sku)
        return key.location in market.sold_from and market.is_there(key)

    def _is_served(self, unit: Unit) -> bool:
        """Nobody waiting is given anything while selling is stopped, backorders are: they were
        promised. Who has run out of time gets only what was ordered."""
        if unit.state == ALLOCATED:
            return True
        in_time = not 0 < unit.basket.expires_ms <= self.now_ms
        return in_time and (unit.state == HELD or not self.is_stopped(unit.key))

    def pass_time(self, now_ms: int) -> None:
        """Whatever is due by then happens, the earliest first."""
        self.now_ms = now_ms
        due = [(basket.due_ms() or 0, name) for name, basket in self.baskets.items()]
        for due_ms, reservation_id in sorted(due):
            if 0 < due_ms <= now_ms:
                count = self.counting_what_is_taken()
                self._happen(self.baskets[reservation_id])
                count()
                self.serve()

    def _happen(self, basket: Basket) -> None:
        expires_ms, confirm_by_ms = basket.expires_ms, basket.confirm_by_ms
        ends = 0 < expires_ms <= self.now_ms and bool(basket.having(HELD, WAITING))
        overdue = 0 < confirm_by_ms <= self.now_ms and bool(basket.having(ALLOCATED))
        if overdue and confirm_by_ms < expires_ms:
            self._overdue(basket)
        if ends:
            for unit in basket.having(WAITING):
                basket.units.remove(unit)
                self.freed.append(unit.key)
            for unit in basket.having(HELD):
                unit.state, unit.backed = LOST, True
                self.freed.append(unit.key)
            basket.expired = True
        if overdue and confirm_by_ms >= expires_ms:
            self._overdue(basket)

    def _overdue(self, basket: Basket) -> None:
        basket.confirm_by_ms = 0
        if basket.on_overdue is OnOverdue.RELEASE:
            self.give_back([unit for unit in basket.having(ALLOCATED) if not unit.picked])

    def give_back(self, units: Iterable[Unit]) -> None:
        """They are promised to nobody any more, by somebody's wish."""
        for unit in list(units):
            unit.basket.expired = False
            unit.basket.units.remove(unit)
            self.freed.append(unit.key)

    def find(self, reservation_id: str, tenant: str) -> Basket:
        basket = self.baskets.get(reservation_id)
        if basket is None or basket.tenant != tenant:
            raise Refusal(UnknownReservation)
        return basket

    def _new(self, command: Reserve | Allocate) -> Basket:
        who = (command.tenant, command.channel, command.customer, command.reference)
        basket = Basket("", self.next_number(), *who, self.now_ms)
        self.baskets[""] = basket
        return basket

    def reserve(self, command: Reserve) -> Told:
        basket = self._new(command)
        partly = command.fill is Fill.BEST_EFFORT
        terms = Terms(HELD, command.strategy, command.split, partly, command.wait_ms > 0)
        done = self._get(basket, [ask_of(self, line) for line in command.lines], terms)
        enough = all(done.got[line.line_id] >= line.minimum for line in command.lines)
        if not any(done.got.values()) or (done.short and not enough):
            raise Refusal(InsufficientStock, done.short)
        hold_ms = command.ttl_ms or self.settings.hold_ms(command.hold_class)
        basket.expires_ms = self.now_ms + hold_ms
        if basket.having(WAITING):
            basket.expires_ms, basket.hold_ms = self.now_ms + command.wait_ms, hold_ms
        return Told(basket, short=done.short, places=done.places)

    def _get(
        self, basket: Basket, asks: list[Ask], terms: Terms, freed: Sequence[Unit] = ()
    ) -> Promised:
        """What is asked for, when the basket has given units back; Refusal if it is short, and may
        not be."""
        done = Promiser(self, basket, terms, freed).promise(asks)
        if done.short and not terms.partly:
            raise Refusal(InsufficientStock, done.short)
        return done

    def allocate(self, command: Allocate) -> Told:
        basket = self._new(command)
        told = command.if_short is IfShort.RECORD
        terms = Terms(ALLOCATED, command.strategy, command.split, told=told)
        self._get(basket, [ask_of(self, line) for line in command.lines], terms)
        self._ask_to_confirm(basket, command)
        return Told(basket)

    def _ask_to_confirm(self, basket: Basket, command: Allocate | Commit) -> None:
        if command.confirm_within_ms:
            basket.confirm_by_ms = self.now_ms + command.confirm_within_ms
            basket.on_overdue = command.on_overdue
        elif basket.confirm_by_ms <= self.now_ms:
            basket.confirm_by_ms = 0

    def extend(self, command: Extend) -> Told:
        basket = self.find(command.reservation_id, command.tenant)
        if not basket.having(HELD, WAITING):
            over = OVER.get(basket.status, AlreadyCommitted)
            raise Refusal(HoldHasExpired if basket.expired else over)
        basket.expires_ms = self.now_ms + (
            command.ttl_ms or self.settings.hold_ms(command.hold_class)
        )
        return Told(basket)

    def confirm(self, command: Confirm) -> Told:
        basket = self.find(command.reservation_id, command.tenant)
        if not basket.having(ALLOCATED, SHIPPED, RETURNED):
            raise Refusal(NotCommitted if basket.having(*OPEN) else OVER[basket.status])
        basket.confirm_by_ms = 0
        return Told(basket)

    def commit(self, command: Commit) -> Told:
        basket = self.find(command.reservation_id, command.tenant)
        if basket.having(WAITING):
            raise Refusal(StillWaiting)
        lost, status = basket.having(LOST), basket.status
        again = command.on_expired is OnExpired.REACQUIRE and bool(basket.whole_kits(lost))
        again = again and status is not ReservationStatus.RELEASED
        if status is not ReservationStatus.HELD:
            if self._was_done(basket, command):
                return self._done_before(basket)
            if not again:
                done = status in (COMMITTED, ReservationStatus.SHIPPED)
                if basket.expired or (done and lost):
                    raise Refusal(HoldHasExpired)
                raise Refusal(AlreadyCommitted if done else AlreadyReleased)
        rows = basket.rows(
            lambda unit: unit.state == HELD and unit.backed,
            lambda unit: unit.state == HELD and not unit.backed,
        )
        rows += basket.whole_kits(lost) if again else []
        taken = basket.named(command.lines, rows)
        rest = [unit for unit in basket.having(HELD) if unit not in taken]
        freed = rest if command.lines and command.remainder is Remainder.FREE else []
        told = Told(basket, other_lines=summed(freed))
        taken = self._taken_again(basket, taken)
        if not taken and not freed:
            return self._done_before(basket)
        for unit in taken:
            unit.state = ALLOCATED
            basket.committed[unit.place] = basket.committed.get(unit.place, 0) + 1
        told.lines = summed(taken)
        self.give_back(freed)
        basket.reference = command.reference or basket.reference
        self._ask_to_confirm(basket, command)
        return told

    def _taken_again(self, basket: Basket, taken: list[Unit]) -> list[Unit]:
        """The units, with those lost to the deadline taken again where they were, all or none."""
        lost = [unit for unit in taken if unit.state == LOST]
        asks = []
        for place, units in Counter(unit.place for unit in lost).items():
            line_id, key = place
            want = Want(line_id, key.sku, basket.places[place], (key.location,))
            want.counting, want.kit = basket.is_count(place), basket.kit_of(line_id)
            asks.append(Ask(line_id, units, [want], in_kits=False))
        counted = {unit.place: unit.counted for unit in lost}
        freed = list(self.freed)
        made = self._get(basket, asks, Terms(ALLOCATED)).units
        if any(unit.counted != counted[unit.place] for unit in made):
            raise Refusal(LineExists)
        self.give_back(lost)
        self.freed = freed
        return [unit for unit in taken if unit not in lost] + made

    def _done_before(self, basket: Basket) -> Told:
        return Told(basket, {place: (units, 0, 0) for place, units in basket.committed.items()})

    def _was_done(self, basket: Basket, command: Commit) -> bool:
        """Whether an earlier Commit did exactly this."""
        if basket.status not in (COMMITTED, ReservationStatus.SHIPPED):
            return False
        if command.reference not in ("", basket.reference):
            return False
        if not command.lines:
            return not basket.expired and not basket.having(LOST)
        units: dict[str, int] = {}
        for line_id in dict.fromkeys(line_id for line_id, _ in basket.places):
            each = basket.each(line_id)
            counts = Counter[str]()
            for (name, key), count in basket.committed.items():
                counts[key.sku] += count if name == line_id else 0
            units[line_id] = min(counts[sku] // each[sku] for sku in each)
        named = {part.line_id: part.quantity or units.get(part.line_id) for part in command.lines}
        wanted = {line_id: n for line_id, n in units.items() if n or line_id in named}
        return any(units.values()) and named == wanted

    def release(self, command: Release) -> Told:
        basket = self.find(command.reservation_id, command.tenant)
        rows = basket.rows(
            lambda unit: unit.state == WAITING,
            lambda unit: unit.state == HELD and not unit.backed,
            lambda unit: unit.state == HELD and unit.backed,
            lambda unit: unit.state == ALLOCATED and not unit.backed,
            lambda unit: unit.state == ALLOCATED and unit.backed and not unit.picked,
        )
        boxes = basket.rows(lambda unit: unit.picked and unit.state == ALLOCATED)
        named = command.lines
        line_ids = {part.line_id for part in named}
        if not any(unit.line_id in line_ids for unit in rows + boxes):
            named = tuple(replace(part, quantity=0) for part in named)
        try:
            taken = basket.named(named, rows)
        except Refusal as refusal:
            for line_id in refusal.short:
                self._blame_boxes(basket, [p for p in named if p.line_id == line_id], rows + boxes)
            raise
        whole = {part.line_id for part in named if not part.quantity}
        if any(not named or unit.line_id in whole for unit in boxes):
            raise Refusal(PickedUnits)
        told = Told(basket, summed(taken))
        # Places are served in the order of the lines, whatever was backed there.
        states, places = (WAITING, HELD, ALLOCATED), list(basket.places)
        taken.sort(key=lambda unit: (states.index(unit.state), places.index(unit.place)))
        self.give_back(taken)
        return told

    def _blame_boxes(self, basket: Basket, named: Sequence[object], rows: list[Unit]) -> None:
        basket.named(named, rows)  # type: ignore[arg-type]
        raise Refusal(PickedUnits)
