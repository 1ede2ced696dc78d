"""What has left although the books say otherwise: more than was allocated, or from somewhere else.
It is recorded as it happened, and what was set aside for it is given back."""

from collections.abc import Callable

from engine.core.commands import LineQuantity, Ship
from engine.core.decide.bounds import out_of_range, shortfall
from engine.core.decide.portions import allocated_backordered, indexes_of, picked, unpicked
from engine.core.decide.told import to_shards
from engine.core.events import (
    AllocationReleased,
    AllocationUnpicked,
    HoldCommitted,
    HoldReleased,
    LineEvent,
    ShippedUnexpectedly,
    ShortfallDetected,
    StockShipped,
    WaitLeft,
)
from engine.core.evolve import evolve_lines
from engine.core.model import Key, Line, ReleaseReason, Reservation
from engine.core.rejections import Rejection, UnknownLine, UnknownStock
from engine.core.view import HERE, Decision, View

_State = Callable[[Line], int]


def waiting(line: Line) -> int:
    """Units that wait."""
    return line.waiting


def held_backed(line: Line) -> int:
    """Units held that stock backs."""
    return line.held - line.held_backordered


def held_backordered(line: Line) -> int:
    """Units held that no stock backs."""
    return line.held_backordered


_ALLOCATED = (picked, unpicked)
_GIVEN_BACK = (
    allocated_backordered,
    unpicked,
    picked,
    waiting,
    held_backordered,
    held_backed,
)
"""What is given back first for units that have left from elsewhere."""


def ship_unexpectedly(
    view: View, reservation: Reservation, command: Ship, shipment_id: str
) -> Decision | Rejection:
    """Let units leave: allocated ones as expected, held ones as if they had been committed, and all
    others unexpectedly. No lines mean everything allocated or, where nothing is, everything held;
    backordered units are among them, for they have left all the same."""
    leaving = _Leaving(view, reservation, shipment_id)
    named = command.lines or tuple(
        LineQuantity(line_id) for line_id in dict.fromkeys(line.line_id for line in leaving.lines)
    )
    for part in named:
        refusal = leaving.leave(part)
        if refusal is not None:
            return refusal
    refusal = leaving.out_of_range()
    if refusal is not None:
        return refusal
    events = leaving.events()
    told = to_shards(view, reservation.reservation_id, reservation.tenant, events)
    return Decision((*told, *leaving.shortfalls(events)))


