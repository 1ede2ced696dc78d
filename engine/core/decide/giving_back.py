"""What one command gives back of a basket's lines, before it takes anything."""

from collections.abc import Iterable, Sequence

from engine.core.events import AllocationReleased, HoldReleased, LineEvent, WaitLeft
from engine.core.model import Key, Line
from engine.core.rejections import PickedUnits


class GivenBack:
    """The events that give units back, and what is free by them: `free` units with stock behind
    them by SKU-location, and `units` of any kind by SKU."""

    def __init__(self, reservation_id: str) -> None:
        self.events: list[LineEvent] = []
        self.free: dict[Key, int] = {}
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
            backed = held - held_backordered + allocated - allocated_backordered
            self.free[key] = self.free.get(key, 0) + backed
        self.units[key.sku] = self.units.get(key.sku, 0) + held + allocated + waiting
