"""The independent model of commands that change where a basket's units come from: Amend and
TransferReservation. What is given back comes free first, and all of it or nothing happens."""

from engine.core.commands import Amend, BasketLine, TransferReservation
from engine.core.rejections import LineExists, PickedUnits, StillWaiting, UnknownLine
from tests.model.baskets import COMMITTED, OVER, Baskets, Told, summed
from tests.model.promising import Ask, Terms, Want, ask_of
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


class Amending(Baskets):
    """A warehouse in which baskets are changed as well."""

    def amend(self, command: Amend) -> Told:
        basket = self.find(command.reservation_id, command.tenant)
        status = basket.status
        if status in OVER:
            raise Refusal(OVER[status])
        asked = [ask_of(self, line) for line in command.set_lines]
        freed: list[Unit] = []
        growth: list[Ask] = []
        for line_id in command.drop_line_ids:
            present = [unit for unit in basket.having(*OPEN) if unit.line_id == line_id]
            if not present:
                raise Refusal(UnknownLine)
            freed += self._all_or_boxes(present)
        for line, ask in zip(command.set_lines, asked, strict=True):
            present = [u for u in basket.having(*OPEN) if u.line_id == line.line_id]
            present = [unit for unit in present if unit not in freed]
            shipped = [u for u in basket.having(SHIPPED, RETURNED) if u.line_id == line.line_id]
            before = {(unit.key.sku, basket.places[unit.place]) for unit in shipped}
            if not before <= {(want.sku, want.each) for want in ask.wants}:
                raise Refusal(LineExists)
            if present and not self._is_resized(basket, present, ask):
                freed += self._all_or_boxes(present)
                present = []
            if not present:
                self._forget_former(basket, ask, freed)
            growth += self._resized(line, ask, present, freed)
        told = Told(basket, other_lines=summed(freed))
        if freed:
            self.give_back(freed)
        state = ALLOCATED if status is COMMITTED else HELD
        terms = Terms(state, command.strategy, command.split)
        told.lines = summed(self._all_alike(self._get(basket, growth, terms, freed).units))
        return told

    def _all_alike(self, made: list[Unit]) -> list[Unit]:
        """A line's units at a SKU-location are all counted, or none are."""
        for unit in made:
            others = [one for one in unit.basket.units if one.place == unit.place]
            if any(one.counted != unit.counted for one in others if one.state != LOST):
                raise Refusal(LineExists)
        return made

    def _forget_former(self, basket: Basket, ask: Ask, freed: list[Unit]) -> None:
        """What the line was before, and is not any more, is no part of it."""
        skus = {want.sku for want in ask.wants}
        used = {unit.place for unit in basket.units if unit not in freed}
        line = [place for place in basket.places if place[0] == ask.line_id]
        basket.former |= {one for one in line if one not in used and one[1].sku not in skus}

    def _resized(
        self, line: BasketLine, ask: Ask, present: list[Unit], freed: list[Unit]
    ) -> list[Ask]:
        """What the line wants besides; what it has too much of is freed: of the last place first,
        what waits before what is held, before what is allocated."""
        growth = []
        for want in ask.wants:
            of_sku = [unit for unit in present if unit.key.sku == want.sku]
            more = line.quantity * want.each - len(of_sku)
            if more > 0:
                growth.append(Ask(line.line_id, more, [want], in_kits=False))
            elif more < 0:
                rank = {WAITING: 0, HELD: 1, ALLOCATED: 2}
                places = list(dict.fromkeys(unit.place for unit in of_sku))
                loose = [unit for unit in of_sku if not unit.picked]
                loose.sort(key=lambda u: (-places.index(u.place), rank[u.state], u.backed))
                if len(loose) < -more:
                    raise Refusal(PickedUnits)
                freed += loose[:-more]
        return growth

    def _is_resized(self, basket: Basket, present: list[Unit], ask: Ask) -> bool:
        """Whether the line stays what it is but for its quantity."""
        wants = {want.sku: want for want in ask.wants}
        if {unit.key.sku for unit in present} != wants.keys():
            return False
        return all(
            basket.places[unit.place] == wants[unit.key.sku].each
            and (wants[unit.key.sku].counting or unit.key.location in wants[unit.key.sku].locations)
            for unit in present
        )

    def _all_or_boxes(self, units: list[Unit]) -> list[Unit]:
        if any(unit.picked for unit in units):
            raise Refusal(PickedUnits)
        return units

    def transfer_reservation(self, command: TransferReservation) -> Told:
        basket = self.find(command.reservation_id, command.tenant)
        if not basket.having(HELD, ALLOCATED):
            raise Refusal(OVER.get(basket.status, StillWaiting))
        away = command.to_location
        rows = basket.rows(
            lambda unit: unit.state == HELD and unit.key.location != away,
            lambda unit: unit.state == ALLOCATED and unit.key.location != away and not unit.picked,
        )
        moved = basket.named(command.lines, rows)
        line_ids = {part.line_id for part in command.lines} or {row.line_id for row in basket.units}
        in_boxes = [one for one in basket.units if one.picked and one.key.location != away]
        if not moved and any(one.line_id in line_ids for one in in_boxes):
            raise Refusal(PickedUnits)
        told = Told(basket, other_lines=summed(moved))
        by_place: dict[Place, list[Unit]] = {place: [] for place in basket.places}
        for unit in moved:
            by_place[unit.place].append(unit)
        unbacked = {unit.place for unit in basket.having(HELD, ALLOCATED) if not unit.backed}
        kits = {line_id: basket.kit_of(line_id) for line_id, _ in basket.places}
        self.give_back(moved)
        asks = []
        for (line_id, key), units in by_place.items():
            if units:
                is_count = basket.is_count((line_id, key))
                each, backorder = basket.places[line_id, key], (line_id, key) in unbacked
                want = Want(line_id, key.sku, each, (away,), backorder, 0, is_count, kits[line_id])
                asks.append(Ask(line_id, len(units), [want], in_kits=False))
        made = self._all_alike(self._get(basket, asks, Terms(HELD), moved).units)
        told.lines = summed(made)
        made.sort(key=lambda unit: unit.backed)
        for (line_id, key), units in by_place.items():
            # In the states of before; of these the held ones are those that no stock backs.
            held = sum(unit.state == HELD for unit in units)
            of_line = [u for u in made if (u.line_id, u.key.sku) == (line_id, key.sku)]
            for unit in of_line[held : len(units)]:
                unit.state = ALLOCATED
            made = [unit for unit in made if unit not in of_line[: len(units)]]
        return told