class _Leaving:
    """The units of a reservation's lines by state, and what becomes of them."""

    def __init__(self, view: View, reservation: Reservation, shipment_id: str) -> None:
        self.lines = reservation.lines
        self._view = view
        self._reservation = reservation
        self._shipment_id = shipment_id
        self._left: dict[_State, list[int]] = {
            state: [state(line) for line in self.lines] for state in _GIVEN_BACK
        }
        nothing = [0] * len(self.lines)
        self._shipped = {state: list(nothing) for state in (*_ALLOCATED, held_backed)}
        self._given_back = {state: list(nothing) for state in _GIVEN_BACK}
        self._unexpected: dict[tuple[str, Key], tuple[int, bool, int]] = {}
        allocated = any(line.allocated for line in self.lines)
        self._everything: tuple[_State, ...] = (held_backordered, held_backed)
        if allocated:
            self._everything = (allocated_backordered, *_ALLOCATED)

    def leave(self, part: LineQuantity) -> Rejection | None:
        """So many units of a line have left, from where it says."""
        by_sku = indexes_of(self.lines, part.line_id)
        if not by_sku:
            return UnknownLine(self._reservation.reservation_id, part.line_id)
        # What only counts kits leaves from nowhere.
        is_kit = len(by_sku) > 1
        places = [
            (indexes, "" if is_kit and not self.lines[indexes[0]].counted else part.location)
            for indexes in by_sku.values()
        ]
        quantity = part.quantity or min(self._everything_at(*place) for place in places)
        for indexes, location in places if quantity else ():
            refusal = self._leave(part.line_id, quantity, indexes, location)
            if refusal is not None:
                return refusal
        return None

    def _at(self, indexes: list[int], location: str) -> list[int]:
        return [index for index in indexes if location in ("", self.lines[index].key.location)]

    def _everything_at(self, indexes: list[int], location: str) -> int:
        """All that is there of one SKU, in units of the caller's line: of a kit, whole kits."""
        there = self._at(indexes, location)
        units = sum(self._left[state][index] for state in self._everything for index in there)
        return units // self.lines[indexes[0]].units_each

    def _leave(
        self, line_id: str, quantity: int, indexes: list[int], location: str
    ) -> Rejection | None:
        """So many units of the caller's line have left, as far as one SKU of it is concerned."""
        lines = self.lines
        there = self._at(indexes, location)
        units = quantity * lines[indexes[0]].units_each
        for state in _ALLOCATED:
            units -= self._use(state, there, units, self._shipped[state])
        # What was ordered leaves before what is only held, stock behind it or not.
        given_back = self._given_back[allocated_backordered]
        beyond = self._use(allocated_backordered, there, units, given_back)
        held = self._use(held_backed, there, units - beyond, self._shipped[held_backed])
        excess = units - beyond - held
        if not beyond + excess:
            return None
        first = (there or indexes)[0]
        key = lines[first].key
        if location and not there:
            key = Key(key.tenant, key.sku, location)
        counted = lines[first].counted
        if not there and self._is_here(key):
            stock = self._view.stock(key)
            if stock is None:
                return UnknownStock(key)
            counted = stock.tracked
        before, _, each = self._unexpected.get(
            (line_id, key), (0, counted, lines[indexes[0]].units_each)
        )
        self._unexpected[line_id, key] = (before + beyond + excess, counted, each)
        for state in _GIVEN_BACK:
            excess -= self._use(state, indexes, excess, self._given_back[state])
        return None

    def _use(self, state: _State, indexes: list[int], units: int, used: list[int]) -> int:
        """Use up to so many units in a state, and say how many that were."""
        left = self._left[state]
        done = 0
        for index in indexes:
            taken = min(units - done, left[index])
            left[index] -= taken
            used[index] += taken
            done += taken
        return done

    def _is_here(self, key: Key) -> bool:
        return self._view.shard_of(key.tenant, key.sku) == HERE

    def events(self) -> list[LineEvent]:
        """What has happened to the lines: what was promised in vain is given back, what had not
        been committed is, then all that has left leaves."""
        events: list[LineEvent] = []
        for index in range(len(self.lines)):
            events += self._given_back_of(index)
        committed = self._shipped[held_backed]
        events += [
            HoldCommitted(
                line.key, self._reservation.reservation_id, line.line_id, units, line.counted
            )
            for line, units in zip(self.lines, committed, strict=True)
            if units
        ]
        events += self._as_expected()
        events += [
            ShippedUnexpectedly(
                key,
                self._reservation.reservation_id,
                line_id,
                units,
                counted,
                self._shipment_id,
                units_each,
            )
            for (line_id, key), (units, counted, units_each) in self._unexpected.items()
        ]
        return events

    def _given_back_of(self, index: int) -> list[LineEvent]:
        line, reason = self.lines[index], ReleaseReason.OTHER
        place = (line.key, self._reservation.reservation_id, line.line_id)
        back = {state: units[index] for state, units in self._given_back.items()}
        events: list[LineEvent] = []
        if back[waiting]:
            events.append(WaitLeft(*place, back[waiting], line.counted, reason))
        if held := back[held_backed] + back[held_backordered]:
            events.append(HoldReleased(*place, held, line.counted, reason, back[held_backordered]))
        if back[picked]:
            events.append(AllocationUnpicked(*place, back[picked], line.counted))
        if allocated := back[picked] + back[unpicked] + back[allocated_backordered]:
            events.append(
                AllocationReleased(
                    *place, allocated, line.counted, reason, back[allocated_backordered]
                )
            )
        return events

    def _as_expected(self) -> list[LineEvent]:
        shipped = zip(*self._shipped.values(), strict=True)
        return [
            StockShipped(
                line.key,
                self._reservation.reservation_id,
                line.line_id,
                sum(units),
                line.counted,
                self._shipped[picked][index],
                self._shipment_id,
            )
            for index, (line, units) in enumerate(zip(self.lines, shipped, strict=True))
            if any(units)
        ]

    def _leaving(self) -> dict[Key, int]:
        """Units that leave each SKU-location of this shard where stock is counted."""
        units_of: dict[Key, int] = {}
        for index, line in enumerate(self.lines):
            if line.counted and self._is_here(line.key):
                units = sum(shipped[index] for shipped in self._shipped.values())
                units_of[line.key] = units_of.get(line.key, 0) + units
        for (_, key), (units, counted, _) in self._unexpected.items():
            if counted and self._is_here(key):
                units_of[key] = units_of.get(key, 0) + units
        return units_of

    def out_of_range(self) -> Rejection | None:
        """The refusal of what would drive a balance on hand out of its range."""
        for key, units in self._leaving().items():
            stock = self._view.stock(key)
            on_hand = 0 if stock is None else stock.on_hand
            refusal = out_of_range(key, "on_hand", on_hand - units)
            if units and refusal is not None:
                return refusal
        return None

    def shortfalls(self, events: list[LineEvent]) -> list[ShortfallDetected]:
        """What is promised and not there any more, in this shard."""
        change = dict.fromkeys((key for _, key in self._unexpected), 0)
        for (_, key), (units, counted, _) in self._unexpected.items():
            change[key] -= units if counted and self._is_here(key) else 0
        for index, line in enumerate(self.lines):
            if line.counted and line.key in change:
                for state in (held_backed, unpicked, picked):
                    change[line.key] += self._given_back[state][index]
        after = evolve_lines(self._reservation, events, 0)
        found: list[ShortfallDetected] = []
        for key, units in change.items():
            stock = self._view.stock(key) if units < 0 else None
            if stock is not None:
                found += shortfall(self._view, key, stock, units, after=after)
        return found
