"""The independent model of what a warehouse tells of baskets: Pick, Unpick, Ship and Return."""

from collections import Counter
from collections.abc import Callable, Sequence

from engine.core.commands import LineQuantity, Pick, Return, Ship, Unpick
from engine.core.limits import MISSING_CAUSE
from engine.core.model import IfShort, Key
from engine.core.rejections import (
    LineQuantityExceeded,
    NotBacked,
    NotCommitted,
    NotShipped,
    UnknownLine,
    UnknownShipment,
    UnknownStock,
)
from tests.model.amending import Amending
from tests.model.baskets import OVER, Told, summed
from tests.model.warehouse import (
    ALLOCATED,
    HELD,
    OPEN,
    RETURNED,
    SHIPPED,
    WAITING,
    Basket,
    Refusal,
    Unit,
)

Pool = Callable[[Unit], bool]


def _picked(unit: Unit) -> bool:
    return unit.state == ALLOCATED and unit.picked


def _loose(unit: Unit) -> bool:
    return unit.state == ALLOCATED and unit.backed and not unit.picked


def _ordered(unit: Unit) -> bool:
    return unit.state == ALLOCATED and not unit.backed


class Fulfilling(Amending):
    """A warehouse from which baskets are sent, and to which they come back."""

    def _allocated(self, basket: Basket) -> None:
        if not basket.having(ALLOCATED):
            raise Refusal(NotCommitted if basket.having(*OPEN) else OVER[basket.status])

    def _backed(self, basket: Basket, named: Sequence[LineQuantity], *pools: Pool) -> list[Unit]:
        """What is named of these pools; NotBacked if only stock to come could make it up."""
        ordered = basket.rows(_ordered)
        rows = basket.whole_kits(basket.rows(*pools))
        try:
            taken = basket.named(named, rows)
        except Refusal as refusal:
            if refusal.kind is LineQuantityExceeded and ordered:
                before = [p for p in named if p.line_id in refusal.short]
                basket.named(before, basket.rows(*pools) + ordered)
                raise Refusal(NotBacked) from None
            raise
        if not taken and basket.named(named, ordered):
            raise Refusal(NotBacked)
        return taken

    def pick(self, command: Pick) -> Told:
        basket = self.find(command.reservation_id, command.tenant)
        self._allocated(basket)
        rows = basket.whole_kits(basket.rows(_loose))
        parts = command.lines
        both = [LineQuantity(part.line_id, part.quantity + part.missing) for part in parts]
        found = self._backed(basket, both, _loose)
        missing: list[Unit] = []
        if any(part.missing for part in parts):
            some = [
                LineQuantity(part.line_id, part.quantity)
                for part in parts
                if part.quantity or not part.missing
            ]
            found = basket.named(some, rows) if some else []
            rest = [unit for unit in rows if unit not in found]
            gone = [LineQuantity(part.line_id, part.missing) for part in parts if part.missing]
            missing = basket.named(gone, rest)
        for unit in found:
            unit.picked = True
        for unit in missing:
            if unit.counted:
                self.shelves[unit.key].blame(MISSING_CAUSE, 1)
        return Told(basket, summed(found), summed(missing))

    def unpick(self, command: Unpick) -> Told:
        basket = self.find(command.reservation_id, command.tenant)
        self._allocated(basket)
        taken = basket.named(command.lines, basket.rows(_picked))
        for unit in taken:
            unit.picked = False
        return Told(basket, summed(taken))

    def ship(self, command: Ship) -> Told:
        basket = self.find(command.reservation_id, command.tenant)
        name = command.reference or self._number(basket)
        if command.if_unexpected is IfShort.RECORD:
            gone = self._ship_told(basket, command.lines)
            if not gone:
                self._allocated(basket)
        else:
            self._allocated(basket)
            gone = self._backed(basket, command.lines, _picked, _loose)
        told = Told(basket, summed(gone))
        order = {place: index for index, place in enumerate(basket.places)}
        # What was expected to leave is recorded first.
        gone.sort(key=lambda unit: (unit.state == SHIPPED, order[unit.place]))
        for unit in gone:
            self.sent += 1
            unit.sent = self.sent
            basket.shipped_ms.setdefault(name, self.now_ms)
            unit.state, unit.shipment, unit.backed, unit.picked = SHIPPED, name, True, False
            if unit.counted:
                self.shelves[unit.key].come(self.now_ms, -1)
        return told

    def _number(self, basket: Basket) -> str:
        number = len(basket.shipped_ms) + 1
        while str(number) in basket.shipped_ms:
            number += 1
        return str(number)

    def _ship_told(self, basket: Basket, named: Sequence[LineQuantity]) -> list[Unit]:
        """Whatever has left has left: allocated and held units as they are, the rest in place of
        others of the line, if it has any."""
        everything: Pool = lambda unit: unit.state == HELD  # noqa: E731
        if basket.having(ALLOCATED):
            everything = lambda unit: unit.state == ALLOCATED  # noqa: E731
        gone: list[Unit] = []
        line_ids = dict.fromkeys(line_id for line_id, _ in basket.places)
        for part in named or [LineQuantity(line_id) for line_id in line_ids]:
            each = basket.each(part.line_id)
            if not each:
                raise Refusal(UnknownLine)
            of_line = [u for u in basket.having(*OPEN) if u.line_id == part.line_id]
            there = [u for u in of_line if self._is_there(basket, u, part.location)]
            all_there = Counter(u.key.sku for u in there if everything(u) and u not in gone)
            quantity = part.quantity or min(all_there[sku] // each[sku] for sku in each)
            for sku in each if quantity else ():
                units = [unit for unit in of_line if unit.key.sku == sku and unit not in gone]
                gone += self._leave(basket, part, sku, units, quantity * each[sku])
        return gone

    def _is_there(self, basket: Basket, unit: Unit, location: str) -> bool:
        """Whether it is at the location, if one is said; what counts kits is everywhere."""
        return location in ("", unit.key.location) or basket.is_count(unit.place)

    def _leave(
        self,
        basket: Basket,
        part: LineQuantity,
        sku: str,
        units: list[Unit],
        wanted: int,
    ) -> list[Unit]:
        places = [p for p in basket.places if (p[0], p[1].sku) == (part.line_id, sku)]
        used = {unit.place for unit in basket.units}
        places = [place for place in places if place in used] or places
        location = "" if basket.is_count(places[0]) else part.location
        there = [place for place in places if location in ("", place[1].location)]
        rows = basket.rows(_picked, _loose, _ordered, lambda u: u.state == HELD and u.backed)
        left = [unit for unit in rows if unit in units and unit.place in there][:wanted]
        gone = [unit for unit in left if unit.backed]
        beyond = [unit for unit in left if not unit.backed]
        more = wanted - len(gone)
        for unit in gone:
            if unit.state == HELD:
                basket.committed[unit.place] = basket.committed.get(unit.place, 0) + 1
        if not more:
            return gone
        place = (there or places)[0]
        counted = basket.counted.get(place, True)
        if not there:
            place = (part.line_id, Key("", sku, location))
            counted = self._tracked_at(place[1])
        rest = basket.rows(
            _ordered,
            _loose,
            _picked,
            lambda u: u.state == WAITING,
            lambda u: u.state == HELD and not u.backed,
            lambda u: u.state == HELD and u.backed,
        )
        rest = [unit for unit in rest if unit in units and unit not in left]
        self.give_back(beyond + rest[: more - len(beyond)])
        return gone + self.make(
            basket, place, basket.places[places[0]], [(SHIPPED, True, counted)] * more
        )

    def return_(self, command: Return) -> Told:
        basket = self.find(command.reservation_id, command.tenant)
        names = list(basket.shipped_ms)
        rows = basket.having(SHIPPED)
        rows.sort(key=lambda unit: (names.index(unit.shipment), unit.sent))
        if rows and command.shipment_id:
            if command.shipment_id not in names:
                raise Refusal(UnknownShipment)
            rows = [unit for unit in rows if unit.shipment == command.shipment_id]
        if not rows:
            raise Refusal(NotShipped)
        taken = basket.named(command.lines, rows)
        for unit in taken:
            unit.state = RETURNED
            if unit.counted:
                self.shelves[unit.key].come(self.now_ms, 1, command.unavailable_cause)
                self.freed.append(unit.key)
        return Told(basket, summed(taken))

    def _tracked_at(self, key: Key) -> bool:
        if key not in self.shelves:
            raise Refusal(UnknownStock)
        return self.shelves[key].tracked
