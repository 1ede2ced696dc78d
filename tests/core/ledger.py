"""An independent ledger, to hold the core against.

It knows nothing of events. It adds up what the answers say, as a caller would who keeps
books of his own: units on hand, and for each line what is held and what is allocated.
"""

from dataclasses import dataclass, field

from engine.core.answers import (
    Allocated,
    Committed,
    Extended,
    Released,
    Reserved,
    Shipped,
    StockChanged,
)
from engine.core.commands import (
    Adjust,
    Command,
    Configure,
    Receive,
    Sell,
    SetOnHand,
)
from engine.core.model import (
    Key,
    LineResult,
)

Place = tuple[str, str, Key]
"""Reservation, line and SKU-location."""


@dataclass
class Units:
    """What a line has at one place; `counted` if it weighs on the SKU-location's balances."""

    held: int = 0
    allocated: int = 0
    counted: bool = True


@dataclass
class Ledger:
    """The caller's books."""

    on_hand: dict[Key, int] = field(default_factory=dict)
    tracked: dict[Key, bool] = field(default_factory=dict)
    lines: dict[Place, Units] = field(default_factory=dict)
    deadlines_ms: dict[str, int] = field(default_factory=dict)

    def held(self, key: Key) -> int:
        return sum(u.held for (*_, at), u in self.lines.items() if at == key and u.counted)

    def allocated(self, key: Key) -> int:
        return sum(u.allocated for (*_, at), u in self.lines.items() if at == key and u.counted)

    def is_due(self, reservation_id: str, now_ms: int) -> bool:
        return now_ms >= self.deadlines_ms.get(reservation_id, now_ms + 1)

    def enter(self, command: Command, result: object) -> None:
        """Book an answer."""
        match result:
            case Reserved():
                self.deadlines_ms[result.reservation_id] = result.expires_at_ms
                for line in result.lines:
                    self._open(result.reservation_id, line).held = line.quantity
            case Allocated():
                for line in result.lines:
                    self._open(result.reservation_id, line).allocated = line.quantity
            case Extended():
                self.deadlines_ms[result.reservation_id] = result.expires_at_ms
            case Shipped():
                for line in result.lines:
                    units = self.lines[result.reservation_id, line.line_id, line.key]
                    units.allocated -= line.quantity
                    self.on_hand[line.key] -= line.quantity if units.counted else 0
            case Released():
                for line in result.lines:
                    units = self.lines[result.reservation_id, line.line_id, line.key]
                    of_held = min(units.held, line.quantity)
                    units.held -= of_held
                    units.allocated -= line.quantity - of_held
            case StockChanged():
                self._enter_stock(command)

    def enter_commit(self, result: Committed) -> None:
        """Book a Commit that took effect; one that was done before has nothing to book."""
        for line in result.lines:
            units = self.lines[result.reservation_id, line.line_id, line.key]
            units.held -= line.quantity
            units.allocated += line.quantity
        for line in result.freed_lines:
            self.lines[result.reservation_id, line.line_id, line.key].held -= line.quantity

    def expire(self, reservation_id: str) -> None:
        """Book the passing of a deadline."""
        for (owner, *_), units in self.lines.items():
            if owner == reservation_id:
                units.held = 0

    def _open(self, reservation_id: str, line: LineResult) -> Units:
        units = Units(counted=self.tracked[line.key])
        self.lines[reservation_id, line.line_id, line.key] = units
        return units

    def _enter_stock(self, command: Command) -> None:
        assert isinstance(command, Sell | Receive | Adjust | SetOnHand | Configure)
        key = command.key
        before = self.on_hand.setdefault(key, 0)
        tracked = self.tracked.setdefault(key, True)
        match command:
            case Sell() if tracked:
                self.on_hand[key] = before - command.quantity
            case Receive():
                self.on_hand[key] = before + command.quantity
            case Adjust():
                self.on_hand[key] = before + command.delta
            case SetOnHand():
                self.on_hand[key] = command.on_hand
            case Configure() if command.tracked is not None:
                self.tracked[key] = command.tracked
