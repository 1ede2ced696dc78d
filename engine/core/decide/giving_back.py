"""What one command gives back of a basket's lines, before it takes anything."""

from collections.abc import Iterable, Sequence

from engine.core.events import AllocationReleased, HoldReleased, LineEvent, WaitLeft
from engine.core.evolve import evolve_lines
from engine.core.model import Key, Line, Reservation
from engine.core.rejections import LineExists, PickedUnits
from engine.core.view import Filled, Wish


class GivenBack:
    """The events that give units back, and what is free by them: `free` units with stock behind
    them and `backordered` ones by SKU-location, and `units` of any kind by SKU."""

    def __init__(self, reservation_id: str) -> None:
        self.events: list[LineEvent] = []
        self.free: dict[Key, int] = {}
        self.backordered: dict[Key, int] = {}
        self.units: dict[str, int] = {}
        self._reservation_id = reservation_id

    def all_of(self, lines: Iterable[Line]) -> PickedUnits | None:
        """Give back everything of these lines, unless units of one of them lie in a box."""
        for line in lines:
            if line.picked:
                return PickedUnits(self._reservation_id, line.line_id, line.picked)
            self.of(line, line.held, line.allocated, line.waiting)
        return None

    def some_of(self, lines: Sequence[Line], units: int) -> PickedUnits | None:
        """Give back so many units of these lines: of the last line first, and of each what waits
        before what is held, before what is allocated."""
        for line in reversed(lines):
            waiting = min(units, line.waiting)
            held = min(units - waiting, line.held)
            allocated = min(units - waiting - held, line.allocated - line.picked)
            units -= waiting + held + allocated
            self.of(line, held, allocated, waiting)
        if units:
            picked = next(line for line in lines if line.picked)
            return PickedUnits(self._reservation_id, picked.line_id, picked.picked)
        return None

    def of(self, line: Line, held: int, allocated: int, waiting: int = 0) -> None:
        """Give back so many units of one line in each state, backordered ones first."""
        key, line_id = line.key, line.line_id
        held_backordered = min(held, line.held_backordered)
        allocated_backordered = min(allocated, line.allocated_backordered)
        if waiting:
            self.events.append(WaitLeft(key, self._reservation_id, line_id, waiting))
        if held:
            self.events.append(
                HoldReleased(
                    key,
                    self._reservation_id,
                    line_id,
                    held,
                    line.counted,
                    backordered=held_backordered,
                )
            )
        if allocated:
            self.events.append(
                AllocationReleased(
                    key,
                    self._reservation_id,
                    line_id,
                    allocated,
                    line.counted,
                    backordered=allocated_backordered,
                )
            )
        if line.counted:
            backordered = held_backordered + allocated_backordered
            self.free[key] = self.free.get(key, 0) + held + allocated - backordered
            self.backordered[key] = self.backordered.get(key, 0) + backordered
        self.units[key.sku] = self.units.get(key.sku, 0) + held + allocated + waiting

    def counted_otherwise(
        self, reservation: Reservation, wishes: Iterable[Wish], filled: Iterable[Filled]
    ) -> LineExists | None:
        """The refusal of units for a line that still has others at the same SKU-location and is
        counted there while they are not, or the other way round: tracking was switched in between,
        and one line cannot be both."""
        granted = {
            (wish.line_id, grant.key): grant.counted
            for wish, one in zip(wishes, filled, strict=True)
            for grant in one.grants
        }
        after = evolve_lines(reservation, self.events, 0)
        for line in after.lines:
            has_units = line.held or line.allocated or line.waiting or line.shipped
            if has_units and granted.get((line.line_id, line.key), line.counted) != line.counted:
                return LineExists(self._reservation_id, line.line_id)
        return None
